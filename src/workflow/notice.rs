//! Who must be told what because of an event, and the facts that such a message shows.
//!
//! A notice is a value: the outbox stores it, a template renders it. Its [`Facts`] are a snapshot
//! taken in the deciding transaction, so that a retry says the same as the first try. Who is told what
//! stands in [`TABLE`], as data; `docs/notices.md` is written from it.
//!
//! What always holds: nobody gets two messages because of one command, and the one that stands first
//! in the table wins; nobody who is disabled is written to; nobody is asked before their step is
//! current (W9). Who was asked is read from the stored notices, not guessed from groups that may have
//! changed since.
//!
//! What is *not* promised: that an approver of a later step hears of a step reopened before it; a
//! reply of theirs is answered as [`Refusal::StepNotYet`], and they are asked again.
//!
//! [`Refusal::StepNotYet`]: super::refusal::Refusal::StepNotYet

mod actor;
mod again;
pub mod digest;
mod owed;
mod table;
#[cfg(test)]
mod tests;

pub use again::ask_again;
pub use owed::{Change, Owed, answer, owed};
pub use table::{Audience, Offers, Row, TABLE, When, rendered, waiting};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::book::Book;
use super::ids::{PersonId, RequestId};
use super::policy::Mode;
use super::refusal::Refusal;
use super::request::{
    Channel, Decision, Emergency, EndCause, Ending, Grant, Request, State, Subject, Vote, Window,
};

/// The kinds of notice about a request; each is a folder `templates/mail/<kind>/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// To an approver of the current step: please decide. Carries a reply token.
    Ask,
    /// The same again, to those who have not voted (W19). Carries a reply token of its own.
    Reminder,
    /// To somebody who voted by another channel: confirm it by mail, or it is no vote (W30). Carries a
    /// reply token.
    Confirm,
    /// To all approvers of all steps: somebody took access at once, and why (W25).
    Emergency,
    /// To the requester: your request stands and these are asked.
    Filed,
    /// To the requester: a step is complete, the next one is asked.
    Progress,
    /// To the requester: a step that was complete lacks an approval again (W13).
    Reopened,
    /// To the requester: an approver changed the window (W16).
    WindowChanged,
    /// To an approver whose approval no longer counts, because the window reaches further now (W16).
    Voided,
    /// To the requester: approved, or taken in an emergency, and for which window.
    Approved,
    /// To the requester: rejected, by whom and why.
    Rejected,
    /// To the requester: nobody decided in time (W18).
    Expired,
    /// To the holder: a scheduled grant has begun (W21).
    GrantStarted,
    /// To the holder: the grant is about to end (W23).
    GrantWarning,
    /// To the holder, and after a revocation to those who approved: the grant is over, and why (W21,
    /// W22).
    GrantEnded,
    /// To the requester and the approvers of an emergency: what its review found (W26).
    Reviewed,
    /// To those who may review an emergency: nobody has yet (W26).
    ReviewReminder,
    /// To the access admins: a step can no longer complete (W7).
    Stranded,
    /// To the access admins: every step can complete again.
    Unstranded,
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
    pub const ALL: [Self; 23] = [
        Self::Ask,
        Self::Reminder,
        Self::Confirm,
        Self::Emergency,
        Self::Filed,
        Self::Progress,
        Self::Reopened,
        Self::WindowChanged,
        Self::Voided,
        Self::Approved,
        Self::Rejected,
        Self::Expired,
        Self::GrantStarted,
        Self::GrantWarning,
        Self::GrantEnded,
        Self::Reviewed,
        Self::ReviewReminder,
        Self::Stranded,
        Self::Unstranded,
        Self::Settled,
        Self::Recorded,
        Self::Refused,
        Self::Unclear,
    ];

    /// The name as it stands in the database and as the template's folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Reminder => "reminder",
            Self::Confirm => "confirm",
            Self::Emergency => "emergency",
            Self::Filed => "filed",
            Self::Progress => "progress",
            Self::Reopened => "reopened",
            Self::WindowChanged => "window_changed",
            Self::Voided => "voided",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::GrantStarted => "grant_started",
            Self::GrantWarning => "grant_warning",
            Self::GrantEnded => "grant_ended",
            Self::Reviewed => "reviewed",
            Self::ReviewReminder => "review_reminder",
            Self::Stranded => "stranded",
            Self::Unstranded => "unstranded",
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

    /// Whether the message asks for a decision: it carries a reply token, and is not worth sending once
    /// the decision is no longer wanted.
    pub fn asks(self) -> bool {
        matches!(self, Self::Ask | Self::Reminder | Self::Confirm)
    }

    /// Whether whoever gets the message has to do with the request from then on, and may look at it: they
    /// are asked to decide, or told of an emergency (W25, W26).
    pub fn involves(self) -> bool {
        self.asks() || matches!(self, Self::Emergency | Self::ReviewReminder)
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
    /// Whether it may wait for its reader's digest; see [`digest`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_wait: bool,
}

