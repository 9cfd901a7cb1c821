//! What looked like an attack, once for each thing that reached us.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::workflow::ids::{PersonId, RequestId};

/// An alarm to be written down.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// The key of what raised it.
    pub key: &'a str,
    /// A stable word; the table knows them.
    pub kind: &'static str,
    /// About which request.
    pub request: Option<RequestId>,
    /// Whose token or right it is about.
    pub person: Option<&'a PersonId>,
    /// One sentence.
    pub why: &'a str,
}

/// How many alarms people were told of since an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// In all.
    pub all: i64,
    /// Of this kind, about this request and person.
    pub same: i64,
}

/// How many were told of within so long before `now`.
pub async fn told(
    conn: &mut PgConnection,
    new: &New<'_>,
    within: SignedDuration,
    now: Timestamp,
) -> Result<Told, sqlx::Error> {
    let since = now.checked_sub(within).unwrap_or(Timestamp::MIN);
    let row = sqlx::query!(
        r#"SELECT count(*) AS "all!",
                  count(*) FILTER (WHERE kind = $2 AND request_id IS NOT DISTINCT FROM $3
                                     AND person IS NOT DISTINCT FROM $4) AS "same!"
           FROM alarm WHERE told AND raised_at > $1"#,
        since.to_sqlx() as _,
        new.kind,
        new.request.map(|request| request.0),
        new.person.map(PersonId::as_str),
    )
    .fetch_one(conn)
    .await?;
    Ok(Told {
        all: row.all,
        same: row.same,
    })
}

/// Writes an alarm down; `false`: this key has raised one already.
pub async fn insert(
    conn: &mut PgConnection,
    new: &New<'_>,
    told: bool,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO alarm (key, kind, request_id, person, why, raised_at, told)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key) DO NOTHING",
        new.key,
        new.kind,
        new.request.map(|request| request.0),
        new.person.map(PersonId::as_str),
        new.why,
        now.to_sqlx() as _,
        told,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Why a key raised an alarm, if it did.
pub async fn raised_by(conn: &mut PgConnection, key: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT why FROM alarm WHERE key = $1", key)
        .fetch_optional(conn)
        .await
}
