//! What becomes of a grant: continued without a gap, taken back, given back.

use countersign::command::Command;
use countersign::handle::Answer;
use countersign::workflow::ids::RequestId;
use countersign::workflow::notice::Kind;
use jiff::SignedDuration;

use crate::office::{ONE_STEP, Office, Person, code};

fn extend(request: RequestId) -> Command {
    Command::Extend {
        request,
        length: SignedDuration::from_hours(1),
        justification: Some("not done yet".to_owned()),
        key: None,
    }
}

fn revoke(request: RequestId, reason: &str) -> Command {
    Command::Revoke {
        request,
        reason: reason.to_owned(),
    }
}

fn give_back(request: RequestId) -> Command {
    Command::Return {
        request,
        reason: Some("done".to_owned()),
    }
}

/// `by` approves what everybody was asked about, by mail; everybody hears what they should.
async fn approved_by(office: &Office, by: &str) {
    let rita = office.person("rita");
    rita.hears(Kind::Filed).await;
    for name in ["alice", "bob", "carol"] {
        let person: Person = office.person(name);
        let ask = person.hears(Kind::Ask).await;
        if name == by {
            person.replies(&ask, "APPROVE").await;
            person.hears(Kind::Recorded).await;
        }
    }
    rita.hears(Kind::Approved).await;
    for name in ["alice", "bob", "carol"] {
        if name != by {
            office.person(name).hears(Kind::Settled).await;
        }
    }
}

/// Rita's hour, approved by bob.
async fn an_hour(office: &Office) -> RequestId {
    let request = office.files("rita", "db-1", 1).await;
    approved_by(office, "bob").await;
    request
}

async fn extended(office: &Office, request: RequestId) -> RequestId {
    match office.says("rita", extend(request)).await {
        Answer::Accepted { request, .. } => request,
        other => panic!("not extended: {other:?}"),
    }
}

/// Goal: an extension approved in time goes on where the first grant ends, and nobody is warned of an end
/// that is none (W23).
/// Method: an hour, one more, approved by carol; the clock goes past the first end, then to the second.
#[tokio::test(flavor = "multi_thread")]
async fn w23_an_extension_leaves_no_gap() {
    let office = Office::open(ONE_STEP).await;
    let rita = office.person("rita");
    let first = an_hour(&office).await;
    assert_eq!(
        code(&office.says("bob", extend(first)).await),
        "not-the-holder"
    );
    let next = extended(&office, first).await;
    approved_by(&office, "carol").await;
    let joined = "SELECT count(*) FROM access_grant AS a JOIN access_grant AS b \
                  ON b.starts_at = a.ends_at AND b.ends_at - b.starts_at = interval '1 hour'";
    assert_eq!(office.count(joined).await, 1);
    assert_eq!(
        code(&office.says("rita", extend(first)).await),
        "extended-already"
    );
    office.advance(SignedDuration::from_mins(51));
    let seen = "SELECT count(*) FROM audit_event WHERE body LIKE '%\"event\":\"grant_warned\"%'";
    office.counts(seen, 1).await;
    let warned = "SELECT count(*) FROM delivery WHERE kind = 'grant_warning'";
    assert_eq!(office.count(warned).await, 0);
    office.advance(SignedDuration::from_mins(10));
    let begun = "SELECT count(*) FROM audit_event WHERE body LIKE '%\"event\":\"grant_started\"%'";
    office.counts(begun, 1).await;
    let over = "SELECT count(*) FROM audit_event WHERE body LIKE '%\"event\":\"grant_ended\"%'";
    office.counts(over, 1).await;
    rita.hears(Kind::GrantEnded).await;
    let started = rita.hears(Kind::GrantStarted).await;
    assert!(started.text().contains(&next.to_string()));
    office.advance(SignedDuration::from_mins(52));
    let warning = rita.hears(Kind::GrantWarning).await;
    assert!(warning.text().contains(&next.to_string()));
    office.advance(SignedDuration::from_mins(10));
    office.counts(over, 2).await;
    assert_eq!(
        code(&office.says("rita", give_back(next)).await),
        "grant-over"
    );
    rita.hears(Kind::GrantEnded).await;
    office.close().await;
}

/// Goal: one approver ends access, its continuation too, and both who agreed and the holder hear it (W22).
/// Method: an hour by bob, one more by carol; refusals; alice revokes the first.
#[tokio::test(flavor = "multi_thread")]
async fn w22_revoked_with_what_continues_it() {
    let office = Office::open(ONE_STEP).await;
    let [rita, bob, carol] = ["rita", "bob", "carol"].map(|name| office.person(name));
    let first = an_hour(&office).await;
    let next = extended(&office, first).await;
    approved_by(&office, "carol").await;
    for (who, reason, expected) in [
        ("rita", "x", "not-a-revoker"),
        ("una", "x", "not-a-revoker"),
        ("alice", " ", "revoke-reason-required"),
    ] {
        let answer = office.says(who, revoke(first, reason)).await;
        assert_eq!(code(&answer), expected, "{who}");
    }
    let answer = office
        .says("alice", revoke(first, "the wrong machine"))
        .await;
    assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
    for _ in 0..2 {
        let told = rita.hears(Kind::GrantEnded).await.text();
        assert!(told.contains("the wrong machine"), "{told}");
    }
    bob.hears(Kind::GrantEnded).await;
    carol.hears(Kind::GrantEnded).await;
    let cut =
        "SELECT count(*) FROM access_grant WHERE end_cause = 'revoked' AND ended_at IS NOT NULL";
    assert_eq!(office.count(cut).await, 2);
    assert_eq!(office.count("SELECT count(*) FROM active_grants").await, 0);
    assert_eq!(
        code(&office.says("rita", give_back(next)).await),
        "grant-over"
    );
    office.close().await;
}

/// Goal: a holder gives access back; a continuation that is still to be decided goes with it (W22).
/// Method: an hour by bob, one more that nobody has decided; rita returns the first.
#[tokio::test(flavor = "multi_thread")]
async fn w22_returned_with_what_would_continue_it() {
    let office = Office::open(ONE_STEP).await;
    let rita = office.person("rita");
    let first = an_hour(&office).await;
    let next = extended(&office, first).await;
    rita.hears(Kind::Filed).await;
    let mut asks = Vec::new();
    for name in ["alice", "bob", "carol"] {
        asks.push(office.person(name).hears(Kind::Ask).await);
    }
    assert_eq!(
        code(&office.says("rita", give_back(next)).await),
        "no-grant"
    );
    let answer = office.says("rita", give_back(first)).await;
    assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
    assert_eq!(office.state(next).await, "withdrawn");
    // Of the first she has the answer before her; of what ended with it she is told.
    let told = rita.hears(Kind::GrantEnded).await;
    assert!(told.text().contains(&next.to_string()));
    for name in ["alice", "bob", "carol"] {
        office.person(name).hears(Kind::Settled).await;
    }
    // He had agreed to the first.
    office.person("bob").hears(Kind::GrantEnded).await;
    let alice = office.person("alice");
    alice.replies(&asks[0], "APPROVE").await;
    alice.hears(Kind::Refused).await;
    assert_eq!(office.refused_as("settled").await, 1);
    assert_eq!(office.count("SELECT count(*) FROM active_grants").await, 0);
    office.close().await;
}
