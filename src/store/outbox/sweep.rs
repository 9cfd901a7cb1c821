//! Deliveries that were leased and not sent: given back, or left by a courier that died.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::courier::{MAX_MEETINGS, met_newer};

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

/// Gives back deliveries whose try never reached the message: the server was not to be had, or we
/// stop. Nothing is counted, and their attempts leave no trace but `why`; the number given back.
pub async fn release(
    conn: &mut PgConnection,
    claimed: &[(Uuid, Uuid)],
    now: Timestamp,
    why: Option<&str>,
) -> Result<usize, sqlx::Error> {
    given_back(conn, claimed, (now, now), why).await
}

/// Gives one back that the server does not want before `until`; nothing is counted.
pub async fn put_off(
    conn: &mut PgConnection,
    claimed: (Uuid, Uuid),
    (now, until): (Timestamp, Timestamp),
    why: &str,
) -> Result<(), sqlx::Error> {
    given_back(conn, &[claimed], (now, until), Some(why)).await?;
    Ok(())
}

async fn given_back(
    conn: &mut PgConnection,
    claimed: &[(Uuid, Uuid)],
    times: (Timestamp, Timestamp),
    why: Option<&str>,
) -> Result<usize, sqlx::Error> {
    let mut tries = 1;
    loop {
        match release_once(conn, claimed, times, why).await {
            Err(error) if tries < MAX_MEETINGS && met_newer(&error) => tries += 1,
            ended => return ended,
        }
    }
}

async fn release_once(
    conn: &mut PgConnection,
    claimed: &[(Uuid, Uuid)],
    (now, until): (Timestamp, Timestamp),
    why: Option<&str>,
) -> Result<usize, sqlx::Error> {
    let (ids, leases): (Vec<Uuid>, Vec<Uuid>) = claimed.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"WITH given AS (
               SELECT d.id, d.attempts, d.cancel_at IS NOT NULL OR EXISTS (
                          SELECT FROM delivery AS newer
                          WHERE newer.post_id = d.post_id AND newer.state = 'pending') AS over
               FROM UNNEST($1::uuid[], $2::uuid[]) AS mine (id, lease)
               JOIN delivery AS d ON d.id = mine.id AND d.lease = mine.lease
               WHERE d.state = 'leased' ORDER BY d.id FOR UPDATE OF d
           ), back AS (
               UPDATE delivery AS d
               SET state = CASE WHEN over THEN 'cancelled' ELSE 'pending' END,
                   next_try_at = CASE WHEN NOT over THEN $5::timestamptz END,
                   finished_at = CASE WHEN over THEN $3::timestamptz END,
                   attempts = d.attempts - 1, lease = NULL, lease_until = NULL,
                   last_error = coalesce($4, d.last_error)
               FROM given WHERE d.id = given.id
           )
           DELETE FROM attempt AS a USING given
           WHERE a.delivery_id = given.id AND a.number = given.attempts
           RETURNING a.delivery_id"#,
        &ids,
        &leases,
        now.to_sqlx() as _,
        why,
        until.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.len())
}
