//! The road of posts: makes them, changes them, and knows what to do where a place takes none.
//!
//! | Discord says | it means | what is done |
//! |---|---|---|
//! | 50007, 50278 | this person takes no direct messages | remembered; they have their mail |
//! | 40003 | direct messages are opened too fast | later, all of them |
//! | 10008 | our message was taken away | posted again, once, while it can be decided; else over |
//! | 10003, 50001, 50013, anything else | the place is broken | gives up, to be owed again when it takes one; one mail |
//! | 50278, 50001, and no guild knows us | we were thrown out | the connection backs off; nothing counts; one mail |
//! | 50083, 160005 | the thread is archived or locked | posted in the channel that it belongs to |
//! | 429 | too fast | later, no sooner than it says and no later than [`WAIT_MAX`](super::wire) |
//! | 5xx, no answer | it may be down | if it answers nothing else either, the connection backs off; else later |
//! | 401, no connection | it is down, or does not know us | the connection backs off; nothing counts |
//!
//! What always holds: the service's ids are written down before the delivery is acknowledged; a first message
//! goes out under a name that a further try repeats, so that Discord shows it once, and such a try changes it
//! to the newest state afterwards; a message with an account that is not its reader's any more loses its
//! buttons and its words ([`watch`]), and one that waits is made anew where its reader is reminded ([`anew`]). What is *not* promised: one message, where a process died between the
//! service's yes and our note and nobody tried again while Discord remembered the name (minutes).

mod anew;
mod place;
mod trouble;
mod watch;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::Value;
use sqlx::PgPool;
use tokio::sync::watch as channel;
use uuid::Uuid;

use super::payload::Payload;
use super::rest::RestError;
use super::wire::{CALL_MAX, Failed, Wire};
use super::words::Readers;
use crate::clock::Clock;
use crate::config::discord::Discord;
use crate::outbound::{Link, Sending};
use crate::render::Renderer;
use crate::store::books::BookCache;
use crate::store::outbox::{self, Claimed, Content, Standing};
use crate::store::troubles::{At, Kind, Took};
use crate::token::Keyring;
use crate::workflow::post::{Shown, Standing as State};

/// The service's name in the database.
pub const SERVICE: &str = "discord";
/// Posts that are sent at once.
const CONNECTIONS: usize = 4;
/// The most calls that one delivery makes: open, parent, post, change, and the looks whether Discord is there
/// and we are in the guild.
const CALLS_MAX: u32 = 6;
/// How often a post that was taken away is posted again.
const ROUNDS_MAX: i32 = 1;

/// Makes and changes posts. Shared by all the sends of a courier.
pub struct Poster {
    config: Discord,
    wire: Wire,
    keys: Arc<Keyring>,
    renderer: Arc<Renderer>,
    link: channel::Sender<Link>,
    /// Whether we are in the guild, as far as anybody here knows.
    member: Member,
    /// Whether Discord said that we are not, and has not said otherwise since.
    thrown_out: AtomicBool,
    books: BookCache,
    seen: Mutex<watch::Seen>,
}

/// Says whether we are in the guild; `None`: this process does not hear it.
pub type Member = Arc<dyn Fn() -> Option<bool> + Send + Sync>;

impl std::fmt::Debug for Poster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poster").finish_non_exhaustive()
    }
}

/// A delivery under way.
struct Try<'a> {
    post: &'a Standing,
    shown: &'a Shown,
    payload: Payload,
    locale: &'a str,
    pool: &'a PgPool,
    now: Timestamp,
}

impl Poster {
    /// For this guild; `member` says whether we are in it.
    pub fn new(
        config: Discord,
        (renderer, keys): (Arc<Renderer>, Arc<Keyring>),
        member: Member,
    ) -> Result<Self, RestError> {
        Ok(Self {
            wire: Wire::new(&config)?,
            config,
            keys,
            renderer,
            link: channel::Sender::new(Link::Unknown),
            member,
            thrown_out: AtomicBool::new(false),
            books: BookCache::default(),
            seen: Mutex::default(),
        })
    }

    /// Whether Discord can be reached; changes are published as they are noticed.
    pub fn link(&self) -> channel::Receiver<Link> {
        self.link.subscribe()
    }

    /// Posts that are sent at once.
    pub fn connections(&self) -> usize {
        CONNECTIONS
    }

    /// The longest that one [`Poster::send`] takes.
    pub fn longest_send(&self) -> Duration {
        CALL_MAX * CALLS_MAX
    }

