//! The versions of the policies: who put each in force, when, and what it says. Reads only.

use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::workflow::book::Book;

/// The most versions that [`list`] yields, the newest.
pub const MAX_LISTED: i64 = 1_000;

/// One version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub number: i64,
    /// When it came into force.
    pub applied_at: Timestamp,
    /// Who applied it, as the record names them.
    pub applied_by: String,
}

/// The newest [`MAX_LISTED`] versions, the newest first.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<Version>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT version, applied_at AS "at: jiff_sqlx::Timestamp", applied_by FROM policy_book
           ORDER BY version DESC LIMIT $1"#,
        MAX_LISTED
    )
    .fetch_all(conn)
    .await?;
    let versions = rows.into_iter().map(|row| Version {
        number: row.version,
        applied_at: row.at.to_jiff(),
        applied_by: row.applied_by,
    });
    Ok(versions.collect())
}

/// One version and its book, without delegations, which are no part of it.
pub async fn find(
    conn: &mut PgConnection,
    number: i64,
) -> Result<Option<(Version, Book)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT applied_at AS "at: jiff_sqlx::Timestamp", applied_by, book AS "book: Json<Book>"
           FROM policy_book WHERE version = $1"#,
        number
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let Json(mut book) = row.book;
        book.version = number;
        for policy in &mut book.policies {
            policy.terms.version = number;
        }
        let version = Version {
            number,
            applied_at: row.at.to_jiff(),
            applied_by: row.applied_by,
        };
        (version, book)
    }))
}
