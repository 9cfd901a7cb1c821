//! The mail with the code that proves a browser: to a person, about a draft of theirs. The code itself is
//! nowhere; the courier derives it, as it does tokens.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::clock::new_id;
use crate::workflow::book::Person;
use crate::workflow::ids::RequestId;
use crate::workflow::request::Decision;

/// What stands in the column `kind` of such a delivery.
pub const KIND: &str = "code";

/// What such a mail shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeMail {
    /// The draft; the code is derived from it.
    pub draft: Uuid,
    /// Under this key.
    pub key_id: String,
    /// The request that is decided on.
    pub request: RequestId,
    /// What it asks for.
    pub thing: String,
    /// What is to be said about it.
    pub decision: Decision,
    /// Until when the code is taken.
    pub until: Timestamp,
}

/// Owes somebody the mail with a code.
pub async fn enqueue_code(
    conn: &mut PgConnection,
    mail: &CodeMail,
    to: &Person,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let facts = serde_json::to_value(mail).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!(
        "WITH noted AS (
             INSERT INTO notice (id, request_id, kind, person, facts, created_at)
             VALUES ($1, NULL, $2, $3, $4, $5)
         )
         INSERT INTO delivery (id, notice_id, request_id, kind, channel, person, address, name, zone,
                               locale, next_try_at, created_at, tried_since)
         VALUES ($6, $1, NULL, $2, 'mail', $3, $7, $8, $9, $10, $5, $5, $5)",
        new_id(),
        KIND,
        to.id.as_str(),
        facts,
        now.to_sqlx() as _,
        new_id(),
        to.email,
        to.name,
        to.zone,
        to.locale,
    )
    .execute(conn)
    .await?;
    Ok(())
}
