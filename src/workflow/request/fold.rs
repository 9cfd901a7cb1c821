//! A request as the fold of its events, and what can be read off it.

use jiff::Timestamp;

use super::super::event::{Event, Filed};
use super::super::ids::PersonId;
use super::{Decision, ExpiryCause, Misfit, Request, State, Vote};

impl Request {
    /// The request as it is right after its filing.
    pub fn from_filed(filed: &Filed) -> Self {
        Self {
            id: filed.id,
            requester: filed.requester.clone(),
            subject: filed.subject.clone(),
            window: filed.window,
            revision: 1,
            justification: filed.justification.clone(),
            terms: filed.terms.clone(),
            filed_at: filed.at,
            pending_until: filed.pending_until,
            votes: Vec::new(),
            state: State::Pending { step: 0 },
        }
    }

    /// The request that these events tell of; `None` where the first is no filing or one does not
    /// fit.
    pub fn replay(events: &[Event]) -> Option<Self> {
        let (Event::Filed(filed), rest) = events.split_first()? else {
            return None;
        };
        let mut request = Self::from_filed(filed);
        for event in rest {
            request.apply(event).ok()?;
        }
        Some(request)
    }

    /// Carries the request on by one event. Fails only for an event that was not decided on it.
    pub fn apply(&mut self, event: &Event) -> Result<(), Misfit> {
        let misfit = Misfit {
            request: self.id,
            event: event.as_str(),
            state: self.state.as_str(),
        };
        let State::Pending { step: current } = self.state else {
            return Err(misfit);
        };
        match event {
            Event::Filed(_) => return Err(misfit),
            Event::Voted { vote } if vote.step <= current => self.count(vote),
            Event::StepCompleted { step }
                if *step == current && step + 1 < self.terms.steps.len() =>
            {
                self.state = State::Pending { step: step + 1 };
            }
            Event::StepReopened { step } if *step < current => {
                self.state = State::Pending { step: *step };
            }
            Event::Voted { .. } | Event::StepCompleted { .. } | Event::StepReopened { .. } => {
                return Err(misfit);
            }
            Event::Approved { at, grant } => {
                self.state = State::Approved {
                    at: *at,
                    grant: *grant,
                };
            }
            Event::Rejected { at, step } => {
                self.state = State::Rejected {
                    at: *at,
                    step: *step,
                };
            }
            Event::Withdrawn { at, reason } => {
                self.state = State::Withdrawn {
                    at: *at,
                    reason: reason.clone(),
                };
            }
            Event::Expired { at, cause } => {
                self.state = State::Expired {
                    at: *at,
                    cause: *cause,
                };
            }
        }
        Ok(())
    }

    /// Counts a vote; an earlier one of the same person on the same step gives it its place (W13).
    fn count(&mut self, vote: &Vote) {
        let earlier = self
            .votes
            .iter_mut()
            .find(|old| old.step == vote.step && old.person == vote.person);
        match earlier {
            Some(old) => *old = vote.clone(),
            None => self.votes.push(vote.clone()),
        }
    }

    /// The current step, counted from 0; `None` once the request is settled.
    pub fn current_step(&self) -> Option<usize> {
        match self.state {
            State::Pending { step } => Some(step),
            _ => None,
        }
    }

    /// The state that holds at `now`: a request past its time is expired, whether or not the
    /// clock's own command has arrived (W18).
    pub fn state_at(&self, now: Timestamp) -> State {
        if self.current_step().is_some() && now >= self.pending_until {
            return State::Expired {
                at: self.pending_until,
                cause: self.expiry_cause(),
            };
        }
        self.state.clone()
    }

    /// Why it expires, or did: its fixed window is over, or it was pending for too long (W18).
    pub fn expiry_cause(&self) -> ExpiryCause {
        match self.window.end() {
            Some(end) if end <= self.pending_until => ExpiryCause::WindowOver,
            _ => ExpiryCause::PendingTooLong,
        }
    }

    /// The vote of one person on one step.
    pub fn vote_of(&self, step: usize, person: &PersonId) -> Option<&Vote> {
        self.votes
            .iter()
            .find(|vote| vote.step == step && vote.person == *person)
    }

    /// The votes of one kind on one step.
    pub fn votes_on(&self, step: usize, decision: Decision) -> impl Iterator<Item = &Vote> {
        self.votes
            .iter()
            .filter(move |vote| vote.step == step && vote.decision == decision)
    }

    /// The approval that this person has given, on whichever step (W11).
    pub fn approval_by(&self, person: &PersonId) -> Option<&Vote> {
        self.votes
            .iter()
            .find(|vote| vote.person == *person && vote.decision == Decision::Approve)
    }

    /// The votes that a settled request was decided by: all approvals of an approved one, the
    /// disapprovals of the rejecting step of a rejected one, otherwise none.
    pub fn deciders(&self) -> Vec<&Vote> {
        match &self.state {
            State::Approved { .. } => self
                .votes
                .iter()
                .filter(|vote| vote.decision == Decision::Approve)
                .collect(),
            State::Rejected { step, .. } => self.votes_on(*step, Decision::Disapprove).collect(),
            _ => Vec::new(),
        }
    }
}