impl Notice {
    /// Whether the message carries a link to the page on which to decide: what asks does, and what answers
    /// a reply that was not understood, while there is something to decide. A confirmation does not: it is
    /// asked for because a mail has to say it (W30). Nor does what tells of an emergency or reminds of its
    /// review: the page neither revokes nor reviews.
    pub fn links(&self) -> bool {
        match self.kind {
            Kind::Ask | Kind::Reminder => true,
            Kind::Unclear => matches!(self.facts.state, State::Pending { .. }),
            _ => false,
        }
    }

    /// Whether a reply to it is read: to what asks, and to what confirms a decision by link (W31).
    pub fn takes_reply(&self) -> bool {
        self.kind.asks() || (self.kind == Kind::Recorded && self.facts.by_link)
    }
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
    /// The request whose grant it would continue (W23).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<RequestId>,
    /// Set for good once it was taken in an emergency (W25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyFacts>,
    /// Whether its requester may take it in an emergency (W24).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emergency_offered: bool,
    /// How the grant ended before its time (W22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<EndingFacts>,
    /// Other grants of the same person and thing that stand (W22).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<RequestId>,
    /// The change of the window that this message is about (W16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<ChangedFacts>,
    /// The window that a vote which waits for its confirmation would set (W16, W30).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sets: Option<Window>,
    /// Which reminder this is, from 1 (W19, W26).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminder: Option<u32>,
    /// Whether the decision that this message confirms was made by link: a reply takes it back (W31).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_link: bool,
    /// Who revoked what it would have continued, as people call them, where that rejected it (W22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_by: Option<String>,
}

/// An emergency as messages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyFacts {
    /// When it was confirmed.
    pub at: Timestamp,
    /// Why it could not wait.
    pub reason: String,
    /// What its review found, once there is one.
    pub review: Option<ReviewFacts>,
}

/// A review as messages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewFacts {
    /// Who, as people call them.
    pub by: String,
    /// What they found.
    pub finding: String,
    /// When.
    pub at: Timestamp,
}

/// The early end of a grant as messages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndingFacts {
    /// Revoked or returned.
    pub cause: EndCause,
    /// By whom, as people call them.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The grant that it ended with.
    pub with: Option<RequestId>,
}

/// A change of the window as messages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFacts {
    /// By whom, as people call them.
    pub by: String,
    /// What the window was.
    pub before: Window,
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
    /// On whose behalf, as people call them (W20).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
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
    /// The refusal itself, so that it can be said in another language; absent where the reading said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Box<Refusal>>,
    /// The sentence and the step in Portuguese, where the reading said no and the code alone does not say
    /// them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portuguese: Option<(String, String)>,
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
            grant: request.grant(),
            decision: None,
            comment: None,
            answer: None,
            comment_required: request.terms.comment_required,
            extends: request.extends,
            emergency: request
                .emergency
                .as_ref()
                .map(|emergency| EmergencyFacts::of(emergency, book)),
            emergency_offered: false,
            ending: request
                .ended
                .as_ref()
                .map(|ending| EndingFacts::of(ending, book)),
            others: Vec::new(),
            changed: None,
            sets: None,
            reminder: None,
            by_link: false,
            cut_by: request.base_cut().map(|cut| book.name_of(&cut.by)),
        }
    }
}

impl EmergencyFacts {
    fn of(emergency: &Emergency, book: &Book) -> Self {
        let review = emergency.review.as_ref().map(|review| ReviewFacts {
            by: book.name_of(&review.by),
            finding: review.finding.clone(),
            at: review.at,
        });
        Self {
            at: emergency.at,
            reason: emergency.reason.clone(),
            review,
        }
    }
}

impl EndingFacts {
    fn of(ending: &Ending, book: &Book) -> Self {
        Self {
            cause: ending.cause,
            by: book.name_of(&ending.by),
            reason: ending.reason.clone(),
            at: ending.at,
            with: ending.with,
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
            on_behalf_of: vote.on_behalf_of.as_ref().map(|from| book.name_of(from)),
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
            refusal: Some(Box::new(refusal.clone())),
            portuguese: None,
            wrote,
        }
    }
}
