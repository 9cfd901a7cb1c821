//! The book in force, and its versions.
//!
//! A book is read whole, with the delegations that people have made (W20), and kept in the process by
//! its versions: a command costs one look at the newest numbers. Whoever writes either holds its table, or
//! the chain of its events, until the commit, so that numbers are seen in the order in which they were given, and what is kept
//! under a number is never stale.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::audit::{self, Entry, Outcome, Policies};
use super::delegations;
use crate::inbound::Proof;
use crate::workflow::book::Book;
use crate::workflow::ids::PersonId;
use crate::workflow::request::Channel;

/// Which book: the version of the policies, and the newest change of a delegation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Versions {
    /// 0 where no policies were ever applied.
    pub policies: i64,
    /// 0 where nobody ever delegated.
    pub delegations: i64,
}

/// The newest book that this process has read. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct BookCache(Arc<Mutex<(Versions, Arc<Book>)>>);

impl BookCache {
    /// The book of these versions; read from the database if the last one was another.
    pub async fn get(
        &self,
        conn: &mut PgConnection,
        versions: Versions,
    ) -> Result<Arc<Book>, sqlx::Error> {
        let (kept, book) = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if kept == versions {
            return Ok(book);
        }
        let mut book = if kept.policies == versions.policies {
            (*book).clone()
        } else {
            read(conn, versions.policies).await?
        };
        book.delegations = delegations::standing(conn, versions.delegations).await?;
        let book = Arc::new(book);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (versions, book.clone());
        Ok(book)
    }
}

/// The version in force; 0 where no policies were ever applied: then everything is refused (W3).
pub async fn version(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT coalesce(max(version), 0) AS "version!" FROM policy_book"#)
        .fetch_one(conn)
        .await
}

async fn read(conn: &mut PgConnection, version: i64) -> Result<Book, sqlx::Error> {
    if version == 0 {
        return Ok(Book::default());
    }
    let Json(mut book) = sqlx::query_scalar!(
        r#"SELECT book AS "book: Json<Book>" FROM policy_book WHERE version = $1"#,
        version
    )
    .fetch_one(conn)
    .await?;
    book.version = version;
    for policy in &mut book.policies {
        policy.terms.version = version;
    }
    Ok(book)
}

/// The book in force.
pub async fn current(conn: &mut PgConnection) -> Result<Book, sqlx::Error> {
    let version = version(conn).await?;
    let mut book = read(conn, version).await?;
    book.delegations = delegations::standing(conn, i64::MAX).await?;
    Ok(book)
}

/// `policies.toml` as it was last applied, with its version.
pub async fn source(conn: &mut PgConnection) -> Result<Option<(i64, String)>, sqlx::Error> {
    let row = sqlx::query!("SELECT version, source FROM policy_book ORDER BY version DESC LIMIT 1")
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|row| (row.version, row.source)))
}

/// Who puts a book in force.
#[derive(Debug, Clone, Default)]
pub struct Applier {
    /// As the table and the record name them.
    pub name: String,
    /// Which person they are, or speak for.
    pub person: Option<PersonId>,
    /// How they were proven.
    pub proof: Option<Proof>,
}

impl Applier {
    /// Somebody of whom nothing but a name is known.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// The audit entry of something that they did by the command line.
    pub fn says(self, what: &str, now: Timestamp) -> Entry {
        Entry {
            why: Some(format!("{what}, says {}", self.name)),
            actor: self.person,
            proof: self.proof,
            ..Entry::new(now, Channel::CommandLine, Outcome::Accepted)
        }
    }
}

/// Puts a book in force as a new version, with an audit event that holds its hashes; the version. `None`,
/// and nothing is written, where `expected` is no longer the version in force: two people who apply at once
/// must not overwrite each other unseen.
pub async fn apply(
    conn: &mut PgConnection,
    (source, book): (&str, &Book),
    expected: i64,
    by: &Applier,
    now: Timestamp,
) -> Result<Option<i64>, sqlx::Error> {
    // Versions are given in the order of commits: whoever applies holds the chain that says so. The table
    // itself is not locked, since our role may not change it.
    audit::hold_system(conn, Channel::CommandLine).await?;
    if version(conn).await? != expected {
        return Ok(None);
    }
    let row = sqlx::query!(
        r#"INSERT INTO policy_book (applied_at, applied_by, source, book) VALUES ($1, $2, $3, $4)
           RETURNING version, encode(sha256(convert_to(source, 'UTF8')), 'hex') AS "source!",
                     encode(sha256(convert_to(book::text, 'UTF8')), 'hex') AS "book!""#,
        now.to_sqlx() as _,
        by.name,
        source,
        Json(book) as _,
    )
    .fetch_one(&mut *conn)
    .await?;
    let version = row.version;
    let entry = Entry {
        actor: by.person.clone(),
        proof: by.proof.clone(),
        policies: Some(Policies {
            version,
            source: row.source,
            book: row.book,
        }),
        why: Some(format!(
            "policies applied as version {version} by {}",
            by.name
        )),
        ..Entry::new(now, Channel::CommandLine, Outcome::Accepted)
    };
    audit::append_system(conn, Channel::CommandLine, &[entry]).await?;
    Ok(Some(version))
}
