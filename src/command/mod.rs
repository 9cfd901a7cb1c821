//! What was said, whatever the channel: one enum for mail, chat and command line.

pub mod when;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::workflow::decide::Draft;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::request::Decision;

/// Which request a vote is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The one that the speaker's token was issued for.
    Offered,
    /// The one with this number.
    Request(RequestId),
}

/// What somebody wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// File a request.
    File {
        /// What is asked for.
        draft: Draft,
        /// Filing twice under one key files once (W6).
        key: Option<String>,
        /// Take emergency access at once, and why it cannot wait (W24).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        emergency: Option<String>,
    },
    /// Ask for a grant to go on from its end (W23).
    Extend {
        /// Which request's.
        request: RequestId,
        /// For how much longer.
        length: SignedDuration,
        /// Why.
        justification: Option<String>,
        /// Filing twice under one key files once (W6).
        key: Option<String>,
    },
    /// Decide a step.
    Vote {
        /// Of which request.
        target: Target,
        /// Yes or no.
        decision: Decision,
        /// What was said with it.
        comment: Option<String>,
        /// The window that an approval is given for, in the approver's words (W16); read by
        /// [`when`] once it is known who they are, and so in which zone they speak.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<String>,
    },
    /// Take back what one decided, by the mail that asked or confirmed: a disapproval while the request is
    /// pending, afterwards the end of its grant (W31).
    TakeBack {
        /// Why, if said.
        reason: Option<String>,
    },
    /// Take one's own request back (W29).
    Withdraw {
        /// Which.
        request: RequestId,
        /// Why.
        reason: String,
    },
    /// Take emergency access for a request that is pending (W24).
    Emergency {
        /// Which.
        request: RequestId,
        /// Why it cannot wait.
        reason: String,
    },
    /// Record what one found about an emergency (W26).
    Review {
        /// Which.
        request: RequestId,
        /// What was found.
        finding: String,
    },
    /// End a grant (W22).
    Revoke {
        /// Which request's.
        request: RequestId,
        /// Why.
        reason: String,
    },
    /// Give one's own grant back (W22).
    Return {
        /// Which request's.
        request: RequestId,
        /// Why, if said.
        reason: Option<String>,
    },
    /// Put one's votes in another's hands for a period (W20).
    Delegate {
        /// Whose hands.
        to: PersonId,
        /// From when; `None`: from now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<Timestamp>,
        /// Until when.
        until: Timestamp,
    },
    /// End what one has delegated (W20).
    EndDelegation,
    /// Our clock: do what has become due (W18-W23, W26).
    Tick {
        /// About which request.
        request: RequestId,
    },
}
