//! A request with its votes and its state: the fold of its events. [`Request::from_filed`] makes it,
//! [`Request::apply`] carries it on, nothing else changes it. What always holds: a vote is of one person
//! and one step; a state other than pending is final; a grant only ever gets shorter.

mod access;
mod fold;
mod part;

use std::collections::BTreeSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{Module, PersonId, RequestId};
use super::policy::Terms;

pub use access::{BaseCut, Emergency, EndCause, Ending, GrantState, Review};
pub use part::{Part, Status};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// The kind of thing.
    pub module: Module,
    /// Which one, e.g. `prod-db-1`.
    pub resource: String,
    /// As whom, e.g. `admin`.
    pub account: Option<String>,
}

/// For when access is asked (W1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// From one point in time to another; the end is not part of it.
    Fixed {
        /// When access begins.
        start: Timestamp,
        /// When it is over.
        end: Timestamp,
    },
    /// A length that begins at the final approval.
    FromApproval {
        /// How long.
        length: SignedDuration,
    },
}

/// APPROVE or DISAPPROVE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Yes.
    Approve,
    /// No.
    Disapprove,
}

/// By which road something reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A reply to a mail.
    Mail,
    /// The page behind the link in a mail.
    Link,
    /// A command or a button in a chat.
    Chat,
    /// The `countersign` command.
    CommandLine,
    /// Our own clock (W18).
    Timer,
}

impl Channel {
    /// The name as it stands in the database and the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Link => "link",
            Self::Chat => "chat",
            Self::CommandLine => "command_line",
            Self::Timer => "timer",
        }
    }

    /// Whether who decides by this channel hears of it by mail: as the answer to theirs, or so that a
    /// decision which somebody else made in their name is seen (W31).
    pub fn confirms_by_mail(self) -> bool {
        match self {
            Self::Mail | Self::Link | Self::Chat => true,
            Self::CommandLine | Self::Timer => false,
        }
    }
}

/// One person's decision on one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The step, counted from 0.
    pub step: usize,
    /// Who decided.
    pub person: PersonId,
    /// What.
    pub decision: Decision,
    /// What they said with it.
    pub comment: Option<String>,
    /// The revision of the request that they were shown.
    pub revision: u32,
    /// When it was counted.
    pub at: Timestamp,
    /// By which road.
    pub channel: Channel,
    /// Whose vote this is, where a delegate decides for somebody else (W20).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonId>,
}

/// A vote that waits for its maker's confirmation by mail (W30).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The vote as it would count.
    pub vote: Vote,
    /// The window that it would set (W16).
    pub window: Option<Window>,
    /// How many votes on this step its maker was asked to confirm before this one.
    #[serde(default)]
    pub before: u32,
}

/// What has been done about a request as time went by. Kept so that nothing is done twice, however
/// often and however late the clock asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each was done or not")]
pub struct Clockwork {
    /// Since when the current step has been current.
    pub since: Timestamp,
    /// How many reminders of the current step have gone out (W19).
    pub reminded: u32,
    /// The steps whose escalation has been reached (W19).
    pub escalated: BTreeSet<usize>,
    /// Whether the access admins know that a step can no longer complete.
    pub stranded: bool,
    /// Whether the grant's beginning has been told (W21).
    pub started: bool,
    /// Whether its holder has been warned of its end (W23).
    pub warned: bool,
    /// Whether its end has been told (W21).
    pub over: bool,
    /// How many reminders of an emergency's review have gone out (W26).
    pub review_reminded: u32,
}

/// Access during `[start, end)`, the yield of an approved request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// When access begins.
    pub start: Timestamp,
    /// When it is over.
    pub end: Timestamp,
}

/// Why a pending request expired (W18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryCause {
    /// It was pending for longer than its policy allows.
    PendingTooLong,
    /// Its fixed window is over.
    WindowOver,
}

/// Where a request stands. Everything but `Pending` is final: nothing leads back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// Waiting for the votes of `step` (counted from 0).
    Pending {
        /// The current step.
        step: usize,
    },
    /// Granted.
    Approved {
        /// When.
        at: Timestamp,
        /// What it yields.
        grant: Grant,
    },
    /// Turned down.
    Rejected {
        /// When.
        at: Timestamp,
        /// At which step.
        step: usize,
        /// Instead of votes: the grant that it would have continued was revoked (W22).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cut: Option<BaseCut>,
    },
    /// Taken back by the requester (W29).
    Withdrawn {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Nobody decided in time (W18).
    Expired {
        /// When it was due, by the clock.
        at: Timestamp,
        /// Why.
        cause: ExpiryCause,
    },
}

