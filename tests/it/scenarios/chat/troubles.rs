//! Discord in trouble, as the listening side meets it: nothing is lost, nothing is counted twice, and mail
//! goes on.

use countersign::workflow::act::Act;
use countersign::workflow::notice::Kind;
use countersign_sandbox::discord::{Fault, Trouble};
use serde_json::json;

use crate::office::chat::ChatOffice;
use crate::office::{ONE_STEP, TWO_STEPS, until};

/// What `/readyz` says of the chat.
async fn complaint(office: &ChatOffice) -> Option<String> {
    let wrong = office.daemon().complaints().await;
    wrong.get("discord").cloned()
}

/// Waits until something like this is said of it.
async fn complains(office: &ChatOffice, part: &str) {
    until(&format!("a complaint with `{part}`"), async || {
        complaint(office).await.filter(|why| why.contains(part))
    })
    .await;
}

/// Waits until all is well with it.
async fn is_well(office: &ChatOffice) {
    until("the chat is well", async || {
        complaint(office).await.is_none().then_some(())
    })
    .await;
}

/// Goal: a dropped socket loses nothing: the session is resumed, and what was pressed meanwhile is replayed
/// and counts once; a session that is gone is made anew.
/// Method: press while the socket is down; then the same after the session was declared invalid.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_socket_loses_nothing() {
    let office = ChatOffice::open(TWO_STEPS).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), &Act::ALL).await;
    is_well(&office).await;
    office.double.drop_sockets();
    let pressed = office.presses("alice", &post, Act::Approve);
    let said = office.hears("alice", &pressed).await;
    assert!(said.contains("your approval is recorded"), "{said}");
    assert_eq!(
        office.double.sessions(),
        (1, 1),
        "identified once, resumed once"
    );

    office.double.invalidate(false);
    until("identified anew", async || {
        (office.double.sessions().0 == 2).then_some(())
    })
    .await;
    office.double.until_listening().await.expect("a bot");
    is_well(&office).await;
    let post = office.offers(request, (1, 1), &Act::ALL).await;
    let said = office.told("bob", &post, Act::Approve).await;
    assert!(said.contains("your approval is recorded"), "{said}");
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 2);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a token that is revoked (4004), and intents that are refused (4014), put the chat down and nothing
/// else; who watches is told what to mend, and with that mended it listens again.
/// Method: both, each with a request decided by mail meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn refused_by_discord_mail_goes_on() {
    let mut office = ChatOffice::open(ONE_STEP).await;
    is_well(&office).await;
    office
        .double
        .until_command("link")
        .await
        .expect("registered");
    let token = office.double.revoke_token();
    complains(&office, "does not know the token").await;
    let alice = office.person("alice");
    let first = office.files("rita", "db-1", 2).await;
    let ask = alice.hears(Kind::Ask).await;
    alice.replies(&ask, "APPROVE").await;
    alice.hears(Kind::Recorded).await;
    assert_eq!(office.state(first).await, "approved");

    office.stop().await;
    office.config.discord.as_mut().expect("a chat").token = token.into();
    office.double.refuse_identify(Some(4014));
    office.start().await;
    complains(&office, "4014").await;
    let second = office.files("rita", "db-2", 2).await;
    let ask = alice.hears(Kind::Ask).await;
    alice.replies(&ask, "APPROVE").await;
    alice.hears(Kind::Recorded).await;
    assert_eq!(office.state(second).await, "approved");

    office.stop().await;
    office.double.refuse_identify(None);
    office.start().await;
    office.double.until_listening().await.expect("a bot");
    is_well(&office).await;
    // What the daemon sent under the old token was refused, as it has to be.
    office.double.expected(0);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: an interaction of a kind that nobody here can read is answered, and what comes from another guild
