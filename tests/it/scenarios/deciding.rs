//! Deciding, by mail and beside it.

use countersign::command::Command;
use countersign::handle::Answer;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::Decision::{Approve, Disapprove};
use jiff::SignedDuration;

use crate::office::{ONE_STEP, Office, TWO_STEPS, code};

/// Goal: the whole road, once.
/// Method: a request, a mail, the reply APPROVE; state, grant, answer and everybody's mail are looked at.
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_approves() {
    let office = Office::open(ONE_STEP).await;
    let (rita, bob) = (office.person("rita"), office.person("bob"));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let ask = bob.hears(Kind::Ask).await;
    bob.replies(&ask, "APPROVE\n\nfine by me").await;

    let told = rita.hears(Kind::Approved).await;
    assert!(told.text().contains("fine by me"), "{}", told.text());
    bob.hears(Kind::Recorded).await;
    assert_eq!(office.state(request).await, "approved");
    assert_eq!(office.count("SELECT count(*) FROM active_grants").await, 1);
    let evidence: serde_json::Value = sqlx::query_scalar("SELECT evidence FROM vote")
        .fetch_one(&office.pool)
        .await
        .expect("one vote");
    assert_eq!(evidence["method"], "authentication-results");
    for other in ["alice", "carol"] {
        office.person(other).hears(Kind::Ask).await;
        let settled = office.person(other).hears(Kind::Settled).await;
        assert!(
            settled.text().contains("Bob"),
            "by whom: {}",
            settled.text()
        );
    }
    office.close().await;
}

/// Goal: steps run in order, each with its quorum (W9, W12), and nobody hears before their turn.
/// Method: alice, then bob and carol; before alice has decided the others' mailboxes are empty.
#[tokio::test(flavor = "multi_thread")]
async fn w9_w12_two_steps_in_order() {
    let office = Office::open(TWO_STEPS).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let ask = alice.hears(Kind::Ask).await;
    assert!(bob.unread().is_empty() && carol.unread().is_empty());
    alice.replies(&ask, "approve, thanks").await;
    alice.hears(Kind::Recorded).await;
    rita.hears(Kind::Progress).await;

    let ask = bob.hears(Kind::Ask).await;
    bob.replies(&ask, "Approved.").await;
    bob.hears(Kind::Recorded).await;
    assert_eq!(office.state(request).await, "pending");
    let ask = carol.hears(Kind::Ask).await;
    carol.replies(&ask, "APPROVE").await;
    carol.hears(Kind::Recorded).await;
    rita.hears(Kind::Approved).await;
    for voter in [alice, bob] {
        voter.hears(Kind::Settled).await;
    }
    assert_eq!(office.state(request).await, "approved");
    office.close().await;
}

