//! Pending requests, and emergencies that nobody has reviewed, page by page. Reads only.

use sqlx::PgConnection;

use super::many;
use crate::workflow::ids::RequestId;
use crate::workflow::request::Request;

/// How many requests one page has at most.
const PAGE: i64 = 500;

/// The pending requests whose numbers are above `after`, the lowest first, with the number to go on
/// after; `None`: there are no more. A row that cannot be read is left out: the checks of the whole store
/// name it.
pub async fn pending_page(
    conn: &mut PgConnection,
    after: RequestId,
) -> Result<(Vec<Request>, Option<RequestId>), sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM request WHERE state = 'pending' AND id > $1 ORDER BY id LIMIT $2",
        after.0,
        PAGE,
    )
    .fetch_all(&mut *conn)
    .await?;
    whole(conn, &ids).await
}

/// The same of the emergencies that nobody has reviewed (W26).
pub async fn unreviewed_page(
    conn: &mut PgConnection,
    after: RequestId,
) -> Result<(Vec<Request>, Option<RequestId>), sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM request WHERE emergency AND NOT reviewed AND id > $1 ORDER BY id LIMIT $2",
        after.0,
        PAGE,
    )
    .fetch_all(&mut *conn)
    .await?;
    whole(conn, &ids).await
}

async fn whole(
    conn: &mut PgConnection,
    ids: &[i64],
) -> Result<(Vec<Request>, Option<RequestId>), sqlx::Error> {
    let last = ids.last().map(|id| RequestId(*id));
    let found = many(conn, ids).await?;
    let whole = found.into_values().filter_map(Result::ok);
    Ok((whole.map(|kept| kept.request).collect(), last))
}
