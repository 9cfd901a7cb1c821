//! REST in trouble, and channels that are not what they were.

use std::time::Duration;

use countersign_sandbox::discord::{Access, Double, Fault, Trouble};
use jiff::SignedDuration;
use serenity::all::{
    ChannelId, CreateCommand, CreateMessage, EditInteractionResponse, EditMessage, MessageId,
    Nonce, UserId,
};
use serenity::http::HttpError;

use super::bot::{Bot, Heard, code, guild, says, start};

fn home(double: &Double) -> ChannelId {
    ChannelId::new(double.home().id().get())
}

fn text(text: &str) -> CreateMessage {
    CreateMessage::new().content(text)
}

/// Goal: the client waits out both kinds of 429; the post is made once.
/// Method: each in turn; the time that passed is at least what it was told.
#[tokio::test]
async fn limits_are_waited_out() {
    let (double, _, bot) = start().await;
    for global in [false, true] {
        let retry_after = Duration::from_millis(300);
        double.fault(Fault::on(
            "/messages",
            Trouble::Limited {
                retry_after,
                global,
            },
        ));
        let began = tokio::time::Instant::now();
        home(&double)
            .send_message(&bot.http, text("hello"))
            .await
            .expect("posted");
        assert!(began.elapsed() >= retry_after, "{:?}", began.elapsed());
    }
    assert_eq!(double.home().posts().len(), 2);
    let statuses: Vec<_> = double
        .until_requests("POST", "/messages", 4)
        .await
        .expect("requests");
    let statuses: Vec<_> = statuses.iter().map(|seen| seen.status).collect();
    assert_eq!(statuses, [429, 200, 429, 200]);
}

