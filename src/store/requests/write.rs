//! Writing a request: with the event of its chain that says why.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::super::audit::Link;
use super::Locked;
use super::reports::Reports;
use super::rows::{Aside, Columns, VoteColumns};
use crate::inbound::Proof;
use crate::workflow::ids::RequestId;
use crate::workflow::request::Request;

/// What an accepted command made of a request.
#[derive(Debug, Clone, Copy)]
pub struct Saved<'a> {
    /// The request with the events applied.
    pub after: &'a Request,
    /// How the speaker was proven: kept with the votes that the command gave.
    pub proof: &'a Proof,
    /// The event of its chain.
    pub link: &'a Link,
    /// When the clock has to look again.
    pub next_due: Option<Timestamp>,
}

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
    exactly_one(done.rows_affected())?;
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

/// Writes what an accepted command made of a locked request: state, votes, grant, audit event.
pub async fn save(
    conn: &mut PgConnection,
    locked: Locked,
    saved: &Saved<'_>,
) -> Result<(), sqlx::Error> {
    let Saved { after, link, .. } = *saved;
    let columns = Columns::of(after)?;
    let votes = VoteColumns::changed(&locked.request, after)?;
    let reports = Reports::changed(&locked.request, after);
    let before = &locked.request;
    let granted = after.grant().filter(|_| before.grant().is_none());
    let ended = after.ended.as_ref().filter(|_| before.ended.is_none());
    let done = sqlx::query!(
        "WITH voted AS (
             INSERT INTO vote (request_id, step, person, decision, comment, revision, at, channel,
                               on_behalf_of, evidence, position)
             SELECT $1, step, person, decision, comment, revision, at, channel, on_behalf_of, $16,
                    place + (SELECT coalesce(max(position), -1) FROM vote WHERE request_id = $1)
             FROM UNNEST($9::integer[], $10::text[], $11::text[], $12::text[], $13::integer[],
                         $14::timestamptz[], $15::text[], $20::text[]) WITH ORDINALITY
                  AS row (step, person, decision, comment, revision, at, channel, on_behalf_of, place)
             ON CONFLICT (request_id, step, person) DO UPDATE
             SET decision = excluded.decision, comment = excluded.comment,
                 revision = excluded.revision, at = excluded.at, channel = excluded.channel,
                 on_behalf_of = excluded.on_behalf_of, evidence = excluded.evidence
         ), voided AS (
             DELETE FROM vote USING UNNEST($23::integer[], $24::text[]) AS void (step, person)
             WHERE vote.request_id = $1 AND vote.step = void.step AND vote.person = void.person
         ), audited AS (
             INSERT INTO audit_event (chain, seq, at, body, prev_hash, hash)
             VALUES ('request/' || $1, $7, $17, $18, $19, $8)
         ), granted AS (
             INSERT INTO access_grant (request_id, person, module, resource, account, starts_at, ends_at,
                                       emergency, reason)
             SELECT id, requester, module, resource, account, $21, $22, $32, $33
             FROM request WHERE id = $1 AND $21::timestamptz IS NOT NULL
         ), ended AS (UPDATE access_grant SET ended_at = $30, end_cause = $31
             WHERE request_id = $1 AND $30::timestamptz IS NOT NULL
         ), awaits AS (
             INSERT INTO awaited (request_id, who, filed_at) SELECT $1, who, $42 FROM UNNEST($38::text[]) AS who
         ), awaits_no_more AS (DELETE FROM awaited WHERE request_id = $1 AND who = ANY($39)
         ), concerns AS (
             INSERT INTO involved (request_id, person, filed_at, approved, disapproved, decided)
             SELECT $1, person, $42, approved, disapproved, decided FROM jsonb_to_recordset($40)
                    AS row (person text, approved boolean, disapproved boolean, decided boolean)
             ON CONFLICT (request_id, person) DO UPDATE
             SET (approved, disapproved, decided)
                 = (excluded.approved, excluded.disapproved, excluded.decided)
         )
         UPDATE request SET state = $3, step = $4, settled_at = $5, outcome = $6,
                            chain_seq = $7, chain_head = $8, window_start = $25, window_end = $26,
                            window_seconds = $27, revision = $28, pending_until = $29, emergency = $32,
                            reviewed = $34, aside = $35, next_due_at = $36, end_cause = $41,
                            has_approval = $43, has_disapproval = $44
         WHERE id = $1 AND chain_seq = $2 AND (settled_at IS NULL) = $37",
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
        &votes.decision,
        &votes.comment as _,
        &votes.revision,
        &votes.at as _,
        &votes.channel,
        serde_json::to_value(saved.proof).unwrap_or(Value::Null),
        link.at.to_sqlx() as _,
        link.body,
        link.prev,
        &votes.on_behalf_of as _,
        granted.map(|grant| grant.start.to_sqlx()) as _,
        granted.map(|grant| grant.end.to_sqlx()) as _,
        &votes.void_step,
        &votes.void_person,
        columns.window_start as _,
        columns.window_end as _,
        columns.window_seconds,
        columns.revision,
        after.pending_until.to_sqlx() as _,
        ended.map(|ending| ending.at.to_sqlx()) as _,
        ended.map(|ending| ending.cause.as_str()),
        after.emergency.is_some(),
        reason(after),
        after.emergency.is_some() && !after.review_is_open(),
        Json(Aside::of(after)) as _,
        saved.next_due.map(ToSqlx::to_sqlx) as _,
        before.state.settled_at().is_none(),
        &reports.awaited,
        &reports.awaited_no_more,
        Json(&reports.involved) as _,
        columns.end_cause,
        after.filed_at.to_sqlx() as _,
        columns.has_approval,
        columns.has_disapproval,
    )
    .execute(conn)
    .await?;
    exactly_one(done.rows_affected())
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
                                   emergency, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        request.id.0,
        request.requester.as_str(),
        request.subject.module.as_str(),
        request.subject.resource,
        request.subject.account,
        grant.start.to_sqlx() as _,
        grant.end.to_sqlx() as _,
        request.emergency.is_some(),
        reason(request),
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

/// The row was ours by its lock; if it is not as it was, the lock was none and nothing may be written.
fn exactly_one(rows: u64) -> Result<(), sqlx::Error> {
    match rows {
        1 => Ok(()),
        n => Err(sqlx::Error::Protocol(format!(
            "a locked request changed: {n} rows written"
        ))),
    }
}
