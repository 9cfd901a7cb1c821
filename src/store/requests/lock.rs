//! Locks a request and reads it with what a decision on it needs.
//!
//! One statement does both ([`glance`]). It must not wait: what it reads beside the row, votes and
//! versions, it reads as they were when it began. So it takes no row that somebody else holds, and
//! compares the end of the chain as it read it with the end that its lock found: a change that was
//! committed between the two is not missed. Whoever has to wait ([`lock`]) takes the row first and then
//! looks.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::super::audit::Head;
use super::super::books::Versions;
use super::rows::{Aside, RequestRow, VoteRow};
use super::votes;
use crate::workflow::decide::{Around, OtherGrant};
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::policy::Terms;
use crate::workflow::request::{Request, State};

/// A request whose row this transaction holds: nobody else changes it until the end of it.
#[derive(Debug)]
pub struct Locked {
    pub(super) request: Request,
    around: Around,
    pub(super) head: Head,
    versions: Versions,
    asks_open: bool,
    /// Where the next vote is counted.
    pub(super) next_position: i32,
}

impl Locked {
    /// The request as it is.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// What else there is: who was asked, and whatever [`Locked::seeing`] added.
    pub fn around(&self) -> &Around {
        &self.around
    }

    /// With what else a decision about it needs: `others` and `unreviewed` of this.
    #[must_use]
    pub fn seeing(mut self, others: Vec<OtherGrant>, unreviewed: Vec<RequestId>) -> Self {
        self.around.others = others;
        self.around.unreviewed = unreviewed;
        self
    }

    /// Which book was in force once the lock was held.
    pub fn versions(&self) -> Versions {
        self.versions
    }

    /// Whether asks of this request are still to be sent. None can come to be while the lock is held.
    pub fn asks_open(&self) -> bool {
        self.asks_open
    }

    /// The end of its audit chain.
    pub fn head(&self) -> &Head {
        &self.head
    }
}

/// What lies beside a request row.
#[derive(Deserialize)]
struct Beside {
    /// How many events its chain has.
    seq: i64,
    votes: Vec<VoteRow>,
    /// Step and person of each ask.
    asked: Vec<(usize, PersonId)>,
    asks_open: bool,
    policies: i64,
    delegations: i64,
}

impl Beside {
    fn locked(self, row: RequestRow) -> Result<Locked, sqlx::Error> {
        Ok(Locked {
            head: Head {
                seq: row.chain_seq,
                hash: row.chain_head.clone(),
            },
            around: Around {
                asked: self.asked.into_iter().collect(),
                ..Around::default()
            },
            versions: Versions {
                policies: self.policies,
                delegations: self.delegations,
            },
            asks_open: self.asks_open,
            next_position: self.votes.last().map_or(0, |last| last.position + 1),
            request: row.request(votes(self.votes)?)?,
        })
    }
}

/// A request row with what lies beside it.
struct Glanced {
    id: i64,
    requester: String,
    module: String,
    resource: String,
    account: Option<String>,
    window_start: Option<jiff_sqlx::Timestamp>,
    window_end: Option<jiff_sqlx::Timestamp>,
    window_seconds: Option<i64>,
    revision: i32,
    justification: Option<String>,
    terms: Json<Terms>,
    filed_at: jiff_sqlx::Timestamp,
    pending_until: jiff_sqlx::Timestamp,
    outcome: Json<State>,
    chain_seq: i64,
    chain_head: Vec<u8>,
    extends: Option<i64>,
    aside: Option<Json<Aside>>,
    beside: Json<Beside>,
    seen: Vec<String>,
}

impl Glanced {
    fn locked(self) -> Result<Locked, sqlx::Error> {
        self.beside.0.locked(RequestRow {
            id: self.id,
            requester: self.requester,
            module: self.module,
            resource: self.resource,
            account: self.account,
            window_start: self.window_start,
            window_end: self.window_end,
            window_seconds: self.window_seconds,
            revision: self.revision,
            justification: self.justification,
            terms: self.terms,
            filed_at: self.filed_at,
            pending_until: self.pending_until,
            outcome: self.outcome,
            chain_seq: self.chain_seq,
            chain_head: self.chain_head,
            extends: self.extends,
            aside: self.aside,
        })
    }
}

/// What one look has found and locked.
#[derive(Debug, Default)]
pub struct Glance {
    /// The requests that nobody else held.
    pub locked: BTreeMap<RequestId, Locked>,
    /// Which of the keys were applied before; known only where a request was found.
    pub seen: BTreeSet<String>,
}

/// Locks those of these requests that nobody else holds, the lowest number first, without waiting for any,
/// and says which of these keys were applied before.
///
/// What is left out may not exist, be held by another, or have changed while it was locked.
pub async fn glance(
    conn: &mut PgConnection,
    keys: &[&str],
    ids: &[RequestId],
) -> Result<Glance, sqlx::Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    // Numbers and keys stand in a SELECT of their own, so that Postgres cannot plan for how many they are:
    // it would plan anew at each call, which takes longer than to look them up.
    let rows = sqlx::query_as!(
        Glanced,
        r#"SELECT id, requester, module, resource, account,
             window_start AS "window_start: _", window_end AS "window_end: _", window_seconds,
             revision, justification, terms AS "terms: _", filed_at AS "filed_at: _",
             pending_until AS "pending_until: _", outcome AS "outcome: _", chain_seq, chain_head,
             extends, aside AS "aside: _",
             jsonb_build_object(
               'seq', (SELECT chain_seq FROM request AS before WHERE before.id = r.id),
               'votes', coalesce((SELECT jsonb_agg(to_jsonb(vote) - 'evidence' ORDER BY position)
                                  FROM vote WHERE request_id = r.id), '[]'),
               'asked', coalesce((SELECT jsonb_agg(jsonb_build_array(facts -> 'step', person))
                                  FROM notice WHERE request_id = r.id AND kind = 'ask'), '[]'),
               'asks_open', EXISTS (SELECT FROM delivery WHERE request_id = r.id
                                    AND state IN ('pending', 'leased')
                                    AND kind IN ('ask', 'reminder', 'confirm')),
               'policies', (SELECT coalesce(max(version), 0) FROM policy_book),
               'delegations', (SELECT coalesce(max(change), 0) FROM delegation)
             ) AS "beside!: _",
             ARRAY(SELECT key FROM inbound WHERE key = ANY((SELECT $2::text[])::text[])) AS "seen!"
           FROM request AS r WHERE id = ANY((SELECT $1::bigint[])::bigint[])
           ORDER BY id FOR UPDATE OF r SKIP LOCKED"#,
        &ids,
        keys as _,
    );
    let mut glance = Glance::default();
    for mut row in rows.fetch_all(conn).await? {
        glance.seen.extend(row.seen.drain(..));
        if row.beside.seq == row.chain_seq {
            glance.locked.insert(RequestId(row.id), row.locked()?);
        }
    }
    Ok(glance)
}

/// Locks a request and reads it, waiting for whoever holds it; `None` if there is none of this number.
pub async fn lock(conn: &mut PgConnection, id: RequestId) -> Result<Option<Locked>, sqlx::Error> {
    if let Some(locked) = glance(conn, &[], &[id]).await?.locked.remove(&id) {
        return Ok(Some(locked));
    }
    let ours = sqlx::query!("SELECT id FROM request WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(&mut *conn)
        .await?;
    if ours.is_none() {
        return Ok(None);
    }
    Ok(glance(conn, &[], &[id]).await?.locked.remove(&id))
}
