//! What a vote does once nothing speaks against it: it counts, or waits for its confirmation (W30), may
//! change the window (W16), and completes, reopens or rejects what it does (W12, W13).

use super::super::event::Event;
use super::super::ids::PersonId;
use super::super::refusal::Refusal;
use super::super::request::{Decision, Held, Request, Vote};
use super::Scene;
use super::reach::{needed_elsewhere, rejects};
use super::voting::{Ballot, step_name};

/// How often somebody is asked by mail to confirm a vote of theirs on one step, and once more for a
/// disapproval: whoever has their account elsewhere could have them asked without end (W30).
pub(super) const CONFIRMS_MAX: u32 = 3;

/// A vote about to count.
pub(super) struct Counting<'a> {
    pub scene: &'a Scene<'a>,
    /// The current step.
    pub current: usize,
    /// The step that the vote is on.
    pub index: usize,
    /// On whose behalf it is given (W20).
    pub behalf: Option<PersonId>,
}

impl Counting<'_> {
    /// On whose behalf the vote is given: of several, the first whose approval no other step needs (W11,
    /// W20). Fails as the first of them does.
    pub(super) fn choose(
        &mut self,
        behalves: Vec<Option<PersonId>>,
        ballot: &Ballot<'_>,
    ) -> Result<(), Refusal> {
        let mut refused = Ok(());
        for behalf in behalves {
            self.behalf = behalf;
            match self.spendable(ballot) {
                Ok(()) => return Ok(()),
                Err(refusal) => refused = refused.and(Err(refusal)),
            }
        }
        refused
    }

    /// W11: one approval per request, and none that takes a person whom another step needs. Also:
    /// nothing is approved for a requester who has been disabled (W7).
    fn spendable(&self, ballot: &Ballot<'_>) -> Result<(), Refusal> {
        let request = self.scene.request;
        if ballot.decision == Decision::Disapprove {
            return Ok(());
        }
        if !self.scene.book.is_active(&request.requester) {
            let requester = self.scene.book.name_of(&request.requester);
            return Err(Refusal::RequesterNotActive {
                request: request.id,
                requester,
            });
        }
        if !request.terms.distinct_approvers {
            return Ok(());
        }
        if let Some(earlier) = request.approval_using(ballot.person) {
            return Err(Refusal::OneApprovalPerRequest {
                request: request.id,
                step: step_name(request, earlier.step),
                at: earlier.at,
            });
        }
        // What a wider window makes void is to be approved again (W16): then every step counts.
        let mut before = request.clone();
        if self.widens(ballot) {
            before
                .votes
                .retain(|vote| vote.decision == Decision::Disapprove);
        }
        let spent: Vec<&PersonId> = [Some(ballot.person), self.behalf.as_ref()]
            .into_iter()
            .flatten()
            .collect();
        let (book, now) = (self.scene.book, self.scene.now);
        match needed_elsewhere(&before, book, self.index, &spent, now) {
            None => Ok(()),
            Some(step) => Err(Refusal::NeededForLaterStep {
                request: request.id,
                step: step.name.clone(),
            }),
        }
    }

    /// Whether the vote sets a window that reaches beyond the present one.
    fn widens(&self, ballot: &Ballot<'_>) -> bool {
        let present = &self.scene.request.window;
        ballot
            .window
            .is_some_and(|window| !window.lies_inside(present))
    }

    fn vote(&self, ballot: &Ballot<'_>) -> Vote {
        Vote {
            step: self.index,
            person: ballot.person.clone(),
            decision: ballot.decision,
            comment: ballot.comment.clone(),
            revision: self.scene.request.revision + u32::from(ballot.window.is_some()),
            at: self.scene.now,
            channel: ballot.channel,
            on_behalf_of: self.behalf.clone(),
        }
    }

    /// W30: the vote counts once its maker confirms it by mail.
    pub(super) fn hold(&self, ballot: &Ballot<'_>) -> Result<Vec<Event>, Refusal> {
        let request = self.scene.request;
        let vote = self.vote(ballot);
        let mut held = request.held.iter();
        let held = held.find(|held| held.vote.step == vote.step && held.vote.person == vote.person);
        // To disapprove is never past the limit because of approvals.
        let most = CONFIRMS_MAX + u32::from(vote.decision == Decision::Disapprove);
        let before = held.map_or(0, |held| held.before + 1);
        let waits = |held: &&Held| {
            let same = held.vote.decision == vote.decision && held.window == ballot.window;
            same || before >= most
        };
        if let Some(held) = held.filter(waits) {
            return Err(Refusal::AwaitsConfirmation {
                request: request.id,
                step: step_name(request, self.index),
                at: held.vote.at,
            });
        }
        let held = Held {
            vote,
            window: ballot.window,
            before,
        };
        Ok(vec![Event::VoteHeld { held }])
    }

    /// Counts the vote and reads off what follows (W12, W16).
    pub(super) fn count(&self, ballot: &Ballot<'_>) -> Result<Vec<Event>, Refusal> {
        let (scene, index) = (self.scene, self.index);
        let at = scene.now;
        let mut events = vec![Event::Voted {
            vote: self.vote(ballot),
        }];
        if let Some(window) = ballot.window {
            events.push(Event::WindowChanged {
                at,
                by: ballot.person.clone(),
                step: index,
                window,
                voids: self.widens(ballot),
            });
        }
        let mut after = scene.request.clone();
        if events.iter().any(|event| after.apply(event).is_err()) {
            // Cannot be: the request is pending and `index` is at most the current step.
            return Err(Refusal::NotEligible { request: after.id });
        }
        match ballot.decision {
            Decision::Disapprove if rejects(scene, &after, index) => {
                events.push(Event::Rejected { at, step: index });
            }
            Decision::Disapprove if index < self.current && !has_quorum(&after, index) => {
                events.push(Event::StepReopened { step: index, at });
            }
            Decision::Disapprove => {}
            Decision::Approve => {
                let current = after.current_step().unwrap_or(self.current);
                events.extend(completions(scene, &after, current));
            }
        }
        Ok(events)
    }
}

/// What an approval completes: its step, and each next one whose approvals stand already (W16).
fn completions(scene: &Scene<'_>, after: &Request, current: usize) -> Vec<Event> {
    let mut events = Vec::new();
    let last = after.terms.steps.len().saturating_sub(1);
    for step in current..=last {
        if !has_quorum(after, step) {
            break;
        }
        if step < last {
            events.push(Event::StepCompleted {
                step,
                at: scene.now,
            });
        } else if let Some(grant) = after.window.grant(scene.now) {
            // There is always something left of the window: `pending_until` is not after its end.
            events.push(Event::Approved {
                at: scene.now,
                grant,
            });
        }
    }
    events
}

fn has_quorum(request: &Request, index: usize) -> bool {
    let step = request.terms.steps.get(index);
    step.is_some_and(|step| request.votes_on(index, Decision::Approve).count() >= step.approvals)
}
