//! Requests with their votes and grants.
//!
//! Whoever changes a request holds a [`Locked`], which only [`lock`] gives and [`save`] takes: so nothing
//! is decided on a request that somebody else is changing, and every change is written with its audit
//! event. The votes are read *after* the lock is held; one statement for both would see them as they
//! were before a wait for the lock.

mod find;
mod list;
mod many;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::audit::{Head, Link};
use crate::inbound::Proof;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::request::{Request, State, Vote};

pub use find::{find_by_key, find_pending};
pub use list::list;
pub use many::many;
use rows::{Columns, RequestRow, VoteColumns, VoteRow};

/// A request whose row this transaction holds: nobody else changes it until the end of it.
#[derive(Debug)]
pub struct Locked {
    request: Request,
    asked: BTreeSet<(usize, PersonId)>,
    head: Head,
    book_version: i64,
    asks_open: bool,
}

impl Locked {
    /// The request as it is.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Every person who was asked, with the step.
    pub fn asked(&self) -> &BTreeSet<(usize, PersonId)> {
        &self.asked
    }

    /// The version of the book in force once the lock was held.
    pub fn book_version(&self) -> i64 {
        self.book_version
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
    let rows = sqlx::query_as!(
        RequestRow,
        r#"SELECT id, requester, module, resource, account,
                  window_start AS "window_start: _", window_end AS "window_end: _", window_seconds,
                  revision, justification, terms AS "terms: _", filed_at AS "filed_at: _",
                  pending_until AS "pending_until: _", outcome AS "outcome: _", chain_seq, chain_head
           FROM request WHERE id = ANY($1) ORDER BY id FOR UPDATE"#,
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
                     AND state IN ('pending', 'leased') AND kind = 'ask') AS "asks_open!",
             coalesce((SELECT max(version) FROM policy_book), 0) AS "book_version!"
           FROM UNNEST($1::bigint[]) AS r (id)"#,
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
            asked: beside.asked.0.into_iter().collect(),
            book_version: beside.book_version,
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
                  pending_until AS "pending_until: _", outcome AS "outcome: _", chain_seq, chain_head
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

/// Pending requests that are due to expire at `now`, the earliest first (W18). Asked by what only the
/// timer asks by, so that nothing else is served by its index.
pub async fn due(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(RequestId, Timestamp)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id, pending_until AS "at: jiff_sqlx::Timestamp" FROM request
           WHERE settled_at IS NULL AND pending_until <= $1 ORDER BY pending_until LIMIT $2"#,
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

/// When the next pending request is due.
pub async fn next_due(conn: &mut PgConnection) -> Result<Option<Timestamp>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT pending_until AS "at: jiff_sqlx::Timestamp" FROM request
           WHERE settled_at IS NULL ORDER BY pending_until LIMIT 1"#
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| row.at.to_jiff()))
}

/// Writes a new request with the first event of its chain, its grant if it has one, and the key that it
/// arrived under.
pub async fn insert(
    conn: &mut PgConnection,
    request: &Request,
    filing_key: Option<&str>,
    link: &Link,
) -> Result<(), sqlx::Error> {
    let columns = Columns::of(request)?;
    sqlx::query!(
        "INSERT INTO request (id, requester, module, resource, account, window_start, window_end,
             window_seconds, revision, justification, policy, policy_version, mode, terms, filed_at,
             pending_until, filing_key, state, step, settled_at, outcome, chain_seq, chain_head)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
             $20, $21, $22, $23)",
        request.id.0,
        request.requester.as_str(),
        request.subject.module.as_str(),
        request.subject.resource,
        request.subject.account,
        columns.window_start as _,
        columns.window_end as _,
        columns.window_seconds,
        columns.revision,
        request.justification,
        request.terms.policy,
        request.terms.version,
        columns.mode,
        Json(&request.terms) as _,
        request.filed_at.to_sqlx() as _,
        request.pending_until.to_sqlx() as _,
        filing_key,
        request.state.as_str(),
        columns.step,
        columns.settled_at as _,
        Json(&request.state) as _,
        link.head.seq,
        link.head.hash,
    )
    .execute(&mut *conn)
    .await?;
    write_link(conn, link).await?;
    grant(conn, request).await
}

