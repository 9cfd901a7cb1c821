//! What happens while nobody decides, and votes that wait for their confirmation.

use countersign::command::{Command, Target};
use countersign::handle::Answer;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::Decision::Approve;
use jiff::SignedDuration;

use crate::office::{ONE_STEP, Office, code};

/// Goal: where a second factor is asked for, a vote on the command line is none until the same person answers
/// a mail (W30).
/// Method: bob approves by command, twice; nothing is granted; then he answers the mail.
#[tokio::test(flavor = "multi_thread")]
async fn w30_a_vote_waits_for_its_mail() {
    let office = Office::open(&format!("{ONE_STEP}confirm_by = \"mail\"\n")).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    for person in [&alice, &bob, &carol] {
        person.hears(Kind::Ask).await;
    }
    let held = office.votes("bob", request, Approve).await;
    assert!(matches!(held, Answer::Accepted { .. }), "{held:?}");
    let confirm = bob.hears(Kind::Confirm).await;
    assert_eq!(office.state(request).await, "pending");
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 0);
    let again = office.votes("bob", request, Approve).await;
    assert_eq!(code(&again), "awaits-confirmation");
    bob.replies(&confirm, "APPROVE").await;
    bob.hears(Kind::Recorded).await;
    rita.hears(Kind::Approved).await;
    for person in [&alice, &carol] {
        person.hears(Kind::Settled).await;
    }
    let by_mail = "SELECT count(*) FROM vote WHERE channel = 'mail' AND person = 'bob'";
    assert_eq!(office.count(by_mail).await, 1);
    office.close().await;
}

/// Goal: whoever has somebody's chat or command line, and not their mail, does not set the window: an answer
/// by mail is an approval of what that mail showed, and of nothing that was said otherwise (W16, W30).
/// Method: half an hour, then seven, are set in bob's name; he answers the mail about half an hour; then the
/// first mail, which showed the two hours that were asked for.
#[tokio::test(flavor = "multi_thread")]
async fn w30_what_was_not_shown_is_not_confirmed() {
    let office = Office::open(&format!("{ONE_STEP}confirm_by = \"mail\"\n")).await;
    let [rita, bob] = ["rita", "bob"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    let ask = bob.hears(Kind::Ask).await;
    let sets = async |words: &str| {
        let vote = Command::Vote {
            target: Target::Request(request),
            decision: Approve,
            comment: None,
            window: Some(words.to_owned()),
        };
        let held = office.says("bob", vote).await;
        assert!(matches!(held, Answer::Accepted { .. }), "{held:?}");
        bob.hears(Kind::Confirm).await
    };
    let short = sets("for 30 minutes").await;
    sets("for 7 hours").await;
    bob.replies(&short, "APPROVE").await;
    bob.hears(Kind::Refused).await;
    assert_eq!(office.refused_as("confirms-another").await, 1);
    assert_eq!(office.state(request).await, "pending");
    bob.replies(&ask, "APPROVE").await;
    bob.hears(Kind::Recorded).await;
    rita.hears(Kind::Approved).await;
    let asked = "SELECT count(*) FROM active_grants WHERE ends_at - starts_at = interval '2 hours'";
    assert_eq!(office.count(asked).await, 1);
    office.everybody_reads().await;
    office.close().await;
}

const PATIENT: &str = r#"
[[policy]]
name = "databases"
modules = ["credential"]
requesters = ["rita"]
resource = "db-*"
mode = "approval"
steps = [{ name = "Owner", approvers = ["alice", "bob"], remind_after = "30m", max_reminders = 2, escalate_after = "1h", escalate_to = ["carol"] }]
"#;

/// Goal: those who have not voted are reminded as often as the step says, and after its time others are asked
/// too, whose vote then counts (W19).
/// Method: the clock goes on by half an hour, four times; carol, who was no approver before, decides.
#[tokio::test(flavor = "multi_thread")]
async fn w19_reminded_and_escalated() {
    let office = Office::open(PATIENT).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    alice.hears(Kind::Ask).await;
    bob.hears(Kind::Ask).await;
    let early = office.votes("carol", request, Approve).await;
    assert_eq!(code(&early), "not-eligible");
    let half = SignedDuration::from_mins(30);
    office.advance(half);
    alice.hears(Kind::Reminder).await;
    bob.hears(Kind::Reminder).await;
    let asked = "SELECT count(*) FROM delivery WHERE person = 'carol'";
    assert_eq!(office.count(asked).await, 0);
    office.advance(half);
    let ask = carol.hears(Kind::Ask).await;
    alice.hears(Kind::Reminder).await;
    bob.hears(Kind::Reminder).await;
    office.advance(half);
    office.advance(half);
    carol.replies(&ask, "APPROVE").await;
    carol.hears(Kind::Recorded).await;
    rita.hears(Kind::Approved).await;
    alice.hears(Kind::Settled).await;
    bob.hears(Kind::Settled).await;
    assert_eq!(office.state(request).await, "approved");
    let reminders = "SELECT count(*) FROM delivery WHERE kind = 'reminder'";
    assert_eq!(office.count(reminders).await, 4);
    office.close().await;
}