    /// Looks whether Discord is there and knows us.
    pub async fn probe(&self) -> Result<(), String> {
        if (self.member)() == Some(false) {
            return Err(self.down(trouble::not_a_member()));
        }
        if !self.is_member() && !matches!(self.in_guild().await, Ok(true)) {
            return Err(self.down(trouble::not_a_member()));
        }
        match self.look().await {
            Ok(()) => {
                self.publish(Link::Up);
                Ok(())
            }
            Err(why) => Err(self.down(why)),
        }
    }

    async fn look(&self) -> Result<(), String> {
        let me = ("/users/@me", "/users/@me");
        match self.wire.call(Method::GET, me, None).await {
            Ok(_) | Err(Failed::Refused { .. } | Failed::Limited(..)) => Ok(()),
            Err(Failed::Away(why) | Failed::Lost(why)) => Err(why),
        }
    }

    /// Makes or changes the post of one delivery. Takes no longer than [`Poster::longest_send`].
    pub async fn send(
        &self,
        claimed: &Claimed,
        (pool, clock): (&PgPool, &Clock),
    ) -> Result<Sending, sqlx::Error> {
        let (Some(post), Content::Post(shown)) = (&claimed.post, &claimed.content) else {
            return Ok(Sending::GiveUp("it is no post".to_owned()));
        };
        if post.gone {
            return Ok(Sending::Moot("it was taken away there".to_owned()));
        }
        if shown.over.is_some() && post.message.is_none() {
            return Ok(Sending::Moot("it does not stand there".to_owned()));
        }
        if !self.is_member() {
            return Ok(Sending::Unreachable(self.down(trouble::not_a_member())));
        }
        let in_channel = post.person.is_none();
        let readers = Readers {
            locale: &claimed.locale,
            parts: in_channel.then_some(&self.config.channel_shows),
        };
        let payload = match Payload::of(shown, readers, (&self.renderer, &self.keys)) {
            Ok(payload) => payload,
            // A template that is wrong: the operator mends it, and it goes out.
            Err(error) => return Ok(Sending::Retry(error.to_string())),
        };
        let attempt = Try {
            post,
            shown,
            payload,
            locale: &claimed.locale,
            pool,
            now: clock.now(),
        };
        let sending = self.show(&attempt).await?;
        if let Sending::Sent(_) = sending {
            self.publish(Link::Up);
        }
        Ok(sending)
    }

    async fn change(
        &self,
        attempt: &Try<'_>,
        channel: &str,
        message: &str,
    ) -> Result<Sending, sqlx::Error> {
        let body = json_of(&attempt.payload.edit());
        let failed = match self.edit((channel, message), &body).await {
            Ok(()) => {
                self.taken(attempt, Took::Change).await?;
                return Ok(Sending::Sent(format!("changed {message}")));
            }
            Err(failed) => failed,
        };
        let round = attempt.post.round;
        match failed {
            Failed::Refused { code: 10008, why } => {
                let mut conn = attempt.pool.acquire().await?;
                let over = attempt.shown.over.is_some();
                if over || attempt.shown.standing != State::Pending || round >= ROUNDS_MAX {
                    outbox::gone(&mut conn, attempt.post.id, attempt.now).await?;
                    return Ok(Sending::Moot(why));
                }
                outbox::anew(&mut conn, attempt.post.id).await?;
                drop(conn);
                self.make(attempt, false, round + 1).await
            }
            Failed::Refused { code: 10003, why } => {
                let mut conn = attempt.pool.acquire().await?;
                outbox::gone(&mut conn, attempt.post.id, attempt.now).await?;
                drop(conn);
                self.broken(attempt, (Kind::Broken, &why)).await?;
                Ok(Sending::GiveUp(why))
            }
            // What stands in the thread stays as it was; the parent shows what holds now.
            Failed::Refused {
                code: 50083 | 160_005,
                ..
            } => {
                let parent = match self.parent(attempt, channel).await? {
                    Ok(parent) => parent,
                    Err(sending) => return Ok(sending),
                };
                let mut conn = attempt.pool.acquire().await?;
                outbox::anew(&mut conn, attempt.post.id).await?;
                drop(conn);
                self.post_or_say(attempt, &parent, (false, round + 1)).await
            }
            failed => self.said(attempt, failed).await,
        }
    }

