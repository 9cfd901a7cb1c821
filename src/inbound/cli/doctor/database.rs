//! The database: there, new enough, with our schema, its roles split, its clock like ours.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sqlx::{PgConnection, PgPool};

use super::{How, Line};
use crate::app;
use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::embedded;
use crate::inbound::cli::when::say;
use crate::store::{books, roles, seals};

const WHAT: &str = "database";
/// The oldest version that will do, as Postgres numbers them.
const OLDEST: i32 = 140_000;
/// The clocks of machine and database may differ by this much.
const MAX_SKEW: SignedDuration = SignedDuration::from_secs(2);
/// Seals may be late by this many intervals.
const LATE: u32 = 3;

pub(super) async fn look(config: &Config) -> Vec<Line> {
    if let Database::Embedded { directory } = &config.database
        && !embedded::is_there(directory)
    {
        let said = format!("there is none in {} yet", directory.display());
        return vec![Line::not(How::Hint, WHAT, said, super::MADE)];
    }
    let connected = match app::connect(&config.database).await {
        Ok(connected) => connected,
        Err(error) if error.is_unreachable() => {
            let mend = "start it, or correct [database] url";
            return vec![Line::not(How::Away, WHAT, error.to_string(), mend)];
        }
        Err(error) => {
            let mend = "correct [database]";
            return vec![Line::not(How::Wrong, WHAT, error.to_string(), mend)];
        }
    };
    let mut lines = Vec::new();
    if let Err(error) = all(config, &connected.pool, &mut lines).await {
        lines.push(Line::not(
            How::Wrong,
            WHAT,
            format!("a question was not answered: {error}"),
            "see the database's log",
        ));
    }
    connected.close().await;
    lines
}

async fn all(config: &Config, pool: &PgPool, lines: &mut Vec<Line>) -> Result<(), sqlx::Error> {
    if pooler(pool).await? {
        lines.push(Line::not(
            How::Wrong,
            WHAT,
            "a pooler in transaction mode stands before the server: statements and migrations break",
            "connect to the server itself, or set pool_mode = session for this database",
        ));
        return Ok(());
    }
    let mut conn = pool.acquire().await?;
    lines.push(version(&mut conn).await?);
    lines.push(skew(&mut conn).await?);
    drop(conn);
    match app::pending(pool).await {
        Ok(0) => lines.push(Line::ok("schema", "is this version's")),
        Ok(many) => {
            let said = format!("{many} migrations have not been run, or were changed");
            let mend =
                "countersign migrate; a schema of a newer version needs that version's program";
            lines.push(Line::not(How::Wrong, "schema", said, mend));
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    let mut conn = pool.acquire().await?;
    lines.push(split(config, &mut conn).await?);
    lines.push(policies(&mut conn).await?);
    lines.extend(sealed(config, &mut conn).await?);
    lines.extend(super::people::look(&mut conn).await?);
    Ok(())
}

/// Whether two connections share a server process, or one changes it: only a pooler that deals out its
/// connections by transaction does that.
async fn pooler(pool: &PgPool) -> Result<bool, sqlx::Error> {
    // As text without a prepared statement, which such a pooler would trip over.
    async fn process(conn: &mut PgConnection) -> Result<i32, sqlx::Error> {
        use sqlx::{Executor as _, Row as _};
        let row = conn
            .fetch_one(sqlx::raw_sql("SELECT pg_backend_pid()"))
            .await?;
        row.try_get(0)
    }
    let mut one = pool.acquire().await?;
    let mut other = pool.acquire().await?;
    let first = process(&mut one).await?;
    sqlx::raw_sql("BEGIN").execute(&mut *other).await?;
    let second = process(&mut other).await?;
    let third = process(&mut one).await?;
    sqlx::raw_sql("ROLLBACK").execute(&mut *other).await?;
    Ok(first == second || first != third)
}

async fn version(conn: &mut PgConnection) -> Result<Line, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT current_setting('server_version') AS "name!",
                  current_setting('server_version_num')::integer AS "number!""#
    )
    .fetch_one(conn)
    .await?;
    Ok(if row.number >= OLDEST {
        Line::ok(WHAT, format!("PostgreSQL {} answers", row.name))
    } else {
        let said = format!("PostgreSQL {} is too old", row.name);
        Line::not(How::Wrong, WHAT, said, "use version 14 or later")
    })
}

