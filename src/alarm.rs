//! What looks like an attack on a decision, and who is told of it.
//!
//! An alarm is written down in the transaction that finds it, once for each thing that reached us, and the
//! access admins are told of it: of the same (kind, request, person) once in [`QUIET`], and of all together
//! [`MAX_TOLD`] times in it, so that whoever can raise alarms cannot bury one under others. The rest is
//! written down all the same, and the mail says so.
//!
//! What is *not* promised: an alarm for what any stranger can do. A mail that presents no token of ours is
//! stored and logged with its reason, and nobody is woken by it; only a burst of tokens or links that nobody was
//! given is told, once an hour ([`burst`]).

pub mod burst;

use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;

use crate::reach::tell_admins;
use crate::render::SystemFacts;
use crate::store::alarms::{self, New};
use crate::workflow::book::Book;

/// How long the same alarm is not told again.
pub const QUIET: SignedDuration = SignedDuration::from_hours(1);
/// The most alarms that are told within that time.
pub const MAX_TOLD: i64 = 20;

/// Writes an alarm down and owes the mails that tell of it. Wake the courier after the commit.
pub async fn raise(
    conn: &mut PgConnection,
    new: &New<'_>,
    book: &Book,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let before = alarms::told(conn, new, QUIET, now).await?;
    let tells = before.same == 0 && before.all < MAX_TOLD;
    if !alarms::insert(conn, new, tells, now).await? {
        return Ok(());
    }
    tracing::warn!(
        alarm.kind = new.kind.as_str(),
        alarm.key = new.key,
        "alarm {}, raised by {}: {}",
        new.kind,
        new.key,
        new.why,
    );
    if tells {
        let alarm = SystemFacts::Alarm {
            kind: new.kind.as_str().to_owned(),
            request: new.request,
            why: new.why.to_owned(),
            key: new.key.to_owned(),
            last: before.all + 1 == MAX_TOLD,
        };
        tell_admins(conn, book, &alarm.into(), now).await?;
    }
    Ok(())
}
