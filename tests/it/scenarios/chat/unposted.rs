//! What Discord answers when it does not do what it was asked to, and what becomes of the post.

use std::time::Duration;

use countersign::store::{outbox, troubles};
use countersign::workflow::request::Decision::{Approve, Disapprove};
use countersign_sandbox::discord::{Access, Fault, Trouble};
use jiff::SignedDuration;
use uuid::Uuid;

use super::posts::{direct, labels, reads, shown};
use crate::office::ONE_STEP;
use crate::office::chat::ChatOffice;

/// The deliveries of posts that are in this state, with what was said last.
async fn posts(office: &ChatOffice, state: &str) -> Vec<(Uuid, String)> {
    sqlx::query_as(
        "SELECT id, coalesce(last_error, '') FROM delivery WHERE channel = 'chat' AND state = $1
         ORDER BY id",
    )
    .bind(state)
    .fetch_all(&office.pool)
    .await
    .expect("the deliveries")
}

async fn becomes(office: &ChatOffice, state: &str, count: usize) -> Vec<(Uuid, String)> {
    crate::office::until(&format!("{count} posts are {state}"), async || {
        let found = posts(office, state).await;
        (found.len() == count).then_some(found)
    })
    .await
}

/// How many requests were made whose path has this in it.
fn asked(office: &ChatOffice, method: &str, part: &str) -> usize {
    let requests = office.double.requests();
    let like = requests
        .iter()
        .filter(|seen| seen.method == method && seen.path.contains(part));
    like.count()
}

/// Goal: who takes no direct messages is written to by mail alone, without a retry and without anybody having
/// to look, and is left alone with the next request; who links an account anew is tried again, with a reminder
/// of an earlier request too. Method: 50007 for alice, 50278 for bob; a second request; alice links anew.
#[tokio::test(flavor = "multi_thread")]
async fn who_takes_no_messages_has_mail() {
    let reminded = "\"carol\"], remind_after = \"1h\" }";
    let policies = shown(ONE_STEP).replace("\"carol\"] }", reminded);
    let office = ChatOffice::open(&policies).await;
    office.account("alice").closes_direct(Some(50007));
    office.account("bob").closes_direct(Some(50278));
    let waits = office.files("rita", "db-0", 2).await;
    becomes(&office, "cancelled", 2).await;
    let first = office.files("rita", "db-1", 2).await;
    let closed = becomes(&office, "cancelled", 2).await;
    assert!(
        closed.iter().any(|(_, why)| why.contains("50007")),
        "{closed:?}"
    );
    assert!(
        closed.iter().any(|(_, why)| why.contains("50278")),
        "{closed:?}"
    );
    assert_eq!(
        (office.double.expected(50007), office.double.expected(50278)),
        (1, 1)
    );
    office.votes("alice", first, Approve).await;
    let decided = office.channel.until_text("**Approved** by Alice").await;
    decided.expect("shown");
    let request = office.files("rita", "db-2", 2).await;
    office
        .channel
        .until_text(&request.to_string())
        .await
        .expect("shown");
    office.votes("alice", request, Approve).await;
    office.everybody_reads().await;
    assert_eq!(
        asked(&office, "POST", "/users/@me/channels"),
        2,
        "nobody was tried again"
    );
    assert!(posts(&office, "given_up").await.is_empty());
    office.account("alice").closes_direct(None);
    sqlx::query(
        "UPDATE chat_account SET ended_at = now(), ended_by = 'operator' WHERE person = 'alice'",
    )
    .execute(&office.pool)
    .await
    .expect("ended");
    office.links("alice").await;
    office.files("rita", "db-3", 2).await;
    reads(&direct(&office, "alice"), "Waiting for a decision").await;
    office.everybody_reads().await;
    office.advance(SignedDuration::from_mins(61));
    direct(&office, "alice").until_count(2).await.expect("both");
    let again = direct(&office, "alice").until_text("db\\-0").await;
    let again = again.expect("the reminder of the first");
    let pressed = office.account("alice").clicks(&again, "Approve");
    office.hears("alice", &pressed.expect("a button")).await;
    assert_eq!(office.state(waits).await, "approved");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: who takes no more messages sees what they have change, and that ends nothing: they are sent no new
/// one. Method: alice has a post, then 50007; two more requests, the first is decided between them.
#[tokio::test(flavor = "multi_thread")]
async fn what_stands_with_who_is_closed_is_changed() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    let first = office.files("rita", "db-1", 2).await;
    let post = reads(&direct(&office, "alice"), "Waiting for a decision").await;
    assert!(labels(&post).contains(&"Approve".to_owned()));
    office.account("alice").closes_direct(Some(50007));
    let second = office.files("rita", "db-2", 2).await;
    becomes(&office, "cancelled", 1).await;
    office.votes("bob", first, Approve).await;
    let post = reads(&direct(&office, "alice"), "**Approved** by Bob").await;
    assert_eq!(labels(&post), ["Revoke"]);
    office.everybody_reads().await;
    let third = office.files("rita", "db-3", 2).await;
    for request in [second, third] {
        office.votes("bob", request, Approve).await;
    }
    office.everybody_reads().await;
    assert_eq!(office.double.expected(50007), 1, "she was not tried again");
    office.close().await;
}

