//! Whose account in a chat is whose. What the operator wrote in `policies.toml` wins over a link that was
//! made by a mailed code or on the command line; either names the account by the service's own id.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::workflow::book::Book;
use crate::workflow::ids::PersonId;

/// By whose word an account is somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkedBy {
    /// They showed a code that was mailed to them.
    Code,
    /// The operator, on the command line.
    Operator,
}

/// Why a link no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// They said so.
    Themselves,
    /// The operator said so.
    Operator,
    /// The account, or the person, was linked anew.
    Relinked,
}

/// A link that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The service's id of the account.
    pub account: String,
    /// Whose it is.
    pub person: PersonId,
    /// Since when.
    pub linked_at: Timestamp,
    /// `code` or `operator`.
    pub linked_by: String,
}

/// Who has this account: as the book says, else as was linked, if that person is in the book and the book
/// gives them no other account.
pub async fn person(
    conn: &mut PgConnection,
    service: &str,
    account: &str,
    book: &Book,
) -> Result<Option<PersonId>, sqlx::Error> {
    if let Some(person) = mapped(book, service, account) {
        return Ok(Some(person));
    }
    let linked = sqlx::query_scalar!(
        "SELECT person FROM chat_account WHERE service = $1 AND account = $2 AND ended_at IS NULL",
        service,
        account
    )
    .fetch_optional(conn)
    .await?;
    let linked = linked.map(PersonId::new);
    Ok(linked.filter(|person| !is_mapped(book, service, person) && book.person(person).is_some()))
}

/// The accounts of these people, where they have one.
pub async fn accounts(
    conn: &mut PgConnection,
    service: &str,
    people: &[&PersonId],
    book: &Book,
) -> Result<BTreeMap<PersonId, String>, sqlx::Error> {
    let names: Vec<&str> = people.iter().map(|person| person.as_str()).collect();
    let rows = sqlx::query!(
        "SELECT person, account FROM chat_account
         WHERE service = $1 AND person = ANY($2) AND ended_at IS NULL",
        service,
        &names as _,
    )
    .fetch_all(conn)
    .await?;
    let mut accounts = BTreeMap::new();
    for row in rows {
        // What the book gives to somebody else is theirs.
        if mapped(book, service, &row.account).is_none() {
            accounts.insert(PersonId::new(row.person), row.account);
        }
    }
    for person in people {
        let written = book.person(person).map(|person| &person.accounts);
        if let Some(account) = written.and_then(|accounts| accounts.get(service)) {
            accounts.insert((*person).clone(), account.clone());
        }
    }
    accounts.retain(|person, _| book.person(person).is_some());
    Ok(accounts)
}

/// Whose account the operator says that this is.
pub fn mapped(book: &Book, service: &str, account: &str) -> Option<PersonId> {
    let mut people = book.people.values();
    let found = people.find(|one| one.accounts.get(service).is_some_and(|of| of == account));
    found.map(|person| person.id.clone())
}

/// Whether the operator gives this person an account in the service.
pub fn is_mapped(book: &Book, service: &str, person: &PersonId) -> bool {
    let person = book.person(person);
    person.is_some_and(|person| person.accounts.contains_key(service))
}

/// Every link of a service that counts, by person.
pub async fn links(conn: &mut PgConnection, service: &str) -> Result<Vec<Link>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT account, person, linked_at AS "linked_at: jiff_sqlx::Timestamp", linked_by
           FROM chat_account WHERE service = $1 AND ended_at IS NULL ORDER BY person"#,
        service
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| Link {
        account: row.account,
        person: PersonId::new(row.person),
        linked_at: row.linked_at.to_jiff(),
        linked_by: row.linked_by,
    });
    Ok(rows.collect())
}

/// Ends the links of this person and those of this account; returns them.
pub async fn end(
    conn: &mut PgConnection,
    service: &str,
    (person, account): (Option<&PersonId>, Option<&str>),
    by: EndedBy,
    now: Timestamp,
) -> Result<Vec<(PersonId, String)>, sqlx::Error> {
    let by = match by {
        EndedBy::Themselves => "themselves",
        EndedBy::Operator => "operator",
        EndedBy::Relinked => "relinked",
    };
    let rows = sqlx::query!(
        "UPDATE chat_account SET ended_at = greatest($4, linked_at), ended_by = $5
         WHERE service = $1 AND ended_at IS NULL AND (person = $2 OR account = $3)
         RETURNING person, account",
        service,
        person.map(PersonId::as_str),
        account,
        now.to_sqlx() as _,
        by,
    )
    .fetch_all(conn)
    .await?;
    let rows = rows
        .into_iter()
        .map(|row| (PersonId::new(row.person), row.account));
    Ok(rows.collect())
}

/// Links an account to a person; what either was linked to before must have been ended.
pub async fn link(
    conn: &mut PgConnection,
    service: &str,
    (person, account): (&PersonId, &str),
    by: LinkedBy,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let by = match by {
        LinkedBy::Code => "code",
        LinkedBy::Operator => "operator",
    };
    sqlx::query!(
        "INSERT INTO chat_account (service, account, person, linked_at, linked_by)
         VALUES ($1, $2, $3, $4, $5)",
        service,
        account,
        person.as_str(),
        now.to_sqlx() as _,
        by,
    )
    .execute(conn)
    .await?;
    Ok(())
}