/// Goal: one disapproval ends it, with its reason told to the requester (W12, W15).
/// Method: the reason stands on the same line as the word.
#[tokio::test(flavor = "multi_thread")]
async fn w12_a_reply_disapproves() {
    let office = Office::open(TWO_STEPS).await;
    let [rita, alice] = ["rita", "alice"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let ask = alice.hears(Kind::Ask).await;
    alice.replies(&ask, "Rejected: not during the freeze").await;
    alice.hears(Kind::Recorded).await;
    let told = rita.hears(Kind::Rejected).await;
    assert!(
        told.text().contains("not during the freeze"),
        "{}",
        told.text()
    );
    assert_eq!(office.state(request).await, "rejected");
    office.close().await;
}

/// Goal: what is unclear is answered once and decides nothing; the same token then still decides.
/// Method: a condition, then a clean word.
#[tokio::test(flavor = "multi_thread")]
async fn an_unclear_reply_is_answered_and_the_next_one_counts() {
    let office = Office::open(TWO_STEPS).await;
    let [rita, alice] = ["rita", "alice"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let ask = alice.hears(Kind::Ask).await;
    alice
        .replies(&ask, "APPROVE but only for ten minutes")
        .await;
    let answer = alice.hears(Kind::Unclear).await;
    assert!(
        answer.text().contains("`APPROVE but only for ten minutes`"),
        "{}",
        answer.text()
    );
    assert_eq!(
        answer.header("Auto-Submitted").as_deref(),
        Some("auto-replied")
    );
    assert_eq!(office.state(request).await, "pending");
    alice.replies(&ask, "DISAPPROVE").await;
    alice.hears(Kind::Recorded).await;
    rita.hears(Kind::Rejected).await;
    office.close().await;
}

/// Goal: a late vote changes nothing and is told who decided (W14).
/// Method: bob approves, then carol replies to her old mail, then bob replies again.
#[tokio::test(flavor = "multi_thread")]
async fn w14_a_late_reply_is_answered() {
    let office = Office::open(ONE_STEP).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    alice.hears(Kind::Ask).await;
    let (asked_bob, asked_carol) = (bob.hears(Kind::Ask).await, carol.hears(Kind::Ask).await);
    bob.replies(&asked_bob, "APPROVE").await;
    bob.hears(Kind::Recorded).await;
    rita.hears(Kind::Approved).await;
    alice.hears(Kind::Settled).await;
    carol.hears(Kind::Settled).await;

    carol.replies(&asked_carol, "DISAPPROVE").await;
    let answer = carol.hears(Kind::Refused).await;
    assert!(
        answer.text().contains("Bob"),
        "who decided: {}",
        answer.text()
    );
    assert_eq!(
        code(&office.votes("carol", request, Disapprove).await),
        "settled"
    );
    assert_eq!(office.state(request).await, "approved");
    office.close().await;
}

/// Goal: the same vote twice counts once; a later one may only be stricter (W13).
/// Method: a quorum of two, so that the step stays open after the first vote.
#[tokio::test(flavor = "multi_thread")]
async fn w13_only_stricter() {
    let policies = TWO_STEPS.replace(
        r#"{ name = "Owner", approvers = ["alice"] },"#,
        r#"{ name = "Owner", approvers = ["alice", "bob", "carol"], approvals = 2, disapprovals = 2 },"#,
    );
    let policies = policies.replace(
        r#"{ name = "Security", approvers = ["bob", "carol"], approvals = 2 },"#,
        "",
    );
    let office = Office::open(&policies).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    for asked in [&bob, &carol] {
        asked.hears(Kind::Ask).await;
    }
    let ask = alice.hears(Kind::Ask).await;
    assert!(matches!(
        office.votes("alice", request, Approve).await,
        Answer::Accepted { .. }
    ));
    alice.replies(&ask, "APPROVE").await;
    let answer = alice.hears(Kind::Refused).await;
    assert!(
        answer.text().contains("already recorded"),
        "{}",
        answer.text()
    );
    assert_eq!(
        code(&office.votes("alice", request, Approve).await),
        "already-recorded"
    );
    alice.replies(&ask, "DISAPPROVE").await;
    alice.hears(Kind::Recorded).await;
    assert_eq!(
        code(&office.votes("alice", request, Approve).await),
        "only-stricter"
    );
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 1);
    assert!(matches!(
        office.votes("bob", request, Disapprove).await,
        Answer::Accepted { .. }
    ));
    rita.hears(Kind::Rejected).await;
    for other in [&alice, &carol] {
        other.hears(Kind::Settled).await;
    }
    office.close().await;
}

/// Goal: silence never approves (W18): both sides hear that it is over, and a late word is refused.
/// Method: the clock goes five hours on, past the four of `pending_ttl`.
#[tokio::test(flavor = "multi_thread")]
async fn w18_a_request_expires_by_the_clock() {
    let office = Office::open(ONE_STEP).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let mut asks = Vec::new();
    for asked in [&alice, &bob, &carol] {
        asks.push(asked.hears(Kind::Ask).await);
    }
    office.advance(SignedDuration::from_hours(5));
    rita.hears(Kind::Expired).await;
    for asked in [&alice, &bob, &carol] {
        asked.hears(Kind::Settled).await;
    }
    bob.replies(&asks[1], "APPROVE").await;
    bob.hears(Kind::Refused).await;
    assert_eq!(office.state(request).await, "expired");
    office.close().await;
}

/// Goal: the requester takes a request back, with a reason; everybody who was asked is told (W29).
/// Method: without a reason, by somebody else, and then properly.
#[tokio::test(flavor = "multi_thread")]
async fn w29_withdrawal() {
    let office = Office::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 2).await;
    office.person("rita").hears(Kind::Filed).await;
    for asked in ["alice", "bob", "carol"] {
        office.person(asked).hears(Kind::Ask).await;
    }
    let withdraw = |reason: &str| Command::Withdraw {
        request,
        reason: reason.to_owned(),
    };
    assert_eq!(
        code(&office.says("rita", withdraw(" ")).await),
        "reason-required"
    );
    assert_eq!(
        code(&office.says("bob", withdraw("mine")).await),
        "not-the-requester"
    );
    assert!(matches!(
        office.says("rita", withdraw("found it")).await,
        Answer::Accepted { .. }
    ));
    for asked in ["alice", "bob", "carol"] {
        let told = office.person(asked).hears(Kind::Settled).await;
        assert!(told.text().contains("found it"), "{}", told.text());
    }
    assert_eq!(
        code(&office.says("rita", withdraw("again")).await),
        "settled"
    );
    office.close().await;
}

