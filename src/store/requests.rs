//! Requests with their votes and grants.
//!
//! Whoever changes a request holds a [`Locked`], which only [`lock`] and [`glance`] give and [`save`] takes:
//! so nothing is decided on a request that somebody else is changing, and every change is written with its
//! audit event.

mod find;
mod list;
mod lock;
mod many;
mod pending;
mod reports;
mod rows;
mod save;
mod write;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::workflow::ids::RequestId;
use crate::workflow::request::{Request, Vote};

pub use find::{
    extensions, find_by_key, find_pending, hold_emergencies, lock_unanswered, other_grants,
    unreviewed,
};
pub use list::{Emergencies, Listed, Sought, has_module, is_involved, is_named, list};
pub use lock::{Glance, Locked, glance, lock};
pub use many::{Evidence, Kept, many};
pub use pending::{pending_page, unreviewed_page};
use rows::{RequestRow, VoteRow};
pub use save::{Saved, save, save_all};
pub use write::{insert, look_again, note, reschedule};

/// A number for a new request; numbers of refused filings stay unused.
pub async fn next_id(conn: &mut PgConnection) -> Result<RequestId, sqlx::Error> {
    let id =
        sqlx::query_scalar!(r#"SELECT nextval(pg_get_serial_sequence('request', 'id')) AS "id!""#)
            .fetch_one(conn)
            .await?;
    Ok(RequestId(id))
}

/// Reads a request without locking it.
pub async fn find(conn: &mut PgConnection, id: RequestId) -> Result<Option<Request>, sqlx::Error> {
    let row = sqlx::query_as!(
        RequestRow,
        r#"SELECT id, requester, module, resource, account,
                  window_start AS "window_start: _", window_end AS "window_end: _", window_seconds,
                  revision, justification, terms AS "terms: _", filed_at AS "filed_at: _",
                  pending_until AS "pending_until: _", outcome AS "outcome: _", chain_seq, chain_head,
                  extends, aside AS "aside: _"
           FROM request WHERE id = $1"#,
        id.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let Json(votes) = sqlx::query_scalar!(
        r#"SELECT coalesce(jsonb_agg(to_jsonb(vote) - 'evidence' ORDER BY position), '[]')
                  AS "votes!: Json<Vec<VoteRow>>"
           FROM vote WHERE request_id = $1"#,
        id.0
    )
    .fetch_one(conn)
    .await?;
    row.request(self::votes(votes)?).map(Some)
}

/// Requests about which something is due at `now`, the earliest first (W18-W26). Asked by what only the
/// timer asks by, so that nothing else is served by its index.
pub async fn due(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(RequestId, Timestamp)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id, next_due_at AS "at!: jiff_sqlx::Timestamp" FROM request
           WHERE next_due_at <= $1 ORDER BY next_due_at, id LIMIT $2"#,
        now.to_sqlx() as _,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (RequestId(row.id), row.at.to_jiff()))
        .collect())
}

/// Whether something is due about a request at `now`.
pub async fn is_due(
    conn: &mut PgConnection,
    request: RequestId,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM request WHERE id = $1 AND next_due_at <= $2) AS "due!""#,
        request.0,
        now.to_sqlx() as _,
    )
    .fetch_one(conn)
    .await
}

/// When something is due next.
pub async fn next_due(conn: &mut PgConnection) -> Result<Option<Timestamp>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT next_due_at AS "at!: jiff_sqlx::Timestamp" FROM request
           WHERE next_due_at IS NOT NULL ORDER BY next_due_at LIMIT 1"#
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| row.at.to_jiff()))
}

fn votes(rows: Vec<VoteRow>) -> Result<Vec<Vote>, sqlx::Error> {
    rows.into_iter().map(VoteRow::vote).collect()
}

#[cfg(test)]
mod tests;
