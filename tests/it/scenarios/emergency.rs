//! Access that cannot wait, and the look at it afterwards.

use countersign::command::Command;
use countersign::handle::Answer;
use countersign::workflow::ids::RequestId;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::Decision::Approve;
use jiff::SignedDuration;

use crate::office::{Office, TWO_STEPS, code, draft};

const REASON: &str = "the shop is down and orders are lost";

/// Rita may take an hour at once.
fn policies() -> String {
    format!("{TWO_STEPS}emergency = {{ allowed = [\"rita\"], max_duration = \"1h\" }}\n")
}

fn taken(request: RequestId, reason: &str) -> Command {
    Command::Emergency {
        request,
        reason: reason.to_owned(),
    }
}

fn reviewed(request: RequestId, finding: &str) -> Command {
    Command::Review {
        request,
        finding: finding.to_owned(),
    }
}

/// Files and takes access in one command.
fn at_once(resource: &str) -> Command {
    Command::File {
        draft: draft(resource, 2),
        key: None,
        emergency: Some(REASON.to_owned()),
    }
}

/// Goal: access in an emergency is open at once, every approver is told, it is reviewed, and until then there
/// is no second one (W24-W26).
/// Method: rita asks, takes, is refused a second; the wrong people and words review, then bob does; the second.
#[tokio::test(flavor = "multi_thread")]
async fn w24_taken_told_and_reviewed() {
    let office = Office::open(&policies()).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let ask = alice.hears(Kind::Ask).await;
    for (who, command, expected) in [
        ("rita", taken(request, "now"), "emergency-reason-too-short"),
        ("alice", taken(request, REASON), "not-the-requester"),
        ("bob", reviewed(request, "fine"), "no-emergency"),
    ] {
        assert_eq!(code(&office.says(who, command).await), expected);
    }
    let answer = office.says("rita", taken(request, REASON)).await;
    assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
    rita.hears(Kind::Approved).await;
    for approver in [&alice, &bob, &carol] {
        let told = approver.hears(Kind::Emergency).await.text();
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(REASON), "{told}");
    }
    let hour = "SELECT count(*) FROM access_grant WHERE emergency AND ends_at - starts_at = interval '1 hour'";
    assert_eq!(office.count(hour).await, 1);
    alice.replies(&ask, "APPROVE").await;
    alice.hears(Kind::Refused).await;
    assert_eq!(office.refused_as("settled").await, 1);

    let second = office.says("rita", at_once("db-2")).await;
    assert_eq!(code(&second), "emergency-unreviewed");
    for (who, finding, expected) in [
        ("rita", "all was well", "not-a-reviewer"),
        ("rolf", "all was well", "not-a-reviewer"),
        ("bob", " ", "finding-required"),
    ] {
        let answer = office.says(who, reviewed(request, finding)).await;
        assert_eq!(code(&answer), expected, "{who}");
    }
    let answer = office.says("bob", reviewed(request, "it was needed")).await;
    assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
    let told = rita.hears(Kind::Reviewed).await.text();
    assert!(told.contains("it was needed"), "{told}");
    // Who reviewed it knows.
    for approver in [&alice, &carol] {
        approver.hears(Kind::Reviewed).await;
    }
    let again = office.says("carol", reviewed(request, "me too")).await;
    assert_eq!(code(&again), "already-reviewed");

    let second = office.says("rita", at_once("db-2")).await;
    assert!(matches!(second, Answer::Accepted { .. }), "{second:?}");
    rita.hears(Kind::Approved).await;
    for approver in [&alice, &bob, &carol] {
        approver.hears(Kind::Emergency).await;
    }
    office.close().await;
}

/// Goal: an emergency is open until somebody reviews it, and those who may are reminded (W26).
/// Method: nobody does; the clock goes on to the warning, the end of access, and a day after the beginning.
#[tokio::test(flavor = "multi_thread")]
async fn w26_reviewers_are_reminded() {
    let office = Office::open(&policies()).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let answer = office.says("rita", at_once("db-1")).await;
    let Answer::Accepted { request, .. } = answer else {
        panic!("{answer:?}")
    };
    rita.hears(Kind::Approved).await;
    for approver in [&alice, &bob, &carol] {
        approver.hears(Kind::Emergency).await;
    }
    office.advance(SignedDuration::from_mins(51));
    rita.hears(Kind::GrantWarning).await;
    office.advance(SignedDuration::from_mins(10));
    rita.hears(Kind::GrantEnded).await;
    office.advance(SignedDuration::from_hours(23));
    for approver in [&alice, &bob, &carol] {
        approver.hears(Kind::ReviewReminder).await;
    }
    assert_eq!(
        code(&office.votes("alice", request, Approve).await),
        "settled"
    );
    office.close().await;
}

/// Goal: nobody whom no policy names takes access (W24).
/// Method: an office whose policy has no such block.
#[tokio::test(flavor = "multi_thread")]
async fn w24_not_offered() {
    let office = Office::open(TWO_STEPS).await;
    let answer = office.says("rita", at_once("db-1")).await;
    assert_eq!(code(&answer), "emergency-not-offered");
    assert_eq!(office.count("SELECT count(*) FROM request").await, 0);
    office.close().await;
}
