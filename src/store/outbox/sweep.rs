//! Deliveries whose courier died, and that are not tried again.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

/// A delivery that [`sweep`] ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// Its id.
    pub id: Uuid,
    /// Whether it gave up; else nobody needed it any more.
    pub given_up: bool,
}

/// Ends the deliveries whose lease ran out and that are not to be tried again: cancelled meanwhile, or
/// tried `max_attempts` times, each of which may have ended its process.
pub async fn sweep(
    conn: &mut PgConnection,
    now: Timestamp,
    max_attempts: u32,
) -> Result<Vec<Swept>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"UPDATE delivery
           SET state = CASE WHEN cancel_at IS NULL THEN 'given_up' ELSE 'cancelled' END,
               lease = NULL, lease_until = NULL, finished_at = $1,
               last_error = CASE WHEN cancel_at IS NULL
                                 THEN 'the last try never ended; its process died' ELSE last_error END
           WHERE id IN (
               SELECT id FROM delivery
               WHERE state = 'leased' AND lease_until <= statement_timestamp()
                 AND (cancel_at IS NOT NULL OR attempts - attempts_before >= $2)
               FOR UPDATE SKIP LOCKED)
           RETURNING id, state"#,
        now.to_sqlx() as _,
        i32::try_from(max_attempts).unwrap_or(i32::MAX),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Swept {
            id: row.id,
            given_up: row.state == "given_up",
        })
        .collect())
}
