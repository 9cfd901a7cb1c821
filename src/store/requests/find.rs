//! Looking for requests by what ties them to others: the same thing pending (W6), the same grant
//! continued (W23), an emergency still to be reviewed (W26).

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::workflow::decide::OtherGrant;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::request::{Grant, Request, Subject};

/// Somebody's pending request for the same thing, if there is one (W6).
pub async fn find_pending(
    conn: &mut PgConnection,
    requester: &PersonId,
    subject: &Subject,
) -> Result<Option<RequestId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM request
         WHERE requester = $1 AND module = $2 AND resource = $3 AND coalesce(account, '') = $4
           AND state = 'pending'",
        requester.as_str(),
        subject.module.as_str(),
        subject.resource.trim(),
        subject.account.as_deref().unwrap_or_default().trim(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(RequestId))
}

/// The request that somebody filed under this key (W6).
pub async fn find_by_key(
    conn: &mut PgConnection,
    requester: &PersonId,
    key: &str,
) -> Result<Option<RequestId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM request WHERE requester = $1 AND filing_key = $2",
        requester.as_str(),
        key
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(RequestId))
}

/// The other grants of this request's person and thing that are scheduled or active at `now`, the
/// earliest first (W22, W23).
pub async fn other_grants(
    conn: &mut PgConnection,
    request: &Request,
    now: Timestamp,
) -> Result<Vec<OtherGrant>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT g.request_id, g.starts_at AS "starts_at: jiff_sqlx::Timestamp",
                  g.ends_at AS "ends_at: jiff_sqlx::Timestamp", r.extends
           FROM access_grant AS g JOIN request AS r ON r.id = g.request_id
           WHERE g.person = $1 AND g.module = $2 AND g.resource = $3 AND coalesce(g.account, '') = $4
             AND g.ended_at IS NULL AND g.ends_at > $5 AND g.request_id <> $6
           ORDER BY g.starts_at, g.request_id"#,
        request.requester.as_str(),
        request.subject.module.as_str(),
        request.subject.resource,
        request.subject.account.as_deref().unwrap_or_default(),
        now.to_sqlx() as _,
        request.id.0,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| OtherGrant {
            request: RequestId(row.request_id),
            grant: Grant {
                start: row.starts_at.to_jiff(),
                end: row.ends_at.to_jiff(),
            },
            extends: row.extends.map(RequestId),
        })
        .collect())
}

/// The requests that would continue, or do continue, the grant of this one (W23).
pub async fn extensions(
    conn: &mut PgConnection,
    base: RequestId,
) -> Result<Vec<RequestId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM request WHERE extends = $1 ORDER BY id",
        base.0
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(RequestId).collect())
}

/// Lets nobody else take an emergency until the end of this transaction: of two at once the second has
/// to see the first one's, which is not reviewed yet (W26). Grants wait meanwhile; emergencies are rare.
pub async fn hold_emergencies(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("LOCK TABLE access_grant IN SHARE ROW EXCLUSIVE MODE")
        .execute(conn)
        .await?;
    Ok(())
}

/// Somebody's emergencies that nobody has reviewed (W26).
pub async fn unreviewed(
    conn: &mut PgConnection,
    requester: &PersonId,
) -> Result<Vec<RequestId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM request WHERE requester = $1 AND emergency AND NOT reviewed ORDER BY id",
        requester.as_str()
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(RequestId).collect())
}

/// The pending requests whose current step somebody was asked about and has not voted on, nor anybody for
/// them, locked, the lowest number first (W20).
pub async fn lock_unanswered(
    conn: &mut PgConnection,
    person: &PersonId,
) -> Result<Vec<RequestId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM request AS r
         WHERE state = 'pending'
           AND EXISTS (SELECT 1 FROM notice AS n
                       WHERE n.request_id = r.id AND n.kind = 'ask' AND n.person = $1
                         AND (n.facts ->> 'step')::integer = r.step)
           AND NOT EXISTS (SELECT 1 FROM vote AS v
                           WHERE v.request_id = r.id AND v.step = r.step
                             AND coalesce(v.on_behalf_of, v.person) = $1)
         ORDER BY id FOR UPDATE",
        person.as_str()
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(RequestId).collect())
}
