//! Windows that approvers write below an approval.

use countersign::workflow::notice::Kind;

use crate::office::{Office, TWO_STEPS};

/// Goal: a window that can mean two things decides nothing, and the answer has both readings, to be written
/// instead; the same token then still decides.
/// Method: an hour that may be morning or evening, a time that comes twice in Lisbon, a line that only
/// begins like a window, and two of them; then DISAPPROVE with such a line as its comment.
#[tokio::test(flavor = "multi_thread")]
async fn w16_a_window_that_is_not_clear_is_asked_back() {
    let office = Office::open(TWO_STEPS).await;
    let [rita, alice] = ["rita", "alice"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let ask = alice.hears(Kind::Ask).await;
    for (lines, wrote, offered) in [
        ("until 5", "`until 5`", "Write `5:00` or `17:00`."),
        (
            "from 2030-10-27 01:30 to 03:00",
            "`from 2030-10-27 01:30 to 03:00`",
            "Write `2030-10-27T01:30+01:00` (WEST) or `2030-10-27T01:30+00:00` (WET).",
        ),
        ("for 2h, and be quick", "`for 2h, and be quick`", "`for 2h`"),
        ("for 2h\nuntil 18:00", "`until 18:00`", "APPROVE"),
    ] {
        alice.replies(&ask, &format!("APPROVE\n\n{lines}")).await;
        let answer = alice.hears(Kind::Unclear).await.text();
        let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            answer.contains(wrote) && answer.contains(offered),
            "{answer}"
        );
        assert_eq!(office.state(request).await, "pending");
    }
    alice.replies(&ask, "DISAPPROVE\n\nuntil 5").await;
    alice.hears(Kind::Recorded).await;
    let told = rita.hears(Kind::Rejected).await;
    assert!(told.text().contains("until 5"), "{}", told.text());
    office.close().await;
}

/// Goal: who reads Portuguese is told in it what is not clear about a time, and what to write instead (W1).
/// Method: alice, whose locale is pt-BR, writes a time that comes twice, one that is over, half a window;
/// then one of those that she was offered.
#[tokio::test(flavor = "multi_thread")]
async fn w16_what_is_not_clear_is_said_in_portuguese() {
    let office = Office::open(TWO_STEPS).await;
    office.apply_portuguese(TWO_STEPS, "alice").await;
    let [rita, alice] = ["rita", "alice"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let ask = alice.hears(Kind::Ask).await;
    for (line, said, offered) in [
        (
            "de 2030-10-27 01:30 até 03:00",
            "acontece duas vezes em Europe/Lisbon: o relógio é atrasado nessa hora",
            "Escreva `2030-10-27T01:30+01:00` (WEST) ou `2030-10-27T01:30+00:00` (WET).",
        ),
        (
            "até 5",
            "`5` pode ser uma hora do dia ou outra coisa",
            "Escreva `5:00` ou `17:00`.",
        ),
        (
            "por 2h, e rápido",
            "começa como um período, e não é entendida até o fim",
            "Ou comece a linha com outra palavra",
        ),
        (
            "de 30 de fevereiro de 2030 9h até 10h",
            "`30 de fevereiro de 2030` não é um dia",
            "Escreva o dia como `2026-11-27`",
        ),
    ] {
        alice.replies(&ask, &format!("APPROVE\n\n{line}")).await;
        let answer = alice.hears(Kind::Unclear).await.text();
        let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            answer.contains(said) && answer.contains(offered),
            "{line}: {answer}"
        );
        assert_eq!(office.state(request).await, "pending");
    }
    alice.replies(&ask, "APPROVE\n\npor 1 hora").await;
    alice.hears(Kind::Recorded).await;
    let hour = "SELECT count(*) FROM request WHERE window_seconds = 3600";
    assert_eq!(office.count(hour).await, 1);
    office.everybody_reads().await;
    office.close().await;
}

/// Two approvals in one step, of three who may give them.
const TWO_OF_THREE: &str = r#"
[[policy]]
name = "databases"
modules = ["credential"]
requesters = ["rita"]
resource = "db-*"
mode = "approval"
max_duration = "8h"
steps = [{ name = "Owners", approvers = ["alice", "bob", "carol"], approvals = 2 }]
"#;

/// Goal: an approver narrows the window by mail: the approval stands, later approvers see the narrower one,
/// and the grant is that long (W16).
/// Method: of two hours alice gives one, in words; bob and carol agree to that.
#[tokio::test(flavor = "multi_thread")]
async fn w16_a_window_is_narrowed_by_mail() {
    let office = Office::open(TWO_STEPS).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let ask = alice.hears(Kind::Ask).await;
    alice.replies(&ask, "APPROVE\n\nfor 1 hour.").await;
    alice.hears(Kind::Recorded).await;
    rita.hears(Kind::WindowChanged).await;
    for person in [&bob, &carol] {
        let ask = person.hears(Kind::Ask).await;
        person.replies(&ask, "APPROVE").await;
        person.hears(Kind::Recorded).await;
    }
    rita.hears(Kind::Approved).await;
    for voter in [alice, bob] {
        voter.hears(Kind::Settled).await;
    }
    assert_eq!(office.state(request).await, "approved");
    let hour = "SELECT count(*) FROM active_grants WHERE ends_at - starts_at = interval '1 hour'";
    assert_eq!(office.count(hour).await, 1);
    office.close().await;
}

/// Goal: an approver who widens the window voids the approvals given so far; their answers to what they were
/// shown before count no more (W16).
/// Method: alice approves two hours, bob three; alice and carol are asked again; carol answers the old mail
/// first, then the new one.
#[tokio::test(flavor = "multi_thread")]
async fn w16_a_window_is_widened_by_mail() {
    let office = Office::open(TWO_OF_THREE).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let (first, asked_bob, old) = (
        alice.hears(Kind::Ask).await,
        bob.hears(Kind::Ask).await,
        carol.hears(Kind::Ask).await,
    );
    alice.replies(&first, "APPROVE").await;
    alice.hears(Kind::Recorded).await;
    bob.replies(&asked_bob, "APPROVE\nfor 3h").await;
    bob.hears(Kind::Recorded).await;
    rita.hears(Kind::WindowChanged).await;
    assert_eq!(office.state(request).await, "pending");
    alice.hears(Kind::Ask).await;
    let new = carol.hears(Kind::Ask).await;
    carol.replies(&old, "APPROVE").await;
    carol.hears(Kind::Refused).await;
    assert_eq!(office.refused_as("stale-revision").await, 1);
    carol.replies(&new, "APPROVE").await;
    carol.hears(Kind::Recorded).await;
    rita.hears(Kind::Approved).await;
    for voter in [alice, bob] {
        voter.hears(Kind::Settled).await;
    }
    let hours = "SELECT count(*) FROM active_grants WHERE ends_at - starts_at = interval '3 hours'";
    assert_eq!(office.count(hours).await, 1);
    office.close().await;
}
