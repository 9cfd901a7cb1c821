//! Who must be told what because of an event, and the facts that such a message shows.
//!
//! A notice is a value: the outbox stores it, a template renders it. Its [`Facts`] are a snapshot
//! taken in the deciding transaction, so that a retry says the same as the first try.
//!
//! | event | asked now | the requester | everybody else who was asked | the voter by mail |
//! |---|---|---|---|---|
//! | filed | who can decide step 1: `ask` | `filed` | | |
//! | filed, granted at once (W8) | | `approved` | | |
//! | voted, nothing follows | | | | `recorded` |
//! | step completed | who can decide the next: `ask` | `progress` | non-voters: `settled` | `recorded` |
//! | step reopened | who can decide it: `ask` | | | `recorded` |
//! | approved, rejected | | `approved`, `rejected` | `settled` | `recorded` |
//! | withdrawn | | nothing: the command answers them | `settled` | |
//! | expired | | `expired` | `settled` | |
//! | refused, not understood | | | | `refused`, `unclear` |
//!
//! What always holds: nobody gets two messages because of one command, and the weightier one wins
//! (`ask`, then the requester's, then the voter's, then `settled`); nobody who is disabled is
//! written to; nobody is asked before their step is current (W9). Who was asked is read from the
//! stored notices, not guessed from groups that may have changed since.
//!
//! What is *not* promised: that an approver of a later step hears of a step reopened before it; a
//! reply of theirs is answered as [`Refusal::StepNotYet`], and they are asked again.
//!
//! [`Refusal::StepNotYet`]: super::refusal::Refusal::StepNotYet

mod owed;
#[cfg(test)]
mod tests;

pub use owed::{Change, Owed, answer, owed};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::book::Book;
use super::ids::{PersonId, RequestId};
use super::policy::Mode;
use super::refusal::Refusal;
use super::request::{Channel, Decision, Grant, Request, State, Subject, Vote, Window};

/// The kinds of notice; each is a folder `templates/mail/<kind>/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// To an approver of the current step: please decide. Carries a reply token.
    Ask,
    /// To the requester: your request stands and these are asked.
    Filed,
    /// To the requester: a step is complete, the next one is asked.
    Progress,
    /// To the requester: approved, and for which window.
    Approved,
    /// To the requester: rejected, by whom and why.
    Rejected,
    /// To the requester: nobody decided in time (W18).
    Expired,
    /// To everyone else who was asked: no decision is needed any more, and why (decided by whom,
    /// withdrawn, expired).
    Settled,
    /// Answer to a voter by mail: your decision is recorded.
    Recorded,
    /// Answer to an identified person by mail: refused, why, what next.
    Refused,
    /// Answer to an identified person by mail: the reply was not understood, how to say it.
    Unclear,
}

impl Kind {
    /// Every kind, in the order above.
    pub const ALL: [Self; 10] = [
        Self::Ask,
        Self::Filed,
        Self::Progress,
        Self::Approved,
        Self::Rejected,
        Self::Expired,
        Self::Settled,
        Self::Recorded,
        Self::Refused,
        Self::Unclear,
    ];

    /// The name as it stands in the database and as the template's folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Filed => "filed",
            Self::Progress => "progress",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Settled => "settled",
            Self::Recorded => "recorded",
            Self::Refused => "refused",
            Self::Unclear => "unclear",
        }
    }

    /// Whether the message answers what somebody sent (`Auto-Submitted: auto-replied`).
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Recorded | Self::Refused | Self::Unclear)
    }
}

/// One person must be told one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Which message.
    pub kind: Kind,
    /// To whom.
    pub to: PersonId,
    /// What it shows.
    pub facts: Facts,
}

