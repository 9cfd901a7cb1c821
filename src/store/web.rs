//! Drafts of decisions that were made on the page and wait for their maker's word, and the browsers that
//! showed a mailed code.
//!
//! A draft decides nothing: [`crate::handle`] hears of it only once it is confirmed, under a key that is
//! made of its id, so that confirming it twice counts once. Both kinds of rows are forgotten when their
//! time is over.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::token::TokenHash;
use crate::workflow::ids::PersonId;
use crate::workflow::request::Decision;

/// A decision as the form said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The form's number.
    pub id: Uuid,
    /// The link that it was made through.
    pub token: TokenHash,
    /// The revision that the page showed (W16).
    pub revision: u32,
    /// Yes or no.
    pub decision: Decision,
    /// What was said with it.
    pub comment: Option<String>,
    /// The window that it sets, in words that mean the same when they are read again.
    pub sets: Option<String>,
    /// The key of the code that was mailed; absent: the browser was known.
    pub key_id: Option<String>,
    /// Codes that were shown for it so far.
    pub tries: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// Keeps a draft; `false`: the same form was sent before, and what it said then stays.
pub async fn keep(conn: &mut PgConnection, draft: &Draft) -> Result<bool, sqlx::Error> {
    let decision = word(draft.decision);
    let done = sqlx::query!(
        "INSERT INTO web_draft (id, token, revision, decision, comment, sets, key_id, created_at,
                                expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        draft.id,
        &draft.token.0[..],
        i32::try_from(draft.revision).unwrap_or(i32::MAX),
        decision,
        draft.comment,
        draft.sets,
        draft.key_id,
        draft.created_at.to_sqlx() as _,
        draft.expires_at.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A draft of this link whose time is not over.
pub async fn find(
    conn: &mut PgConnection,
    id: Uuid,
    token: TokenHash,
    now: Timestamp,
) -> Result<Option<Draft>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT revision, decision, comment, sets, key_id, tries,
                  created_at AS "created_at: jiff_sqlx::Timestamp",
                  expires_at AS "expires_at: jiff_sqlx::Timestamp"
           FROM web_draft WHERE id = $1 AND token = $2 AND expires_at > $3"#,
        id,
        &token.0[..],
        now.to_sqlx() as _,
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Draft {
        id,
        token,
        revision: u32::try_from(row.revision).unwrap_or(0),
        decision: if row.decision == word(Decision::Approve) {
            Decision::Approve
        } else {
            Decision::Disapprove
        },
        comment: row.comment,
        sets: row.sets,
        key_id: row.key_id,
        tries: row.tries,
        created_at: row.created_at.to_jiff(),
        expires_at: row.expires_at.to_jiff(),
    }))
}

/// How many codes a link has asked for since then.
pub async fn codes_since(
    conn: &mut PgConnection,
    token: TokenHash,
    since: Timestamp,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM web_draft
           WHERE token = $1 AND created_at > $2 AND key_id IS NOT NULL"#,
        &token.0[..],
        since.to_sqlx() as _,
    )
    .fetch_one(conn)
    .await
}

/// Counts one more code shown for a draft; `false`: it has had `most`, and none is looked at any more.
/// Counted before the code is compared, so that no number of codes at once is more than `most`.
pub async fn count_try(conn: &mut PgConnection, id: Uuid, most: i32) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE web_draft SET tries = tries + 1 WHERE id = $1 AND tries < $2",
        id,
        most,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Knows a browser as this person's from now on.
pub async fn remember(
    conn: &mut PgConnection,
    browser: TokenHash,
    person: &PersonId,
    (now, until): (Timestamp, Timestamp),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO web_browser (hash, person, created_at, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        &browser.0[..],
        person.as_str(),
        now.to_sqlx() as _,
        until.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets the browsers of these persons: their address or their right to act has changed.
pub async fn disown(conn: &mut PgConnection, persons: &[&PersonId]) -> Result<(), sqlx::Error> {
    let persons: Vec<&str> = persons.iter().map(|person| person.as_str()).collect();
    sqlx::query!(
        "DELETE FROM web_browser WHERE person = ANY($1)",
        &persons as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether a browser is known as this person's.
pub async fn is_known(
    conn: &mut PgConnection,
    browser: TokenHash,
    person: &PersonId,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM web_browser
                          WHERE hash = $1 AND person = $2 AND expires_at > $3) AS "known!""#,
        &browser.0[..],
        person.as_str(),
        now.to_sqlx() as _,
    )
    .fetch_one(conn)
    .await
}

/// Forgets drafts and browsers whose time is over. Drafts stay for a day longer, for [`codes_since`].
pub async fn forget(conn: &mut PgConnection, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH drafts AS (
             DELETE FROM web_draft WHERE expires_at < $1::timestamptz - interval '24 hours'
         )
         DELETE FROM web_browser WHERE expires_at < $1",
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "approve",
        Decision::Disapprove => "disapprove",
    }
}
