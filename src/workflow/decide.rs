//! Filing, votes, withdrawal and expiry.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::book::Book;
use super::event::Event;
use super::ids::{PersonId, RequestId};
use super::refusal::Refusal;
use super::request::{Channel, Decision, Request, Subject, Window};

/// What somebody asks for, before any rule has been applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// For what.
    pub subject: Subject,
    /// For when.
    pub window: Window,
    /// Why.
    pub justification: Option<String>,
}

/// What filing is judged against.
#[derive(Debug, Clone, Copy)]
pub struct Filing<'a> {
    /// The book in force.
    pub book: &'a Book,
    /// The number that the request gets if it is filed.
    pub id: RequestId,
    /// The same person's pending request for the same subject, if there is one (W6).
    pub pending: Option<RequestId>,
    /// When.
    pub now: Timestamp,
}

/// What a command on an existing request is judged against. Later: delegations, escalation.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The request, locked by the caller.
    pub request: &'a Request,
    /// The book in force now, not the one the request was filed under (W7).
    pub book: &'a Book,
    /// When.
    pub now: Timestamp,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person, identified and proven by the channel.
    Person(PersonId),
    /// Our own clock.
    Clock,
}

/// What an approver was shown when they decided; absent on channels that show the present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The step that they were asked about, counted from 0.
    pub step: usize,
    /// The revision of the request.
    pub revision: u32,
}

/// What is to be done to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A vote (W10–W16).
    Vote {
        /// Yes or no.
        decision: Decision,
        /// What they said with it.
        comment: Option<String>,
        /// What they had before them.
        shown: Option<Shown>,
        /// By which road it came.
        channel: Channel,
    },
    /// The requester takes the request back (W29).
    Withdraw {
        /// Why; must not be blank.
        reason: String,
    },
    /// The clock asks whether the request is over (W18). Only [`Actor::Clock`] does this.
    Expire,
}

/// Files a request (W1–W8).
pub fn file(
    draft: &Draft,
    requester: &PersonId,
    filing: &Filing<'_>,
) -> Result<Vec<Event>, Refusal> {
    let _ = (draft, requester, filing);
    todo!()
}

/// Decides what an action does to a request (W9–W18, W29).
///
/// A vote on a request whose `pending_until` has passed is refused as expired even if the clock's own
/// command has not arrived yet: time is a fact, not a job.
pub fn decide(scene: &Scene<'_>, actor: &Actor, action: &Action) -> Result<Vec<Event>, Refusal> {
    let _ = (scene, actor, action);
    todo!()
}
