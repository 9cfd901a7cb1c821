//! Looking for one request by what makes it the only one of its kind (W6).

use sqlx::PgConnection;

use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::request::Subject;

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
