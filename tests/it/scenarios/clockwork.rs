//! What time brings by mail (W18-W23, W26).

use countersign::command::Command;
use countersign::handle::Answer;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::Window;
use jiff::SignedDuration;

use crate::office::{Office, TWO_STEPS, draft, file};

/// Alice is asked; reminded after an hour, twice at most; bob may decide after three.
fn timed() -> String {
    let owner = r#"approvers = ["alice"] }"#;
    let timed = r#"approvers = ["alice"], remind_after = "1h", max_reminders = 2,
        escalate_after = "3h", escalate_to = ["bob"] }"#;
    let first = TWO_STEPS.replace(owner, timed);
    first.replace(r#"["bob", "carol"], approvals = 2"#, r#"["carol"]"#)
}

/// Goal: reminders and an escalation reach whom they should by mail, across a restart, and whom a step was
/// escalated to decides it (W19). The requester is told of the beginning, the near end and the end of access
/// (W21, W23).
/// Method: alice lets two reminders pass, the second while the daemon is down; bob approves; carol answers
/// her ask; the clock goes from edge to edge.
#[tokio::test(flavor = "multi_thread")]
async fn w19_w21_reminded_escalated_and_over() {
    let mut office = Office::open(&timed()).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let now = office.clock.now();
    let mut wanted = draft("db-1", 2);
    wanted.window = Window::Fixed {
        start: now + SignedDuration::from_hours(5),
        end: now + SignedDuration::from_hours(7),
    };
    let Answer::Accepted { request, .. } = office.says("rita", file(wanted)).await else {
        panic!("not filed");
    };
    rita.hears(Kind::Filed).await;
    alice.hears(Kind::Ask).await;
    office.advance(SignedDuration::from_mins(61));
    alice.hears(Kind::Reminder).await;
    office.stop().await;
    office.advance(SignedDuration::from_mins(60));
    office.start().await;
    alice.hears(Kind::Reminder).await;
    assert!(bob.unread().is_empty(), "nobody hears before their turn");
    office.advance(SignedDuration::from_mins(60));
    let ask = bob.hears(Kind::Ask).await;
    bob.replies(&ask, "APPROVE").await;
    bob.hears(Kind::Recorded).await;
    rita.hears(Kind::Progress).await;
    alice.hears(Kind::Settled).await;
    let ask = carol.hears(Kind::Ask).await;
    carol.replies(&ask, "APPROVE").await;
    carol.hears(Kind::Recorded).await;
    rita.hears(Kind::Approved).await;
    assert_eq!(office.state(request).await, "approved");
    for (minutes, kind) in [
        (120, Kind::GrantStarted),
        (110, Kind::GrantWarning),
        (10, Kind::GrantEnded),
    ] {
        office.advance(SignedDuration::from_mins(minutes));
        rita.hears(kind).await;
    }
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: an emergency that nobody has reviewed is reminded of right after a restart, once for all that was
/// missed, and no more once it is reviewed (W26).
/// Method: an hour's emergency; the daemon is down for days; then a finding, after which the clock waits
/// for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn w26_an_emergency_is_reminded_of_after_a_restart() {
    let policies = format!(
        "{}emergency = {{ allowed = [\"rita\"], max_duration = \"1h\" }}\n",
        timed()
    );
    let mut office = Office::open(&policies).await;
    let [rita, alice] = ["rita", "alice"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    alice.hears(Kind::Ask).await;
    let reason = "the whole site is down".to_owned();
    let taken = office.says("rita", Command::Emergency { request, reason });
    assert!(matches!(taken.await, Answer::Accepted { .. }));
    alice.hears(Kind::Emergency).await;
    office.stop().await;
    office.advance(SignedDuration::from_hours(24 * 5));
    office.start().await;
    alice.hears(Kind::ReviewReminder).await;
    rita.hears(Kind::GrantEnded).await;
    let finding = "it was down".to_owned();
    let reviewed = office.says("alice", Command::Review { request, finding });
    assert!(matches!(reviewed.await, Answer::Accepted { .. }));
    let waits = "SELECT count(*) FROM request WHERE next_due_at IS NOT NULL";
    assert_eq!(office.count(waits).await, 0);
    let sent = "SELECT count(*) FROM delivery WHERE kind = 'review_reminder' AND person = 'alice'";
    assert_eq!(office.count(sent).await, 1);
    office.everybody_reads().await;
    office.close().await;
}
