//! What waits for a digest, and how it becomes one.
//!
//! What always holds: what waits is gathered once, into one digest, in the order in which it happened;
//! for one person and instant there is one digest, and what came too late for it waits for the next.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::clock::new_id;
use crate::workflow::book::{Book, Person, Role};
use crate::workflow::ids::PersonId;
use crate::workflow::notice::Kind;
use crate::workflow::notice::digest::{Contact, Digest, Item, MAX_CONTACTS, MAX_ITEMS};

/// What stands in the column `kind` of a digest.
pub const KIND: &str = "digest";

/// What became of the notices that waited for somebody's digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gathered {
    /// Another courier has them.
    Nothing,
    /// They are one delivery now.
    Into(Uuid),
    /// They came too late for this digest and wait for the next.
    Late,
    /// Their reader is not active any more: nobody is written to.
    Dropped,
}

/// Whose digests are due, those longest due first; at most `limit`.
pub async fn due_digests(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<PersonId>, sqlx::Error> {
    let people = sqlx::query_scalar!(
        "SELECT person FROM delivery WHERE state = 'waiting' AND digest_at <= $1
         GROUP BY person ORDER BY min(digest_at), person LIMIT $2",
        now.to_sqlx() as _,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(conn)
    .await?;
    Ok(people.into_iter().map(PersonId::new).collect())
}

/// What waits and is due, read under its locks.
#[derive(Default)]
struct Waiting {
    ids: Vec<Uuid>,
    items: Vec<Item>,
    /// When the last of them was due: the digest's instant.
    due: Option<Timestamp>,
}

/// Makes one delivery of all that waits for a person's digest and is due, in a transaction of its own.
///
/// Address, zone and language are those of the book in force; whoever has switched the digest off
/// meanwhile gets what waits in this last one.
pub async fn gather(
    conn: &mut PgConnection,
    person: &PersonId,
    book: &Book,
    now: Timestamp,
) -> Result<Gathered, sqlx::Error> {
    let mut tx = conn.begin().await?;
    let waiting = waiting(&mut tx, person, now).await?;
    let Some(due) = waiting.due else {
        return Ok(Gathered::Nothing);
    };
    let reader = book.person(person).filter(|reader| reader.active);
    let gathered = match reader {
        None => {
            cancel(&mut tx, &waiting.ids, now).await?;
            Gathered::Dropped
        }
        Some(reader) => {
            let digest = digest(waiting.items, waiting.ids.len(), book);
            if let Some(id) = owe(&mut tx, reader, &digest, (due, now)).await? {
                end(&mut tx, &waiting.ids, id, now).await?;
                Gathered::Into(id)
            } else {
                put_off(&mut tx, &waiting.ids, reader.next_digest(now)).await?;
                Gathered::Late
            }
        }
    };
    tx.commit().await?;
    Ok(gathered)
}

async fn waiting(
    conn: &mut PgConnection,
    person: &PersonId,
    now: Timestamp,
) -> Result<Waiting, sqlx::Error> {
    // Whoever gathers the same at once waits here, and then finds them gathered.
    let rows = sqlx::query!(
        r#"SELECT d.id, d.kind, n.facts, d.created_at AS "at!: jiff_sqlx::Timestamp",
                  d.digest_at AS "due!: jiff_sqlx::Timestamp"
           FROM delivery AS d JOIN notice AS n ON n.id = d.notice_id
           WHERE d.state = 'waiting' AND d.person = $1 AND d.digest_at <= $2
           ORDER BY d.id FOR UPDATE OF d"#,
        person.as_str(),
        now.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    let mut waiting = Waiting::default();
    for row in rows {
        waiting.due = waiting.due.max(Some(row.due.to_jiff()));
        waiting.ids.push(row.id);
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == row.kind);
        let facts = serde_json::from_value(row.facts).ok();
        // What this version cannot read must not hold up the others; it is counted and not listed.
        let item = kind
            .zip(facts)
            .map(|(kind, facts)| Item::of(kind, &facts, row.at.to_jiff()));
        if let Some(item) = item {
            waiting.items.push(item);
        } else {
            tracing::warn!(delivery.id = %row.id, "delivery {} cannot be read", row.id);
        }
    }
    Ok(waiting)
}

fn digest(mut items: Vec<Item>, all: usize, book: &Book) -> Digest {
    items.truncate(MAX_ITEMS);
    let left_out = all.saturating_sub(items.len());
    let admins = book.people.values();
    let contacts = admins
        .filter(|person| person.active && person.has(Role::AccessAdmin))
        .take(MAX_CONTACTS)
        .map(|person| Contact {
            name: person.name.clone(),
            address: person.email.clone(),
        })
        .collect();
    Digest {
        items,
        left_out,
        contacts,
    }
}

/// Owes the digest; `None`: there is one for this person and instant already.
async fn owe(
    conn: &mut PgConnection,
    reader: &Person,
    digest: &Digest,
    (due, now): (Timestamp, Timestamp),
) -> Result<Option<Uuid>, sqlx::Error> {
    let facts = serde_json::to_value(digest).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let notice = new_id();
    let owed = sqlx::query_scalar!(
        "WITH noted AS (
             INSERT INTO notice (id, request_id, kind, person, facts, created_at)
             VALUES ($1, NULL, $2, $3, $4, $5)
         )
         INSERT INTO delivery (id, notice_id, request_id, kind, channel, person, address, name, zone,
                               locale, next_try_at, digest_at, created_at, tried_since)
         VALUES ($6, $1, NULL, $2, 'mail', $3, $7, $8, $9, $10, $5, $11, $5, $5)
         ON CONFLICT (person, digest_at) WHERE kind = 'digest' DO NOTHING
         RETURNING id",
        notice,
        KIND,
        reader.id.as_str(),
        facts,
        now.to_sqlx() as _,
        new_id(),
        reader.email,
        reader.name,
        reader.zone,
        reader.locale,
        due.to_sqlx() as _,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if owed.is_none() {
        sqlx::query!("DELETE FROM notice WHERE id = $1", notice)
            .execute(conn)
            .await?;
    }
    Ok(owed)
}

async fn end(
    conn: &mut PgConnection,
    ids: &[Uuid],
    digest: Uuid,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE delivery SET state = 'gathered', digest_id = $2, finished_at = $3
         WHERE id = ANY($1) AND state = 'waiting'",
        ids,
        digest,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn put_off(
    conn: &mut PgConnection,
    ids: &[Uuid],
    until: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE delivery SET digest_at = $2 WHERE id = ANY($1) AND state = 'waiting'",
        ids,
        until.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn cancel(conn: &mut PgConnection, ids: &[Uuid], now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE delivery
         SET state = 'cancelled', finished_at = $2, last_error = 'its reader is not active any more'
         WHERE id = ANY($1) AND state = 'waiting'",
        ids,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}
