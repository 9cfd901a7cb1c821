//! What becomes of a post after it was made: taken away, made anew to be noticed, closed with its link.
//!
//! What always holds: a post has one message that shows its request; a message before it is remembered until
//! it is a line that leads to the newer one. A closed post is not its place's any more.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::workflow::ids::{PersonId, RequestId};

/// The message is not there any more: it will be posted anew, under another name.
pub async fn anew(conn: &mut PgConnection, post: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE chat_post SET message_id = NULL, begun_at = NULL, round = round + 1 WHERE id = $1",
        post,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The message is not there any more, and nobody needs it.
pub async fn gone(conn: &mut PgConnection, post: Uuid, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE chat_post SET gone_at = $2 WHERE id = $1 AND gone_at IS NULL",
        post,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Nobody takes it there: unless a message of it stands, it is not changed any more.
pub async fn not_taken(
    conn: &mut PgConnection,
    post: Uuid,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE chat_post SET gone_at = $2
         WHERE id = $1 AND gone_at IS NULL AND message_id IS NULL AND old_message_id IS NULL",
        post,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The post becomes a new message, and the one that it was is to be reduced; written down before the try.
/// `false`: it has no message, or one before that is not reduced yet.
pub async fn begin_anew(
    conn: &mut PgConnection,
    post: Uuid,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let begun = sqlx::query!(
        "UPDATE chat_post SET old_message_id = message_id, message_id = NULL, begun_at = $2,
                              renewed = renewed + 1, anew_at = NULL
         WHERE id = $1 AND message_id IS NOT NULL AND old_message_id IS NULL",
        post,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// The new message was not taken: the post is the message before. `again`: the next change tries anew.
pub async fn undo_anew(
    conn: &mut PgConnection,
    post: Uuid,
    again: bool,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE chat_post SET message_id = old_message_id, old_message_id = NULL, renewed = renewed - 1,
                              anew_at = CASE WHEN $2 THEN $3::timestamptz END
         WHERE id = $1 AND message_id IS NULL AND old_message_id IS NOT NULL",
        post,
        again,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// There is nothing to notice any more: the next change is a change.
pub async fn stay(conn: &mut PgConnection, post: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE chat_post SET anew_at = NULL WHERE id = $1", post)
        .execute(conn)
        .await?;
    Ok(())
}

/// A message that a newer one has replaced and that still shows the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The channel of both.
    pub channel: String,
    /// Which.
    pub old: String,
    /// The newer one.
    pub new: String,
}

/// The message of a post that is to become a line, once the newer one stands.
pub async fn leftover(
    conn: &mut PgConnection,
    post: Uuid,
) -> Result<Option<Leftover>, sqlx::Error> {
    sqlx::query_as!(
        Leftover,
        r#"SELECT channel_id AS "channel!", old_message_id AS "old!", message_id AS "new!" FROM chat_post
           WHERE id = $1 AND old_message_id IS NOT NULL AND message_id IS NOT NULL"#,
        post
    )
    .fetch_optional(conn)
    .await
}

/// It is that line, or is not there any more.
pub async fn forget_old(conn: &mut PgConnection, post: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE chat_post SET old_message_id = NULL WHERE id = $1",
        post
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A post of an open request with somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Which.
    pub id: Uuid,
    /// Of which request.
    pub request: RequestId,
    /// With whom.
    pub person: PersonId,
    /// Their account.
    pub account: String,
}

/// At most `limit` posts with somebody that may have buttons and whose account is not theirs, `theirs` being
/// everybody's (columns of one table); by request.
pub async fn strangers(
    conn: &mut PgConnection,
    service: &str,
    theirs: (&[String], &[String]),
    (limit, now): (usize, Timestamp),
) -> Result<Vec<Open>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT p.id, p.request_id, p.person AS "person!", p.place FROM chat_post AS p
           WHERE p.request_id IN (SELECT id FROM request WHERE state = 'pending' UNION ALL
                                  SELECT request_id FROM access_grant
                                  WHERE ended_at IS NULL AND ends_at > $4)
             AND p.service = $1 AND p.person IS NOT NULL AND p.gone_at IS NULL AND p.closed_at IS NULL
             AND NOT EXISTS (SELECT FROM UNNEST($2::text[], $3::text[]) AS theirs (person, account)
                             WHERE theirs.person = p.person AND theirs.account = p.place)
           ORDER BY p.request_id, p.id LIMIT $5"#,
        service,
        theirs.0,
        theirs.1,
        now.to_sqlx() as _,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| Open {
        id: row.id,
        request: RequestId(row.request_id),
        person: PersonId::new(row.person),
        account: row.place,
    });
    Ok(rows.collect())
}

/// Closes a post of a request that the caller has locked. `false`: it was closed, or is gone.
pub async fn close(
    conn: &mut PgConnection,
    post: Uuid,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let closed = sqlx::query!(
        "UPDATE chat_post SET closed_at = $2, anew_at = NULL
         WHERE id = $1 AND closed_at IS NULL AND gone_at IS NULL",
        post,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(closed.rows_affected() == 1)
}
