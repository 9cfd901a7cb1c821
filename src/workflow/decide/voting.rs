//! Votes (W9–W16).
//!
//! A vote is judged in this order: is the voter active; is the request still pending; have they a
//! part in it; which step do they mean; are they entitled on it; have they voted on it before; what
//! were they shown; what must come with it; is the window that it sets in order; does it take a person
//! whom another step needs. Only then it counts, or waits for its confirmation (W30), and what follows
//! from it is read off the votes: a step that has its approvals completes, one that cannot get them any
//! more rejects.

use super::super::book::Ineligible;
use super::super::event::Event;
use super::super::ids::PersonId;
use super::super::policy::Step;
use super::super::refusal::{Decider, Refusal};
use super::super::request::{Channel, Decision, Request, Window};
use super::counting::Counting;
use super::filing::check_window;
use super::reach::electorate;
use super::{Scene, Shown, acting, settled};

/// One vote before it is judged.
pub(super) struct Ballot<'a> {
    /// Whose.
    pub person: &'a PersonId,
    /// What.
    pub decision: Decision,
    /// What they said with it, cleaned.
    pub comment: Option<String>,
    /// The window that it sets; only with an approval (W16).
    pub window: Option<Window>,
    /// What they had before them.
    pub shown: Option<Shown>,
    /// By which road.
    pub channel: Channel,
}

/// Judges a vote and says what follows from it.
pub(super) fn vote(scene: &Scene<'_>, mut ballot: Ballot<'_>) -> Result<Vec<Event>, Refusal> {
    let request = scene.request;
    let id = request.id;
    acting(scene.book, ballot.person)?;
    if !has_part(scene, &ballot) {
        return Err(Refusal::NotEligible { request: id });
    }
    if let Some(settled) = settled(scene) {
        return Err(settled);
    }
    // Pending from here on: `settled` has answered for every other state.
    let current = request.current_step();
    let current = current.ok_or(Refusal::NotEligible { request: id })?;
    if *ballot.person == request.requester && !request.terms.allow_self_approval {
        return Err(Refusal::OwnRequest { request: id });
    }
    let index = meant_step(scene, &ballot, current)?;
    let step = request.terms.steps.get(index);
    let step = step.ok_or(Refusal::NotEligible { request: id })?;
    let behalves = entitled(scene, index, &ballot)?;
    repeated(request, index, step, &ballot)?;
    current_enough(request, &ballot)?;
    confirms(request, index, &mut ballot)?;
    if request.terms.comment_required
        && ballot.decision == Decision::Disapprove
        && ballot.comment.is_none()
    {
        return Err(Refusal::CommentRequired { request: id });
    }
    ballot.window = ballot.window.filter(|window| *window != request.window);
    if let Some(window) = &ballot.window {
        check_window(window, &request.terms, scene.now)?;
    }
    let mut counting = Counting {
        scene,
        current,
        index,
        behalf: None,
    };
    counting.choose(behalves, &ballot)?;
    if request.terms.confirm_by_mail && ballot.channel != Channel::Mail {
        return counting.hold(&ballot);
    }
    counting.count(&ballot)
}

/// Whether the person has anything to do with the request: they asked, were asked, are named in a
/// step now, or have voted. To everybody else nothing is told. What a mail or its link says was shown to
/// its reader alone; a button stands in a channel for all.
fn has_part(scene: &Scene<'_>, ballot: &Ballot<'_>) -> bool {
    let request = scene.request;
    let was_asked = matches!(ballot.channel, Channel::Mail | Channel::Link);
    ballot.shown.is_some() && was_asked
        || *ballot.person == request.requester
        || request.votes.iter().any(|vote| vote.uses(ballot.person))
        || (0..request.terms.steps.len()).any(|index| names(scene, index, ballot.person))
}

/// Whether a step names this person, or somebody who has delegated to them.
fn names(scene: &Scene<'_>, index: usize, person: &PersonId) -> bool {
    let electorate = electorate(scene.request, scene.book, scene.now);
    electorate.names(index, person) || !electorate.delegators(index, person).is_empty()
}