/// Goal: 5xx, a reset, a lost answer and silence are errors of the client; a repeated `nonce` makes
/// no second post.
/// Method: each trouble; after the lost answer the same request again.
#[tokio::test]
async fn broken_answers() {
    let (double, _, bot) = start().await;
    double.fault(Fault::on("/messages", Trouble::Status(502)));
    let error = home(&double)
        .send_message(&bot.http, text("a"))
        .await
        .expect_err("502");
    let serenity::Error::Http(HttpError::UnsuccessfulRequest(refused)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(refused.status_code.as_u16(), 502);
    double.fault(Fault::on("/messages", Trouble::Reset).method("POST"));
    let error = home(&double)
        .send_message(&bot.http, text("b"))
        .await
        .expect_err("reset");
    assert!(format!("{error:?}").contains("reset"), "{error:?}");
    assert_eq!(double.home().posts().len(), 0);
    let once = || {
        let nonce = Nonce::String("delivery-1".to_owned());
        text("c").nonce(nonce).enforce_nonce(true)
    };
    double.fault(Fault::on("/messages", Trouble::AnswerLost));
    home(&double)
        .send_message(&bot.http, once())
        .await
        .expect_err("the answer was lost");
    let before = double
        .home()
        .until_count(1)
        .await
        .expect("it was posted all the same");
    let after = home(&double)
        .send_message(&bot.http, once())
        .await
        .expect("posted");
    assert_eq!(after.id.get(), before[0].id.get());
    assert_eq!(double.home().posts().len(), 1);
    double.fault(Fault::on("/messages", Trouble::Delayed(Duration::from_millis(50))).times(2));
    home(&double)
        .send_message(&bot.http, text("d"))
        .await
        .expect("late");
    double.no_more_faults();
    double.fault(Fault::on("/messages", Trouble::Silence));
    let send = home(&double).send_message(&bot.http, text("e"));
    let silent = tokio::time::timeout(Duration::from_millis(200), send).await;
    silent.expect_err("nothing comes");
    double
        .verdict()
        .expect("trouble that was asked for is no refusal");
}

/// Goal: an answer after three seconds is unknown, and after fifteen minutes the token is worth
/// nothing.
/// Method: the double's clock is moved.
#[tokio::test]
async fn deadlines() {
    let (double, clock, mut bot) = start().await;
    let bob = double.person("Bob", "en-US");
    let command = CreateCommand::new("help").description("Help");
    guild(&double)
        .set_commands(&bot.http, vec![command])
        .await
        .expect("registered");
    bob.types("/help", &[]).expect("sent");
    let asked = bot.asked().await.command().expect("a command");
    clock.advance(SignedDuration::from_millis(3_001));
    assert_eq!(
        code(asked.create_response(&bot.http, says("late")).await),
        10062
    );
    let typed = bob.types("/help", &[]).expect("sent");
    let asked = bot.asked().await.command().expect("a command");
    let edit = || EditInteractionResponse::new().content("more");
    assert_eq!(code(asked.edit_response(&bot.http, edit()).await), 10015);
    asked
        .create_response(&bot.http, says("in time"))
        .await
        .expect("answered");
    typed.says().await.expect("an answer");
    clock.advance(SignedDuration::from_mins(14));
    asked
        .edit_response(&bot.http, edit())
        .await
        .expect("edited");
    clock.advance(SignedDuration::from_mins(1));
    assert_eq!(code(asked.edit_response(&bot.http, edit()).await), 50027);
    let counts = [10062, 10015, 50027].map(|code| double.expected(code));
    assert_eq!(counts, [1, 1, 1]);
    double.verdict().expect("nothing else was refused");
}

/// Goal: channels that are gone, hidden, closed or archived, and posts that are gone, refuse as
/// Discord does.
/// Method: each state, then a post or an edit.
#[tokio::test]
async fn channels_that_refuse() {
    let (double, _, mut bot) = start().await;
    let channel = double.channel("prod-approvals");
    let thread = channel.thread("R-1");
    let id = |one: &countersign_sandbox::discord::Channel| ChannelId::new(one.id().get());
    let http = bot.http.clone();
    let post = async |at: ChannelId| at.send_message(&http, text("x")).await;
    let kept = post(id(&channel)).await.expect("posted");
    post(id(&thread)).await.expect("posted");
    double.archive(&thread, false);
    assert_eq!(code(post(id(&thread)).await), 50083);
    double.archive(&thread, true);
    assert_eq!(code(post(id(&thread)).await), 160_005);
    double.allow(&channel, Access::ReadOnly);
    assert_eq!(code(post(id(&channel)).await), 50013);
    double.allow(&channel, Access::Hidden);
    assert_eq!(code(post(id(&channel)).await), 50001);
    double.allow(&channel, Access::Full);
    double.delete_post(double.home().id());
    let edit = async |message: MessageId| {
        let edit = EditMessage::new().content("y");
        id(&channel).edit_message(&http, message, edit).await
    };
    edit(kept.id).await.expect("edited");
    let gone = channel.posts()[0].id;
    double.delete_post(gone);
    assert_eq!(code(edit(kept.id).await), 10008);
    double.delete_channel(&channel);
    let heard = bot.until("the channel goes", |heard| match heard {
        Heard::ChannelGone(channel) => Some(channel),
        _ => None,
    });
    assert_eq!(heard.await, id(&channel));
    assert_eq!(code(post(id(&channel)).await), 10003);
    let codes = [50083, 160_005, 50013, 50001, 10008, 10003];
    assert_eq!(codes.map(|code| double.expected(code)), [1; 6]);
    double.verdict().expect("nothing else was refused");
}

/// Goal: people who take no messages, rooms opened too fast, and a bot that was thrown out.
/// Method: each; the bot hears of its removal, and that it is not only an outage.
#[tokio::test]
async fn people_and_the_guild() {
    let (double, _, mut bot) = start().await;
    let alice = double.person("Alice", "en-US");
    let open = async |id: u64| UserId::new(id).create_dm_channel(&bot.http).await;
    let room = open(alice.id().get()).await.expect("a room");
    for refused in [50007, 50278] {
        alice.closes_direct(Some(refused));
        let sent = room.id.send_message(&bot.http, text("x")).await;
        assert_eq!(code(sent), isize::try_from(refused).expect("small"));
        assert_eq!(double.expected(refused), 1);
    }
    alice.closes_direct(None);
    room.id
        .send_message(&bot.http, text("x"))
        .await
        .expect("sent");
    double.limit_directs(Some(0));
    open(alice.id().get()).await.expect("known already");
    assert_eq!(
        code(open(double.person("New", "en-US").id().get()).await),
        40003
    );
    assert_eq!(code(open(77).await), 10013);
    assert_eq!((double.expected(40003), double.expected(10013)), (1, 1));
    double.lose_guild();
    double.remove_bot();
    let mut gone = Vec::new();
    while gone.len() < 2 {
        gone.push(
            bot.until("the guild goes", |heard| match heard {
                Heard::GuildGone(unavailable) => Some(unavailable),
                _ => None,
            })
            .await,
        );
    }
    assert_eq!(gone, [true, false]);
    assert_eq!(
        code(home(&double).send_message(&bot.http, text("x")).await),
        50001
    );
    alice.types("/help", &[]).expect_err("nobody is there");
    double.invite_bot();
    home(&double)
        .send_message(&bot.http, text("x"))
        .await
        .expect("posted");
    assert_eq!(double.expected(50001), 1);
    double.verdict().expect("nothing else was refused");
}

/// Goal: old posts take few edits, and the client does not wait for more.
/// Method: an hour later, one edit after another.
#[tokio::test]
async fn edits_of_old_posts() {
    let (double, clock, bot) = start().await;
    let post = home(&double)
        .send_message(&bot.http, text("x"))
        .await
        .expect("posted");
    clock.advance(SignedDuration::from_mins(61));
    let edit = async |text: &str| {
        let edit = EditMessage::new().content(text);
        home(&double).edit_message(&bot.http, post.id, edit).await
    };
    for number in 0..3 {
        edit(&number.to_string()).await.expect("edited");
    }
    assert_eq!(code(edit("4").await), 30046);
    clock.advance(SignedDuration::from_secs(21));
    edit("5").await.expect("edited");
    assert_eq!(
        double
            .post(double.home().posts()[0].id)
            .expect("there")
            .edits
            .len(),
        4
    );
    assert_eq!(double.expected(30046), 1);
    double.verdict().expect("nothing else was refused");
}

/// Goal: a bot that comes later finds its guild and its channels as they are.
/// Method: a channel is deleted while nobody listens.
#[tokio::test]
async fn a_late_bot() {
    let (double, _, bot) = start().await;
    let channel = double.channel("gone");
    drop(bot);
    double.delete_channel(&channel);
    let mut bot = Bot::ready(&double).await;
    let guild = bot.until("the guild", |heard| match heard {
        Heard::Guild(guild) => Some(guild),
        _ => None,
    });
    assert_eq!(guild.await.channels.len(), 1);
}
