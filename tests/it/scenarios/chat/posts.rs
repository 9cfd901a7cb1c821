//! Posts: every copy of a request shows what holds now, whoever brought it about, and how.

use std::time::Duration;

use countersign::command::Command;
use countersign::handle::Answer;
use countersign::workflow::ids::RequestId;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::Decision::{Approve, Disapprove};
use countersign_sandbox::discord::{Channel, Fault, Post, Trouble};
use jiff::SignedDuration;

use crate::office::chat::ChatOffice;
use crate::office::{ONE_STEP, TWO_STEPS};

/// These policies, shown in the channel `approvals`.
pub fn shown(policies: &str) -> String {
    policies.replace(
        "steps = [",
        "notify = { channel = \"approvals\" }\nsteps = [",
    )
}

/// What `name` sees in the room with the bot.
pub fn direct(office: &ChatOffice, name: &str) -> Channel {
    office.double.direct(office.account(name))
}

/// Waits until the one post there has this in its text.
pub async fn reads(channel: &Channel, part: &str) -> Post {
    let post = channel.until_text(part).await;
    let post = post.unwrap_or_else(|error| {
        let there: Vec<String> = channel.posts().iter().map(Post::text).collect();
        panic!("{error}; there: {there:#?}")
    });
    assert_eq!(channel.posts().len(), 1, "one post, changed");
    post
}

/// What is written on its buttons.
pub fn labels(post: &Post) -> Vec<String> {
    post.buttons()
        .into_iter()
        .map(|button| button.label)
        .collect()
}

/// Goal: a decision by mail changes the post in the channel and the ones with each approver: who, by which
/// road, when; the buttons go. Method: alice and bob have accounts, carol has none; bob replies.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_by_mail_changes_every_copy() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = reads(&office.channel, "Waiting for a decision").await;
    let text = post.text();
    for part in [
        "R-",
        "db\\-1 as admin",
        "Rita",
        "the disk is full",
        "2 hours",
        "0 of 1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(
        labels(&post),
        [
            "Approve",
            "Disapprove",
            "Approve with other times",
            "Details",
            "Withdraw"
        ]
    );
    for name in ["alice", "bob"] {
        let post = reads(&direct(&office, name), "Waiting for a decision").await;
        assert!(
            !labels(&post).contains(&"Withdraw".to_owned()),
            "it is not theirs"
        );
    }
    let bob = office.person("bob");
    let ask = bob.hears(Kind::Ask).await;
    bob.replies(&ask, "APPROVE").await;
    for channel in [
        office.channel.clone(),
        direct(&office, "alice"),
        direct(&office, "bob"),
    ] {
        let post = reads(&channel, "Approved").await;
        let text = post.text();
        assert!(text.contains("**Approved** by Bob by e-mail <t:"), "{text}");
        assert!(text.contains("Access is open until <t:"), "{text}");
        assert_eq!(labels(&post), ["Revoke"]);
    }
    assert_eq!(office.state(request).await, "approved");
    assert!(direct(&office, "carol").posts().is_empty());
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a decision in chat ends what the mails offer: their tokens are told who settled it, and the others
/// hear of it. Method: alice presses the button in her own post; bob replies APPROVE to his mail afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_in_chat_ends_the_mails_offer() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    let request = office.files("rita", "db-1", 2).await;
    let bob = office.person("bob");
    let ask = bob.hears(Kind::Ask).await;
    let post = reads(&direct(&office, "alice"), "Waiting for a decision").await;
    let asked = office.account("alice").clicks(&post, "Approve");
    asked
        .expect("there is one")
        .first()
        .await
        .expect("answered");
    let post = reads(&office.channel, "**Approved** by Alice in chat").await;
    assert_eq!(labels(&post), ["Revoke"]);
    reads(&direct(&office, "bob"), "**Approved** by Alice in chat").await;
    let settled = bob.hears(Kind::Settled).await.text();
    assert!(settled.contains("Alice"), "{settled}");
    bob.replies(&ask, "APPROVE").await;
    let refused = bob.hears(Kind::Refused).await.text();
    assert!(refused.contains("Alice"), "{refused}");
    assert_eq!(office.state(request).await, "approved");
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 1);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: nobody is shown a step before its turn (W9); progress is shown with names, and a vote that is taken
/// back takes it back. Method: two steps; alice, then bob; then alice disapproves.
#[tokio::test(flavor = "multi_thread")]
async fn w9_steps_are_shown_in_their_turn() {
    let office = ChatOffice::open(&shown(TWO_STEPS)).await;
    let request = office.files("rita", "db-1", 2).await;
    reads(&office.channel, "step 1 of 2, Owner, 0 of 1 approval").await;
    reads(&direct(&office, "alice"), "step 1 of 2").await;
    assert!(direct(&office, "bob").posts().is_empty(), "not his turn");
    office.votes("alice", request, Approve).await;
    reads(&office.channel, "step 2 of 2, Security, 0 of 2 approvals").await;
    reads(&direct(&office, "bob"), "step 2 of 2").await;
    office.votes("bob", request, Approve).await;
    let text = reads(&office.channel, "1 of 2 approvals").await.text();
    assert!(text.contains("Bob by command line"), "{text}");
    let post = reads(&direct(&office, "bob"), "1 of 2 approvals").await;
    assert_eq!(
        labels(&post),
        ["Disapprove", "Details"],
        "his approval stands"
    );
    office.votes("alice", request, Disapprove).await;
    for channel in [office.channel.clone(), direct(&office, "bob")] {
        let post = reads(&channel, "**Disapproved** by Alice by command line").await;
        assert!(post.buttons().is_empty(), "{post:?}");
    }
    office.everybody_reads().await;
    office.close().await;
}