/// Appends an event that changed nothing to a request's chain.
pub async fn note(conn: &mut PgConnection, locked: Locked, link: &Link) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE request SET chain_seq = $3, chain_head = $4 WHERE id = $1 AND chain_seq = $2",
        locked.request.id.0,
        locked.head.seq,
        link.head.seq,
        link.head.hash,
    )
    .execute(&mut *conn)
    .await?;
    exactly_one(done.rows_affected())?;
    write_link(conn, link).await
}

/// Writes what an accepted command made of a locked request: state, new votes, grant, audit event.
///
/// That it is pending is asked by its step: asked by its state, a database without statistics yet walks
/// the index of all pending requests to find this one.
pub async fn save(
    conn: &mut PgConnection,
    locked: Locked,
    after: &Request,
    proof: &Proof,
    link: &Link,
) -> Result<(), sqlx::Error> {
    let columns = Columns::of(after)?;
    let votes = VoteColumns::changed(&locked.request, after)?;
    let evidence = serde_json::to_value(proof).unwrap_or(Value::Null);
    let grant = match after.state {
        State::Approved { grant, .. } => Some(grant),
        _ => None,
    };
    let done = sqlx::query!(
        "WITH voted AS (
             INSERT INTO vote (request_id, step, person, position, decision, comment, revision, at,
                               channel, evidence)
             SELECT $1, *, $16::jsonb FROM UNNEST($9::integer[], $10::text[], $11::integer[],
                 $12::text[], $13::text[], $14::integer[], $15::timestamptz[], $20::text[])
             ON CONFLICT (request_id, step, person) DO UPDATE
             SET position = excluded.position, decision = excluded.decision,
                 comment = excluded.comment, revision = excluded.revision, at = excluded.at,
                 channel = excluded.channel, evidence = excluded.evidence
         ), audited AS (
             INSERT INTO audit_event (chain, seq, at, body, prev_hash, hash)
             VALUES ('request/' || $1, $7, $17, $18, $19, $8)
         ), granted AS (
             INSERT INTO access_grant (request_id, person, module, resource, account, starts_at, ends_at)
             SELECT id, requester, module, resource, account, $21, $22
             FROM request WHERE id = $1 AND $21::timestamptz IS NOT NULL
         )
         UPDATE request SET state = $3, step = $4, settled_at = $5, outcome = $6,
                            chain_seq = $7, chain_head = $8
         WHERE id = $1 AND step IS NOT NULL AND chain_seq = $2",
        after.id.0,
        locked.head.seq,
        after.state.as_str(),
        columns.step,
        columns.settled_at as _,
        Json(&after.state) as _,
        link.head.seq,
        link.head.hash,
        &votes.step,
        &votes.person,
        &votes.position,
        &votes.decision,
        &votes.comment as _,
        &votes.revision,
        &votes.at as _,
        evidence,
        link.at.to_sqlx() as _,
        link.body,
        link.prev,
        &votes.channel,
        grant.map(|grant| grant.start.to_sqlx()) as _,
        grant.map(|grant| grant.end.to_sqlx()) as _,
    )
    .execute(conn)
    .await?;
    exactly_one(done.rows_affected())
}

async fn grant(conn: &mut PgConnection, request: &Request) -> Result<(), sqlx::Error> {
    let State::Approved { grant, .. } = request.state else {
        return Ok(());
    };
    sqlx::query!(
        "INSERT INTO access_grant (request_id, person, module, resource, account, starts_at, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        request.id.0,
        request.requester.as_str(),
        request.subject.module.as_str(),
        request.subject.resource,
        request.subject.account,
        grant.start.to_sqlx() as _,
        grant.end.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn write_link(conn: &mut PgConnection, link: &Link) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO audit_event (chain, seq, at, body, prev_hash, hash)
         VALUES ($1, $2, $3, $4, $5, $6)",
        link.chain,
        link.head.seq,
        link.at.to_sqlx() as _,
        link.body,
        link.prev,
        link.head.hash,
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn votes(rows: Vec<VoteRow>) -> Result<Vec<Vote>, sqlx::Error> {
    rows.into_iter().map(VoteRow::vote).collect()
}

/// The row was ours by its lock; if it is not as it was, the lock was none and nothing may be written.
fn exactly_one(rows: u64) -> Result<(), sqlx::Error> {
    match rows {
        1 => Ok(()),
        n => Err(sqlx::Error::Protocol(format!(
            "a locked request changed: {n} rows written"
        ))),
    }
}

#[cfg(test)]
mod tests;
