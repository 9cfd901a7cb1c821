//! Lists of requests, for people. Reads only.
//!
//! The database narrows by indexed columns ([`page`]); what they cannot say (whether a request waits for
//! somebody's vote, whether a pattern with brackets fits) the workflow says of each request that is read,
//! and pages are read until the list is full. So there is one truth, and `limit` means what it says. What
//! waits for somebody is looked for among what names them ([`named`]), whatever else is asked.
//!
//! What is *not* promised: that filters which each fit many requests, and together nearly none, are quick
//! together; the list then walks along one of them to its end.

mod named;
mod page;
mod pattern;

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::types::Json;

use self::named::{LOT, named};
use self::page::{Cursor, Page};
use self::pattern::Resources;
use super::rows::{RequestRow, VoteRow, name_of};
use super::votes;
use crate::workflow::book::Book;
use crate::workflow::decide::{called, waits_for};
use crate::workflow::ids::{Module, PersonId, RequestId};
use crate::workflow::policy::Glob;
use crate::workflow::request::{Decision, GrantState, Request, Status};

/// The fewest and the most requests that one page reads where the workflow has still to choose among them.
const MIN_PAGE: usize = 20;
const MAX_PAGE: usize = 200;
/// The most requests among which one page looks for what waits for somebody.
const MAX_AMONG: usize = 1000;

/// Which emergencies (W24).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emergencies {
    /// Only requests that were taken in one.
    Yes,
    /// Only requests that were not.
    No,
    /// Only those that nobody has reviewed (W26).
    Unreviewed,
}

/// Which requests a list is of; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    /// Only what this person has to do with ([`Sight::Own`](crate::workflow::decide::Sight)).
    pub seen_by: Option<PersonId>,
    /// By where they stand.
    pub status: Option<Status>,
    /// By where their grants stand.
    pub grant: Option<GrantState>,
    /// By whether they were emergencies.
    pub emergency: Option<Emergencies>,
    /// Filed by this person.
    pub requester: Option<PersonId>,
    /// With a part of this person's ([`Request::parts`]).
    pub decided_by: Option<PersonId>,
    /// With such a vote, of `decided_by` if that is given.
    pub decision: Option<Decision>,
    /// Of this module.
    pub module: Option<Module>,
    /// Of resources that fit this.
    pub resource: Option<Glob>,
    /// Filed then or later.
    pub since: Option<Timestamp>,
    /// Filed before then.
    pub until: Option<Timestamp>,
    /// Those that wait for this person's vote ([`waits_for`]); they are open.
    pub waiting_for: Option<PersonId>,
    /// Those that come behind this one in the list.
    pub after: Option<RequestId>,
}

/// A list.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// The newest filing first; of one instant the highest number.
    pub requests: Vec<Request>,
    /// Whether there are more behind them.
    pub more: bool,
}

/// The newest requests of this kind, at most `limit`; `None` where there is no request to go on after.
///
/// The caller's transaction is told to plan for the values at hand. Give it one that sees a single state
/// of the database (`REPEATABLE READ`): the list is read by several statements.
pub async fn list(
    conn: &mut PgConnection,
    sought: &Sought,
    limit: usize,
    (book, now): (&Book, Timestamp),
) -> Result<Option<Listed>, sqlx::Error> {
    sqlx::query!("SET LOCAL plan_cache_mode = force_custom_plan")
        .execute(&mut *conn)
        .await?;
    let mut after = None;
    if let Some(behind) = sought.after {
        after = cursor(conn, behind).await?;
        if after.is_none() {
            return Ok(None);
        }
    }
    let mut walk = Walk {
        sought,
        names: names(sought, book, now),
        resources: Resources::of(conn, sought.resource.as_ref()).await?,
        now,
        after,
        named: Vec::new(),
        next_among: MIN_PAGE,
        all_named: false,
    };
    let mut listed = Listed::default();
    loop {
        // One more than is wanted tells whether there are more.
        let wanted = (limit + 1).saturating_sub(listed.requests.len());
        let (found, last) = walk.on(conn, wanted).await?;
        let read = read(conn, &found).await?;
        let chosen = read.into_iter().filter(|request| {
            let waits = sought.waiting_for.as_ref();
            let fits = sought.resource.as_ref();
            waits.is_none_or(|person| waits_for(request, book, person, now))
                && fits.is_none_or(|glob| glob.matches(&request.subject.resource))
        });
        listed.requests.extend(chosen);
        if listed.requests.len() > limit || last {
            listed.more = listed.requests.len() > limit;
            listed.requests.truncate(limit);
            return Ok(Some(listed));
        }
    }
}

