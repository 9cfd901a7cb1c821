//! Persons whom mail does not reach: since when, why, and by which delivery it is known.
//!
//! A mark is about one address. It ends by a proven mail of the person, by another address of theirs,
//! or by an operator's word; what was sent before its end cannot make another.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::token::TokenHash;
use crate::workflow::ids::{PersonId, RequestId};

/// The most deliveries that one report is looked up for.
pub const MAX_LOOKUP: usize = 16;

/// A mail that was handed to the server.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The delivery.
    pub id: Uuid,
    /// To whom.
    pub person: PersonId,
    /// Where.
    pub address: String,
    /// About which request.
    pub request: Option<RequestId>,
    /// Its token's hash, if it carries one.
    pub token: Option<TokenHash>,
}

/// What makes a mark.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// Whom.
    pub person: &'a PersonId,
    /// The address that failed.
    pub address: &'a str,
    /// What the server said, without addresses.
    pub why: &'a str,
    /// The delivery that failed.
    pub delivery: Uuid,
    /// The mail that says so; `None`: the server refused it while it was sent.
    pub mail: Option<i64>,
}

/// Takes note that people are told now of requests that wait for these persons; `false`: each of them was
/// told of within so long before.
pub async fn tell(
    conn: &mut PgConnection,
    persons: &[&PersonId],
    within: SignedDuration,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let persons: Vec<&str> = persons.iter().map(|person| person.as_str()).collect();
    let since = now.checked_sub(within).unwrap_or(Timestamp::MIN);
    let told = sqlx::query!(
        "UPDATE unreachable SET told_at = $3
         WHERE person = ANY($1) AND ended_at IS NULL AND (told_at IS NULL OR told_at < $2)",
        &persons as _,
        since.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(told.rows_affected() > 0)
}

/// A mark that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Whom.
    pub person: PersonId,
    /// The address that failed.
    pub address: String,
    /// Since when.
    pub since: Timestamp,
    /// What the server said.
    pub why: String,
    /// The delivery that failed.
    pub delivery: Uuid,
}

/// Why a mark ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A proven mail of the person came.
    Mail,
    /// The person has another address.
    Address,
    /// An operator said so.
    Operator,
}

impl End {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Address => "address",
            Self::Operator => "operator",
        }
    }
}

/// Those of these deliveries that a server has, or may have; only the first [`MAX_LOOKUP`] are looked up.
pub async fn sent(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Sent>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().take(MAX_LOOKUP).copied().collect();
    let rows = sqlx::query!(
        r#"SELECT d.id, d.person, d.address, d.request_id, t.hash AS "hash?"
           FROM delivery AS d
           LEFT JOIN token AS t ON t.delivery_id = d.id AND t.purpose = 'reply'
           WHERE d.id = ANY($1) AND d.channel = 'mail' AND d.state IN ('sent', 'leased')
           ORDER BY d.id"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let hash = |bytes: Vec<u8>| bytes.try_into().ok().map(TokenHash);
    Ok(rows
        .into_iter()
        .map(|row| Sent {
            id: row.id,
            person: PersonId::new(row.person),
            address: row.address,
            request: row.request_id.map(RequestId),
            token: row.hash.and_then(hash),
        })
        .collect())
}

/// Marks a person, unless they are marked already, or the delivery is older than the end of their last
/// mark; whether it did.
pub async fn mark(
    conn: &mut PgConnection,
    new: &New<'_>,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO unreachable (person, address, since, why, delivery_id, mail_id)
         SELECT $1, $2, $3, $4, d.id, $6 FROM delivery AS d
         WHERE d.id = $5 AND NOT EXISTS (SELECT FROM unreachable AS u
                                         WHERE u.person = $1 AND u.ended_at >= d.created_at)
         ON CONFLICT (person) WHERE ended_at IS NULL DO NOTHING",
        new.person.as_str(),
        new.address,
        now.to_sqlx() as _,
        new.why,
        new.delivery,
        new.mail,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Every mark that stands, the oldest first.
pub async fn standing(conn: &mut PgConnection) -> Result<Vec<Mark>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT person, address, since AS "since: jiff_sqlx::Timestamp", why, delivery_id
           FROM unreachable WHERE ended_at IS NULL ORDER BY since, person"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Mark {
            person: PersonId::new(row.person),
            address: row.address,
            since: row.since.to_jiff(),
            why: row.why,
            delivery: row.delivery_id,
        })
        .collect())
}

/// Ends the marks of these persons; who was marked.
pub async fn end(
    conn: &mut PgConnection,
    persons: &[&PersonId],
    by: End,
    now: Timestamp,
) -> Result<Vec<PersonId>, sqlx::Error> {
    let persons: Vec<&str> = persons.iter().map(|person| person.as_str()).collect();
    let ended = sqlx::query_scalar!(
        "UPDATE unreachable SET ended_at = $2, ended_by = $3
         WHERE person = ANY($1) AND ended_at IS NULL
         RETURNING person",
        &persons as _,
        now.to_sqlx() as _,
        by.as_str(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ended.into_iter().map(PersonId::new).collect())
}
