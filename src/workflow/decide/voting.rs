//! Votes (W9–W16).
//!
//! A vote is judged in this order: is the voter active; is the request still pending; have they a
//! part in it; which step do they mean; are they entitled on it; have they voted on it before; what
//! were they shown; what must come with it; does it take a person whom a later step needs. Only
//! then it counts, and what follows from it is read off the votes: a step that has its approvals
//! completes, one that cannot get them any more rejects.

use super::super::book::Ineligible;
use super::super::event::Event;
use super::super::ids::PersonId;
use super::super::policy::Step;
use super::super::refusal::{Decider, Refusal};
use super::super::request::{Channel, Decision, Request, Vote};
use super::reach::{electorate, needed_later, rejects};
use super::{Scene, Shown, acting, settled};

/// One vote before it is judged.
pub(super) struct Ballot<'a> {
    /// Whose.
    pub person: &'a PersonId,
    /// What.
    pub decision: Decision,
    /// What they said with it, cleaned.
    pub comment: Option<String>,
    /// What they had before them.
    pub shown: Option<Shown>,
    /// By which road.
    pub channel: Channel,
}

/// Judges a vote and says what follows from it.
pub(super) fn vote(scene: &Scene<'_>, ballot: Ballot<'_>) -> Result<Vec<Event>, Refusal> {
    let request = scene.request;
    acting(scene.book, ballot.person)?;
    if !has_part(scene, &ballot) {
        return Err(Refusal::NotEligible {
            request: request.id,
        });
    }
    if let Some(settled) = settled(scene) {
        return Err(settled);
    }
    // Pending from here on: `settled` has answered for every other state.
    let Some(current) = request.current_step() else {
        return Err(Refusal::NotEligible {
            request: request.id,
        });
    };
    if *ballot.person == request.requester && !request.terms.allow_self_approval {
        return Err(Refusal::OwnRequest {
            request: request.id,
        });
    }
    let index = meant_step(scene, &ballot, current)?;
    let Some(step) = request.terms.steps.get(index) else {
        return Err(Refusal::NotEligible {
            request: request.id,
        });
    };
    entitled(scene, step, ballot.person)?;
    repeated(request, index, step, &ballot)?;
    current_enough(request, &ballot)?;
    if request.terms.comment_required
        && ballot.decision == Decision::Disapprove
        && ballot.comment.is_none()
    {
        return Err(Refusal::CommentRequired {
            request: request.id,
        });
    }
    if ballot.decision == Decision::Approve {
        spendable(scene, index, ballot.person)?;
    }
    count(scene, current, index, ballot)
}

/// Whether the person has anything to do with the request: they asked, were asked, are named in a
/// step now, or have voted. To everybody else nothing is told.
fn has_part(scene: &Scene<'_>, ballot: &Ballot<'_>) -> bool {
    let request = scene.request;
    ballot.shown.is_some()
        || *ballot.person == request.requester
        || request
            .votes
            .iter()
            .any(|vote| vote.person == *ballot.person)
        || request
            .terms
            .steps
            .iter()
            .any(|step| scene.book.means(&step.approvers, ballot.person))
}

/// The step that a vote is about: the one that the voter was shown, else the current one if it
/// names them, else the last one that they voted on. One that is not current admits only the
/// disapproval of somebody whose approval of it stands (W14, W16).
fn meant_step(scene: &Scene<'_>, ballot: &Ballot<'_>, current: usize) -> Result<usize, Refusal> {
    let request = scene.request;
    let names = |index: usize| {
        let step = request.terms.steps.get(index);
        step.is_some_and(|step| scene.book.means(&step.approvers, ballot.person))
    };
    let voted_before = || {
        (0..current)
            .rev()
            .find(|index| request.vote_of(*index, ballot.person).is_some())
    };
    let meant = match ballot.shown {
        Some(shown) => shown.step,
        None if names(current) => current,
        None => voted_before()
            .or_else(|| (0..request.terms.steps.len()).find(|index| names(*index)))
            .ok_or(Refusal::NotEligible {
                request: request.id,
            })?,
    };
    if meant == current {
        return Ok(meant);
    }
    let name = |index: usize| {
        request
            .terms
            .steps
            .get(index)
            .map_or_else(String::new, |step| step.name.clone())
    };
    if meant > current {
        let (step, current) = (name(meant), name(current));
        return Err(Refusal::StepNotYet {
            request: request.id,
            step,
            current,
        });
    }
    match request.vote_of(meant, ballot.person) {
        Some(own) if own.decision == ballot.decision || own.decision == Decision::Approve => {
            Ok(meant)
        }
        _ => Err(Refusal::StepOver {
            request: request.id,
            step: name(meant),
            by: request
                .votes_on(meant, Decision::Approve)
                .map(|vote| Decider::new(vote, scene.book.name_of(&vote.person)))
                .collect(),
            current: name(current),
        }),
    }
}

