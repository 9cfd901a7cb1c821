//! Filing, votes, withdrawal and expiry.
//!
//! Who acts: the handler, with the request locked, on behalf of a person whom the channel has
//! proven, or of our clock. What flows: a draft or an action goes in; events come out, or one
//! refusal. What always holds: a refusal changes nothing, and the events of an accepted action fold
//! into the next state of the request without a misfit. What is *not* promised: that nothing
//! changes without an action; a request past its time is expired for every reader
//! ([`Request::state_at`]), but its event waits for the clock.

mod filing;
mod reach;
#[cfg(test)]
mod tests;
mod voting;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::book::Book;
use super::event::Event;
use super::ids::{PersonId, RequestId};
use super::refusal::{Decider, Refusal};
use super::request::{Channel, Decision, Request, State, Subject, Window};

pub use filing::{file, same_filing};
pub use reach::can_still_approve;

/// The longest resource or account, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// The longest justification, comment or reason, in characters.
pub const MAX_TEXT_CHARS: usize = 10_000;

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
    /// The window of that revision, where the channel still knows it; without it, an approval of an
    /// older revision never counts (W16).
    pub window: Option<Window>,
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

/// Decides what an action does to a request (W9–W18, W29).
///
/// A vote on a request whose `pending_until` has passed is refused as expired even if the clock's
/// own command has not arrived yet: time is a fact, not a job.
pub fn decide(scene: &Scene<'_>, actor: &Actor, action: &Action) -> Result<Vec<Event>, Refusal> {
    let wrong = Refusal::WrongActor {
        request: scene.request.id,
    };
    match (actor, action) {
        (
            Actor::Person(person),
            Action::Vote {
                decision,
                comment,
                shown,
                channel,
            },
        ) => {
            let ballot = voting::Ballot {
                person,
                decision: *decision,
                comment: cleaned(comment.as_deref(), "comment")?,
                shown: *shown,
                channel: *channel,
            };
            voting::vote(scene, ballot)
        }
        (Actor::Person(person), Action::Withdraw { reason }) => withdraw(scene, person, reason),
        (Actor::Clock, Action::Expire) => expire(scene),
        (Actor::Clock, _) | (Actor::Person(_), Action::Expire) => Err(wrong),
    }
}

/// The requester takes the request back (W29).
fn withdraw(scene: &Scene<'_>, person: &PersonId, reason: &str) -> Result<Vec<Event>, Refusal> {
    let request = scene.request;
    acting(scene.book, person)?;
    if *person != request.requester {
        return Err(Refusal::NotTheRequester {
            request: request.id,
        });
    }
    if let Some(settled) = settled(scene) {
        return Err(settled);
    }
    match cleaned(Some(reason), "reason")? {
        Some(reason) => Ok(vec![Event::Withdrawn {
            at: scene.now,
            reason,
        }]),
        None => Err(Refusal::ReasonRequired {
            request: request.id,
        }),
    }
}

/// The clock ends a request that is past its time; the event bears the time it was due (W18).
fn expire(scene: &Scene<'_>) -> Result<Vec<Event>, Refusal> {
    let request = scene.request;
    match (&request.state, request.state_at(scene.now)) {
        (State::Pending { .. }, State::Expired { at, cause }) => {
            Ok(vec![Event::Expired { at, cause }])
        }
        (State::Pending { .. }, _) => Err(Refusal::NotDue {
            request: request.id,
            pending_until: request.pending_until,
        }),
        _ => Err(settled_as(scene, request.state.clone())),
    }
}

/// Somebody who is in the book and active (W10).
fn acting(book: &Book, person: &PersonId) -> Result<(), Refusal> {
    match book.person(person) {
        None => Err(Refusal::UnknownPerson {
            person: person.clone(),
        }),
        Some(known) if !known.active => Err(Refusal::NotActive {
            person: person.clone(),
        }),
        Some(_) => Ok(()),
    }
}

/// The answer to a command on a request that is no longer pending, or past its time (W14, W18).
pub fn settled(scene: &Scene<'_>) -> Option<Refusal> {
    let state = scene.request.state_at(scene.now);
    state
        .settled_at()
        .is_some()
        .then(|| settled_as(scene, state))
}

fn settled_as(scene: &Scene<'_>, state: State) -> Refusal {
    let deciders = scene.request.deciders();
    let by = deciders
        .into_iter()
        .map(|vote| Decider::new(vote, scene.book.name_of(&vote.person)))
        .collect();
    Refusal::Settled {
        request: scene.request.id,
        state,
        by,
    }
}

/// What somebody wrote, fit to keep: trimmed, without control characters other than line breaks and
/// tabs (a database refuses some, a terminal obeys others); `None` if nothing is left.
fn cleaned(text: Option<&str>, what: &str) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let kept: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    let kept = kept.trim();
    let chars = kept.chars().count();
    if chars > MAX_TEXT_CHARS {
        return Err(Refusal::TextTooLong {
            what: what.to_owned(),
            chars,
            limit: MAX_TEXT_CHARS,
        });
    }
    Ok((!kept.is_empty()).then(|| kept.to_owned()))
}
