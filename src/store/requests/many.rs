//! Many requests by their numbers, for checks of the whole store. Reads only.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use sqlx::types::Json;

use super::rows::{RequestRow, VoteRow};
use super::votes;
use crate::workflow::request::Request;

/// The requests of these numbers that there are; one whose row cannot be read with the reason.
pub async fn many(
    conn: &mut PgConnection,
    ids: &[i64],
) -> Result<BTreeMap<i64, Result<Request, String>>, sqlx::Error> {
    match readable(conn, ids).await {
        Ok(found) => Ok(found
            .into_iter()
            .map(|request| (request.id.0, Ok(request)))
            .collect()),
        // One row that cannot be read hides the others only until each is asked for alone.
        Err(error) if is_about_a_row(&error) => {
            let mut all = BTreeMap::new();
            for id in ids {
                match readable(conn, &[*id]).await {
                    Ok(found) => all.extend(found.into_iter().map(|one| (*id, Ok(one)))),
                    Err(error) if is_about_a_row(&error) => {
                        all.insert(*id, Err(error.to_string()));
                    }
                    Err(error) => return Err(error),
                }
            }
            Ok(all)
        }
        Err(error) => Err(error),
    }
}

fn is_about_a_row(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }
    )
}

async fn readable(conn: &mut PgConnection, ids: &[i64]) -> Result<Vec<Request>, sqlx::Error> {
    let rows = sqlx::query_as!(
        RequestRow,
        r#"SELECT id, requester, module, resource, account,
                  window_start AS "window_start: _", window_end AS "window_end: _", window_seconds,
                  revision, justification, terms AS "terms: _", filed_at AS "filed_at: _",
                  pending_until AS "pending_until: _", outcome AS "outcome: _", chain_seq, chain_head,
                  extends, aside AS "aside: _"
           FROM request WHERE id = ANY($1)"#,
        ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    let voted = sqlx::query!(
        r#"SELECT request_id, jsonb_agg(to_jsonb(vote) - 'evidence' ORDER BY position)
                  AS "votes!: Json<Vec<VoteRow>>"
           FROM vote WHERE request_id = ANY($1) GROUP BY request_id"#,
        ids,
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
