//! What is wrong with Discord as a whole and does not mend itself, and who is told.
//!
//! The access admins get a mail when it begins, again while it lasts at most once in [`QUIET`], and one when it
//! is over, if they were told that it began. What ended within [`QUIET`] of the last mail and begins again is
//! told when that time has passed. A guild that is merely unavailable is no such trouble: Discord mends it.
//!
//! Wake the couriers after the commit of what returned `true`.

use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;

use super::poster::SERVICE;
use crate::reach;
use crate::render::SystemFacts;
use crate::store::books;
use crate::store::outbox::SystemMail;
use crate::store::troubles::{self, At, Kind};

/// How long the same is not told again.
pub const QUIET: SignedDuration = SignedDuration::from_hours(1);

/// Which trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// The bot is not in the guild.
    Guild,
    /// The guild does not take the bot's commands.
    Commands,
}

impl Lasting {
    /// Where it is noted; no channel is called like this.
    fn at(self) -> At<'static> {
        At {
            service: SERVICE,
            person: None,
            place: match self {
                Self::Guild => "",
                Self::Commands => "/",
            },
        }
    }

    fn begun(self, why: &str) -> SystemMail {
        self.facts(false, why).into()
    }

    fn over(self) -> SystemMail {
        self.facts(true, "").into()
    }

    fn facts(self, over: bool, why: &str) -> SystemFacts {
        let why = why.to_owned();
        match self {
            Self::Guild => SystemFacts::ThrownOut { over, why },
            Self::Commands => SystemFacts::CommandsRefused { over, why },
        }
    }
}

/// It is so. `true`: mails are owed because of it.
pub async fn lasts(
    conn: &mut PgConnection,
    (what, why): (Lasting, &str),
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    troubles::note(conn, what.at(), (Kind::Broken, why), now).await?;
    if !troubles::tell(conn, what.at(), QUIET, now).await? {
        return Ok(false);
    }
    let book = books::current(conn).await?;
    reach::tell_admins(conn, &book, &what.begun(why), now).await?;
    Ok(true)
}

/// It is not so, or not any more. `true`: mails are owed because of it.
pub async fn over(
    conn: &mut PgConnection,
    what: Lasting,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let Some(told) = troubles::end_told(conn, what.at(), now).await? else {
        return Ok(false);
    };
    if what == Lasting::Guild {
        troubles::end_apart(conn, SERVICE, now).await?;
    }
    if !told {
        return Ok(false);
    }
    let book = books::current(conn).await?;
    reach::tell_admins(conn, &book, &what.over(), now).await?;
    Ok(true)
}
