//! Requests with their votes and grants.
//!
//! Whoever changes a request holds a [`Locked`], which only [`lock`] gives and [`save`] takes: so nothing
//! is decided on a request that somebody else is changing, and every change is written with its audit
//! event. The votes are read *after* the lock is held; one statement for both would see them as they
//! were before a wait for the lock.

mod find;
mod list;
mod many;
mod pending;
mod reports;
mod rows;
mod write;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::audit::Head;
use super::books::Versions;
use crate::workflow::decide::{Around, OtherGrant};
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::request::{Request, Vote};

pub use find::{
    extensions, find_by_key, find_pending, hold_emergencies, lock_unanswered, other_grants,
    unreviewed,
};
pub use list::{Emergencies, Listed, Sought, is_involved, list};
pub use many::{Evidence, Kept, many};
pub use pending::pending_page;
use rows::{RequestRow, VoteRow};
pub use write::{Saved, insert, look_again, note, reschedule, save};

/// A request whose row this transaction holds: nobody else changes it until the end of it.
#[derive(Debug)]
pub struct Locked {
    request: Request,
    around: Around,
    head: Head,
    versions: Versions,
    asks_open: bool,
}

impl Locked {
    /// The request as it is.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// What else there is: who was asked, and whatever [`Locked::seeing`] added.
    pub fn around(&self) -> &Around {
        &self.around
    }

    /// With what else a decision about it needs: `others` and `unreviewed` of this.
    #[must_use]
    pub fn seeing(mut self, others: Vec<OtherGrant>, unreviewed: Vec<RequestId>) -> Self {
        self.around.others = others;
        self.around.unreviewed = unreviewed;
        self
    }

    /// Which book was in force once the lock was held.
    pub fn versions(&self) -> Versions {
        self.versions
    }

    /// Whether asks of this request are still to be sent. None can come to be while the lock is held.
    pub fn asks_open(&self) -> bool {
        self.asks_open
    }

    /// The end of its audit chain.
    pub fn head(&self) -> &Head {
        &self.head
    }
}

/// A number for a new request; numbers of refused filings stay unused.
pub async fn next_id(conn: &mut PgConnection) -> Result<RequestId, sqlx::Error> {
    let id =
        sqlx::query_scalar!(r#"SELECT nextval(pg_get_serial_sequence('request', 'id')) AS "id!""#)
            .fetch_one(conn)
            .await?;
    Ok(RequestId(id))
}

/// Locks a request and reads it; `None` if there is none of this number.
pub async fn lock(conn: &mut PgConnection, id: RequestId) -> Result<Option<Locked>, sqlx::Error> {
    Ok(lock_all(conn, &[id]).await?.remove(&id))
}

/// Locks requests and reads them, the lowest number first, so that no two who lock several wait for each
/// other in a circle. Numbers of which there is no request are left out.
pub async fn lock_all(
    conn: &mut PgConnection,
    ids: &[RequestId],
) -> Result<BTreeMap<RequestId, Locked>, sqlx::Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    // The numbers stand in a SELECT of their own, here and below, so that Postgres cannot plan for how
    // many they are: it would plan anew at each call, which takes longer than to look them up.
    let rows = sqlx::query_as!(
        RequestRow,
        r#"SELECT id, requester, module, resource, account,
                  window_start AS "window_start: _", window_end AS "window_end: _", window_seconds,
                  revision, justification, terms AS "terms: _", filed_at AS "filed_at: _",
                  pending_until AS "pending_until: _", outcome AS "outcome: _", chain_seq, chain_head,
                  extends, aside AS "aside: _"
           FROM request WHERE id = ANY((SELECT $1::bigint[])::bigint[]) ORDER BY id FOR UPDATE"#,
        &ids
    )
    .fetch_all(&mut *conn)
    .await?;
    if rows.is_empty() {
        return Ok(BTreeMap::new());
    }
    let beside = sqlx::query!(
        r#"SELECT r.id AS "id!",
             coalesce((SELECT jsonb_agg(to_jsonb(vote) - 'evidence' ORDER BY position)
                       FROM vote WHERE request_id = r.id), '[]') AS "votes!: Json<Vec<VoteRow>>",
             coalesce((SELECT jsonb_agg(jsonb_build_array((facts ->> 'step')::integer, person))
                       FROM notice WHERE request_id = r.id AND kind = 'ask'), '[]')
             AS "asked!: Json<Vec<(usize, PersonId)>>",
             EXISTS (SELECT 1 FROM delivery WHERE request_id = r.id
                     AND state IN ('pending', 'leased')
                     AND kind IN ('ask', 'reminder', 'confirm')) AS "asks_open!",
             coalesce((SELECT max(version) FROM policy_book), 0) AS "policies!",
             coalesce((SELECT max(change) FROM delegation), 0) AS "delegations!"
           FROM UNNEST((SELECT $1::bigint[])) AS r (id)"#,
        &rows.iter().map(|row| row.id).collect::<Vec<_>>(),
    )
    .fetch_all(conn)
    .await?;
    let mut beside: BTreeMap<i64, _> = beside.into_iter().map(|row| (row.id, row)).collect();
    let mut all = BTreeMap::new();
    for row in rows {
        let Some(beside) = beside.remove(&row.id) else {
            continue;
        };
        let locked = Locked {
            head: Head {
                seq: row.chain_seq,
                hash: row.chain_head.clone(),
            },
            around: Around {
                asked: beside.asked.0.into_iter().collect(),
                ..Around::default()
            },
            versions: Versions {
                policies: beside.policies,
                delegations: beside.delegations,
            },
            asks_open: beside.asks_open,
            request: row.request(votes(beside.votes.0)?)?,
        };
        all.insert(locked.request.id, locked);
    }
    Ok(all)
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