/// Goal: who takes no messages is not left alone for ever, whoever gave them their account: they are tried
/// again when they do something in their messages, and after a day.
/// Method: carol's account stands in the policies; she closes her messages, twice; she presses a button there,
/// then a day passes.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_closed_is_tried_again() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    let account = format!(
        "id = \"carol\"\ndiscord = {}",
        office.account("carol").id().get()
    );
    let mapped = |text: &mut String| *text = text.replace("id = \"carol\"", &account);
    office.apply_with(&shown(ONE_STEP), mapped).await;
    let mut all = vec![office.files("rita", "db-1", 2).await];
    let carols = direct(&office, "carol");
    let post = reads(&carols, "Waiting for a decision").await;
    office.account("carol").closes_direct(Some(50007));
    all.push(office.files("rita", "db-2", 2).await);
    becomes(&office, "cancelled", 1).await;
    all.push(office.files("rita", "db-3", 2).await);
    office.everybody_reads().await;
    office.account("carol").closes_direct(None);
    let pressed = office.account("carol").clicks(&post, "Details");
    office.hears("carol", &pressed.expect("a button")).await;
    all.push(office.files("rita", "db-4", 2).await);
    carols.until_count(2).await.expect("tried again");
    office.account("carol").closes_direct(Some(50007));
    all.push(office.files("rita", "db-5", 2).await);
    becomes(&office, "cancelled", 2).await;
    office.account("carol").closes_direct(None);
    for request in all {
        office.votes("alice", request, Disapprove).await;
    }
    office.everybody_reads().await;
    office.advance(troubles::CLOSED_FOR + SignedDuration::from_mins(1));
    office.files("rita", "db-6", 2).await;
    carols.until_count(3).await.expect("tried after a day");
    assert_eq!(office.double.expected(50007), 2, "never in vain");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: direct messages that are opened too fast wait, all of them, and nobody is asked meanwhile.
/// Method: 40003 at once; what is owed then, and how often Discord was asked; the operator drops them.
#[tokio::test(flavor = "multi_thread")]
async fn too_many_direct_messages_wait() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    office.double.limit_directs(Some(0));
    office.files("rita", "db-1", 2).await;
    reads(&office.channel, "Waiting for a decision").await;
    let waiting = "SELECT count(*) FROM delivery WHERE channel = 'chat' AND state = 'pending'
                   AND attempts = 0 AND next_try_at > created_at + interval '45 seconds'";
    office.counts(waiting, 2).await;
    let refused = office.double.expected(40003);
    assert!((1..=2).contains(&refused), "asked {refused} times");
    let waiting = posts(&office, "pending").await;
    assert!(
        waiting.iter().any(|(_, why)| why.contains("40003")),
        "{waiting:?}"
    );
    let mut conn = office.pool.acquire().await.expect("a connection");
    for (id, _) in waiting {
        let dropped = outbox::drop(&mut conn, id, office.clock.now()).await;
        assert!(dropped.expect("a look"));
    }
    drop(conn);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a post that was taken away comes back once, with its buttons, while it can be decided; once it is
