//! What happened to a request. Stored in the audit trail as it is; [`Request::apply`] folds it.
//!
//! [`Request::apply`]: super::request::Request::apply

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{PersonId, RequestId};
use super::policy::Terms;
use super::request::{ExpiryCause, Grant, Subject, Vote, Window};

/// One thing that happened. The serialised form is stored for ever: add variants and optional fields,
/// never rename or remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// A request came to be.
    Filed(Box<Filed>),
    /// A vote was counted; one by the same person on the same step is replaced by it (W13).
    Voted {
        /// The vote.
        vote: Vote,
    },
    /// A step has its approvals, and the next one becomes current (W9).
    StepCompleted {
        /// The completed step, counted from 0.
        step: usize,
    },
    /// A completed step lost an approval to its maker's stricter vote, lacks one again, and is current
    /// again (W13, W16). Approvals of later steps stand.
    StepReopened {
        /// The step, counted from 0.
        step: usize,
    },
    /// The last step has its approvals (W12), or none was needed (W8).
    Approved {
        /// When.
        at: Timestamp,
        /// What it yields.
        grant: Grant,
    },
    /// Enough disapprovals, or approvals out of reach (W12).
    Rejected {
        /// When.
        at: Timestamp,
        /// At which step.
        step: usize,
    },
    /// The requester took it back (W29).
    Withdrawn {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Nobody decided in time (W18).
    Expired {
        /// When it was due.
        at: Timestamp,
        /// Why.
        cause: ExpiryCause,
    },
}

/// Everything that a request is at its filing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
    /// Its number.
    pub id: RequestId,
    /// Who asks.
    pub requester: PersonId,
    /// For what.
    pub subject: Subject,
    /// For when.
    pub window: Window,
    /// Why.
    pub justification: Option<String>,
    /// What the policy demands.
    pub terms: Terms,
    /// Whether the module was switched off for approval, so that none is asked (W8).
    pub approval_switched_off: bool,
    /// When.
    pub at: Timestamp,
    /// When it expires if nobody decides.
    pub pending_until: Timestamp,
}

impl Event {
    /// The name as it stands in the audit trail.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Filed(_) => "filed",
            Self::Voted { .. } => "voted",
            Self::StepCompleted { .. } => "step_completed",
            Self::StepReopened { .. } => "step_reopened",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired { .. } => "expired",
        }
    }
}
