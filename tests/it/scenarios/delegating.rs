//! Votes in another's hands, by mail (W20).

use countersign::command::Command;
use countersign::handle::Answer;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::Decision::Approve;
use jiff::SignedDuration;

use crate::office::{Office, TWO_STEPS, code};

async fn delegates(office: &Office, from: &str, to: &str, hours: i64) -> Answer {
    let until = office.clock.now() + SignedDuration::from_hours(hours);
    let command = Command::Delegate {
        to: to.into(),
        start: None,
        until,
    };
    office.says(from, command).await
}

/// Goal: what was asked before the delegation reaches the delegate by itself; their reply counts for the
/// delegator, in the delegate's name, and both names are recorded and shown; the delegator's vote is used.
/// Method: alice is asked, then delegates to bob; bob replies; rita and the next approver read both names.
#[tokio::test(flavor = "multi_thread")]
async fn w20_a_delegate_decides_by_mail() {
    // Bob must not be needed for the second step himself (W11).
    let policies = TWO_STEPS.replace(r#"["bob", "carol"], approvals = 2"#, r#"["carol"]"#);
    let office = Office::open(&policies).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let own = alice.hears(Kind::Ask).await;
    let made = delegates(&office, "alice", "bob", 3).await;
    assert!(matches!(made, Answer::Delegated { ended: false, .. }));
    office.advance(SignedDuration::ZERO);
    alice.hears_of("Your votes are delegated to Bob").await;
    let told = bob.hears_of("Alice has delegated their votes to you").await;
    assert!(told.text().contains("(Europe/Lisbon)"), "{}", told.text());
    let ask = bob.hears(Kind::Ask).await;
    bob.replies(&ask, "APPROVE").await;
    bob.hears(Kind::Recorded).await;
    let told = rita.hears(Kind::Progress).await;
    assert!(told.text().contains("Bob for Alice"), "{}", told.text());

    // Her step is over.
    alice.hears(Kind::Settled).await;
    alice.replies(&own, "DISAPPROVE").await;
    let refused = alice.hears(Kind::Refused).await;
    assert!(refused.text().contains("Bob"), "{}", refused.text());
    let asked = carol.hears(Kind::Ask).await;
    assert!(asked.text().contains("Bob for Alice"), "{}", asked.text());
    let behalf: String = sqlx::query_scalar("SELECT on_behalf_of FROM vote WHERE person = 'bob'")
        .fetch_one(&office.pool)
        .await
        .expect("one vote");
    assert_eq!(behalf, "alice");
    office
        .says(
            "rita",
            Command::Withdraw {
                request,
                reason: "no longer needed".into(),
            },
        )
        .await;
    for person in [&alice, &bob, &carol] {
        person.hears(Kind::Settled).await;
    }
    office.close().await;
}

/// Goal: a vote that a delegate has given is used, on the same step too; a delegation dies with the
/// delegator's entitlement.
/// Method: one step of two approvals; carol votes for bob, then bob himself; bob is disabled.
#[tokio::test(flavor = "multi_thread")]
async fn w20_a_vote_is_used_once_and_dies_with_its_owner() {
    let policies = TWO_STEPS
        .replace(r#"{ name = "Owner", approvers = ["alice"] },"#, "")
        .replace(
            r#"approvers = ["bob", "carol"]"#,
            r#"approvers = ["bob", "alice"]"#,
        );
    let office = Office::open(&policies).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    delegates(&office, "bob", "carol", 3).await;
    bob.hears_of("Your votes are delegated to Carol").await;
    carol.hears_of("Bob has delegated").await;
    let first = office.files("rita", "db-1", 2).await;
    let second = office.files("rita", "db-2", 2).await;
    for person in [&alice, &bob, &carol] {
        person.hears(Kind::Ask).await;
        person.hears(Kind::Ask).await;
    }
    rita.hears(Kind::Filed).await;
    rita.hears(Kind::Filed).await;
    assert!(matches!(
        office.votes("carol", first, Approve).await,
        Answer::Accepted { .. }
    ));
    assert_eq!(
        code(&office.votes("bob", first, Approve).await),
        "vote-used"
    );
    let disabled = |text: &mut String| {
        let bob = text.find("id = \"bob\"").expect("bob");
        let (before, after) = text.split_at(bob);
        *text = format!("{before}active = false\n{after}");
    };
    // A policy for two is refused while there is one; the request keeps its own terms (W7).
    let fewer = policies.replace("approvals = 2", "approvals = 1");
    office.apply_with(&fewer, disabled).await;
    let late = office.votes("carol", second, Approve).await;
    assert_eq!(code(&late), "not-eligible");
    office.apply(&policies).await;
    let ended = office.says("bob", Command::EndDelegation).await;
    assert!(matches!(ended, Answer::Delegated { ended: true, .. }));
    bob.hears_of("no longer delegated").await;
    carol.hears_of("Bob has ended the delegation").await;
    let late = office.votes("carol", second, Approve).await;
    assert_eq!(code(&late), "not-eligible");
    for request in [first, second] {
        office
            .says(
                "rita",
                Command::Withdraw {
                    request,
                    reason: "no longer needed".into(),
                },
            )
            .await;
        for person in [&alice, &bob] {
            person.hears(Kind::Settled).await;
        }
    }
    for _ in 0..2 {
        carol.hears(Kind::Settled).await;
    }
    office.close().await;
}
