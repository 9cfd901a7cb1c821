//! The requests whose current step names somebody: where a list of what waits for them begins.
//!
//! They are few beside those that are stored, so all of somebody's names are asked for at once and put in
//! order, without a look at the requests themselves.

use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::Sought;
use super::page::Cursor;
use crate::workflow::ids::RequestId;

/// So many are read at once.
pub(super) const LOT: usize = 5000;

/// The newest of those that name one of these, at most [`LOT`], behind `after`.
pub(super) async fn named(
    conn: &mut PgConnection,
    names: &[String],
    sought: &Sought,
    after: Option<Cursor>,
) -> Result<Vec<Cursor>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT request_id AS "id!", filed_at AS "filed_at!: jiff_sqlx::Timestamp"
           FROM awaited
           WHERE who = ANY($1)
             AND ($2::timestamptz IS NULL OR filed_at >= $2)
             AND ($3::timestamptz IS NULL OR filed_at < $3)
             AND ($4::timestamptz IS NULL OR (filed_at, request_id) < ($4, $5::bigint))
           ORDER BY 2 DESC, 1 DESC LIMIT $6"#,
        names,
        sought.since.map(ToSqlx::to_sqlx) as _,
        sought.until.map(ToSqlx::to_sqlx) as _,
        after.map(|(at, _)| at.to_sqlx()) as _,
        after.map(|(_, id)| id.0),
        i64::try_from(LOT).unwrap_or(i64::MAX),
    )
    .fetch_all(conn)
    .await?;
    let cursors = rows.into_iter();
    Ok(cursors
        .map(|row| (row.filed_at.to_jiff(), RequestId(row.id)))
        .collect())
}
