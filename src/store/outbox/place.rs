//! What gave up at a place of a chat that takes posts again.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::courier::met_newer;
use crate::store::troubles::At;

/// The most that is owed again at once, the newest; of what is older an operator decides.
const AGAIN_MAX: i64 = 1_000;

/// Owes again what gave up there and is still the newest of its post; how many. None of it, should one of
/// the posts come to show something newer in this very moment.
///
/// Wake the courier after the commit; nothing here tells it.
pub async fn again(
    conn: &mut PgConnection,
    at: At<'_>,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let owed = sqlx::query!(
        "UPDATE delivery
         SET state = 'pending', next_try_at = $4, tried_since = $4, attempts_before = attempts,
             cancel_at = NULL, finished_at = NULL
         WHERE state = 'given_up' AND id IN (
             SELECT d.id FROM delivery AS d JOIN chat_post AS p ON p.id = d.post_id
             WHERE d.state = 'given_up' AND p.gone_at IS NULL
               AND p.service = $1 AND coalesce(p.person, '') = $2 AND p.place = $3
               AND NOT EXISTS (SELECT FROM delivery AS newer
                               WHERE newer.post_id = d.post_id AND newer.id > d.id)
             ORDER BY d.id DESC LIMIT $5)",
        at.service,
        at.person.map_or("", |person| person.as_str()),
        at.place,
        now.to_sqlx() as _,
        AGAIN_MAX,
    )
    .execute(conn)
    .await;
    match owed {
        Ok(owed) => Ok(owed.rows_affected()),
        Err(error) if met_newer(&error) => Ok(0),
        Err(error) => Err(error),
    }
}