/// What is walked through, page by page: all requests, or those that name somebody.
struct Walk<'a> {
    sought: &'a Sought,
    /// By which names a request may wait for a person; `None`: nobody is waited for.
    names: Option<Vec<String>>,
    resources: Resources,
    now: Timestamp,
    /// What comes next is behind this one.
    after: Option<Cursor>,
    /// Requests that name the person, not yet looked at.
    named: Vec<Cursor>,
    /// How many of them are looked at next: ever more, since few of them seem to fit.
    next_among: usize,
    /// Whether there are no others behind `named`.
    all_named: bool,
}

impl Walk<'_> {
    /// The next page, and whether it is the last.
    async fn on(
        &mut self,
        conn: &mut PgConnection,
        wanted: usize,
    ) -> Result<(Vec<Cursor>, bool), sqlx::Error> {
        let chooses = self.names.is_some() || !self.resources.exact();
        let most = if chooses {
            wanted.clamp(MIN_PAGE, MAX_PAGE)
        } else {
            wanted
        };
        let Some(names) = &self.names else {
            let found = self.page(conn, None, most).await?;
            self.after = found.last().copied();
            let last = found.len() < most;
            return Ok((found, last));
        };
        if self.named.is_empty() && !self.all_named {
            self.named = named(conn, names, self.sought, self.after).await?;
            self.all_named = self.named.len() < LOT;
            self.after = self.named.last().copied();
        }
        let many = self.next_among.max(most).min(self.named.len());
        self.next_among = (2 * many).clamp(MIN_PAGE, MAX_AMONG);
        let among: Vec<i64> = self.named.drain(..many).map(|(_, id)| id.0).collect();
        let found = self.page(conn, Some(&among), among.len()).await?;
        Ok((found, self.named.is_empty() && self.all_named))
    }

    async fn page(
        &self,
        conn: &mut PgConnection,
        among: Option<&[i64]>,
        most: usize,
    ) -> Result<Vec<Cursor>, sqlx::Error> {
        let page = Page {
            sought: self.sought,
            among,
            resources: &self.resources,
            now: self.now,
            // Those among which to look are behind it.
            after: self.after.filter(|_| among.is_none()),
            most: i64::try_from(most).unwrap_or(i64::MAX),
        };
        page.read(conn).await
    }
}

/// By which names a request may wait for a person; `None` where none is asked for.
fn names(sought: &Sought, book: &Book, now: Timestamp) -> Option<Vec<String>> {
    let person = sought.waiting_for.as_ref()?;
    Some(called(book, person, now).iter().map(name_of).collect())
}

/// Whether somebody has had to do with a request: filed it, was asked about it or told of it as an
/// emergency, or decided something about it.
pub async fn is_involved(
    conn: &mut PgConnection,
    request: RequestId,
    person: &PersonId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM involved WHERE request_id = $1 AND person = $2) AS "is!""#,
        request.0,
        person.as_str(),
    )
    .fetch_one(conn)
    .await
}

/// Whether some request is by this person, or has anything to do with them.
pub async fn is_named(conn: &mut PgConnection, person: &PersonId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM request WHERE requester = $1)
               OR EXISTS (SELECT FROM involved WHERE person = $1) AS "is!""#,
        person.as_str(),
    )
    .fetch_one(conn)
    .await
}

/// Whether there is a request of this module.
pub async fn has_module(conn: &mut PgConnection, module: &Module) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM request WHERE module = $1) AS "is!""#,
        module.as_str(),
    )
    .fetch_one(conn)
    .await
}

/// Where a list goes on that ended with this request.
async fn cursor(conn: &mut PgConnection, id: RequestId) -> Result<Option<Cursor>, sqlx::Error> {
    let at = sqlx::query_scalar!(
        r#"SELECT filed_at AS "at: jiff_sqlx::Timestamp" FROM request WHERE id = $1"#,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(at.map(|at| (at.to_jiff(), id)))
}

/// These requests with their votes, in this order.
async fn read(conn: &mut PgConnection, found: &[Cursor]) -> Result<Vec<Request>, sqlx::Error> {
    let ids: Vec<i64> = found.iter().map(|(_, id)| id.0).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        RequestRow,
        r#"SELECT id, requester, module, resource, account,
                  window_start AS "window_start: _", window_end AS "window_end: _", window_seconds,
                  revision, justification, terms AS "terms: _", filed_at AS "filed_at: _",
                  pending_until AS "pending_until: _", outcome AS "outcome: _", chain_seq, chain_head,
                  extends, aside AS "aside: _"
           FROM request WHERE id = ANY($1) ORDER BY filed_at DESC, id DESC"#,
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
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

#[cfg(test)]
mod tests;
