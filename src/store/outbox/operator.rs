//! What an operator does with deliveries: `outbox list`, `outbox retry`, `outbox drop`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::workflow::ids::{PersonId, RequestId};

/// The most rows that [`list`] yields, the newest.
pub const MAX_LISTED: i64 = 500;

/// The states of what is still owed.
const OWED: [&str; 3] = ["waiting", "pending", "leased"];

/// Which deliveries to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Filter {
    /// Those that gave up: what somebody must look at.
    #[default]
    GivenUp,
    /// Those still owed: waiting for a digest, pending or under way.
    Owed,
    /// All of one request.
    Request(RequestId),
    /// All.
    All,
}

/// One delivery as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its id.
    pub id: Uuid,
    /// About which request.
    pub request: Option<RequestId>,
    /// Which message: a notice's name, `digest`, `code`, `system` or `post`.
    pub kind: String,
    /// By which road: `mail` or `chat`.
    pub channel: String,
    /// To whom; of a post in a channel: its name after `#`.
    pub person: PersonId,
    /// `waiting`, `gathered`, `pending`, `leased`, `sent`, `given_up`, `cancelled` or `dropped`.
    pub state: String,
    /// Tries so far.
    pub attempts: u32,
    /// When it is tried next.
    pub next_try_at: Option<Timestamp>,
    /// Until when it waits or waited for a digest; of a digest: when it was due.
    pub digest_at: Option<Timestamp>,
    /// The digest that it was gathered into.
    pub digest: Option<Uuid>,
    /// What the last try said, if it failed.
    pub last_error: Option<String>,
    /// When it came to be owed.
    pub created_at: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}

/// The newest [`MAX_LISTED`] deliveries that the filter names, oldest first.
pub async fn list(
    conn: &mut PgConnection,
    filter: Filter,
) -> Result<Vec<DeliveryRow>, sqlx::Error> {
    let (states, request): (Option<Vec<String>>, Option<i64>) = match filter {
        Filter::GivenUp => (Some(vec!["given_up".into()]), None),
        Filter::Owed => (Some(OWED.map(str::to_owned).to_vec()), None),
        Filter::Request(id) => (None, Some(id.0)),
        Filter::All => (None, None),
    };
    let rows = sqlx::query!(
        r#"SELECT id, request_id, kind, channel, person, state, attempts, last_error, digest_id,
                  digest_at AS "digest_at: jiff_sqlx::Timestamp",
                  next_try_at AS "next_try_at: jiff_sqlx::Timestamp",
                  created_at AS "created_at: jiff_sqlx::Timestamp",
                  finished_at AS "finished_at: jiff_sqlx::Timestamp"
           FROM delivery
           WHERE ($1::text[] IS NULL OR state = ANY($1)) AND ($2::bigint IS NULL OR request_id = $2)
           ORDER BY id DESC LIMIT $3"#,
        states.as_deref(),
        request,
        MAX_LISTED,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .rev()
        .map(|row| {
            Ok(DeliveryRow {
                id: row.id,
                request: row.request_id.map(RequestId),
                kind: row.kind,
                channel: row.channel,
                person: PersonId::new(row.person),
                state: row.state,
                attempts: u32::try_from(row.attempts).unwrap_or(0),
                next_try_at: row.next_try_at.map(jiff_sqlx::Timestamp::to_jiff),
                digest_at: row.digest_at.map(jiff_sqlx::Timestamp::to_jiff),
                digest: row.digest_id,
                last_error: row.last_error,
                created_at: row.created_at.to_jiff(),
                finished_at: row.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
            })
        })
        .collect()
}

/// Owes a delivery again that gave up, was cancelled or dropped, with all its tries before it;
/// one that is pending is tried at once, and one that waits for a digest goes as a mail of its own. `false`:
/// there is none such (also: it is sent or under way, or its post was to show something newer since).
pub async fn retry(conn: &mut PgConnection, id: Uuid, now: Timestamp) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        r#"UPDATE delivery
           SET state = 'pending', next_try_at = $2, tried_since = $2, attempts_before = attempts,
               cancel_at = NULL, finished_at = NULL
           WHERE id = $1 AND state IN ('waiting', 'pending', 'given_up', 'cancelled', 'dropped')
             AND NOT EXISTS (SELECT FROM delivery AS newer
                             WHERE newer.post_id = delivery.post_id AND newer.id > delivery.id)"#,
        id,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Owes a delivery no more that waits, is pending or gave up. `false`: there is none such.
pub async fn drop(conn: &mut PgConnection, id: Uuid, now: Timestamp) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        r#"UPDATE delivery SET state = 'dropped', next_try_at = NULL, finished_at = $2
           WHERE id = $1 AND state IN ('waiting', 'pending', 'given_up')"#,
        id,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