/// over, or was taken away twice, it stays away. Method: a moderator deletes it before each change.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_post_comes_back_once() {
    let policies = shown(ONE_STEP).replace("\"carol\"] }", "\"carol\"], approvals = 3 }");
    let office = ChatOffice::open(&policies).await;
    let request = office.files("rita", "db-1", 2).await;
    let first = reads(&office.channel, "0 of 3").await;
    office.double.delete_post(first.id);
    office.votes("alice", request, Approve).await;
    let second = reads(&office.channel, "1 of 3").await;
    assert_ne!(second.id, first.id);
    assert!(labels(&second).contains(&"Approve".to_owned()));
    office.double.delete_post(second.id);
    office.votes("bob", request, Approve).await;
    office
        .counts(
            "SELECT count(*) FROM chat_post WHERE gone_at IS NOT NULL",
            1,
        )
        .await;
    office.votes("carol", request, Approve).await;
    reads(&direct(&office, "bob"), "**Approved**").await;
    assert!(office.channel.posts().is_empty());
    assert_eq!(office.double.expected(10008), 2);
    assert!(posts(&office, "given_up").await.is_empty());
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a channel that takes no posts is told to the access admins once, the mails go on, and when it is
/// mended the next change is shown there. Method: hidden, read only, then open; a second request between.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_channel_is_told_once() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    office.double.allow(&office.channel, Access::Hidden);
    let request = office.files("rita", "db-1", 2).await;
    becomes(&office, "given_up", 1).await;
    let told = office
        .person("ada")
        .hears_of("Nothing can be posted")
        .await
        .text();
    assert!(
        told.contains("50001") && told.contains("`approvals`"),
        "{told}"
    );
    office.double.allow(&office.channel, Access::ReadOnly);
    let second = office.files("rita", "db-2", 2).await;
    let given_up = becomes(&office, "given_up", 2).await;
    assert!(
        given_up.iter().any(|(_, why)| why.contains("50013")),
        "{given_up:?}"
    );
    office.double.allow(&office.channel, Access::Full);
    office.votes("alice", request, Approve).await;
    reads(&office.channel, "**Approved** by Alice").await;
    office.votes("alice", second, Approve).await;
    office.channel.until_count(2).await.expect("both");
    assert!(posts(&office, "given_up").await.is_empty(), "superseded");
    let open = "SELECT count(*) FROM chat_trouble WHERE ended_at IS NULL";
    assert_eq!(office.count(open).await, 0);
    assert!(office.double.expected(50001) >= 1 && office.double.expected(50013) >= 1);
    let mails = "SELECT count(*) FROM delivery WHERE kind = 'system'";
    assert_eq!(office.count(mails).await, 1, "told once");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a channel that is deleted, and one that the configuration does not have, are told as well; nothing
