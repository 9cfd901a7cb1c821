//! A change of a post calls nobody; who is reminded gets a new message.

use countersign::workflow::request::Decision::Approve;
use countersign_sandbox::discord::{Channel, Fault, Post, Seen, Trouble};
use jiff::SignedDuration;

use super::posts::{direct, labels, reads, shown};
use crate::office::chat::ChatOffice;
use crate::office::{ONE_STEP, until};

/// Reminds each hour, twice at most.
fn reminding() -> String {
    let timed = r#""carol"], remind_after = "1h", max_reminders = 2 }"#;
    shown(ONE_STEP).replace("\"carol\"] }", timed)
}

/// Waits until so many messages stand there, of which the last alone has buttons; returns it.
async fn anew(channel: &Channel, count: usize) -> Post {
    until(&format!("{count} messages, one with buttons"), async || {
        let mut posts = channel.posts();
        if posts.len() != count {
            return None;
        }
        let last = posts.pop()?;
        let lines = posts.iter().all(|post| post.buttons().is_empty());
        (lines && !last.buttons().is_empty()).then_some(last)
    })
    .await
}

/// An hour passes, once what is owed in the chat is written down as sent: a reminder that comes while the first
/// message is being posted makes no second one, for that one is new.
async fn an_hour_later(office: &ChatOffice) {
    let owed =
        "SELECT count(*) FROM delivery WHERE channel = 'chat' AND state IN ('pending', 'leased')";
    office.counts(owed, 0).await;
    office.advance(SignedDuration::from_mins(61));
}

/// Goal: at each reminder whoever has not voted gets a new message, and the one before leads to it; who has
/// voted, and the channel, get none; what is settled then changes the newest (W19).
/// Method: three must approve; bob does; two reminders; carol and alice do.
#[tokio::test(flavor = "multi_thread")]
async fn w19_a_reminder_is_a_new_message() {
    let policies = reminding().replace("\"carol\"],", "\"carol\"], approvals = 2,");
    let office = ChatOffice::open(&policies).await;
    let request = office.files("rita", "db-1", 2).await;
    let (alice, bob) = (direct(&office, "alice"), direct(&office, "bob"));
    let first = reads(&alice, "Waiting for a decision").await;
    office.votes("bob", request, Approve).await;
    reads(&bob, "1 of 2 approvals").await;
    an_hour_later(&office).await;
    let second = anew(&alice, 2).await;
    assert_ne!(second.id, first.id);
    assert!(
        second.text().contains("1 of 2 approvals"),
        "{}",
        second.text()
    );
    let reduced = office.double.post(first.id).expect("it stays").text();
    let link = format!(
        "https://discord.com/channels/@me/{}/{}",
        alice.id(),
        second.id
    );
    assert!(reduced.contains(&link), "{reduced}");
    assert!(!reduced.contains("disk"), "{reduced}");
    an_hour_later(&office).await;
    let third = anew(&alice, 3).await;
    // There are no more than two reminders.
    an_hour_later(&office).await;
    let said = office.told_in("alice", &third, "Approve").await;
    assert!(said.contains("your approval is recorded"), "{said}");
    let settled = alice.until_text("**Approved** by Alice").await;
    assert_eq!(settled.expect("changed").id, third.id);
    reads(&bob, "**Approved** by Alice").await;
    reads(&office.channel, "**Approved** by Alice").await;
    assert_eq!(alice.posts().len(), 3);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: what is settled before the new message could go out is no news: the old one is changed. And a new
/// message that Discord does not take leaves the old one as it was.
/// Method: nothing can be posted to alice while she is reminded; then bob decides; a second request is refused.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_settled_meanwhile_calls_nobody() {
    let office = ChatOffice::open(&reminding()).await;
    let request = office.files("rita", "db-1", 2).await;
    let (alice, bob) = (direct(&office, "alice"), direct(&office, "bob"));
    let first = reads(&alice, "Waiting for a decision").await;
    let path = format!("/channels/{}/messages", alice.id());
    let limited = Trouble::Limited {
        retry_after: std::time::Duration::from_secs(1),
        global: false,
    };
    let fault = Fault::on(&path, limited).method("POST").times(1000);
    office.double.fault(fault);
    an_hour_later(&office).await;
    anew(&bob, 2).await;
    let posts = office.double.until_requests("POST", &path, 2).await;
    posts.expect("it was tried");
    office.votes("bob", request, Approve).await;
    let settled = reads(&alice, "**Approved** by Bob").await;
    assert_eq!(settled.id, first.id);
    office.double.no_more_faults();

    let refused = Trouble::Refused {
        status: 403,
        code: 50007,
    };
    office.files("rita", "db-2", 2).await;
    alice.until_count(2).await.expect("asked");
    let tried = office.double.requests();
    let posted = |seen: &&Seen| seen.method == "POST" && seen.path.contains(&path);
    let tried = tried.iter().filter(posted).count();
    office
        .double
        .fault(Fault::on(&path, refused).method("POST"));
    an_hour_later(&office).await;
    let third = until("bob is reminded of the second", async || {
        let mut posts = bob.posts();
        let last = posts.pop().filter(|_| posts.len() == 3)?;
        posts.pop()?.buttons().is_empty().then_some(last)
    })
    .await;
    let posts = office.double.until_requests("POST", &path, tried + 1).await;
    posts.expect("it was tried");
    assert_eq!(alice.posts().len(), 2);
    assert!(labels(&alice.posts()[1]).contains(&"Approve".to_owned()));
    let said = office.told_in("bob", &third, "Approve").await;
    assert!(said.contains("your approval is recorded"), "{said}");
    let changed = alice.until_text("**Approved** by Bob in chat").await;
    changed.expect("it can still be changed");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: an answer that is lost makes no second new message, and the old one is reduced when Discord lets it.
/// Method: the answer to the new message is lost; the change of the old one fails once.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_one_message() {
    let office = ChatOffice::open(&reminding()).await;
    office.files("rita", "db-1", 2).await;
    let alice = direct(&office, "alice");
    let first = reads(&alice, "Waiting for a decision").await;
    let path = format!("/channels/{}/messages", alice.id());
    let lost = Fault::on(&path, Trouble::AnswerLost).method("POST");
    office.double.fault(lost);
    let old = format!("{path}/{}", first.id);
    let fails = Fault::on(&old, Trouble::Status(503)).method("PATCH");
    office.double.fault(fails);
    an_hour_later(&office).await;
    until("the old one is a line", async || {
        // The table of waits would have us wait for real.
        let now = "UPDATE delivery SET next_try_at = least(next_try_at, now())
                   WHERE channel = 'chat' AND state = 'pending'";
        sqlx::query(now).execute(&office.pool).await.expect("now");
        let post = office.double.post(first.id)?;
        post.buttons().is_empty().then_some(())
    })
    .await;
    let newest = anew(&alice, 2).await;
    let said = office.told_in("alice", &newest, "Approve").await;
    assert!(said.contains("your approval is recorded"), "{said}");
    office.everybody_reads().await;
    office.close().await;
}
