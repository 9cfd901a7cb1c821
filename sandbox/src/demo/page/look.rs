//! What the page shows of the daemon's database; it only reads.

use serde::Serialize;
use sqlx::PgPool;

use crate::Mail;

/// So many of each are shown.
const MAX_SHOWN: i64 = 12;

/// A request, in words.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct Asked {
    id: String,
    requester: String,
    thing: String,
    state: String,
    /// `1 of 2`, while it is pending.
    step: Option<String>,
    why: String,
    /// Who voted how; absent where nobody has.
    votes: Option<String>,
}

/// Access that somebody has now.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct Granted {
    request: String,
    person: String,
    thing: String,
    from: String,
    until: String,
}

/// A mail and what was made of it.
#[derive(Debug, Serialize)]
pub struct Judged {
    at: String,
    from: String,
    verdict: String,
    why: String,
}

/// The newest requests.
pub async fn requests(pool: &PgPool) -> sqlx::Result<Vec<Asked>> {
    sqlx::query_as(
        "SELECT 'R-' || id AS id, requester, concat_ws(' as ', resource, account) AS thing, state, \
           (step + 1) || ' of ' || jsonb_array_length(terms->'steps') AS step, \
           coalesce(justification, '') AS why, \
           (SELECT string_agg(person || ' ' || decision || 'd' || coalesce(': ' || comment, ''), \
                              ' · ' ORDER BY position) \
            FROM vote WHERE request_id = request.id) AS votes \
         FROM request ORDER BY request.id DESC LIMIT $1",
    )
    .bind(MAX_SHOWN)
    .fetch_all(pool)
    .await
}

/// Who has access now, as the view has it.
pub async fn grants(pool: &PgPool) -> sqlx::Result<Vec<Granted>> {
    sqlx::query_as(
        "SELECT 'R-' || request_id AS request, person, \
           concat_ws(' as ', resource, account) AS thing, \
           to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS from, \
           to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS until \
         FROM active_grants ORDER BY request_id DESC LIMIT $1",
    )
    .bind(MAX_SHOWN)
    .fetch_all(pool)
    .await
}

/// The mails that were judged last.
pub async fn judged(pool: &PgPool) -> sqlx::Result<Vec<Judged>> {
    let rows: Vec<(String, Option<Vec<u8>>, String, String)> = sqlx::query_as(
        "SELECT to_char(judged_at AT TIME ZONE 'UTC', 'HH24:MI:SS'), raw, verdict, why \
         FROM inbound_mail WHERE judged_at IS NOT NULL ORDER BY id DESC LIMIT $1",
    )
    .bind(MAX_SHOWN)
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(at, raw, verdict, why)| Judged {
            at,
            from: Mail::new(raw.unwrap_or_default())
                .header("From")
                .unwrap_or_default(),
            verdict,
            why,
        })
        .collect())
}

/// How many were.
pub async fn count_judged(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM inbound_mail WHERE judged_at IS NOT NULL")
        .fetch_one(pool)
        .await
}
