//! Whom a request names, and who decided what about it: what reports ask.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::ids::PersonId;
use super::super::policy::Who;
use super::{Decision, EndCause, Request, State};

/// Where a request stands, as its readers say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It can be decided.
    Open,
    /// Granted.
    Approved,
    /// Turned down.
    Rejected,
    /// Taken back.
    Withdrawn,
    /// Not decided in time, whether or not the clock has said so (W18).
    Expired,
}

impl Status {
    /// Every status, in the order above.
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::Approved,
        Self::Rejected,
        Self::Withdrawn,
        Self::Expired,
    ];

    /// The name as people know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }
}

/// What somebody has decided about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Part {
    /// A vote of theirs, or one given on their behalf (W20), approves.
    pub approved: bool,
    /// A vote of theirs, or one given on their behalf, disapproves.
    pub disapproved: bool,
    /// Either of these, or they reviewed it as an emergency, or revoked its grant.
    pub decided: bool,
}

impl Request {
    /// Where it stands at `now`.
    pub fn status(&self, now: Timestamp) -> Status {
        match self.state_at(now) {
            State::Pending { .. } => Status::Open,
            State::Approved { .. } => Status::Approved,
            State::Rejected { .. } => Status::Rejected,
            State::Withdrawn { .. } => Status::Withdrawn,
            State::Expired { .. } => Status::Expired,
        }
    }

    /// Whether a vote that counts decides so.
    pub fn has_vote(&self, decision: Decision) -> bool {
        self.votes.iter().any(|vote| vote.decision == decision)
    }

    /// What a step names: its approvers and, once it was reached, whom it was escalated to (W19).
    pub fn named(&self, index: usize) -> Vec<&[Who]> {
        let step = self.terms.steps.get(index);
        let reached = self.clock.escalated.contains(&index);
        let escalation = step
            .and_then(|step| step.escalation.as_ref())
            .filter(|_| reached);
        let own = step.map(|step| step.approvers.as_slice());
        own.into_iter()
            .chain(escalation.map(|escalation| escalation.to.as_slice()))
            .collect()
    }

    /// Who decided what about it, by the votes that count, its review and the revocation of its grant.
    /// A vote on somebody's behalf is both people's. Who takes an emergency, withdraws or gives back is
    /// the requester, and decides nothing.
    pub fn parts(&self) -> BTreeMap<&PersonId, Part> {
        let mut parts: BTreeMap<&PersonId, Part> = BTreeMap::new();
        for vote in &self.votes {
            for person in [Some(&vote.person), vote.on_behalf_of.as_ref()]
                .into_iter()
                .flatten()
            {
                let part = parts.entry(person).or_default();
                part.decided = true;
                part.approved |= vote.decision == Decision::Approve;
                part.disapproved |= vote.decision == Decision::Disapprove;
            }
        }
        let emergency = self.emergency.as_ref();
        let review = emergency.and_then(|emergency| emergency.review.as_ref());
        let ended = self.ended.as_ref();
        let revoked = ended.filter(|ending| ending.cause == EndCause::Revoked);
        for person in review
            .map(|review| &review.by)
            .into_iter()
            .chain(revoked.map(|ending| &ending.by))
        {
            parts.entry(person).or_default().decided = true;
        }
        parts
    }
}