    async fn make(
        &self,
        attempt: &Try<'_>,
        begun: bool,
        round: i32,
    ) -> Result<Sending, sqlx::Error> {
        let channel = match self.place(attempt).await? {
            Ok(channel) => channel,
            Err(sending) => return Ok(sending),
        };
        match self.post(attempt, &channel, (begun, round)).await? {
            Ok(sending) => Ok(sending),
            Err(Failed::Refused {
                code: 50083 | 160_005,
                ..
            }) => match self.parent(attempt, &channel).await? {
                Ok(parent) => self.post_or_say(attempt, &parent, (begun, round)).await,
                Err(sending) => Ok(sending),
            },
            Err(failed) => self.said(attempt, failed).await,
        }
    }

    async fn post_or_say(
        &self,
        attempt: &Try<'_>,
        channel: &str,
        name: (bool, i32),
    ) -> Result<Sending, sqlx::Error> {
        match self.post(attempt, channel, name).await? {
            Ok(sending) => Ok(sending),
            Err(failed) => self.said(attempt, failed).await,
        }
    }

    /// Posts anew in this channel, under a name of its own.
    async fn post(
        &self,
        attempt: &Try<'_>,
        channel: &str,
        (begun, round): (bool, i32),
    ) -> Result<Result<Sending, Failed>, sqlx::Error> {
        let id = attempt.post.id;
        // Each message that it ever was has a name of its own.
        let name = name_of(id, round + attempt.post.renewed);
        let body = json_of(&attempt.payload.message(name));
        let mut conn = attempt.pool.acquire().await?;
        outbox::begin_post(&mut conn, id, attempt.now).await?;
        drop(conn);
        let path = format!("/channels/{channel}/messages");
        let posted = self.wire.call(Method::POST, (&path, &path), Some(&body));
        let posted = match posted.await {
            Ok(posted) => posted,
            Err(failed) => return Ok(Err(failed)),
        };
        let Some(message) = id_of(&posted) else {
            let why = "Discord gave the post no id".to_owned();
            return Ok(Ok(Sending::Retry(why)));
        };
        let mut conn = attempt.pool.acquire().await?;
        outbox::stands(&mut conn, id, channel, Some(&message)).await?;
        drop(conn);
        self.taken(attempt, Took::New).await?;
        // An earlier try may have been taken, with what was to be shown then.
        if begun {
            let body = json_of(&attempt.payload.edit());
            if let Err(failed) = self.edit((channel, &message), &body).await {
                return Ok(Err(failed));
            }
        }
        Ok(Ok(Sending::Sent(format!("posted {message}"))))
    }

    async fn edit(&self, (channel, message): (&str, &str), body: &Value) -> Result<(), Failed> {
        let route = format!("/channels/{channel}/messages/-");
        let path = format!("/channels/{channel}/messages/{message}");
        let edited = self.wire.call(Method::PATCH, (&route, &path), Some(body));
        edited.await.map(drop)
    }

    fn down(&self, why: String) -> String {
        self.publish(Link::Down(why.clone()));
        why
    }

    /// Says so once when Discord goes away and once when it is back.
    fn publish(&self, now: Link) {
        self.link.send_if_modified(|link| {
            match (&*link, &now) {
                (Link::Unknown | Link::Up, Link::Down(why)) => {
                    tracing::warn!("nothing can be posted; posts wait and none is lost: {why}");
                }
                (Link::Down(_), Link::Up) => {
                    tracing::info!("Discord can be reached again; posting goes on");
                }
                _ => {}
            }
            let changed = *link != now;
            *link = now;
            changed
        });
    }
}

/// The name of a post's message, by which Discord knows a further try: at most 25 characters.
fn name_of(post: Uuid, round: i32) -> String {
    let id = data_encoding::BASE64URL_NOPAD.encode(post.as_bytes());
    format!("{id}{}", round.clamp(0, 999))
}

fn at(post: &Standing) -> At<'_> {
    At {
        service: SERVICE,
        person: post.person.as_ref(),
        place: &post.place,
    }
}

fn id_of(answer: &Value) -> Option<String> {
    let id = answer["id"].as_str().filter(|id| is_id(id))?;
    Some(id.to_owned())
}

/// Whether it can stand in a path.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A builder of the library's as JSON; none of ours fails.
fn json_of(built: &impl serde::Serialize) -> Value {
    serde_json::to_value(built).unwrap_or_default()
}

fn signed(wait: Duration) -> SignedDuration {
    SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO)
}
