//! What was said, whatever the channel: one enum for mail, chat and command line.

pub mod when;

use serde::{Deserialize, Serialize};

use crate::workflow::decide::Draft;
use crate::workflow::ids::RequestId;
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
    /// Take one's own request back (W29).
    Withdraw {
        /// Which.
        request: RequestId,
        /// Why.
        reason: String,
    },
    /// Our clock: see whether the request is over (W18).
    Expire {
        /// Which.
        request: RequestId,
    },
}
