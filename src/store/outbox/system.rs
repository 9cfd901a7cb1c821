//! Mails of the system's own, to an address of the operator's: about no request, to no person of the
//! book, with words that were fixed when they came to be owed. No reply is offered.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::code::{self, CodeMail};
use crate::clock::new_id;
use crate::workflow::notice::digest::Digest;
use crate::workflow::notice::{Facts, Kind};
use crate::workflow::post::Shown;

/// What stands in the column `kind` of such a delivery.
pub const KIND: &str = "system";

/// What a delivery shows.
#[derive(Debug, Clone)]
pub enum Content {
    /// A notice: facts, to be rendered for their reader.
    Notice {
        /// Which message.
        kind: Kind,
        /// What it shows.
        facts: Box<Facts>,
    },
    /// All that waited for somebody's digest.
    Digest(Digest),
    /// The code that proves a browser.
    Code(CodeMail),
    /// A mail of the system's own.
    System(SystemMail),
    /// What a post is to show.
    Post(Box<Shown>),
}

/// A mail that is sent as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemMail {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// A code that stands nowhere; it takes the place of [`LinkCode::PLACE`] in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<LinkCode>,
}

/// The code that links an account in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkCode {
    /// It is derived of this.
    pub id: Uuid,
    /// Under this key.
    pub key_id: String,
}

impl LinkCode {
    /// Where it stands in a text.
    pub const PLACE: &str = "{the code}";
}

impl Content {
    /// From the columns; `None` where this version cannot read them.
    pub(super) fn read(kind: &str, facts: serde_json::Value) -> Option<Self> {
        if kind == KIND {
            return serde_json::from_value(facts).ok().map(Self::System);
        }
        if kind == super::digest::KIND {
            return serde_json::from_value(facts).ok().map(Self::Digest);
        }
        if kind == code::KIND {
            return serde_json::from_value(facts).ok().map(Self::Code);
        }
        if kind == super::post::KIND {
            return serde_json::from_value(facts).ok().map(Self::Post);
        }
        let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind)?;
        let facts = serde_json::from_value(facts).ok()?;
        Some(Self::Notice { kind, facts })
    }

    /// The name of the kind of message.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Notice { kind, .. } => kind.as_str(),
            Self::Digest(_) => super::digest::KIND,
            Self::Code(_) => code::KIND,
            Self::System(_) => KIND,
            Self::Post(_) => super::post::KIND,
        }
    }
}

/// Owes a mail to an address; `role` is who reads there, e.g. `auditors`.
pub async fn enqueue_system(
    conn: &mut PgConnection,
    mail: &SystemMail,
    role: &str,
    address: &str,
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
         VALUES ($6, $1, NULL, $2, 'mail', $3, $7, '', 'UTC', 'en', $5, $5, $5)",
        new_id(),
        KIND,
        role,
        facts,
        now.to_sqlx() as _,
        new_id(),
        address,
    )
    .execute(conn)
    .await?;
    Ok(())
}
