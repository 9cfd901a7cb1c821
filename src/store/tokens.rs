//! Reply tokens and link tokens as the database knows them: by their SHA-256 only.
//!
//! Written by [`super::outbox::enqueue`] together with the delivery that carries them. A token says
//! *whom* was asked *what*; whether that person may still decide is the workflow's business.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::token::TokenHash;
use crate::workflow::ids::{PersonId, RequestId};

/// The most hashes that one look-up takes: a mail carries a token in a few places, not in hundreds.
pub const MAX_LOOKUP: usize = 32;

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Its hash.
    pub hash: TokenHash,
    /// Who was asked.
    pub person: PersonId,
    /// About which request.
    pub request: RequestId,
    /// At which step, counted from 0.
    pub step: usize,
    /// The revision that they were shown (W16).
    pub revision: u32,
    /// When.
    pub issued_at: Timestamp,
    /// Whether its mail asks to confirm a vote that was given by another channel (W30).
    pub confirms: bool,
    /// Whether mail to that person is thought to be in vain; not looked up for a link.
    pub unreachable: bool,
}

/// The known ones among these reply tokens, by hash; only the first [`MAX_LOOKUP`] are looked up.
pub async fn find(
    conn: &mut PgConnection,
    hashes: &[TokenHash],
) -> Result<Vec<TokenRow>, sqlx::Error> {
    let hashes: Vec<Vec<u8>> = hashes
        .iter()
        .take(MAX_LOOKUP)
        .map(|hash| hash.0.to_vec())
        .collect();
    let rows = sqlx::query!(
        r#"SELECT hash, person, request_id, step, revision,
                  issued_at AS "issued_at: jiff_sqlx::Timestamp",
                  EXISTS (SELECT FROM delivery AS d
                          WHERE d.id = token.delivery_id AND d.kind = 'confirm') AS "confirms!",
                  EXISTS (SELECT FROM unreachable AS u
                          WHERE u.person = token.person AND u.ended_at IS NULL) AS "unreachable!"
           FROM token
           WHERE hash = ANY($1) AND purpose = 'reply' AND revoked_at IS NULL ORDER BY hash"#,
        &hashes,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(TokenRow {
                hash: TokenHash(row.hash.try_into().map_err(|_| corrupt("token.hash"))?),
                person: PersonId::new(row.person),
                request: RequestId(row.request_id),
                step: usize::try_from(row.step).map_err(|_| corrupt("token.step"))?,
                revision: u32::try_from(row.revision).map_err(|_| corrupt("token.revision"))?,
                issued_at: row.issued_at.to_jiff(),
                confirms: row.confirms,
                unreachable: row.unreachable,
            })
        })
        .collect()
}

/// What a link token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// Whom it asks what.
    pub token: TokenRow,
    /// Whether somebody ended it before its request did.
    pub revoked: bool,
    /// Where it was mailed to.
    pub address: String,
}

/// What a link token stands for, whether or not its request is settled.
pub async fn find_link(
    conn: &mut PgConnection,
    hash: TokenHash,
) -> Result<Option<LinkRow>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT token.person, token.request_id, step, revision, address,
                  revoked_at IS NOT NULL AS "revoked!",
                  issued_at AS "issued_at: jiff_sqlx::Timestamp"
           FROM token JOIN delivery ON delivery.id = token.delivery_id
           WHERE hash = $1 AND purpose = 'link'"#,
        &hash.0[..],
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let token = TokenRow {
        hash,
        person: PersonId::new(row.person),
        request: RequestId(row.request_id),
        step: usize::try_from(row.step).map_err(|_| corrupt("token.step"))?,
        revision: u32::try_from(row.revision).map_err(|_| corrupt("token.revision"))?,
        issued_at: row.issued_at.to_jiff(),
        confirms: false,
        unreachable: false,
    };
    Ok(Some(LinkRow {
        token,
        revoked: row.revoked,
        address: row.address,
    }))
}

/// Ends a token, and every other of the same message; how many tokens of this person and request have
/// been ended so by now. 0: it was ended before.
pub async fn revoke(
    conn: &mut PgConnection,
    token: &TokenRow,
    now: Timestamp,
) -> Result<i64, sqlx::Error> {
    let ended = sqlx::query!(
        "UPDATE token SET revoked_at = $2
         WHERE revoked_at IS NULL
           AND delivery_id = (SELECT delivery_id FROM token WHERE hash = $1 AND revoked_at IS NULL)",
        &token.hash.0[..],
        now.to_sqlx() as _,
    )
    .execute(&mut *conn)
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(0);
    }
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM token
           WHERE request_id = $1 AND person = $2 AND purpose = 'reply' AND revoked_at IS NOT NULL"#,
        token.request.0,
        token.person.as_str(),
    )
    .fetch_one(conn)
    .await
}

/// Whether the owner of a token has voted at the step that it is for.
pub async fn has_voted(conn: &mut PgConnection, token: &TokenRow) -> Result<bool, sqlx::Error> {
    let step = i32::try_from(token.step).map_err(|_| corrupt("token.step"))?;
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM vote
                          WHERE request_id = $1 AND step = $2 AND person = $3) AS "voted!""#,
        token.request.0,
        step,
        token.person.as_str(),
    )
    .fetch_one(conn)
    .await
}

fn corrupt(column: &'static str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "out of range".into(),
    }
}
