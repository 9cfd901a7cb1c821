//! Codes that were mailed to link an account in a chat. A code stands nowhere: it is derived of its row.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::workflow::ids::PersonId;

/// A code that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Its number; it is derived of it.
    pub id: Uuid,
    /// The service's id of the account that asked, and alone may show it.
    pub account: String,
    /// To whom it was mailed; `None`: the address was nobody's.
    pub person: Option<PersonId>,
    /// Under this key.
    pub key_id: String,
    /// How often a code was shown for it.
    pub tries: i32,
    /// It is not taken from this instant on.
    pub expires_at: Timestamp,
}

/// How many were asked for since: by this account, and for this person.
pub async fn asked_since(
    conn: &mut PgConnection,
    service: &str,
    (account, person): (&str, Option<&PersonId>),
    since: Timestamp,
) -> Result<(i64, i64), sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM chat_code
                   WHERE service = $1 AND account = $2 AND created_at > $4) AS "account!",
                  (SELECT count(*) FROM chat_code
                   WHERE person = $3 AND created_at > $4) AS "person!""#,
        service,
        account,
        person.map(PersonId::as_str),
        since.to_sqlx() as _,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.account, row.person))
}

/// Notes a code; what expired before `now` by more than a day is forgotten.
pub async fn insert(
    conn: &mut PgConnection,
    service: &str,
    code: &Code,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH forgotten AS (
             DELETE FROM chat_code WHERE expires_at < $7::timestamptz - interval '1 day'
         )
         INSERT INTO chat_code (id, service, account, person, key_id, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $7, $6)",
        code.id,
        service,
        code.account,
        code.person.as_ref().map(PersonId::as_str),
        code.key_id,
        code.expires_at.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A code of this account that can still be shown, locked, one more try counted.
pub async fn try_one(
    conn: &mut PgConnection,
    service: &str,
    (id, account): (Uuid, &str),
    most: i32,
    now: Timestamp,
) -> Result<Option<Code>, sqlx::Error> {
    let row = sqlx::query!(
        r#"UPDATE chat_code SET tries = tries + 1
           WHERE id = $1 AND service = $2 AND account = $3 AND used_at IS NULL AND tries < $4
             AND expires_at > $5
           RETURNING id, account, person, key_id, tries,
                     expires_at AS "expires_at: jiff_sqlx::Timestamp""#,
        id,
        service,
        account,
        most,
        now.to_sqlx() as _,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Code {
        id: row.id,
        account: row.account,
        person: row.person.map(PersonId::new),
        key_id: row.key_id,
        tries: row.tries,
        expires_at: row.expires_at.to_jiff(),
    }))
}

/// The code has done its work, and so have all others of its account.
pub async fn used(
    conn: &mut PgConnection,
    service: &str,
    account: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE chat_code SET used_at = $3
         WHERE service = $1 AND account = $2 AND used_at IS NULL",
        service,
        account,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}
