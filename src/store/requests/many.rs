//! Many requests by their numbers, for checks of the whole store. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::reports::names;
use super::rows::{Aside, Columns, RequestRow, VoteRow};
use super::write::reason;
use crate::workflow::ids::PersonId;
use crate::workflow::policy::Terms;
use crate::workflow::request::{Request, State, Vote};

/// How the voters of one request were proven, by step and person.
pub type Evidence = BTreeMap<(usize, PersonId), Value>;

/// A request as it is stored.
#[derive(Debug)]
pub struct Kept {
    /// Itself.
    pub request: Request,
    /// What its votes came with.
    pub evidence: Evidence,
    /// What lists ask by and does not follow from it, if anything.
    pub listed_wrongly: Option<&'static str>,
}

/// The requests of these numbers that there are; one whose row cannot be read, or contradicts itself or
/// its grant, with what is wrong.
pub async fn many(
    conn: &mut PgConnection,
    ids: &[i64],
) -> Result<BTreeMap<i64, Result<Kept, String>>, sqlx::Error> {
    let checked = |(kept, beside): (Kept, Beside)| {
        let id = kept.request.id.0;
        let what = |column| format!("says one thing in its outcome and another in `{column}`");
        let wrong = beside.contradicts(&kept.request)?;
        Ok((id, wrong.map_or(Ok(kept), |column| Err(what(column)))))
    };
    match readable(conn, ids).await {
        Ok(found) => found.into_iter().map(checked).collect(),
        // One row that cannot be read hides the others only until each is asked for alone.
        Err(error) if is_about_a_row(&error) => {
            let mut all = BTreeMap::new();
            for id in ids {
                match readable(conn, &[*id]).await {
                    Ok(found) => {
                        for one in found {
                            all.extend([checked(one)?]);
                        }
                    }
                    Err(error) if is_about_a_row(&error) => {
                        all.insert(*id, Err(format!("cannot be read: {error}")));
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

/// What stands in columns of its own beside a request, for queries, constraints and consumers.
struct Beside {
    state: String,
    step: Option<i32>,
    settled_at: Option<jiff_sqlx::Timestamp>,
    policy: String,
    policy_version: i64,
    mode: String,
    emergency: bool,
    reviewed: bool,
    end_cause: Option<String>,
    votes: (bool, bool),
    /// What `awaited` and `involved` say.
    reports: Filed,
    grant: Option<Granted>,
}

/// What lists ask by, as it is stored: whom the request awaits, and who decided what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Filed {
    awaited: BTreeSet<String>,
    decided: BTreeSet<(String, bool, bool)>,
}

impl Filed {
    fn of(request: &Request) -> Self {
        let parts = request.parts().into_iter();
        Self {
            awaited: names(request),
            decided: parts
                .map(|(person, part)| (person.as_str().to_owned(), part.approved, part.disapproved))
                .collect(),
        }
    }
}

/// The row that gives access.
#[derive(PartialEq, Eq)]
struct Granted {
    person: String,
    module: String,
    resource: String,
    account: Option<String>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    emergency: bool,
    reason: Option<String>,
    /// Ended before its time.
    ended: Option<(Timestamp, String)>,
}

impl Beside {
    /// The first column that does not say what the request says.
    fn contradicts(&self, request: &Request) -> Result<Option<&'static str>, sqlx::Error> {
        let columns = Columns::of(request)?;
        let grant = request.grant().map(|grant| Granted {
            person: request.requester.as_str().to_owned(),
            module: request.subject.module.as_str().to_owned(),
            resource: request.subject.resource.clone(),
            account: request.subject.account.clone(),
            starts_at: grant.start,
            ends_at: grant.end,
            emergency: request.emergency.is_some(),
            reason: reason(request).map(str::to_owned),
            ended: request
                .ended
                .as_ref()
                .map(|ending| (ending.at, ending.cause.as_str().to_owned())),
        });
        let review = request.emergency.as_ref().and_then(|it| it.review.as_ref());
        let settled = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
        Ok([
            ("state", self.state != request.state.as_str()),
            ("step", self.step != columns.step),
            (
                "settled_at",
                settled(self.settled_at) != settled(columns.settled_at),
            ),
            ("policy", self.policy != request.terms.policy),
            (
                "policy_version",
                self.policy_version != request.terms.version,
            ),
            ("mode", self.mode != columns.mode),
            ("emergency", self.emergency != request.emergency.is_some()),
            ("reviewed", self.reviewed != review.is_some()),
            ("grant", self.grant != grant),
        ]
        .into_iter()
        .find_map(|(name, differs)| differs.then_some(name)))
    }

    /// The first of the things that lists ask by which does not follow from the request.
    fn listed_wrongly(&self, request: &Request) -> Result<Option<&'static str>, sqlx::Error> {
        let columns = Columns::of(request)?;
        let reports = Filed::of(request);
        Ok([
            ("end_cause", self.end_cause.as_deref() != columns.end_cause),
            ("has_approval", self.votes.0 != columns.has_approval),
            ("has_disapproval", self.votes.1 != columns.has_disapproval),
            ("awaited", self.reports.awaited != reports.awaited),
            ("involved", self.reports.decided != reports.decided),
        ]
        .into_iter()
        .find_map(|(name, differs)| differs.then_some(name)))
    }
}

async fn readable(
    conn: &mut PgConnection,
    ids: &[i64],
) -> Result<Vec<(Kept, Beside)>, sqlx::Error> {
    let mut voted = votes_of(conn, ids).await?;
    let mut reported = reports_of(conn, ids).await?;
    let rows = sqlx::query!(
        r#"SELECT r.id AS "id!", r.requester AS "requester!", r.module AS "module!",
                  r.resource AS "resource!", r.account AS "account?",
                  r.window_start AS "window_start?: jiff_sqlx::Timestamp",
                  r.window_end AS "window_end?: jiff_sqlx::Timestamp",
                  r.window_seconds AS "window_seconds?", r.revision AS "revision!",
                  r.justification AS "justification?", r.terms AS "terms!: Json<Terms>",
                  r.filed_at AS "filed_at!: jiff_sqlx::Timestamp",
                  r.pending_until AS "pending_until!: jiff_sqlx::Timestamp",
                  r.outcome AS "outcome!: Json<State>", r.chain_seq AS "chain_seq!",
                  r.chain_head AS "chain_head!", r.state AS "state!", r.step AS "step?",
                  r.settled_at AS "settled_at?: jiff_sqlx::Timestamp", r.policy AS "policy!",
                  r.policy_version AS "policy_version!", r.mode AS "mode!",
                  r.extends AS "extends?", r.aside AS "aside?: Json<Aside>",
                  r.emergency AS "emergency!", r.reviewed AS "reviewed!",
                  r.end_cause AS "r_end_cause?", r.has_approval AS "has_approval!",
                  r.has_disapproval AS "has_disapproval!",
                  g.emergency AS "g_emergency?", g.end_cause AS "end_cause?",
                  g.ended_at AS "ended_at?: jiff_sqlx::Timestamp",
                  g.person AS "person?", g.module AS "g_module?", g.resource AS "g_resource?",
                  g.account AS "g_account?", g.starts_at AS "starts_at?: jiff_sqlx::Timestamp",
                  g.ends_at AS "ends_at?: jiff_sqlx::Timestamp", g.reason AS "reason?"
           FROM request AS r LEFT JOIN access_grant AS g ON g.request_id = r.id
           WHERE r.id = ANY($1)"#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let (of_this, evidence) = voted.remove(&row.id).unwrap_or_default();
            let named = row.person.zip(row.g_module).zip(row.g_resource);
            let grant = named.zip(row.starts_at.zip(row.ends_at)).map(
                |(((person, module), resource), (start, end))| Granted {
                    person,
                    module,
                    resource,
                    account: row.g_account,
                    starts_at: start.to_jiff(),
                    ends_at: end.to_jiff(),
                    emergency: row.g_emergency.unwrap_or(false),
                    reason: row.reason,
                    ended: row
                        .ended_at
                        .map(jiff_sqlx::Timestamp::to_jiff)
                        .zip(row.end_cause),
                },
            );
            let beside = Beside {
                state: row.state,
                step: row.step,
                settled_at: row.settled_at,
                policy: row.policy,
                policy_version: row.policy_version,
                mode: row.mode,
                emergency: row.emergency,
                reviewed: row.reviewed,
                end_cause: row.r_end_cause,
                votes: (row.has_approval, row.has_disapproval),
                reports: reported.remove(&row.id).unwrap_or_default(),
                grant,
            };
            let row = RequestRow {
                id: row.id,
                requester: row.requester,
                module: row.module,
                resource: row.resource,
                account: row.account,
                window_start: row.window_start,
                window_end: row.window_end,
                window_seconds: row.window_seconds,
                revision: row.revision,
                justification: row.justification,
                terms: row.terms,
                filed_at: row.filed_at,
                pending_until: row.pending_until,
                outcome: row.outcome,
                chain_seq: row.chain_seq,
                chain_head: row.chain_head,
                extends: row.extends,
                aside: row.aside,
            };
            let request = row.request(of_this)?;
            let listed_wrongly = beside.listed_wrongly(&request)?;
            let kept = Kept {
                request,
                evidence,
                listed_wrongly,
            };
            Ok((kept, beside))
        })
        .collect()
}

/// The votes of these requests in their order, and what they came with.
async fn votes_of(
    conn: &mut PgConnection,
    ids: &[i64],
) -> Result<BTreeMap<i64, (Vec<Vote>, Evidence)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT request_id, position, step, person, decision, comment, revision,
                  at AS "at: jiff_sqlx::Timestamp", channel, on_behalf_of, evidence
           FROM vote WHERE request_id = ANY($1) ORDER BY request_id, position"#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    let mut votes: BTreeMap<i64, (Vec<Vote>, Evidence)> = BTreeMap::new();
    for row in rows {
        let vote = VoteRow {
            position: row.position,
            step: row.step,
            person: row.person,
            decision: row.decision,
            comment: row.comment,
            revision: row.revision,
            at: row.at.to_jiff(),
            channel: row.channel,
            on_behalf_of: row.on_behalf_of,
        };
        let vote = vote.vote()?;
        let (of_this, evidence) = votes.entry(row.request_id).or_default();
        evidence.insert((vote.step, vote.person.clone()), row.evidence);
        of_this.push(vote);
    }
    Ok(votes)
}

/// What lists ask by of these requests.
async fn reports_of(
    conn: &mut PgConnection,
    ids: &[i64],
) -> Result<BTreeMap<i64, Filed>, sqlx::Error> {
    let awaited = sqlx::query!(
        "SELECT request_id, who FROM awaited WHERE request_id = ANY($1)",
        ids
    )
    .fetch_all(&mut *conn)
    .await?;
    let decided = sqlx::query!(
        "SELECT request_id, person, approved, disapproved FROM involved
         WHERE request_id = ANY($1) AND decided",
        ids
    )
    .fetch_all(conn)
    .await?;
    let mut reports: BTreeMap<i64, Filed> = BTreeMap::new();
    for row in awaited {
        let of_this = reports.entry(row.request_id).or_default();
        of_this.awaited.insert(row.who);
    }
    for row in decided {
        let of_this = reports.entry(row.request_id).or_default();
        let part = (row.person, row.approved, row.disapproved);
        of_this.decided.insert(part);
    }
    Ok(reports)
}
