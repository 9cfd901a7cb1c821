//! Mails of the system's own: to a person about their account, to the access admins about what is wrong, to
//! an address of the operator's. They belong to no request, and no reply is offered.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::code::{self, CodeMail};
use crate::clock::new_id;
use crate::render::SystemFacts;
use crate::workflow::book::Person;
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

/// A mail of the system's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemMail {
    /// What it says.
    #[serde(flatten)]
    pub facts: SystemFacts,
    /// A code that stands nowhere.
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

impl From<SystemFacts> for SystemMail {
    fn from(facts: SystemFacts) -> Self {
        Self { facts, code: None }
    }
}

/// Who reads a mail of the system's own.
#[derive(Debug, Clone, Copy)]
pub struct Addressee<'a> {
    /// A person's short name, or what an address of the operator's is for, e.g. `auditors`.
    pub role: &'a str,
    /// Where.
    pub address: &'a str,
    /// What people call them; empty: nobody in particular.
    pub name: &'a str,
    /// Where they read times.
    pub zone: &'a str,
    /// Their language.
    pub locale: &'a str,
}

impl<'a> Addressee<'a> {
    /// An address of the operator's.
    pub fn office(role: &'a str, address: &'a str) -> Self {
        let (name, zone, locale) = ("", "UTC", "en");
        Self {
            role,
            address,
            name,
            zone,
            locale,
        }
    }
}

impl<'a> From<&'a Person> for Addressee<'a> {
    fn from(person: &'a Person) -> Self {
        Self {
            role: person.id.as_str(),
            address: &person.email,
            name: &person.name,
            zone: &person.zone,
            locale: &person.locale,
        }
    }
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

/// Owes a mail to somebody.
pub async fn enqueue_system(
    conn: &mut PgConnection,
    mail: &SystemMail,
    to: Addressee<'_>,
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
        to.role,
        facts,
        now.to_sqlx() as _,
        new_id(),
        to.address,
        to.name,
        to.zone,
        to.locale,
    )
    .execute(conn)
    .await?;
    Ok(())
}