/// W10.
fn entitled(scene: &Scene<'_>, step: &Step, person: &PersonId) -> Result<(), Refusal> {
    let request = scene.request.id;
    electorate(scene.request, scene.book)
        .check(step, person)
        .map_err(|why| match why {
            Ineligible::Unknown => Refusal::UnknownPerson {
                person: person.clone(),
            },
            Ineligible::NotActive => Refusal::NotActive {
                person: person.clone(),
            },
            Ineligible::Requester => Refusal::OwnRequest { request },
            Ineligible::NotNamed => Refusal::NotEligible { request },
            Ineligible::NotRegistered => Refusal::NotRegistered {
                request,
                module: scene.request.subject.module.clone(),
            },
        })
}

/// W13: the same again changes nothing, and a vote only becomes stricter.
fn repeated(
    request: &Request,
    index: usize,
    step: &Step,
    ballot: &Ballot<'_>,
) -> Result<(), Refusal> {
    let Some(earlier) = request.vote_of(index, ballot.person) else {
        return Ok(());
    };
    let (request, step, at) = (request.id, step.name.clone(), earlier.at);
    match (earlier.decision, ballot.decision) {
        (Decision::Approve, Decision::Disapprove) => Ok(()),
        (Decision::Disapprove, Decision::Approve) => {
            Err(Refusal::OnlyStricter { request, step, at })
        }
        (same, _) => Err(Refusal::AlreadyRecorded {
            request,
            step,
            decision: same,
            at,
        }),
    }
}

/// W16: an approval of an older revision counts only if the present window lies inside the one
/// shown.
fn current_enough(request: &Request, ballot: &Ballot<'_>) -> Result<(), Refusal> {
    let Some(shown) = ballot.shown else {
        return Ok(());
    };
    let inside = shown
        .window
        .is_some_and(|window| request.window.lies_inside(&window));
    if ballot.decision == Decision::Disapprove || shown.revision == request.revision || inside {
        return Ok(());
    }
    Err(Refusal::StaleRevision {
        request: request.id,
        shown: shown.revision,
        present: request.revision,
    })
}

/// W11: one approval per request, and none that takes a person whom a later step needs. Also:
/// nothing is approved for a requester who has been disabled (W7).
fn spendable(scene: &Scene<'_>, index: usize, person: &PersonId) -> Result<(), Refusal> {
    let request = scene.request;
    if !scene.book.is_active(&request.requester) {
        let requester = scene.book.name_of(&request.requester);
        return Err(Refusal::RequesterNotActive {
            request: request.id,
            requester,
        });
    }
    if !request.terms.distinct_approvers {
        return Ok(());
    }
    if let Some(earlier) = request.approval_by(person) {
        let step = request.terms.steps.get(earlier.step);
        return Err(Refusal::OneApprovalPerRequest {
            request: request.id,
            step: step.map_or_else(String::new, |step| step.name.clone()),
            at: earlier.at,
        });
    }
    match needed_later(request, scene.book, index, person) {
        None => Ok(()),
        Some(step) => Err(Refusal::NeededForLaterStep {
            request: request.id,
            step: step.name.clone(),
        }),
    }
}

/// Counts the vote and reads off what follows (W12).
fn count(
    scene: &Scene<'_>,
    current: usize,
    index: usize,
    ballot: Ballot<'_>,
) -> Result<Vec<Event>, Refusal> {
    let voted = Event::Voted {
        vote: Vote {
            step: index,
            person: ballot.person.clone(),
            decision: ballot.decision,
            comment: ballot.comment,
            revision: scene.request.revision,
            at: scene.now,
            channel: ballot.channel,
        },
    };
    let mut after = scene.request.clone();
    if after.apply(&voted).is_err() {
        // Cannot be: the request is pending and `index` is at most the current step.
        return Err(Refusal::NotEligible { request: after.id });
    }
    let mut events = vec![voted];
    match ballot.decision {
        Decision::Disapprove if rejects(scene, &after, index) => {
            events.push(Event::Rejected {
                at: scene.now,
                step: index,
            });
        }
        Decision::Disapprove if index < current && !has_quorum(&after, index) => {
            events.push(Event::StepReopened { step: index });
        }
        Decision::Disapprove => {}
        Decision::Approve => events.extend(completions(scene, &after, current)),
    }
    Ok(events)
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
            events.push(Event::StepCompleted { step });
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
