//! A request as the fold of its events, and what can be read off it.

use jiff::Timestamp;

use super::super::event::{Event, Filed};
use super::super::ids::PersonId;
use super::{
    BaseCut, Clockwork, Decision, Emergency, EndCause, ExpiryCause, Misfit, Request, State, Vote,
    Window,
};

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
            extends: filed.extends,
            past_windows: Vec::new(),
            held: Vec::new(),
            emergency: None,
            ended: None,
            clock: Clockwork::from(filed.at),
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
        let fits = match self.state {
            State::Pending { step } => self.carry_on(step, event),
            State::Approved { .. } => self.live_on(event),
            State::Rejected { .. } | State::Withdrawn { .. } | State::Expired { .. } => false,
        };
        if fits { Ok(()) } else { Err(misfit) }
    }

    /// What happens to a pending request; whether the event fits.
    fn carry_on(&mut self, current: usize, event: &Event) -> bool {
        match event {
            Event::Voted { vote } if self.admits(vote, current) => self.count(vote),
            Event::VoteHeld { held } if self.admits(&held.vote, current) => {
                self.forget_held(held.vote.step, &held.vote.person);
                self.held.push(held.clone());
            }
            Event::StepCompleted { step, at }
                if *step == current && step + 1 < self.terms.steps.len() =>
            {
                self.held.retain(|held| held.vote.step != *step);
                self.move_to(step + 1, *at);
            }
            Event::StepReopened { step, at } if *step < current => self.move_to(*step, *at),
            Event::WindowChanged { step, .. } if *step <= current => self.change_window(event),
            Event::Reminded { step, number, .. } if *step == current => {
                self.clock.reminded = *number;
            }
            Event::Escalated { step, .. } if *step == current => {
                self.clock.escalated.insert(*step);
            }
            Event::AskedAlso { step, .. } if *step == current => {}
            Event::Stranded { .. } => self.clock.stranded = true,
            Event::Unstranded { .. } => self.clock.stranded = false,
            _ => return self.settle(event),
        }
        true
    }

    /// A vote is on a step that has been current, or replaces one that was kept for later (W16).
    fn admits(&self, vote: &Vote, current: usize) -> bool {
        vote.step <= current || self.vote_of(vote.step, &vote.person).is_some()
    }

    /// What ends a pending request; whether the event does.
    fn settle(&mut self, event: &Event) -> bool {
        self.state = match event {
            Event::Approved { at, grant } => {
                self.clock.started = grant.start <= *at;
                State::Approved {
                    at: *at,
                    grant: *grant,
                }
            }
            Event::EmergencyConfirmed {
                at,
                reason,
                grant,
                remind_review_after,
            } => {
                self.clock.started = true;
                self.emergency = Some(Emergency {
                    at: *at,
                    reason: reason.clone(),
                    remind_review_after: *remind_review_after,
                    review: None,
                });
                State::Approved {
                    at: *at,
                    grant: *grant,
                }
            }
            Event::Rejected { at, step } => State::Rejected {
                at: *at,
                step: *step,
                cut: None,
            },
            Event::Withdrawn { at, reason } => State::Withdrawn {
                at: *at,
                reason: reason.clone(),
            },
            Event::Expired { at, cause } => State::Expired {
                at: *at,
                cause: *cause,
            },
            Event::BaseCut { .. } => match self.cut_with_base(event) {
                Some(state) => state,
                None => return false,
            },
            _ => return false,
        };
        self.held.clear();
        true
    }

    /// How a request ends whose base was cut short: the holder's own doing withdraws it, somebody
    /// else's rejects it (W22).
    fn cut_with_base(&self, event: &Event) -> Option<State> {
        let Event::BaseCut {
            at,
            base,
            cause,
            by,
            reason,
        } = event
        else {
            return None;
        };
        let step = self.current_step()?;
        let why = reason.as_deref().map(|why| format!(": {why}"));
        Some(match cause {
            EndCause::Revoked => State::Rejected {
                at: *at,
                step,
                cut: Some(BaseCut {
                    base: *base,
                    by: by.clone(),
                }),
            },
            EndCause::Returned => State::Withdrawn {
                at: *at,
                reason: format!("{base} was returned{}", why.unwrap_or_default()),
            },
        })
    }

    /// What happens to a grant, and to an emergency; whether the event fits.
    fn live_on(&mut self, event: &Event) -> bool {
        match event {
            Event::GrantCut { ending } if self.ended.is_none() && !self.clock.over => {
                self.ended = Some(ending.clone());
            }
            Event::GrantStarted { .. } if self.ended.is_none() => self.clock.started = true,
            Event::GrantWarned { .. } if self.ended.is_none() => self.clock.warned = true,
            Event::GrantEnded { .. } if self.ended.is_none() => self.clock.over = true,
            Event::Reviewed { review } => match &mut self.emergency {
                Some(emergency) if emergency.review.is_none() => {
                    emergency.review = Some(review.clone());
                }
                _ => return false,
            },
            Event::ReviewReminded { number, .. } if self.review_is_open() => {
                self.clock.review_reminded = *number;
            }
            _ => return false,
        }
        true
    }

    fn move_to(&mut self, step: usize, at: Timestamp) {
        self.state = State::Pending { step };
        self.clock.since = at;
        self.clock.reminded = 0;
    }

    /// W16: inside the present window the approvals stand; beyond it only the changing approver's own
    /// does, and the disapprovals. The time in which it can be decided is not restarted.
    fn change_window(&mut self, event: &Event) {
        let Event::WindowChanged {
            at,
            by,
            step,
            window,
            voids,
        } = event
        else {
            return;
        };
        self.past_windows.push(self.window);
        self.window = *window;
        self.revision += 1;
        self.pending_until = window.decided_by(self.terms.pending_ttl, self.filed_at);
        if *voids {
            self.votes.retain(|vote| {
                vote.decision == Decision::Disapprove || (vote.person == *by && vote.step == *step)
            });
            self.held.clear();
            self.move_to(0, *at);
        }
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
        self.forget_held(vote.step, &vote.person);
    }

    fn forget_held(&mut self, step: usize, person: &PersonId) {
        self.held
            .retain(|held| held.vote.step != step || held.vote.person != *person);
    }

    /// The window of a revision, from 1 to the present one.
    pub fn window_of(&self, revision: u32) -> Option<Window> {
        if revision == self.revision {
            return Some(self.window);
        }
        let index = usize::try_from(revision).ok()?.checked_sub(1)?;
        self.past_windows.get(index).copied()
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

    /// The vote that has used up this person's own on a step: theirs, or their delegate's (W20).
    pub fn vote_using(&self, step: usize, person: &PersonId) -> Option<&Vote> {
        self.votes
            .iter()
            .find(|vote| vote.step == step && vote.uses(person))
    }

    /// The approval that has used up this person's own, on whichever step (W11, W20).
    pub fn approval_using(&self, person: &PersonId) -> Option<&Vote> {
        self.votes
            .iter()
            .find(|vote| vote.decision == Decision::Approve && vote.uses(person))
    }

    /// The votes that a settled request was decided by: all approvals of an approved one, the
    /// disapprovals of the rejecting step of a rejected one, otherwise none. A revocation of what it would
    /// have continued decides in their place, and is no vote ([`Request::base_cut`]).
    pub fn deciders(&self) -> Vec<&Vote> {
        match &self.state {
            // Whoever takes an emergency decides it alone, whatever was approved before (W24).
            State::Approved { .. } if self.emergency.is_some() => Vec::new(),
            State::Approved { .. } => self
                .votes
                .iter()
                .filter(|vote| vote.decision == Decision::Approve)
                .collect(),
            State::Rejected {
                step, cut: None, ..
            } => self.votes_on(*step, Decision::Disapprove).collect(),
            _ => Vec::new(),
        }
    }

    /// Whose revocation of which grant rejected it, while it was pending (W22).
    pub fn base_cut(&self) -> Option<&BaseCut> {
        match &self.state {
            State::Rejected { cut, .. } => cut.as_ref(),
            _ => None,
        }
    }
}
