//! Places of a chat that take no posts: people who take no direct messages, channels that are broken.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::workflow::ids::PersonId;

/// A place: with a person by their account, or a channel by its name.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// The service.
    pub service: &'a str,
    /// With whom; `None`: a channel.
    pub person: Option<&'a PersonId>,
    /// The person's account, or the channel's name.
    pub place: &'a str,
}

/// Writes down that a place takes no posts. `false`: that was known.
pub async fn note(
    conn: &mut PgConnection,
    at: At<'_>,
    why: &str,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let noted = sqlx::query!(
        "INSERT INTO chat_trouble (service, person, place, why, since) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (service, coalesce(person, ''), place) WHERE ended_at IS NULL DO NOTHING",
        at.service,
        at.person.map(PersonId::as_str),
        at.place,
        why,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// A place takes posts. `false`: nothing else was known of it.
pub async fn end(conn: &mut PgConnection, at: At<'_>, now: Timestamp) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!(
        "UPDATE chat_trouble SET ended_at = greatest(since, $4)
         WHERE service = $1 AND coalesce(person, '') = $2 AND place = $3 AND ended_at IS NULL",
        at.service,
        at.person.map_or("", PersonId::as_str),
        at.place,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() > 0)
}

/// Which of these accounts take no direct messages. One that was linked anew since is tried again.
pub async fn closed(
    conn: &mut PgConnection,
    service: &str,
    accounts: &[String],
) -> Result<BTreeSet<String>, sqlx::Error> {
    let closed = sqlx::query_scalar!(
        "SELECT t.place FROM chat_trouble AS t
         WHERE t.service = $1 AND t.place = ANY($2) AND t.person IS NOT NULL AND t.ended_at IS NULL
           AND NOT EXISTS (SELECT FROM chat_account AS a
                           WHERE a.service = t.service AND a.account = t.place AND a.ended_at IS NULL
                             AND a.linked_at > t.since)",
        service,
        accounts,
    )
    .fetch_all(conn)
    .await?;
    Ok(closed.into_iter().collect())
}