/// The step that a vote is about: the one that the voter was shown, else the current one if it
/// names them, else the last one that they voted on. One that is not current admits only the
/// disapproval of somebody whose approval of it stands (W14, W16).
fn meant_step(scene: &Scene<'_>, ballot: &Ballot<'_>, current: usize) -> Result<usize, Refusal> {
    let request = scene.request;
    let names = |index: usize| names(scene, index, ballot.person);
    let voted_before = || {
        (0..request.terms.steps.len())
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
    let name = |index: usize| step_name(request, index);
    // An approval that stands while the flow has gone back before it (W16).
    let stands = request
        .vote_of(meant, ballot.person)
        .is_some_and(|own| own.decision == Decision::Approve);
    if meant > current && stands {
        return Ok(meant);
    }
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

/// W10, W20: for whom the person may vote, never nobody: for themselves (`None`) if their own vote
/// counts, else for those who have delegated to them and whose vote is not used.
fn entitled(
    scene: &Scene<'_>,
    index: usize,
    ballot: &Ballot<'_>,
) -> Result<Vec<Option<PersonId>>, Refusal> {
    let request = scene.request;
    let electorate = electorate(request, scene.book, scene.now);
    if let Some(earlier) = request.vote_of(index, ballot.person) {
        let behalf = earlier.on_behalf_of.clone();
        return stricter(scene, index, ballot.person, behalf).map(|behalf| vec![behalf]);
    }
    let own = electorate.check(index, ballot.person);
    if own.is_ok() {
        return match used_by_delegate(scene, index, ballot.person) {
            Some(used) => Err(used),
            None => Ok(vec![None]),
        };
    }
    let delegators = electorate.delegators(index, ballot.person);
    let free = delegators.iter().filter(|from| {
        let spent = ballot.decision == Decision::Approve
            && request.terms.distinct_approvers
            && request.approval_using(from).is_some();
        request.vote_using(index, from).is_none() && !spent
    });
    let free: Vec<Option<PersonId>> = free.map(|from| Some((*from).clone())).collect();
    if !free.is_empty() {
        return Ok(free);
    }
    if let Some(used) = delegators
        .iter()
        .find_map(|from| used_vote(scene, index, from))
    {
        return Err(used);
    }
    own.map(|()| vec![None])
        .map_err(|why| ineligible(scene, ballot.person, why))
}

/// A vote that becomes stricter stays what it was: the person's own, or on the same one's behalf. Who
/// is no delegate any more, and entitled by now, takes it back in their own name: that uses up nobody
/// else's vote.
fn stricter(
    scene: &Scene<'_>,
    index: usize,
    person: &PersonId,
    behalf: Option<PersonId>,
) -> Result<Option<PersonId>, Refusal> {
    let electorate = electorate(scene.request, scene.book, scene.now);
    let delegators = electorate.delegators(index, person);
    if behalf
        .as_ref()
        .is_some_and(|behalf| delegators.contains(&behalf))
    {
        return Ok(behalf);
    }
    let own = electorate.check(index, person);
    own.map(|()| None)
        .map_err(|why| ineligible(scene, person, why))
}

fn ineligible(scene: &Scene<'_>, person: &PersonId, why: Ineligible) -> Refusal {
    let request = scene.request.id;
    match why {
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
    }
}

/// A delegate has given this person's vote (W20).
fn used_by_delegate(scene: &Scene<'_>, index: usize, person: &PersonId) -> Option<Refusal> {
    let vote = scene.request.vote_using(index, person)?;
    (vote.person != *person).then(|| used_vote(scene, index, person))?
}

/// Why a person's vote cannot be given: it is used, on this step or, under W11, on another one.
fn used_vote(scene: &Scene<'_>, index: usize, person: &PersonId) -> Option<Refusal> {
    let request = scene.request;
    let vote = request
        .vote_using(index, person)
        .or_else(|| request.approval_using(person))?;
    Some(Refusal::VoteUsed {
        request: request.id,
        step: step_name(request, vote.step),
        whose: scene.book.name_of(person),
        by: Box::new(Decider::new(vote, scene.book.name_of(&vote.person))),
    })
}

pub(super) fn step_name(request: &Request, index: usize) -> String {
    let step = request.terms.steps.get(index);
    step.map_or_else(String::new, |step| step.name.clone())
}

/// W30: what the same person said by another channel comes with the confirmation, unless that says
/// something of its own. Only with an answer to the very message that showed it: who answers anything
/// else has not seen it, and it may not have been they who said it.
fn confirms(request: &Request, index: usize, ballot: &mut Ballot<'_>) -> Result<(), Refusal> {
    let Some(asked) = ballot.shown.and_then(|shown| shown.confirms) else {
        return Ok(());
    };
    let held = request
        .held
        .iter()
        .find(|held| held.vote.step == index && held.vote.person == *ballot.person)
        .filter(|held| held.vote.at <= asked && ballot.channel == Channel::Mail);
    match held {
        Some(held) if held.vote.decision == ballot.decision => {
            ballot.comment = ballot.comment.take().or_else(|| held.vote.comment.clone());
            ballot.window = ballot.window.or(held.window);
            Ok(())
        }
        // What it showed is no longer what waits: an approval would be of something unseen.
        None if ballot.decision == Decision::Approve => Err(Refusal::ConfirmsAnother {
            request: request.id,
        }),
        Some(_) | None => Ok(()),
    }
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
            other_window: ballot.window.is_some(),
        }),
    }
}

/// W16: an approval of an older revision counts only if the present window lies inside the one
/// shown.
fn current_enough(request: &Request, ballot: &Ballot<'_>) -> Result<(), Refusal> {
    let Some(shown) = ballot.shown else {
        return Ok(());
    };
    let inside = request
        .window_of(shown.revision)
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