impl State {
    /// The name as it stands in the database.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired { .. } => "expired",
        }
    }
}

/// One person's ask for one thing for one window: the fold of its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// Who asks.
    pub requester: PersonId,
    /// For what.
    pub subject: Subject,
    /// For when.
    pub window: Window,
    /// Counts the changes of the window, from 1; what an approver was shown carries it (W16).
    pub revision: u32,
    /// Why.
    pub justification: Option<String>,
    /// What its policy demanded when it was filed (W7).
    pub terms: Terms,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// When it expires if nobody decides (W18).
    pub pending_until: Timestamp,
    /// Every vote that counts, in the order of counting; a stricter later vote replaces (W13).
    pub votes: Vec<Vote>,
    /// Where it stands.
    pub state: State,
    /// The request whose grant this one would continue (W23).
    pub extends: Option<RequestId>,
    /// The windows of the revisions before this one, from the first (W16).
    pub past_windows: Vec<Window>,
    /// Votes of the current step that wait for a confirmation (W30).
    pub held: Vec<Held>,
    /// Set once it was taken in an emergency, for good (W24, W25).
    pub emergency: Option<Emergency>,
    /// How its grant ended before its time (W22).
    pub ended: Option<Ending>,
    /// What has been done about it as time went by.
    pub clock: Clockwork,
}

/// An event that cannot have happened to this request: the stored trail is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event `{event}` does not fit {request}, which is {state}")]
pub struct Misfit {
    /// The request.
    pub request: RequestId,
    /// The event's name.
    pub event: &'static str,
    /// The state's name.
    pub state: &'static str,
}

/// `at` plus `by`, or the end of time where that lies beyond it.
pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.module, self.resource)?;
        match &self.account {
            Some(account) => write!(f, " as {account}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Decision {
    /// As people write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Approve => "APPROVE",
            Self::Disapprove => "DISAPPROVE",
        })
    }
}

impl Window {
    /// When a fixed window is over.
    pub fn end(&self) -> Option<Timestamp> {
        match self {
            Self::Fixed { end, .. } => Some(*end),
            Self::FromApproval { .. } => None,
        }
    }

    /// How long access would last.
    pub fn length(&self) -> SignedDuration {
        match self {
            Self::Fixed { start, end } => end.duration_since(*start),
            Self::FromApproval { length } => *length,
        }
    }

    /// Whether this window reaches nowhere beyond the other; never across kinds (W16).
    pub fn lies_inside(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Fixed { start, end },
                Self::Fixed {
                    start: from,
                    end: until,
                },
            ) => from <= start && end <= until,
            (Self::FromApproval { length }, Self::FromApproval { length: other }) => {
                length <= other
            }
            _ => false,
        }
    }

    /// What an approval at `now` yields (W12): a fixed window from its start, or from now where
    /// that is past; otherwise the length from now. `None` where nothing of the window is left.
    pub fn grant(&self, now: Timestamp) -> Option<Grant> {
        let grant = match *self {
            Self::Fixed { start, end } => Grant {
                start: start.max(now),
                end,
            },
            Self::FromApproval { length } => Grant {
                start: now,
                end: later(now, length),
            },
        };
        (grant.start < grant.end).then_some(grant)
    }
}

impl Window {
    /// Until when a request filed at `filed_at` for this window can be decided: the earlier of the
    /// policy's limit and the end of a fixed window (W18).
    pub fn decided_by(&self, pending_ttl: SignedDuration, filed_at: Timestamp) -> Timestamp {
        let limit = later(filed_at, pending_ttl);
        self.end().map_or(limit, |end| end.min(limit))
    }
}

impl Vote {
    /// Whether it is this person's vote, or was given on their behalf (W20).
    pub fn uses(&self, person: &PersonId) -> bool {
        self.person == *person || self.on_behalf_of.as_ref() == Some(person)
    }
}

impl Clockwork {
    /// Nothing done yet, and the first step current since `at`.
    pub fn from(at: Timestamp) -> Self {
        Self {
            since: at,
            reminded: 0,
            escalated: BTreeSet::new(),
            stranded: false,
            started: false,
            warned: false,
            over: false,
            review_reminded: 0,
        }
    }
}

impl State {
    /// When it became final; `None` while pending.
    pub fn settled_at(&self) -> Option<Timestamp> {
        match self {
            Self::Pending { .. } => None,
            Self::Approved { at, .. }
            | Self::Rejected { at, .. }
            | Self::Withdrawn { at, .. }
            | Self::Expired { at, .. } => Some(*at),
        }
    }
}
