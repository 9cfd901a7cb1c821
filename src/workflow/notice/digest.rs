//! What a person may have in one mail a day instead of at once.
//!
//! A notice waits if the row of the table that it came from says that it may, if its reader asked for
//! that kind in their digest, and if no emergency is in it: neither one that was taken nor one that is
//! offered. It waits until the reader's time of day comes next, in their zone ([`next`]).
//!
//! What always holds: nothing that asks, answers, refuses or confirms waits; what waits is told even if
//! its request is settled meanwhile.
//!
//! What is *not* promised: a day of 24 hours. Where the clocks change, the time of day counts; one that
//! does not exist comes as much later as the clocks are put forward, one that comes twice is the first.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::super::book::Person;
use super::super::ids::{PersonId, RequestId};
use super::super::request::{Decision, State, Subject};
use super::{Facts, Kind, Notice};

/// The time of day of somebody who names none.
pub const DEFAULT_AT: Time = Time::constant(8, 0, 0, 0);
/// The most notices that one digest lists; of the others it says how many there are.
pub const MAX_ITEMS: usize = 200;
/// The most people that a digest names who can switch it off.
pub const MAX_CONTACTS: usize = 3;
/// How many days ahead are looked at: a zone may leave out a whole day.
const DAYS: i64 = 4;

/// The next instant after `now` at which the clocks of a zone show this time of day.
pub fn next(at: Time, zone: &TimeZone, now: Timestamp) -> Timestamp {
    let today = now.to_zoned(zone.clone()).date();
    (0..DAYS)
        .filter_map(|days| {
            let day = today.checked_add(jiff::Span::new().days(days)).ok()?;
            let local = day.to_datetime(at);
            Some(local.to_zoned(zone.clone()).ok()?.timestamp())
        })
        .find(|instant| *instant > now)
        .unwrap_or(now)
}

impl Person {
    /// When the next digest of theirs is due.
    pub fn next_digest(&self, now: Timestamp) -> Timestamp {
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        next(self.digest_at.unwrap_or(DEFAULT_AT), &zone, now)
    }
}

impl Notice {
    /// Until when it waits for a digest of its reader; `None`: it goes at once.
    pub fn waits_until(&self, reader: &Person, now: Timestamp) -> Option<Timestamp> {
        let urgent = self.facts.emergency.is_some() || self.facts.emergency_offered;
        let waits = self.may_wait && !urgent && reader.digest.contains(&self.kind);
        waits.then(|| reader.next_digest(now))
    }
}

/// What one digest says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// In the order in which it happened; at most [`MAX_ITEMS`].
    pub items: Vec<Item>,
    /// How many more there are.
    pub left_out: usize,
    /// Who can switch it off: access admins, at most [`MAX_CONTACTS`].
    pub contacts: Vec<Contact>,
}

/// Somebody who can switch a digest off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// What people call them.
    pub name: String,
    /// Their address.
    pub address: String,
}

/// One line of a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// When it happened.
    pub at: Timestamp,
    /// Which message it would have been.
    pub kind: Kind,
    /// About which request.
    pub request: RequestId,
    /// Who asked.
    pub requester: PersonId,
    /// Who asked, as people call them.
    pub requester_name: String,
    /// For what.
    pub subject: Subject,
    /// The step that it is about: its number from 1, how many there are, its name.
    pub step: Option<(usize, usize, String)>,
    /// Where the request stood.
    pub state: State,
    /// Who did it, as people call them; nobody where it was the clock.
    pub who: Option<String>,
}

impl Item {
    /// The line of a notice of this kind that came to be owed at `at`.
    pub fn of(kind: Kind, facts: &Facts, at: Timestamp) -> Self {
        let step = facts.step.and_then(|index| {
            let step = facts.steps.get(index)?;
            Some((index + 1, facts.steps.len(), step.name.clone()))
        });
        Self {
            at,
            kind,
            request: facts.request,
            requester: facts.requester.clone(),
            requester_name: facts.requester_name.clone(),
            subject: facts.subject.clone(),
            step,
            state: facts.state.clone(),
            who: who(kind, facts),
        }
    }
}

/// Whose doing it was.
fn who(kind: Kind, facts: &Facts) -> Option<String> {
    match kind {
        Kind::Filed => Some(facts.requester_name.clone()),
        Kind::WindowChanged => facts.changed.as_ref().map(|changed| changed.by.clone()),
        Kind::GrantEnded => facts.ending.as_ref().map(|ending| ending.by.clone()),
        Kind::Progress => last_vote(facts, Decision::Approve),
        Kind::Reopened => last_vote(facts, Decision::Disapprove),
        Kind::Settled => match facts.state {
            State::Withdrawn { .. } => Some(facts.requester_name.clone()),
            State::Rejected { cut: Some(_), .. } => facts.cut_by.clone(),
            State::Rejected { cut: None, .. } => last_vote(facts, Decision::Disapprove),
            State::Approved { .. } | State::Pending { .. } => last_vote(facts, Decision::Approve),
            State::Expired { .. } => None,
        },
        _ => None,
    }
}

/// Who gave the newest vote of this kind on the step that it is about, or on any where it is about none.
fn last_vote(facts: &Facts, decision: Decision) -> Option<String> {
    let steps = facts.steps.iter().enumerate();
    steps
        .filter(|(index, _)| facts.step.is_none_or(|step| step == *index))
        .flat_map(|(_, step)| &step.votes)
        .filter(|vote| vote.decision == decision)
        .max_by_key(|vote| vote.at)
        .map(|vote| vote.name.clone())
}