async fn does(office: &ChatOffice, name: &str, command: Command) {
    let answer = office.says(name, command).await;
    assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
}

/// A fresh request and the post that shows it; what stood there before is taken away.
async fn fresh(office: &ChatOffice, resource: &str) -> (RequestId, Post) {
    for post in office.channel.posts() {
        office.double.delete_post(post.id);
    }
    let request = office.files("rita", resource, 2).await;
    let post = reads(&office.channel, &request.to_string()).await;
    (request, post)
}

/// Goal: withdrawal, a changed window, revocation, return and expiry are shown, with their reasons where the
/// operator lets them. Method: one request each; what the post says then.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_it_is_shown() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    let reason = || "no longer needed".to_owned();
    let (request, _) = fresh(&office, "db-1").await;
    let withdraw = Command::Withdraw {
        request,
        reason: reason(),
    };
    does(&office, "rita", withdraw).await;
    let post = reads(&office.channel, "**Withdrawn** by Rita").await;
    assert!(post.text().contains("no longer needed") && post.buttons().is_empty());

    let (request, _) = fresh(&office, "db-2").await;
    let target = countersign::command::Target::Request(request);
    let sets = Command::Vote {
        target,
        decision: Approve,
        comment: None,
        window: None,
    };
    does(&office, "alice", sets).await;
    let post = reads(&office.channel, "**Approved** by Alice").await;
    assert_eq!(labels(&post), ["Revoke"]);
    let revoke = Command::Revoke {
        request,
        reason: "the freeze began".to_owned(),
    };
    does(&office, "ada", revoke).await;
    let post = reads(&office.channel, "**Access was revoked** by Ada").await;
    assert!(post.buttons().is_empty());
    // What an approver wrote is not shown in channels unless the operator says so; their own posts show it.
    assert!(!post.text().contains("the freeze began"), "{}", post.text());
    let own = direct(&office, "alice")
        .until_text("the freeze began")
        .await;
    own.expect("her own post shows it");

    let (request, _) = fresh(&office, "db-3").await;
    office.votes("alice", request, Approve).await;
    let back = Command::Return {
        request,
        reason: None,
    };
    does(&office, "rita", back).await;
    reads(&office.channel, "**Access was given back** by Rita").await;

    let (request, _) = fresh(&office, "db-4").await;
    office.advance(SignedDuration::from_hours(5));
    let post = reads(&office.channel, "**Expired**").await;
    assert!(post.buttons().is_empty());
    assert_eq!(office.state(request).await, "expired");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: an approver's other window is shown beside the one that was asked for, and the end of a grant by the
