//! What the command line looks at: requests as they stand, and the book in force. Reads only.
//!
//! Not promised: that two reads of one command show the same instant.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

use crate::workflow::book::Book;
use crate::workflow::ids::{Module, PersonId, RequestId};
use crate::workflow::request::{Channel, Decision, Request, Subject, Vote, Window};

/// The newest book; `None` before the first `policy apply`.
pub async fn book(conn: &mut PgConnection) -> Result<Option<Book>, sqlx::Error> {
    let row = sqlx::query!("SELECT version, book FROM policy_book ORDER BY version DESC LIMIT 1")
        .fetch_optional(conn)
        .await?;
    row.map(|row| {
        let mut book: Book = decoded(row.book)?;
        book.version = row.version;
        for policy in &mut book.policies {
            policy.terms.version = row.version;
        }
        Ok(book)
    })
    .transpose()
}

/// One request with its votes.
pub async fn request(
    conn: &mut PgConnection,
    id: RequestId,
) -> Result<Option<Request>, sqlx::Error> {
    Ok(read(conn, Some(id.0), None, 1).await?.pop())
}

/// The newest requests with their votes, of one state or of all.
pub async fn requests(
    conn: &mut PgConnection,
    state: Option<&str>,
    most: i64,
) -> Result<Vec<Request>, sqlx::Error> {
    read(conn, None, state, most).await
}

async fn read(
    conn: &mut PgConnection,
    id: Option<i64>,
    state: Option<&str>,
    most: i64,
) -> Result<Vec<Request>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id, requester, module, resource, account, window_seconds, revision, justification,
                  terms, outcome,
                  window_start AS "window_start: jiff_sqlx::Timestamp",
                  window_end AS "window_end: jiff_sqlx::Timestamp",
                  filed_at AS "filed_at: jiff_sqlx::Timestamp",
                  pending_until AS "pending_until: jiff_sqlx::Timestamp"
           FROM request
           WHERE ($1::bigint IS NULL OR id = $1) AND ($2::text IS NULL OR state = $2)
           ORDER BY id DESC LIMIT $3"#,
        id,
        state,
        most,
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut votes = votes(conn, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let window = match (row.window_start, row.window_end, row.window_seconds) {
                (Some(start), Some(end), _) => Window::Fixed {
                    start: start.to_jiff(),
                    end: end.to_jiff(),
                },
                (_, _, seconds) => Window::FromApproval {
                    length: SignedDuration::from_secs(seconds.unwrap_or(0)),
                },
            };
            Ok(Request {
                id: RequestId(row.id),
                requester: PersonId::new(row.requester),
                subject: Subject {
                    module: Module::new(row.module),
                    resource: row.resource,
                    account: row.account,
                },
                window,
                revision: u32::try_from(row.revision).unwrap_or(0),
                justification: row.justification,
                terms: decoded(row.terms)?,
                filed_at: row.filed_at.to_jiff(),
                pending_until: row.pending_until.to_jiff(),
                votes: votes.remove(&row.id).unwrap_or_default(),
                state: decoded(row.outcome)?,
            })
        })
        .collect()
}

async fn votes(
    conn: &mut PgConnection,
    requests: &[i64],
) -> Result<BTreeMap<i64, Vec<Vote>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT request_id, step, person, decision, comment, revision, channel,
                  at AS "at: jiff_sqlx::Timestamp"
           FROM vote WHERE request_id = ANY($1) ORDER BY request_id, position"#,
        requests,
    )
    .fetch_all(conn)
    .await?;
    let mut votes: BTreeMap<i64, Vec<Vote>> = BTreeMap::new();
    for row in rows {
        let decision: Decision = decoded(row.decision.into())?;
        let channel: Channel = decoded(row.channel.into())?;
        votes.entry(row.request_id).or_default().push(Vote {
            step: usize::try_from(row.step).unwrap_or(0),
            person: PersonId::new(row.person),
            decision,
            comment: row.comment,
            revision: u32::try_from(row.revision).unwrap_or(0),
            at: row.at.to_jiff(),
            channel,
        });
    }
    Ok(votes)
}

fn decoded<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, sqlx::Error> {
    serde_json::from_value(value).map_err(|error| sqlx::Error::Decode(error.into()))
}
