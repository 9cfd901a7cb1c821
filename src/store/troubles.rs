//! Places of a chat that take no posts: people who take no direct messages, channels that are broken.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::workflow::ids::PersonId;

/// How long an account that takes no direct messages is left alone: people open them again, and tell nobody.
pub const CLOSED_FOR: SignedDuration = SignedDuration::from_hours(24);

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

/// What is wrong with a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// This person takes no direct messages of ours.
    Closed,
    /// This person shares no guild with us.
    Apart,
    /// We may not write there; what stands there can be changed.
    Mute,
    /// Anything else.
    Broken,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Apart => "apart",
            Self::Mute => "mute",
            Self::Broken => "broken",
        }
    }
}

/// What a place took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Took {
    /// A new post: nothing is wrong with it.
    New,
    /// A change of one that stands there. That shows nothing of a person, nor of a channel in which we may
    /// not write.
    Change,
}

/// Writes down that a place takes no posts. `false`: that was known. That it failed for another reason as
/// well does not open a place that is closed.
pub async fn note(
    conn: &mut PgConnection,
    at: At<'_>,
    (kind, why): (Kind, &str),
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"INSERT INTO chat_trouble AS t (service, person, place, kind, why, since, said_at)
           VALUES ($1, $2, $3, $4, $5, $6, $6)
           ON CONFLICT (service, coalesce(person, ''), place) WHERE ended_at IS NULL DO UPDATE
           SET said_at = greatest(t.said_at, excluded.said_at),
               kind = CASE WHEN excluded.kind = 'broken' THEN t.kind ELSE excluded.kind END,
               why = CASE WHEN excluded.kind = 'broken' THEN t.why ELSE excluded.why END
           RETURNING xmax = 0 AS "new!""#,
        at.service,
        at.person.map(PersonId::as_str),
        at.place,
        kind.as_str(),
        why,
        now.to_sqlx() as _,
    )
    .fetch_one(conn)
    .await
}

/// Writes down that the access admins are told of it now; `false`: they were within so long before.
pub async fn tell(
    conn: &mut PgConnection,
    at: At<'_>,
    quiet: SignedDuration,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let since = now.checked_sub(quiet).unwrap_or(Timestamp::MIN);
    let told = sqlx::query!(
        "UPDATE chat_trouble AS t SET told_at = $4
         WHERE t.service = $1 AND coalesce(t.person, '') = $2 AND t.place = $3 AND t.ended_at IS NULL
           AND NOT EXISTS (SELECT FROM chat_trouble AS o
                           WHERE o.service = t.service AND o.place = t.place AND o.told_at > $5
                             AND coalesce(o.person, '') = coalesce(t.person, ''))",
        at.service,
        at.person.map_or("", PersonId::as_str),
        at.place,
        now.to_sqlx() as _,
        since.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(told.rows_affected() == 1)
}

/// It is over. `Some`: it was known; `true`: the access admins were told that it began, and are to be told
/// this.
pub async fn end_told(
    conn: &mut PgConnection,
    at: At<'_>,
    now: Timestamp,
) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"UPDATE chat_trouble SET ended_at = greatest(said_at, $4)
           WHERE service = $1 AND coalesce(person, '') = $2 AND place = $3 AND ended_at IS NULL
           RETURNING told_at IS NOT NULL AS "told!""#,
        at.service,
        at.person.map_or("", PersonId::as_str),
        at.place,
        now.to_sqlx() as _,
    )
    .fetch_optional(conn)
    .await
}

/// A place took a post. `true`: of that place a trouble was known, and is over.
pub async fn end(
    conn: &mut PgConnection,
    at: At<'_>,
    took: Took,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!(
        "UPDATE chat_trouble SET ended_at = greatest(said_at, $4)
         WHERE service = $1 AND coalesce(person, '') = $2 AND place = $3 AND ended_at IS NULL
           AND ($5 OR (person IS NULL AND kind <> 'mute'))",
        at.service,
        at.person.map_or("", PersonId::as_str),
        at.place,
        now.to_sqlx() as _,
        took == Took::New,
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() > 0)
}

/// This account is tried again with the next post: it was linked anew, or who has it wrote to us.
pub async fn end_of(
    conn: &mut PgConnection,
    service: &str,
    account: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE chat_trouble SET ended_at = greatest(said_at, $3)
         WHERE service = $1 AND place = $2 AND person IS NOT NULL AND ended_at IS NULL",
        service,
        account,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// We are in the guild again: whoever shared none with us is tried again with the next post.
pub async fn end_apart(
    conn: &mut PgConnection,
    service: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE chat_trouble SET ended_at = greatest(said_at, $2)
         WHERE service = $1 AND kind = 'apart' AND ended_at IS NULL",
        service,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Which of these accounts take no direct messages. One that was linked anew since is tried again, and any
/// after [`CLOSED_FOR`].
pub async fn closed(
    conn: &mut PgConnection,
    service: &str,
    accounts: &[String],
    now: Timestamp,
) -> Result<BTreeSet<String>, sqlx::Error> {
    let since = now.saturating_sub(CLOSED_FOR).unwrap_or(Timestamp::MIN);
    let closed = sqlx::query_scalar!(
        "SELECT t.place FROM chat_trouble AS t
         WHERE t.service = $1 AND t.place = ANY($2) AND t.person IS NOT NULL AND t.ended_at IS NULL
           AND t.kind IN ('closed', 'apart') AND t.said_at > $3
           AND NOT EXISTS (SELECT FROM chat_account AS a
                           WHERE a.service = t.service AND a.account = t.place AND a.ended_at IS NULL
                             AND a.linked_at > t.said_at)",
        service,
        accounts,
        since.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    Ok(closed.into_iter().collect())
}
