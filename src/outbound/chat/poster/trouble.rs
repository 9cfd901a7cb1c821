//! What becomes of a post that was not taken, and who is told.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use reqwest::Method;
use sqlx::PgConnection;

use super::{Poster, Try, at, signed};
use crate::outbound::Sending;
use crate::outbound::chat::wire::Failed;
use crate::reach;
use crate::render::SystemFacts;
use crate::store::books;
use crate::store::outbox::{self, Standing, SystemMail};
use crate::store::troubles::{self, Kind, Took};
use crate::workflow::ids::RequestId;

impl Poster {
    /// What a failure means where nothing better is known to do.
    pub(super) async fn said(
        &self,
        attempt: &Try<'_>,
        failed: Failed,
    ) -> Result<Sending, sqlx::Error> {
        Ok(match failed {
            Failed::Limited(wait, why) => Sending::Later(why, signed(wait)),
            Failed::Away(why) => Sending::Unreachable(self.down(why)),
            // Is it this message, or everything? A message that always breaks it must not stop the others.
            Failed::Lost(why) => match self.look().await {
                Ok(()) => Sending::Retry(why),
                Err(why) => Sending::Unreachable(self.down(why)),
            },
            Failed::Refused { code, why } => match code {
                50007 => self.closed(attempt, (Kind::Closed, why)).await?,
                50278 | 50001 => match self.in_guild().await {
                    Ok(true) if code == 50278 => self.closed(attempt, (Kind::Apart, why)).await?,
                    Ok(true) => self.given_up(attempt, (Kind::Broken, why)).await?,
                    Ok(false) => self.thrown_out(attempt).await?,
                    Err(Failed::Limited(wait, why)) => Sending::Later(why, signed(wait)),
                    Err(Failed::Away(why) | Failed::Lost(why)) => {
                        Sending::Unreachable(self.down(why))
                    }
                    Err(Failed::Refused { why, .. }) => Sending::Retry(why),
                },
                50013 => self.given_up(attempt, (Kind::Mute, why)).await?,
                _ => self.given_up(attempt, (Kind::Broken, why)).await?,
            },
        })
    }

    /// Whether we are in the guild, as far as we know by now.
    pub(super) fn is_member(&self) -> bool {
        (self.member)() != Some(false) && !self.thrown_out.load(Ordering::Relaxed)
    }

    /// Asks Discord whether we are in the guild. Who does not listen, or not yet, is not told when we are
    /// thrown out; and then everybody seems to share no guild with us.
    pub(super) async fn in_guild(&self) -> Result<bool, Failed> {
        let path = format!("/guilds/{}", self.config.guild_id);
        let there = match self.wire.call(Method::GET, (&path, &path), None).await {
            Ok(_) => true,
            Err(Failed::Refused {
                code: 10004 | 50001,
                ..
            }) => false,
            Err(failed) => return Err(failed),
        };
        self.thrown_out.store(!there, Ordering::Relaxed);
        Ok(there)
    }

    async fn thrown_out(&self, attempt: &Try<'_>) -> Result<Sending, sqlx::Error> {
        let mut tx = attempt.pool.begin().await?;
        self.watch_membership(&mut tx, attempt.now).await?;
        tx.commit().await?;
        Ok(Sending::Unreachable(self.down(not_a_member())))
    }

    /// This person takes no direct messages: they have their mail.
    async fn closed(
        &self,
        attempt: &Try<'_>,
        (kind, why): (Kind, String),
    ) -> Result<Sending, sqlx::Error> {
        let mut conn = attempt.pool.acquire().await?;
        troubles::note(&mut conn, at(attempt.post), (kind, &why), attempt.now).await?;
        outbox::not_taken(&mut conn, attempt.post.id, attempt.now).await?;
        Ok(Sending::Moot(why))
    }

    async fn given_up(
        &self,
        attempt: &Try<'_>,
        (kind, why): (Kind, String),
    ) -> Result<Sending, sqlx::Error> {
        self.broken(attempt, (kind, &why)).await?;
        Ok(Sending::GiveUp(why))
    }

    /// The place took a post: where that shows that its trouble is over, what gave up there is owed again.
    pub(super) async fn taken(&self, attempt: &Try<'_>, took: Took) -> Result<(), sqlx::Error> {
        let mut tx = attempt.pool.begin().await?;
        let place = at(attempt.post);
        if troubles::end(&mut tx, place, took, attempt.now).await? {
            let owed = outbox::again(&mut tx, place, attempt.now).await?;
            tracing::info!("posts are taken again at a place of the chat; {owed} are owed again");
        }
        tx.commit().await
    }

    /// Tells the access admins, once, that a place takes no posts.
    pub(super) async fn broken(
        &self,
        attempt: &Try<'_>,
        (kind, why): (Kind, &str),
    ) -> Result<(), sqlx::Error> {
        let post = attempt.post;
        let mut tx = attempt.pool.begin().await?;
        if troubles::note(&mut tx, at(post), (kind, why), attempt.now).await? {
            let mail = broken_mail(post, attempt.shown.facts.request, why);
            tell(&mut tx, &mail, attempt.now).await?;
        }
        tx.commit().await
    }
}

fn broken_mail(post: &Standing, request: RequestId, why: &str) -> SystemMail {
    let facts = SystemFacts::ChannelRefuses {
        channel: post.place.clone(),
        person: post.person.as_ref().map(ToString::to_string),
        request,
        why: why.to_owned(),
    };
    facts.into()
}

pub(super) fn not_a_member() -> String {
    "the bot is not in the guild of [discord] guild_id; mend: invite it again".to_owned()
}

async fn tell(
    conn: &mut PgConnection,
    mail: &SystemMail,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let book = books::current(conn).await?;
    reach::tell_admins(conn, &book, mail, now).await
}