/// is ignored.
/// Method: both as raw events; the first gets its answer refused by the double, which does not know it.
#[tokio::test(flavor = "multi_thread")]
async fn strange_interactions() {
    let office = ChatOffice::open(ONE_STEP).await;
    let strange = json!({
        "id": "4242", "application_id": office.double.application(), "type": 77, "token": "t0ken",
        "version": 1, "locale": "en-US", "data": {},
    });
    office.double.dispatch("INTERACTION_CREATE", &strange);
    let seen = office
        .double
        .until_requests("POST", "/interactions/4242/", 1)
        .await;
    let seen = seen.expect("an answer");
    assert_eq!(seen.len(), 1);
    assert_eq!(
        office.double.expected(10_062),
        1,
        "the double never sent it"
    );
    let mut elsewhere = strange.clone();
    elsewhere["id"] = json!("4243");
    elsewhere["guild_id"] = json!("99");
    office.double.dispatch("INTERACTION_CREATE", &elsewhere);
    // What is pressed after it is answered after it.
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), &Act::ALL).await;
    office.told("alice", &post, Act::Approve).await;
    let all = office.double.requests();
    assert!(!all.iter().any(|seen| seen.path.contains("/4243/")));
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: an answer that Discord does not take at first is sent again; where it never does, the decision
/// stands. Method: a 502 once, and from then on always.
#[tokio::test(flavor = "multi_thread")]
async fn the_callback_fails() {
    let office = ChatOffice::open(TWO_STEPS).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), &Act::ALL).await;
    office
        .double
        .fault(Fault::on("/callback", Trouble::Status(502)));
    let said = office.told("alice", &post, Act::Approve).await;
    assert!(said.contains("your approval is recorded"), "{said}");
    let post = office.offers(request, (1, 1), &Act::ALL).await;
    office
        .double
        .fault(Fault::on("/callback", Trouble::Reset).times(1000));
    office.presses("bob", &post, Act::Approve);
    office.counts("SELECT count(*) FROM vote", 2).await;
    office
        .double
        .until_requests("POST", "/callback", 4)
        .await
        .expect("tried again");
    office.double.no_more_faults();
    let said = office.told("bob", &post, Act::Approve).await;
    assert!(said.contains("already-recorded"), "{said}");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: the commands are registered however often Discord does not take them at first.
/// Method: it fails, then says nothing of use; no new session begins meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn registering_is_tried_again() {
    let mut office = ChatOffice::furnish(ONE_STEP).await;
    let fault = Fault::on("/commands", Trouble::Status(503)).times(2);
    office.double.fault(fault);
    office.start().await;
    let registered = office.double.until_command("link").await;
    registered.expect("registered in the end");
    let tried = office.double.until_requests("PUT", "/commands", 3).await;
    assert_eq!(tried.expect("seen").len(), 3);
    office.close().await;
}

/// Goal: where the work takes long, who pressed is told to wait in time, and then what came of it, even where
/// Discord does not take that at first.
/// Method: the request is held locked for two seconds while alice presses; the answer then meets a 502 and a
/// reset.
#[tokio::test(flavor = "multi_thread")]
async fn slow_work_is_deferred() {
    let office = ChatOffice::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), &Act::ALL).await;
    let mut held = office.pool.begin().await.expect("begins");
    sqlx::query("SELECT 1 FROM request WHERE id = $1 FOR UPDATE")
        .bind(request.0)
        .execute(&mut *held)
        .await
        .expect("locked");
    let pressed = office.presses("alice", &post, Act::Approve);
    let first = pressed.first().await.expect("a first answer");
    assert_eq!(first, countersign_sandbox::discord::First::Deferred);
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 0);
    for trouble in [Trouble::Status(502), Trouble::Reset] {
        let fault = Fault::on("/messages/@original", trouble);
        office.double.fault(fault.method("PATCH"));
    }
    held.rollback().await.expect("let go");
    let said = office.hears("alice", &pressed).await;
    assert!(said.contains("your approval is recorded"), "{said}");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: thrown out of the guild, the chat is down and says so; invited again, it is well by itself.
/// Method: both; the guild merely out of reach is no removal. The commands went with the bot, and come back.
#[tokio::test(flavor = "multi_thread")]
async fn removed_from_the_guild_and_back() {
    let office = ChatOffice::open(ONE_STEP).await;
    is_well(&office).await;
    office
        .double
        .until_command("link")
        .await
        .expect("registered");
    office.double.lose_guild();
    office.double.remove_bot();
    complains(&office, "not in the guild").await;
    office.double.invite_bot();
    is_well(&office).await;
    let again = office.double.until_command("link").await;
    again.expect("registered anew");
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), &Act::ALL).await;
    office.told("alice", &post, Act::Approve).await;
    office.everybody_reads().await;
    office.close().await;
}