/// What a message shows. Times are instants; the renderer puts them into the reader's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The request.
    pub request: RequestId,
    /// The revision shown (W16).
    pub revision: u32,
    /// The requester's short name.
    pub requester: PersonId,
    /// The requester's name as people call them.
    pub requester_name: String,
    /// For what.
    pub subject: Subject,
    /// For when.
    pub window: Window,
    /// Why.
    pub justification: Option<String>,
    /// The policy it falls under.
    pub policy: String,
    /// That policy's mode.
    pub mode: Mode,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// Until when it can be decided.
    pub pending_until: Timestamp,
    /// Every step in order.
    pub steps: Vec<StepFacts>,
    /// The step that this message is about, counted from 0.
    pub step: Option<usize>,
    /// Where the request stands now.
    pub state: State,
    /// What it yields, once approved.
    pub grant: Option<Grant>,
    /// The decision that this message confirms or reports, if any.
    pub decision: Option<Decision>,
    /// The comment or reason that goes with it (also: the reason of a withdrawal).
    pub comment: Option<String>,
    /// Set on [`Kind::Refused`] and [`Kind::Unclear`].
    pub answer: Option<AnswerFacts>,
    /// Whether a disapproval must carry a comment (W15).
    pub comment_required: bool,
}

/// One step as messages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFacts {
    /// Its name.
    pub name: String,
    /// How many approvals complete it.
    pub approvals: usize,
    /// The votes counted so far.
    pub votes: Vec<VoteFacts>,
}

/// One vote as messages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteFacts {
    /// Who, as people call them.
    pub name: String,
    /// What.
    pub decision: Decision,
    /// What they said with it.
    pub comment: Option<String>,
    /// When.
    pub at: Timestamp,
    /// By which road.
    pub channel: Channel,
}

/// Why a person gets an answer instead of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerFacts {
    /// The refusal's code or the reading's, e.g. `settled`, `condition`.
    pub code: String,
    /// The rule, e.g. `W14`; absent where no rule of the workflow but the reading said no.
    pub rule: Option<String>,
    /// What happened, one sentence.
    pub sentence: String,
    /// One next step.
    pub next: String,
    /// The line that the person wrote, as understood; shown back in backticks.
    pub wrote: Option<String>,
}

impl Facts {
    /// What every message about this request shows; step, decision, comment and answer are the
    /// message's own and are left empty here.
    pub fn of(request: &Request, book: &Book) -> Self {
        let steps = request.terms.steps.iter().enumerate();
        Self {
            request: request.id,
            revision: request.revision,
            requester: request.requester.clone(),
            requester_name: book.name_of(&request.requester),
            subject: request.subject.clone(),
            window: request.window,
            justification: request.justification.clone(),
            policy: request.terms.policy.clone(),
            mode: request.terms.mode,
            filed_at: request.filed_at,
            pending_until: request.pending_until,
            steps: steps
                .map(|(index, step)| StepFacts {
                    name: step.name.clone(),
                    approvals: step.approvals,
                    votes: request
                        .votes
                        .iter()
                        .filter(|vote| vote.step == index)
                        .map(|vote| VoteFacts::of(vote, book))
                        .collect(),
                })
                .collect(),
            step: None,
            state: request.state.clone(),
            grant: match request.state {
                State::Approved { grant, .. } => Some(grant),
                _ => None,
            },
            decision: None,
            comment: None,
            answer: None,
            comment_required: request.terms.comment_required,
        }
    }
}

impl VoteFacts {
    fn of(vote: &Vote, book: &Book) -> Self {
        Self {
            name: book.name_of(&vote.person),
            decision: vote.decision,
            comment: vote.comment.clone(),
            at: vote.at,
            channel: vote.channel,
        }
    }
}

impl AnswerFacts {
    /// What a refused person is told, with times in their zone.
    pub fn of(refusal: &Refusal, zone: &TimeZone, wrote: Option<String>) -> Self {
        Self {
            code: refusal.code().to_owned(),
            rule: Some(refusal.rule().to_owned()),
            sentence: refusal.sentence(zone),
            next: refusal.next(),
            wrote,
        }
    }
}
