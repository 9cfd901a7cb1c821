//! Lists of requests, for people.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgConnection;

use super::rows::window;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::request::Window;

/// The most rows that one list has.
pub const MAX_LISTED: i64 = 1_000;

/// Which requests; what is absent does not restrict.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those in this state.
    pub state: Option<String>,
    /// Those of this person.
    pub requester: Option<PersonId>,
    /// Not those with this number or a higher one: the next page.
    pub before: Option<RequestId>,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListRow {
    /// Its number.
    pub id: RequestId,
    /// Who asks.
    pub requester: PersonId,
    /// The kind of thing.
    pub module: String,
    /// Which one.
    pub resource: String,
    /// As whom.
    pub account: Option<String>,
    /// For when.
    pub window: Window,
    /// Where it stands.
    pub state: String,
    /// The policy it falls under.
    pub policy: String,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// Until when it can be decided.
    pub pending_until: Timestamp,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
}

/// The newest requests that fit, at most [`MAX_LISTED`].
pub async fn list(conn: &mut PgConnection, filter: &Filter) -> Result<Vec<ListRow>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id, requester, module, resource, account,
                  window_start AS "window_start: jiff_sqlx::Timestamp",
                  window_end AS "window_end: jiff_sqlx::Timestamp", window_seconds, state, policy,
                  filed_at AS "filed_at: jiff_sqlx::Timestamp",
                  pending_until AS "pending_until: jiff_sqlx::Timestamp",
                  settled_at AS "settled_at: jiff_sqlx::Timestamp"
           FROM request
           WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR requester = $2)
             AND ($3::bigint IS NULL OR id < $3)
           ORDER BY id DESC LIMIT $4"#,
        filter.state,
        filter.requester.as_ref().map(PersonId::as_str),
        filter.before.map(|id| id.0),
        MAX_LISTED,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ListRow {
                id: RequestId(row.id),
                requester: PersonId::new(row.requester),
                module: row.module,
                resource: row.resource,
                account: row.account,
                window: window(row.window_start, row.window_end, row.window_seconds)?,
                state: row.state,
                policy: row.policy,
                filed_at: row.filed_at.to_jiff(),
                pending_until: row.pending_until.to_jiff(),
                settled_at: row.settled_at.map(jiff_sqlx::Timestamp::to_jiff),
            })
        })
        .collect()
}
