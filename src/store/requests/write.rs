//! Writing a request: with the event of its chain that says why.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::super::audit::Link;
use super::Locked;
use super::reports::Reports;
use super::rows::{Aside, Columns};
use crate::workflow::ids::RequestId;
use crate::workflow::request::Request;

/// Writes a new request with the first event of its chain, its grant if it has one, and the key that it
/// arrived under.
pub async fn insert(
    conn: &mut PgConnection,
    request: &Request,
    filing_key: Option<&str>,
    link: &Link,
    next_due: Option<Timestamp>,
) -> Result<(), sqlx::Error> {
    let columns = Columns::of(request)?;
    let reports = Reports::of(request);
    sqlx::query!(
        "WITH awaits AS (
             INSERT INTO awaited (request_id, who, filed_at) SELECT $1, who, $15 FROM UNNEST($28::text[]) AS who
         ), concerns AS (
             INSERT INTO involved (request_id, person, filed_at, approved, disapproved, decided)
             SELECT $1, person, $15, approved, disapproved, decided FROM jsonb_to_recordset($29)
                    AS row (person text, approved boolean, disapproved boolean, decided boolean)
         ), named AS (
             INSERT INTO resource_name (name) VALUES ($4) ON CONFLICT DO NOTHING
         )
         INSERT INTO request (id, requester, module, resource, account, window_start, window_end,
             window_seconds, revision, justification, policy, policy_version, mode, terms, filed_at,
             pending_until, filing_key, state, step, settled_at, outcome, chain_seq, chain_head, extends,
             aside, next_due_at, emergency, end_cause, has_approval, has_disapproval)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
             $20, $21, $22, $23, $24, $25, $26, $27, $30, $31, $32)",
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
        request.extends.map(|base| base.0),
        Json(Aside::of(request)) as _,
        next_due.map(ToSqlx::to_sqlx) as _,
        request.emergency.is_some(),
        &reports.awaited,
        Json(&reports.involved) as _,
        columns.end_cause,
        columns.has_approval,
        columns.has_disapproval,
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
    exactly(1, done.rows_affected())?;
    write_link(conn, link).await
}

/// Has the clock look at these requests at `at`, or before if something is due before.
pub async fn look_again(
    conn: &mut PgConnection,
    requests: &[RequestId],
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let ids: Vec<i64> = requests.iter().map(|request| request.0).collect();
    sqlx::query!(
        "UPDATE request SET next_due_at = least(next_due_at, $2)
         WHERE id = ANY($1) AND next_due_at IS NOT NULL",
        &ids,
        at.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes when the clock has to look at a locked request again, where it found nothing to do.
pub async fn reschedule(
    conn: &mut PgConnection,
    locked: &Locked,
    next_due: Option<Timestamp>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE request SET next_due_at = $2 WHERE id = $1",
        locked.request.id.0,
        next_due.map(ToSqlx::to_sqlx) as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Why access was given, as whoever opens it needs to know (W21).
pub(super) fn reason(request: &Request) -> Option<&str> {
    let emergency = request.emergency.as_ref();
    emergency
        .map(|emergency| emergency.reason.as_str())
        .or(request.justification.as_deref())
}

async fn grant(conn: &mut PgConnection, request: &Request) -> Result<(), sqlx::Error> {
    let Some(grant) = request.grant() else {
        return Ok(());
    };
    sqlx::query!(
        "INSERT INTO access_grant (request_id, person, module, resource, account, starts_at, ends_at,
                                   emergency, reason, filed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        request.id.0,
        request.requester.as_str(),
        request.subject.module.as_str(),
        request.subject.resource,
        request.subject.account,
        grant.start.to_sqlx() as _,
        grant.end.to_sqlx() as _,
        request.emergency.is_some(),
        reason(request),
        request.filed_at.to_sqlx() as _,
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

/// The rows were ours by their locks; if one is not as it was, the lock was none and nothing may be written.
pub(super) fn exactly(locked: usize, written: u64) -> Result<(), sqlx::Error> {
    if usize::try_from(written).ok() == Some(locked) {
        return Ok(());
    }
    Err(sqlx::Error::Protocol(format!(
        "a locked request changed: {written} rows written of {locked}"
    )))
}