async fn skew(conn: &mut PgConnection) -> Result<Line, sqlx::Error> {
    let clock = Clock::system();
    let before = clock.now();
    let theirs = sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "at!: jiff_sqlx::Timestamp""#)
        .fetch_one(conn)
        .await?
        .to_jiff();
    let by = outside(before, theirs, clock.now());
    Ok(if by <= MAX_SKEW {
        Line::ok("clock", "machine and database agree on the time")
    } else {
        let said = format!("machine and database differ by {by:#}");
        Line::not(
            How::Wrong,
            "clock",
            said,
            "let both follow the same time server (chrony, ntpd)",
        )
    })
}

/// How far a time lies outside of two others.
fn outside(before: Timestamp, theirs: Timestamp, after: Timestamp) -> SignedDuration {
    let early = before.duration_since(theirs);
    let late = theirs.duration_since(after);
    early.max(late).max(SignedDuration::ZERO)
}

async fn split(config: &Config, conn: &mut PgConnection) -> Result<Line, sqlx::Error> {
    let powers = roles::powers(conn).await?;
    let Some(worst) = powers.first() else {
        return Ok(Line::ok(
            "roles",
            "our role may add to the record and not change it",
        ));
    };
    if let Database::Embedded { .. } = config.database {
        let said = "the database is embedded: whoever is the service's user can change the record";
        let mend = "for a record that its daemon cannot change, give the URL of a server";
        return Ok(Line::not(How::Hint, "roles", said, mend));
    }
    let said = format!("our role {worst}: it could change the record");
    let mend = "countersign migrate --roles prints what makes two roles of one";
    Ok(Line::not(How::Hint, "roles", said, mend))
}

async fn policies(conn: &mut PgConnection) -> Result<Line, sqlx::Error> {
    let version = books::version(conn).await?;
    Ok(if version > 0 {
        Line::ok("policies", format!("version {version} is in force"))
    } else {
        let mend = "countersign policy apply policies.toml";
        Line::not(
            How::Wrong,
            "policies",
            "none are in force: every request is refused",
            mend,
        )
    })
}

async fn sealed(config: &Config, conn: &mut PgConnection) -> Result<Option<Line>, sqlx::Error> {
    if config.audit.key.is_none() {
        return Ok(None);
    }
    let open = seals::open_since(conn).await?;
    let last = seals::last(conn).await?;
    let name = last
        .as_ref()
        .map_or("nothing is sealed yet".to_owned(), |(number, at, _)| {
            let at = say(*at, &TimeZone::UTC);
            format!("seal {number} was made at {at}")
        });
    let limit = config.audit.interval * LATE + Duration::from_mins(1);
    let waits = open.map(|at| Clock::system().now().duration_since(at));
    let waits = waits.and_then(|waits| Duration::try_from(waits).ok());
    Ok(Some(match waits {
        Some(waits) if waits > limit => {
            let said = format!(
                "{name}, and an event has waited for a seal for {} min",
                waits.as_secs() / 60
            );
            let mend = "see whether the daemon runs, and what /readyz says of `sealer`";
            Line::not(How::Hint, "record", said, mend)
        }
        _ => Line::ok("record", name),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a clock is as wrong as it must be, whatever the question took.
    /// Method: a time before, within and behind the two moments of asking.
    #[test]
    fn a_clock_within_the_question_is_right() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        for (theirs, by) in [(90, 10), (100, 0), (103, 0), (105, 0), (109, 4)] {
            let found = outside(at(100), at(theirs), at(105));
            assert_eq!(found, SignedDuration::from_secs(by), "{theirs}");
        }
    }
}