/// Goal: who may not vote is told why (W10, W11).
/// Method: each kind of outsider votes at the command line on a request that waits for alice.
#[tokio::test(flavor = "multi_thread")]
async fn w10_w11_who_may_not_vote() {
    let policies = TWO_STEPS.replace(
        r#"approvers = ["alice"]"#,
        r#"approvers = ["alice", "bob", "rita", "una", "dora"]"#,
    );
    let office = Office::furnish(&policies).await;
    let mut office = office;
    office.start().await;
    let request = office.files("rita", "db-1", 2).await;
    office.person("rita").hears(Kind::Filed).await;
    for asked in ["alice", "bob"] {
        office.person(asked).hears(Kind::Ask).await;
    }
    for (who, why) in [
        ("rita", "own-request"),
        ("una", "not-registered"),
        ("dora", "not-active"),
        ("ada", "not-eligible"),
        // Security needs both bob and carol, so bob cannot be spent here.
        ("bob", "needed-for-later-step"),
        ("carol", "step-not-yet"),
    ] {
        assert_eq!(
            code(&office.votes(who, request, Approve).await),
            why,
            "{who}"
        );
    }
    let nobody = countersign::workflow::ids::RequestId(999_999);
    assert_eq!(
        code(&office.votes("alice", nobody, Approve).await),
        "unknown-request"
    );
    assert!(matches!(
        office.votes("alice", request, Disapprove).await,
        Answer::Accepted { .. }
    ));
    office.person("rita").hears(Kind::Rejected).await;
    office.person("bob").hears(Kind::Settled).await;
    office.close().await;
}

/// Goal: the second approval of one person in a request is refused (W11), a passed step says so (W14).
/// Method: bob may vote in both steps; a mail of the first step is answered after it is over.
#[tokio::test(flavor = "multi_thread")]
async fn w11_w14_one_approval_per_request() {
    let policies = TWO_STEPS
        .replace(
            r#"approvers = ["alice"]"#,
            r#"approvers = ["alice", "bob"]"#,
        )
        .replace(
            r#"approvers = ["bob", "carol"], approvals = 2"#,
            r#"approvers = ["bob", "carol"]"#,
        );
    let office = Office::open(&policies).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let late = alice.hears(Kind::Ask).await;
    let ask = bob.hears(Kind::Ask).await;
    bob.replies(&ask, "APPROVE").await;
    bob.hears(Kind::Recorded).await;
    rita.hears(Kind::Progress).await;
    alice.hears(Kind::Settled).await;
    carol.hears(Kind::Ask).await;
    assert_eq!(
        code(&office.votes("bob", request, Approve).await),
        "one-approval-per-request"
    );
    alice.replies(&late, "APPROVE").await;
    let answer = alice.hears(Kind::Refused).await;
    assert!(
        answer.text().contains("Owner"),
        "which step: {}",
        answer.text()
    );
    assert_eq!(office.refused_as("step-over").await, 1);
    assert!(matches!(
        office.votes("carol", request, Approve).await,
        Answer::Accepted { .. }
    ));
    rita.hears(Kind::Approved).await;
    for other in [&alice, &bob] {
        other.hears(Kind::Settled).await;
    }
    office.close().await;
}

/// Goal: where a disapproval needs a comment, one without is not counted and says how to add it (W15).
/// Method: the bare word by mail, then the word with a reason.
#[tokio::test(flavor = "multi_thread")]
async fn w15_a_disapproval_needs_its_comment() {
    let office = Office::open(&format!("{TWO_STEPS}comment_required = true\n")).await;
    let [rita, alice] = ["rita", "alice"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let ask = alice.hears(Kind::Ask).await;
    alice.replies(&ask, "DISAPPROVE").await;
    alice.hears(Kind::Refused).await;
    assert_eq!(
        code(&office.votes("alice", request, Disapprove).await),
        "comment-required"
    );
    alice.replies(&ask, "DISAPPROVE\nno ticket").await;
    alice.hears(Kind::Recorded).await;
    rita.hears(Kind::Rejected).await;
    office.close().await;
}

/// Goal: two decisions at one instant are two decisions, counted once each, one outcome (W17).
/// Method: bob by mail and carol at the command line together, twenty times over.
#[tokio::test(flavor = "multi_thread")]
async fn w17_two_at_once() {
    let office = Office::open(ONE_STEP).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    for round in 0..20 {
        let request = office.files("rita", &format!("db-{round}"), 1).await;
        rita.hears(Kind::Filed).await;
        alice.hears(Kind::Ask).await;
        carol.hears(Kind::Ask).await;
        let ask = bob.hears(Kind::Ask).await;
        let ((), by_carol) = tokio::join!(
            bob.replies(&ask, "APPROVE"),
            office.votes("carol", request, Disapprove)
        );
        // Carol decides at once; bob's mail takes its way and finds the request settled, or was first.
        if matches!(by_carol, Answer::Accepted { .. }) {
            bob.hears(Kind::Refused).await;
            rita.hears(Kind::Rejected).await;
            for told in [&alice, &bob] {
                told.hears(Kind::Settled).await;
            }
        } else {
            assert_eq!(code(&by_carol), "settled");
            bob.hears(Kind::Recorded).await;
            rita.hears(Kind::Approved).await;
            for told in [&alice, &carol] {
                told.hears(Kind::Settled).await;
            }
        }
        let decided = "SELECT count(*) FROM vote";
        assert_eq!(office.count(decided).await, round + 1, "one vote a round");
    }
    office.close().await;
}
