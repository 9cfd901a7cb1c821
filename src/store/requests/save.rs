//! Writing what accepted commands made of requests: state, votes, grant, audit event, the key that each
//! arrived under, in one statement, however many they are.
//!
//! What always holds: nothing is written over a row that is not as its lock found it, and a key is entered
//! once. Either is an error, and leaves nothing.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::super::audit::Link;
use super::Locked;
use super::reports::{Involved, Reports};
use super::rows::{Aside, Columns, VoteRow};
use super::write::{exactly, reason};
use crate::inbound::Proof;
use crate::workflow::request::{Channel, Request, State, Window};

/// What an accepted command made of a request.
#[derive(Debug, Clone, Copy)]
pub struct Saved<'a> {
    /// The request with the events applied.
    pub after: &'a Request,
    /// How the speaker was proven: kept with the votes that the command gave.
    pub proof: &'a Proof,
    /// The event of its chain.
    pub link: &'a Link,
    /// When the clock has to look again.
    pub next_due: Option<Timestamp>,
    /// The steps whose asks nobody needs any more. One that a courier holds right now is marked: its send
    /// may still succeed, but is not tried again.
    pub cancel: &'a [usize],
    /// The key that the command arrived under, and by which channel.
    pub key: Option<(&'a str, Channel)>,
}

/// Writes what an accepted command made of a locked request.
pub async fn save(
    conn: &mut PgConnection,
    locked: Locked,
    saved: &Saved<'_>,
) -> Result<(), sqlx::Error> {
    save_all(conn, &[(&locked, *saved)]).await
}

/// Does for several requests what [`save`] does for one. Call it before their new asks are written.
///
/// A key that was entered meanwhile is an error ([`is_taken`](super::super::inbound::is_taken)).
pub async fn save_all(
    conn: &mut PgConnection,
    all: &[(&Locked, Saved<'_>)],
) -> Result<(), sqlx::Error> {
    let rows = all
        .iter()
        .map(|(locked, saved)| SavedRow::of(locked, saved))
        .collect::<Result<Vec<_>, _>>()?;
    let done = sqlx::query_file!("src/store/requests/save.sql", Json(&rows) as _)
        .execute(conn)
        .await?;
    exactly(rows.len(), done.rows_affected())
}

/// One request as `save.sql` reads it.
#[derive(Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "columns of a table, each on its own"
)]
struct SavedRow<'a> {
    id: i64,
    /// The number at the end of its chain as the lock found it, and whether it was pending.
    prev: i64,
    was_open: bool,
    state: &'static str,
    step: Option<i32>,
    settled_at: Option<Timestamp>,
    outcome: &'a State,
    seq: i64,
    head: String,
    prev_head: String,
    at: Timestamp,
    body: &'a str,
    proof: &'a Proof,
    window_start: Option<Timestamp>,
    window_end: Option<Timestamp>,
    window_seconds: Option<i64>,
    revision: i32,
    pending_until: Timestamp,
    emergency: bool,
    reviewed: bool,
    aside: Aside,
    next_due: Option<Timestamp>,
    end_cause: Option<&'static str>,
    has_approval: bool,
    has_disapproval: bool,
    filed_at: Timestamp,
    votes: Vec<VoteRow>,
    voided: Vec<VoidVote>,
    awaits: Vec<String>,
    awaits_no_more: Vec<String>,
    involved: Vec<Involved>,
    granted: Vec<NewGrant<'a>>,
    ended_at: Option<Timestamp>,
    cancel: Option<&'a [usize]>,
    key: Option<&'a str>,
    channel: Option<&'static str>,
}

/// A vote that counts no more (W16).
#[derive(Serialize)]
struct VoidVote {
    step: i32,
    person: String,
}

/// The grant that the command made.
#[derive(Serialize)]
struct NewGrant<'a> {
    person: &'a str,
    module: &'a str,
    resource: &'a str,
    account: Option<&'a str>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    reason: Option<&'a str>,
}

impl<'a> SavedRow<'a> {
    fn of(locked: &Locked, saved: &Saved<'a>) -> Result<Self, sqlx::Error> {
        let Saved { after, link, .. } = *saved;
        let before = &locked.request;
        let columns = Columns::of(after)?;
        let reports = Reports::changed(before, after);
        let (window_start, window_end) = match after.window {
            Window::Fixed { start, end } => (Some(start), Some(end)),
            Window::FromApproval { .. } => (None, None),
        };
        let ended = after.ended.as_ref().filter(|_| before.ended.is_none());
        Ok(Self {
            id: after.id.0,
            prev: locked.head.seq,
            was_open: before.state.settled_at().is_none(),
            state: after.state.as_str(),
            step: columns.step,
            settled_at: after.state.settled_at(),
            outcome: &after.state,
            seq: link.head.seq,
            head: hex(&link.head.hash),
            prev_head: hex(&link.prev),
            at: link.at,
            body: &link.body,
            proof: saved.proof,
            window_start,
            window_end,
            window_seconds: columns.window_seconds,
            revision: columns.revision,
            pending_until: after.pending_until,
            emergency: after.emergency.is_some(),
            reviewed: after.emergency.is_some() && !after.review_is_open(),
            aside: Aside::of(after),
            next_due: saved.next_due,
            end_cause: columns.end_cause,
            has_approval: columns.has_approval,
            has_disapproval: columns.has_disapproval,
            filed_at: after.filed_at,
            votes: new_votes(locked, after)?,
            voided: void_votes(before, after)?,
            awaits: reports.awaited,
            awaits_no_more: reports.awaited_no_more,
            involved: reports.involved,
            granted: new_grant(before, after).into_iter().collect(),
            ended_at: ended.map(|ending| ending.at),
            cancel: Some(saved.cancel).filter(|steps| locked.asks_open() && !steps.is_empty()),
            key: saved.key.map(|(key, _)| key),
            channel: saved.key.map(|(_, channel)| channel.as_str()),
        })
    }
}

/// The votes that the command gave or replaced; a new one is counted behind those that there are.
fn new_votes(locked: &Locked, after: &Request) -> Result<Vec<VoteRow>, sqlx::Error> {
    let votes = after.votes.iter();
    // What stands as before is stored already, with the evidence that it came with.
    votes
        .filter(|vote| locked.request.vote_of(vote.step, &vote.person) != Some(vote))
        .zip(locked.next_position..)
        .map(|(vote, position)| {
            Ok(VoteRow {
                position,
                ..VoteRow::of(vote)?
            })
        })
        .collect()
}

fn void_votes(before: &Request, after: &Request) -> Result<Vec<VoidVote>, sqlx::Error> {
    let votes = before.votes.iter();
    votes
        .filter(|vote| after.vote_of(vote.step, &vote.person).is_none())
        .map(|vote| {
            let VoteRow { step, person, .. } = VoteRow::of(vote)?;
            Ok(VoidVote { step, person })
        })
        .collect()
}

fn new_grant<'a>(before: &Request, after: &'a Request) -> Option<NewGrant<'a>> {
    let grant = after.grant().filter(|_| before.grant().is_none())?;
    Some(NewGrant {
        person: after.requester.as_str(),
        module: after.subject.module.as_str(),
        resource: &after.subject.resource,
        account: after.subject.account.as_deref(),
        starts_at: grant.start,
        ends_at: grant.end,
        reason: reason(after),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
