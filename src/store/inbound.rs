//! The ledger of what reached us: each key counts once.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::audit::Outcome;
use super::books::Versions;
use crate::workflow::request::Channel;

/// Whether this key was applied before, and the version of the book in force: what every command needs
/// to know first, in one statement.
pub async fn look(conn: &mut PgConnection, key: &str) -> Result<(bool, Versions), sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT 1 FROM inbound WHERE key = $1) AS "seen!",
                  coalesce((SELECT max(version) FROM policy_book), 0) AS "policies!",
                  coalesce((SELECT max(change) FROM delegation), 0) AS "delegations!""#,
        key
    )
    .fetch_one(conn)
    .await?;
    Ok((
        row.seen,
        Versions {
            policies: row.policies,
            delegations: row.delegations,
        },
    ))
}

/// What came of a key that was applied before.
pub async fn outcome(conn: &mut PgConnection, key: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT outcome FROM inbound WHERE key = $1", key)
        .fetch_optional(conn)
        .await
}

/// Enters the key with what came of it. `false`: somebody else has entered it meanwhile, and this
/// transaction must leave nothing.
pub async fn claim(
    conn: &mut PgConnection,
    key: &str,
    channel: Channel,
    outcome: Outcome,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO inbound (key, channel, received_at, outcome) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        key,
        channel.as_str(),
        now.to_sqlx() as _,
        outcome.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a statement failed because it entered a key that somebody else has entered meanwhile.
pub fn is_taken(error: &sqlx::Error) -> bool {
    let answer = error.as_database_error();
    answer.is_some_and(|answer| answer.constraint() == Some("inbound_pkey"))
}