/// is tried again and again. Method: delete it under a post; a policy that names another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_not_there_is_told() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    let request = office.files("rita", "db-1", 2).await;
    reads(&office.channel, "Waiting for a decision").await;
    office.double.delete_channel(&office.channel);
    office.votes("alice", request, Approve).await;
    let given_up = becomes(&office, "given_up", 1).await;
    assert!(given_up[0].1.contains("10003"), "{given_up:?}");
    let ada = office.person("ada");
    ada.hears_of("channel approvals").await;
    assert_eq!(office.double.expected(10003), 1);
    office
        .apply(&shown(ONE_STEP).replace("\"approvals\" }", "\"elsewhere\" }"))
        .await;
    let request = office.files("rita", "db-2", 2).await;
    let told = ada.hears_of("channel elsewhere").await.text();
    assert!(told.contains("[discord] channels"), "{told}");
    office.votes("alice", request, Approve).await;
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: what cannot be posted in a thread is posted in the channel that it belongs to.
/// Method: the configured channel is a thread that is archived, then one that is locked under a post.
#[tokio::test(flavor = "multi_thread")]
async fn an_archived_thread_gives_way_to_its_channel() {
    let mut office = ChatOffice::furnish(&shown(ONE_STEP)).await;
    let thread = office.channel.thread("requests");
    let discord = office.config.discord.as_mut().expect("a chat");
    discord
        .channels
        .insert("approvals".to_owned(), thread.id().get());
    let more = office.channel.thread("more");
    let discord = office.config.discord.as_mut().expect("a chat");
    discord.channels.insert("more".to_owned(), more.id().get());
    office.start().await;
    office.double.archive(&thread, false);
    let request = office.files("rita", "db-1", 2).await;
    reads(&office.channel, "Waiting for a decision").await;
    office.votes("alice", request, Approve).await;
    reads(&office.channel, "**Approved** by Alice").await;
    assert!(office.double.expected(50083) >= 1);
    let policies = shown(ONE_STEP).replace("\"approvals\" }", "\"more\" }");
    office.apply(&policies).await;
    let request = office.files("rita", "db-2", 2).await;
    reads(&more, "Waiting for a decision").await;
    office.double.archive(&more, true);
    office.votes("bob", request, Approve).await;
    let told = office.channel.until_text("**Approved** by Bob").await;
    told.expect("in the parent");
    assert!(office.double.expected(160_005) >= 1);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: limits, failures, lost answers and silence put a post off and never double it; what Discord says of
/// a wait is kept to. Method: each trouble meets the first post of a request.
#[tokio::test(flavor = "multi_thread")]
async fn trouble_on_the_wire_puts_off_and_never_doubles() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    let path = format!("/channels/{}/messages", office.channel.id());
    let limited = |global| Trouble::Limited {
        retry_after: Duration::from_secs(2),
        global,
    };
    for (index, trouble) in [
        limited(false),
        limited(true),
        Trouble::Status(500),
        Trouble::Status(503),
        Trouble::Reset,
        Trouble::AnswerLost,
        Trouble::Silence,
    ]
    .into_iter()
    .enumerate()
    {
        office
            .double
            .fault(Fault::on(&path, trouble).method("POST"));
        let request = office.files("rita", &format!("db-{index}"), 2).await;
        let was = tokio::time::Instant::now();
        office.advance(jiff::SignedDuration::ZERO);
        let post = crate::office::until(&format!("{trouble:?} is over"), async || {
            // The table of waits would have us wait for real.
            let now =
                "UPDATE delivery SET next_try_at = least(next_try_at, now()) WHERE channel = 'chat'
                       AND state = 'pending' AND last_error NOT LIKE '%429%'";
            sqlx::query(now).execute(&office.pool).await.expect("now");
            let posts = office.channel.posts();
            let found: Vec<_> = posts
                .into_iter()
                .filter(|post| post.text().contains(&request.to_string()))
                .collect();
            (!found.is_empty()).then_some(found)
        })
        .await;
        assert_eq!(post.len(), 1, "{trouble:?}");
        if matches!(trouble, Trouble::Limited { .. }) {
            assert!(was.elapsed() >= Duration::from_secs(2), "{trouble:?}");
        }
        office.votes("alice", request, Approve).await;
    }
    let owed = "SELECT count(*) FROM delivery WHERE state IN ('pending', 'leased')";
    office.counts(owed, 0).await;
    for post in office.channel.posts() {
        assert!(
            post.text().contains("**Approved** by Alice"),
            "{}",
            post.text()
        );
    }
    let token = office.double.token();
    let said: Vec<String> =
        sqlx::query_scalar("SELECT detail FROM attempt WHERE detail IS NOT NULL")
            .fetch_all(&office.pool)
            .await
            .expect("the attempts");
    assert!(
        said.iter()
            .all(|said| !said.contains(&token) && !said.contains("https://"))
    );
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a bot that was thrown out of the guild posts nothing and goes on where it was when it is invited again;
/// the access admins are told when it begins, an hour later while it lasts, and when it is over.
/// Method: remove it, decide by command line, let an hour pass, invite it.
#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_thrown_out_says_so() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    let registered = office.double.until_command("link").await;
    registered.expect("the commands are there before it is thrown out");
    let request = office.files("rita", "db-1", 2).await;
    for channel in [
        office.channel.clone(),
        direct(&office, "alice"),
        direct(&office, "bob"),
    ] {
        reads(&channel, "Waiting for a decision").await;
    }
    office.double.remove_bot();
    let ada = office.person("ada");
    let told = ada.hears_of("not in the Discord guild").await.text();
    assert!(told.contains("invite it again"), "{told}");
    office.votes("alice", request, Approve).await;
    crate::office::until("readiness complains", async || {
        office.daemon().complaints().await.remove("discord_posts")
    })
    .await;
    let mails = "SELECT count(*) FROM delivery WHERE kind = 'system'";
    assert_eq!(office.count(mails).await, 1, "told once");
    office.advance(jiff::SignedDuration::from_mins(61));
    ada.hears_of("not in the Discord guild").await;
    office.double.invite_bot();
    ada.hears_of("in the Discord guild again").await;
    reads(&office.channel, "**Approved** by Alice").await;
    // Thrown out again within the hour: it stands in /readyz, and in no mail yet.
    office.double.remove_bot();
    crate::office::until("readiness complains", async || {
        office.daemon().complaints().await.remove("discord")
    })
    .await;
    let known = "SELECT count(*) FROM chat_trouble WHERE place = '' AND ended_at IS NULL";
    office.counts(known, 1).await;
    office.double.invite_bot();
    office.counts(known, 0).await;
    assert_eq!(office.count(mails).await, 3, "begun, lasting, over");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a guild that is merely unavailable is no alarm. Method: it goes out of reach for a while; a request is
/// filed and shown meanwhile, since Discord takes it here.
#[tokio::test(flavor = "multi_thread")]
async fn a_guild_out_of_reach_is_no_alarm() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    office.double.lose_guild();
    let request = office.files("rita", "db-1", 2).await;
    reads(&office.channel, "Waiting for a decision").await;
    // What is pressed after it is heard after it.
    let post = reads(&direct(&office, "alice"), "Waiting for a decision").await;
    office.told_in("alice", &post, "Approve").await;
    assert_eq!(office.state(request).await, "approved");
    office.everybody_reads().await;
    let told = "SELECT (SELECT count(*) FROM chat_trouble)
                       + (SELECT count(*) FROM delivery WHERE kind = 'system')";
    assert_eq!(office.count(told).await, 0);
    office.close().await;
}

