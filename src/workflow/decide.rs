//! Filing, votes, withdrawal, what time brings, emergencies, and the end of grants.
//!
//! Who acts: the handler, with the request locked, on behalf of a person whom the channel has
//! proven, or of our clock. What flows: a draft or an action goes in; events come out, or one
//! refusal. What always holds: a refusal changes nothing, and the events of an accepted action fold
//! into the next state of the request without a misfit. What is *not* promised: that nothing
//! changes without an action; a request past its time is expired for every reader
//! ([`Request::state_at`]), but its event waits for the clock.

mod access;
mod change;
mod counting;
mod delegating;
mod emergency;
mod filing;
mod reach;
#[cfg(test)]
mod tests;
mod tick;
mod voting;
mod waiting;

use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::book::Book;
use super::event::Event;
use super::ids::{PersonId, RequestId};
use super::refusal::{Decider, Refusal};
use super::request::{Channel, Decision, Grant, Request, State, Subject, Window};

pub use access::{cut_with_base, extension};
pub use change::{Shift, shift};
pub use delegating::{delegate, end_delegation};
pub use emergency::{can_be_reviewed, offered as emergency_offered};
pub use filing::{file, file_emergency, same_filing, wants_justification};
pub use reach::{can_still_approve, stranded_step};
pub use waiting::{Sight, awaited, called, may_see, reads_all, sight, waits_for};

/// The longest resource or account, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// The longest justification, comment or reason, in characters.
pub const MAX_TEXT_CHARS: usize = 10_000;
/// The shortest reason for an emergency, in characters (W24).
pub const MIN_EMERGENCY_REASON_CHARS: usize = 10;
/// The longest delegation (W20).
pub const MAX_DELEGATION: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What somebody asks for, before any rule has been applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// For what.
    pub subject: Subject,
    /// For when.
    pub window: Window,
    /// Why.
    pub justification: Option<String>,
    /// The request whose grant this one would continue (W23); [`extension`] makes such a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<RequestId>,
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
    /// The same person's emergencies that nobody has reviewed (W26).
    pub unreviewed: &'a [RequestId],
    /// When.
    pub now: Timestamp,
}

/// What a decision may need to know of the world beside its request. The caller reads what the
/// action needs; the rest stays empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Around {
    /// Everybody who was asked, with the step: for [`Action::Tick`].
    pub asked: BTreeSet<(usize, PersonId)>,
    /// The other grants of the same person and thing that are not over (W22, W23): for
    /// [`Action::Tick`] and [`extension`].
    pub others: Vec<OtherGrant>,
    /// The requester's emergencies that nobody has reviewed (W26): for [`Action::Emergency`].
    pub unreviewed: Vec<RequestId>,
}

/// Another grant of the same person and thing, scheduled or active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherGrant {
    /// The request that yielded it.
    pub request: RequestId,
    /// Its time.
    pub grant: Grant,
    /// The request whose grant it continues (W23).
    pub extends: Option<RequestId>,
}

/// What a command on an existing request is judged against.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The request, locked by the caller.
    pub request: &'a Request,
    /// The book in force now, not the one the request was filed under (W7).
    pub book: &'a Book,
    /// What else there is.
    pub around: &'a Around,
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
    /// The revision of the request (W16).
    pub revision: u32,
    /// When the message was written, if it asks to confirm a vote that was given by another channel (W30).
    pub confirms: Option<Timestamp>,
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
        /// The window that an approval sets; `None` leaves it as it is (W16).
        window: Option<Window>,
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
    /// The requester takes access at once (W24).
    Emergency {
        /// Why it cannot wait; at least [`MIN_EMERGENCY_REASON_CHARS`].
        reason: String,
    },
    /// An approver records what they found about an emergency (W26).
    Review {
        /// What they found; must not be blank.
        finding: String,
    },
    /// An approver or an access admin ends the grant (W22).
    Revoke {
        /// Why; must not be blank.
        reason: String,
    },
    /// The holder ends their grant (W22).
    Return {
        /// Why, if they say.
        reason: Option<String>,
    },
    /// The clock asks what has become due: expiry, reminder, escalation, the edges of the grant, and
    /// who can vote now that could not before (W18-W23, W26). Only [`Actor::Clock`] does this.
    Tick,
}

/// Decides what an action does to a request (W9–W26, W29).
///
/// A vote on a request whose `pending_until` has passed is refused as expired even if the clock's
/// own command has not arrived yet: time is a fact, not a job.
pub fn decide(scene: &Scene<'_>, actor: &Actor, action: &Action) -> Result<Vec<Event>, Refusal> {
    let wrong = Refusal::WrongActor {
        request: scene.request.id,
    };
    match (actor, action) {
        (Actor::Clock, Action::Tick) => tick::tick(scene),
        (Actor::Clock, _) | (Actor::Person(_), Action::Tick) => Err(wrong),
        (Actor::Person(person), action) => by_person(scene, person, action),
    }
}

fn by_person(scene: &Scene<'_>, person: &PersonId, action: &Action) -> Result<Vec<Event>, Refusal> {
    match action {
        Action::Vote {
            decision,
            comment,
            window,
            shown,
            channel,
        } => {
            let ballot = voting::Ballot {
                person,
                decision: *decision,
                comment: cleaned(comment.as_deref(), "comment")?,
                window: window.filter(|_| *decision == Decision::Approve),
                shown: *shown,
                channel: *channel,
            };
            voting::vote(scene, ballot)
        }
        Action::Withdraw { reason } => withdraw(scene, person, reason),
        Action::Emergency { reason } => emergency::confirm(scene, person, reason),
        Action::Review { finding } => emergency::review(scene, person, finding),
        Action::Revoke { reason } => access::revoke(scene, person, reason),
        Action::Return { reason } => access::give_back(scene, person, reason.as_deref()),
        Action::Tick => Err(Refusal::WrongActor {
            request: scene.request.id,
        }),
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
    let mut by: Vec<Decider> = deciders
        .into_iter()
        .map(|vote| Decider::new(vote, scene.book.name_of(&vote.person)))
        .collect();
    if let (Some(cut), Some(at)) = (scene.request.base_cut(), state.settled_at()) {
        by.push(Decider::revoker(cut, at, scene.book.name_of(&cut.by)));
    }
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
    Ok(says_something(kept).then(|| kept.to_owned()))
}

/// Whether there is anything to see: what consists of invisible characters is no reason.
fn says_something(text: &str) -> bool {
    seen_chars(text) > 0
}

/// How many characters of a text are to be seen; any run of blanks between them is one.
fn seen_chars(text: &str) -> usize {
    let words = text
        .split_whitespace()
        .map(|word| word.chars().filter(|c| !is_invisible(*c)).count());
    let words: Vec<usize> = words.filter(|seen| *seen > 0).collect();
    words.iter().sum::<usize>() + words.len().saturating_sub(1)
}

/// Unicode's `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt`), and the blank Braille pattern.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
