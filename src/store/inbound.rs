//! The ledger of what reached us: each key counts once.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::audit::Outcome;
use crate::workflow::request::Channel;

/// Whether this key was applied before, and the version of the book in force: what every command needs
/// to know first, in one statement.
pub async fn look(conn: &mut PgConnection, key: &str) -> Result<(bool, i64), sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT 1 FROM inbound WHERE key = $1) AS "seen!",
                  coalesce((SELECT max(version) FROM policy_book), 0) AS "version!""#,
        key
    )
    .fetch_one(conn)
    .await?;
    Ok((row.seen, row.version))
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
