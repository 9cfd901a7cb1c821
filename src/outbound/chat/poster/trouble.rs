//! What becomes of a post that was not taken, and who is told.

use std::sync::{MutexGuard, PoisonError};

use jiff::Timestamp;
use sqlx::PgConnection;

use super::{Poster, SERVICE, Try, at, signed};
use crate::outbound::Sending;
use crate::outbound::chat::wire::Failed;
use crate::reach;
use crate::store::books;
use crate::store::outbox::{self, SystemMail};
use crate::store::troubles::{self, At};

/// The place of a trouble that is the whole guild's.
const GUILD: At<'static> = At {
    service: SERVICE,
    person: None,
    place: "",
};

impl Poster {
    /// Owes the access admins a mail, once, when we were thrown out of the guild. `true`: it does.
    pub async fn watch_membership(
        &self,
        conn: &mut PgConnection,
        now: Timestamp,
    ) -> Result<bool, sqlx::Error> {
        let member = (self.member)();
        if self.known().replace(member) == Some(member) {
            return Ok(false);
        }
        if member {
            troubles::end(conn, GUILD, now).await?;
            return Ok(false);
        }
        let why = not_a_member();
        if troubles::note(conn, GUILD, &why, now).await? {
            let mail = SystemMail {
                code: None,
                subject: "The bot is not in the Discord guild any more".to_owned(),
                text: format!(
                    "{why}\n\nUntil then nothing is posted or changed in Discord. What is owed there waits \
                     for two days; decisions by mail, by link and on the command line go on.\n"
                ),
            };
            tell(conn, &mail, now).await?;
            return Ok(true);
        }
        Ok(false)
    }

    fn known(&self) -> MutexGuard<'_, Option<bool>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

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
            Failed::Refused {
                code: 50007 | 50278,
                why,
            } => {
                let mut conn = attempt.pool.acquire().await?;
                troubles::note(&mut conn, at(attempt.post), &why, attempt.now).await?;
                outbox::not_taken(&mut conn, attempt.post.id, attempt.now).await?;
                Sending::Moot(why)
            }
            Failed::Refused {
                code: 10003 | 50001 | 50013,
                why,
            } => {
                self.broken(attempt, &why).await?;
                Sending::GiveUp(why)
            }
            Failed::Refused { why, .. } => Sending::GiveUp(why),
        })
    }

    /// The place took a post. Of a person's messages only a new one shows that: what stands there can be
    /// changed when no new one is taken.
    pub(super) async fn taken(&self, attempt: &Try<'_>) -> Result<(), sqlx::Error> {
        let mut conn = attempt.pool.acquire().await?;
        troubles::end(&mut conn, at(attempt.post), attempt.now).await?;
        Ok(())
    }

    /// Tells the access admins, once, that a channel takes no posts.
    pub(super) async fn broken(&self, attempt: &Try<'_>, why: &str) -> Result<(), sqlx::Error> {
        let post = attempt.post;
        if post.person.is_some() {
            return Ok(());
        }
        let mut tx = attempt.pool.begin().await?;
        if troubles::note(&mut tx, at(post), why, attempt.now).await? {
            let name = &post.place;
            let request = attempt.shown.facts.request;
            let mail = SystemMail {
                code: None,
                subject: format!("Nothing can be posted in the Discord channel {name}"),
                text: format!(
                    "{request} could not be shown in the channel `{name}`: {why}.\n\n\
                     Approvers are asked by mail as before. Look whether the channel exists and the bot may \
                     view it, write in it and embed links there, and that [discord] channels has its id. \
                     Each new request is tried again; for what was given up see `countersign outbox list`.\n"
                ),
            };
            tell(&mut tx, &mail, attempt.now).await?;
        }
        tx.commit().await
    }
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
