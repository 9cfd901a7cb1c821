//! What a reader of a post can do with it.

use serde::{Deserialize, Serialize};

/// What a button of a post does. Who clicks it is judged as anybody else who says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// APPROVE, as it was asked for.
    Approve,
    /// DISAPPROVE, with a reason.
    Disapprove,
    /// APPROVE for another window (W16).
    OtherTimes,
    /// Show all that the reader may see of it.
    Details,
    /// Take the request back (W29).
    Withdraw,
    /// Take the grant back (W22).
    Revoke,
}

impl Act {
    /// Every act, in the order in which a post offers them.
    pub const ALL: [Self; 6] = [
        Self::Approve,
        Self::Disapprove,
        Self::OtherTimes,
        Self::Details,
        Self::Withdraw,
        Self::Revoke,
    ];

    /// Its name; stands in posts that people keep for years, so that it never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Disapprove => "disapprove",
            Self::OtherTimes => "times",
            Self::Details => "details",
            Self::Withdraw => "withdraw",
            Self::Revoke => "revoke",
        }
    }
}
