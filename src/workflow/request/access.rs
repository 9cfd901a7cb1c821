//! What follows an approval: the life of a grant, and of an emergency.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::ids::{PersonId, RequestId};
use super::{Grant, Request, State};

/// Access that its requester took without approval (W24).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emergency {
    /// When it was confirmed.
    pub at: Timestamp,
    /// Why it could not wait.
    pub reason: String,
    /// How often its reviewers are reminded.
    pub remind_review_after: SignedDuration,
    /// What its review found; `None`: it is open (W26).
    pub review: Option<Review>,
}

/// What somebody found who looked at an emergency afterwards (W26).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: PersonId,
    /// What they found.
    pub finding: String,
}

/// Why a grant ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// An approver or an access admin took it back (W22).
    Revoked,
    /// Its holder gave it back (W22).
    Returned,
}

impl EndCause {
    /// The name as it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Returned => "returned",
        }
    }
}

/// How a grant ended before its time (W22).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// Revoked or returned.
    pub cause: EndCause,
    /// By whom.
    pub by: PersonId,
    /// Why; always given for a revocation.
    pub reason: Option<String>,
    /// The grant that it continued and ended with, where it was not the one that was meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<RequestId>,
}

/// The revocation of a grant that a pending request would have continued (W22).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseCut {
    /// The request whose grant it was.
    pub base: RequestId,
    /// Who revoked it.
    pub by: PersonId,
}

/// Where a grant stands at one instant (W21, W22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// It has yet to begin.
    Scheduled,
    /// Access is open.
    Active,
    /// Its time is over.
    Ended,
    /// It was taken back.
    Revoked,
    /// It was given back.
    Returned,
}

impl GrantState {
    /// Every state, in the order above.
    pub const ALL: [Self; 5] = [
        Self::Scheduled,
        Self::Active,
        Self::Ended,
        Self::Revoked,
        Self::Returned,
    ];

    /// The name as people and the database know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Revoked => "revoked",
            Self::Returned => "returned",
        }
    }
}

impl Request {
    /// What it yields; `None` unless approved.
    pub fn grant(&self) -> Option<Grant> {
        match self.state {
            State::Approved { grant, .. } => Some(grant),
            _ => None,
        }
    }

    /// Where its grant stands, by the clock alone (W21); `None` unless approved.
    pub fn grant_state(&self, now: Timestamp) -> Option<GrantState> {
        let grant = self.grant()?;
        Some(match &self.ended {
            Some(ending) => match ending.cause {
                EndCause::Revoked => GrantState::Revoked,
                EndCause::Returned => GrantState::Returned,
            },
            None if now < grant.start => GrantState::Scheduled,
            None if now < grant.end => GrantState::Active,
            None => GrantState::Ended,
        })
    }

    /// Whether its grant is yet to begin or open: the only grants that can be cut short or extended.
    pub fn grant_stands(&self, now: Timestamp) -> bool {
        matches!(
            self.grant_state(now),
            Some(GrantState::Scheduled | GrantState::Active)
        )
    }

    /// Whether it was an emergency that nobody has reviewed yet (W26).
    pub fn review_is_open(&self) -> bool {
        self.emergency
            .as_ref()
            .is_some_and(|emergency| emergency.review.is_none())
    }
}
