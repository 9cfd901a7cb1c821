//! Lists of requests, for people. Reads only.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use sqlx::types::Json;

use super::rows::{RequestRow, VoteRow};
use super::votes;
use crate::workflow::request::Request;

/// The newest requests with their votes, of one state or of all, at most `most`.
pub async fn list(
    conn: &mut PgConnection,
    state: Option<&str>,
    most: i64,
) -> Result<Vec<Request>, sqlx::Error> {
    let rows = sqlx::query_as!(
        RequestRow,
        r#"SELECT id, requester, module, resource, account,
                  window_start AS "window_start: _", window_end AS "window_end: _", window_seconds,
                  revision, justification, terms AS "terms: _", filed_at AS "filed_at: _",
                  pending_until AS "pending_until: _", outcome AS "outcome: _", chain_seq, chain_head,
                  extends, aside AS "aside: _"
           FROM request
           WHERE ($1::text IS NULL OR state = $1)
           ORDER BY id DESC LIMIT $2"#,
        state,
        most,
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let voted = sqlx::query!(
        r#"SELECT request_id, jsonb_agg(to_jsonb(vote) - 'evidence' ORDER BY position)
                  AS "votes!: Json<Vec<VoteRow>>"
           FROM vote WHERE request_id = ANY($1) GROUP BY request_id"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let mut by_request: BTreeMap<i64, Vec<VoteRow>> = voted
        .into_iter()
        .map(|row| (row.request_id, row.votes.0))
        .collect();
    rows.into_iter()
        .map(|row| {
            let of_this = by_request.remove(&row.id).unwrap_or_default();
            row.request(votes(of_this)?)
        })
        .collect()
}