/// Goal: a guild that does not take the bot's commands is told to the access admins, buttons go on, and so is
/// its end. Method: 403 (50001), then 404 (10004) at the next try, then none.
#[tokio::test(flavor = "multi_thread")]
async fn refused_commands_are_told() {
    let mut office = ChatOffice::furnish(&shown(ONE_STEP)).await;
    for (status, code) in [(403, 50001), (404, 10004)] {
        let trouble = Trouble::Refused { status, code };
        let fault = Fault::on("/commands", trouble).method("PUT");
        office.double.fault(fault);
    }
    office.start().await;
    let ada = office.person("ada");
    let told = ada.hears_of("does not take the bot's commands").await;
    let told = told.text();
    assert!(told.contains("Refused, as a test asked"), "{told}");
    assert!(told.contains("applications.commands"), "{told}");
    office.files("rita", "db-1", 2).await;
    let post = reads(&direct(&office, "alice"), "Waiting for a decision").await;
    office.told_in("alice", &post, "Approve").await;
    let registered = office.double.until_command("link").await;
    registered.expect("in the end");
    ada.hears_of("has the bot's commands").await;
    let mails = "SELECT count(*) FROM delivery WHERE kind = 'system'";
    assert_eq!(office.count(mails).await, 2, "begun and over");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: whoever is thrown out and does not hear of it concludes nothing of anybody: neither that people take
/// no messages nor that a channel is broken; what is owed waits, and goes out when the bot is there again.
/// Method: remove it without an event, file, invite it.
#[tokio::test(flavor = "multi_thread")]
async fn thrown_out_unheard_nothing_is_concluded() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    let registered = office.double.until_command("link").await;
    registered.expect("the commands are there before it is thrown out");
    office.double.remove_bot_unheard();
    office.files("rita", "db-1", 2).await;
    office
        .person("ada")
        .hears_of("not in the Discord guild")
        .await;
    let owed = posts(&office, "pending").await.len() + posts(&office, "leased").await.len();
    assert_eq!(owed, 3, "all of it waits");
    let closed = "SELECT count(*) FROM chat_trouble WHERE place <> ''";
    assert_eq!(office.count(closed).await, 0);
    office.double.invite_bot();
    for channel in [
        office.channel.clone(),
        direct(&office, "alice"),
        direct(&office, "bob"),
    ] {
        reads(&channel, "Waiting for a decision").await;
    }
    for code in [50278, 50001, 10004] {
        office.double.expected(code);
    }
    let open = "SELECT count(*) FROM chat_trouble WHERE ended_at IS NULL";
    office.counts(open, 0).await;
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: what gave up at a place is owed again when the place takes posts: no post keeps buttons of a request
/// that is decided. Method: the bot may not see the channel while the first request is decided; then it may,
/// and another is filed.
#[tokio::test(flavor = "multi_thread")]
async fn what_gave_up_is_owed_again() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    let first = office.files("rita", "db-1", 2).await;
    reads(&office.channel, "Waiting for a decision").await;
    office.double.allow(&office.channel, Access::Hidden);
    office.votes("alice", first, Approve).await;
    becomes(&office, "given_up", 1).await;
    office.double.allow(&office.channel, Access::Full);
    office.files("rita", "db-2", 2).await;
    let post = office.channel.until_text("**Approved** by Alice").await;
    assert_eq!(labels(&post.expect("changed")), ["Revoke"]);
    assert!(posts(&office, "given_up").await.is_empty());
    assert_eq!(office.double.expected(50001), 1);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: what Discord refuses for a reason that nobody foresaw is told to the access admins, closes nobody's
/// messages, and is owed again when the next one is taken. Method: 50035 for a post to alice, then none.
#[tokio::test(flavor = "multi_thread")]
async fn an_unforeseen_refusal_is_told() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    office.files("rita", "db-1", 2).await;
    let room = reads(&direct(&office, "alice"), "Waiting for a decision").await;
    let path = format!("/channels/{}/messages", room.channel);
    let refused = Trouble::Refused {
        status: 400,
        code: 50035,
    };
    office
        .double
        .fault(Fault::on(&path, refused).method("POST"));
    office.files("rita", "db-2", 2).await;
    becomes(&office, "given_up", 1).await;
    let told = office.person("ada").hears_of("post to alice").await.text();
    assert!(told.contains("50035"), "{told}");
    office.files("rita", "db-3", 2).await;
    direct(&office, "alice")
        .until_count(3)
        .await
        .expect("all three");
    assert!(posts(&office, "given_up").await.is_empty());
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a channel that is limited holds up nobody's messages, and no try counts for a limit.
/// Method: its first post is limited for five seconds; six requests.
#[tokio::test(flavor = "multi_thread")]
async fn a_limited_channel_holds_up_nobody() {
    let office = ChatOffice::open(&shown(ONE_STEP)).await;
    let limited = Trouble::Limited {
        retry_after: Duration::from_secs(5),
        global: false,
    };
    let path = format!("/channels/{}/messages", office.channel.id());
    office
        .double
        .fault(Fault::on(&path, limited).method("POST"));
    office.files("rita", "db-0", 2).await;
    // What is called before the limit is heard of is not held back by it.
    let limited = office.double.until_requests("POST", &path, 1).await;
    limited.expect("limited");
    for index in 1..6 {
        office.files("rita", &format!("db-{index}"), 2).await;
    }
    direct(&office, "alice")
        .until_count(6)
        .await
        .expect("all of hers");
    direct(&office, "bob")
        .until_count(6)
        .await
        .expect("all of his");
    assert!(office.channel.posts().is_empty(), "the channel waits");
    office.channel.until_count(6).await.expect("then");
    let counted = "SELECT count(*) FROM delivery WHERE channel = 'chat' AND attempts <> 1";
    office.counts(counted, 0).await;
    office.everybody_reads().await;
    office.close().await;
}