/// clock is shown (W16, W21). Method: bob replies with a shorter one; then its time passes.
#[tokio::test(flavor = "multi_thread")]
async fn w16_a_changed_window_is_shown() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    office.files("rita", "db-1", 2).await;
    let bob = office.person("bob");
    let ask = bob.hears(Kind::Ask).await;
    bob.replies(&ask, "APPROVE\n\nfor 1h").await;
    let text = reads(&office.channel, "**Approved** by Bob").await.text();
    assert!(text.contains("1 hour\nAsked for was: 2 hours"), "{text}");
    office.advance(SignedDuration::from_mins(61));
    let post = reads(&office.channel, "Access ended").await;
    assert!(post.buttons().is_empty());
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: an emergency is marked wherever it is shown, everybody who could decide gets a post, and its review
/// is shown (W25, W26). Method: rita takes access; bob, whose step was not reached, reviews.
#[tokio::test(flavor = "multi_thread")]
async fn w25_an_emergency_is_marked() {
    let policies =
        format!("{TWO_STEPS}emergency = {{ allowed = [\"rita\"], max_duration = \"1h\" }}\n");
    let office = ChatOffice::open(&shown(&policies)).await;
    let request = office.files("rita", "db-1", 2).await;
    reads(&office.channel, "Waiting for a decision").await;
    assert!(direct(&office, "bob").posts().is_empty());
    let reason = "the shop is down and orders are lost".to_owned();
    does(&office, "rita", Command::Emergency { request, reason }).await;
    for channel in [office.channel.clone(), direct(&office, "bob")] {
        let post = reads(&channel, "**Taken in an emergency**").await;
        let text = post.text();
        assert!(text.starts_with("EMERGENCY"), "{text}");
        assert!(text.contains("the shop is down") && text.contains("Nobody has reviewed"));
        assert_eq!(labels(&post), ["Revoke"]);
    }
    let finding = "it was needed".to_owned();
    does(&office, "bob", Command::Review { request, finding }).await;
    reads(&office.channel, "Reviewed by Bob").await;
    reads(&direct(&office, "bob"), "it was needed").await;
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: changes that come while one is under way are one change afterwards, and the last state is the last
/// that is shown. Method: Discord takes its time for a change; four more come meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn changes_that_come_together_are_one() {
    let office = ChatOffice::open(&shown(TWO_STEPS)).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = reads(&office.channel, "Waiting for a decision").await;
    let path = format!("/channels/{}/messages/", office.channel.id());
    let slow = Trouble::Delayed(Duration::from_secs(2));
    office.double.fault(Fault::on(&path, slow).method("PATCH"));
    office.votes("alice", request, Approve).await;
    let changing = "SELECT count(*) FROM delivery AS d JOIN chat_post AS p ON p.id = d.post_id
                    WHERE d.state = 'leased' AND p.person IS NULL";
    office.counts(changing, 1).await;
    office.votes("bob", request, Approve).await;
    office.votes("carol", request, Approve).await;
    let reason = "done".to_owned();
    does(&office, "ada", Command::Revoke { request, reason }).await;
    let last = reads(&office.channel, "**Access was revoked**").await;
    assert_eq!(last.id, post.id);
    let owed = "SELECT count(*) FROM delivery WHERE state IN ('pending', 'leased')";
    office.counts(owed, 0).await;
    let changes = office.double.post(post.id).expect("there").edits.len();
    assert_eq!(changes, 2, "the one under way, and the last");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: Discord being down delays no mail and loses nothing: readiness says so, people decide by mail, and
/// when it is back every post shows what holds. Method: every call is reset; a whole story by mail; then not.
#[tokio::test(flavor = "multi_thread")]
async fn discord_is_down_while_mail_flows() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    let before = office.files("rita", "db-1", 2).await;
    reads(&office.channel, "Waiting for a decision").await;
    let down = Fault::on("/", Trouble::Reset).times(u32::MAX);
    office.double.fault(down);
    let (rita, bob) = (office.person("rita"), office.person("bob"));
    rita.hears(Kind::Filed).await;
    let ask = bob.hears(Kind::Ask).await;
    bob.replies(&ask, "APPROVE").await;
    rita.hears(Kind::Approved).await;
    assert_eq!(office.state(before).await, "approved");
    crate::office::until("readiness complains", async || {
        office.daemon().complaints().await.remove("discord_posts")
    })
    .await;
    let during = office.files("rita", "db-2", 2).await;
    bob.hears(Kind::Ask).await;
    office.votes("bob", during, Disapprove).await;
    rita.hears(Kind::Rejected).await;
    let tried = "SELECT coalesce(max(attempts), 0)::bigint FROM delivery
                 WHERE channel = 'chat' AND state = 'pending'";
    assert_eq!(office.count(tried).await, 0, "an outage uses up no try");
    office.double.no_more_faults();
    let wait = async |part: &str| {
        office
            .channel
            .until_text(part)
            .await
            .expect("it catches up")
    };
    wait("**Approved** by Bob by e-mail").await;
    wait("**Disapproved** by Bob by command line").await;
    assert_eq!(office.channel.posts().len(), 2);
    office.everybody_reads().await;
    office.close().await;
}
