//! What time brings (W18-W23, W26).
//!
//! The clock asks once, and everything about the request that has become due is done, in the order in
//! which it was due, each event with the instant it was due at. What came due while nobody looked is
//! done once: of several reminders the newest, and no reminder at all of what is over by now. Whoever
//! can vote now and was never asked, because they joined a group, were enabled again or a delegation
//! began, is asked too; and a step that can no longer complete is said to be so.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::event::Event;
use super::super::ids::PersonId;
use super::super::refusal::Refusal;
use super::super::request::{Request, State};
use super::super::schedule::{self, Due};
use super::reach::{can_still_approve, stranded_step};
use super::{Scene, settled_as};

/// More than one request can have due at once; a fold that does not move on must not spin.
const MAX_EVENTS: usize = 32;

pub(super) fn tick(scene: &Scene<'_>) -> Result<Vec<Event>, Refusal> {
    let mut after = scene.request.clone();
    let mut events = Vec::new();
    while events.len() < MAX_EVENTS
        && let Some((at, due)) = schedule::next(&after, scene.book, scene.now)
        && at <= scene.now
        && let Some(event) = event(scene, &after, at, due)
        && after.apply(&event).is_ok()
    {
        events.push(event);
    }
    for event in afterwards(scene, &after, &events) {
        if after.apply(&event).is_ok() {
            events.push(event);
        }
    }
    if !events.is_empty() {
        return Ok(events);
    }
    match &scene.request.state {
        State::Pending { .. } | State::Approved { .. } => Err(Refusal::NotDue {
            request: scene.request.id,
            next: schedule::next(&after, scene.book, scene.now).map(|(at, _)| at),
        }),
        settled => Err(settled_as(scene, settled.clone())),
    }
}

/// What happens because this is due; `None` for what only lets others vote.
fn event(scene: &Scene<'_>, request: &Request, at: Timestamp, due: Due) -> Option<Event> {
    let now = scene.now;
    // What is over needs no reminder of what was to come.
    if request.current_step().is_some() && now >= request.pending_until {
        return Some(Event::Expired {
            at: request.pending_until,
            cause: request.expiry_cause(),
        });
    }
    if let Some(grant) = request.grant()
        && matches!(due, Due::GrantStart | Due::Warn)
        && now >= grant.end
    {
        return Some(Event::GrantEnded { at: grant.end });
    }
    let step = request.current_step();
    match due {
        // Done above, or nothing that could be waited for.
        Due::Expire | Due::Delegation => None,
        Due::Escalate => Some(Event::Escalated { at, step: step? }),
        Due::Remind(_) => {
            let step = step?;
            let reminders = request.terms.steps.get(step)?.reminders?;
            let since = request.clock.since;
            let number = schedule::newest(since, reminders.after, now, reminders.most);
            Some(Event::Reminded { at, step, number })
        }
        Due::GrantStart => Some(Event::GrantStarted { at }),
        Due::Warn => Some(Event::GrantWarned {
            at,
            continued_by: continued_by(scene, request),
        }),
        Due::GrantEnd => Some(Event::GrantEnded { at }),
        Due::RemindReview(_) => {
            let emergency = request.emergency.as_ref()?;
            let every = emergency.remind_review_after;
            let number = schedule::newest(emergency.at, every, now, u32::MAX);
            Some(Event::ReviewReminded { at, number })
        }
    }
}

/// Another grant of the same person and thing that is open where this one ends (W23).
fn continued_by(scene: &Scene<'_>, request: &Request) -> Option<super::RequestId> {
    let end = request.grant()?.end;
    scene
        .around
        .others
        .iter()
        .find(|other| other.grant.start <= end && end < other.grant.end)
        .map(|other| other.request)
}

/// What follows from who can vote now: those never asked are, and a stranded step is told of once.
fn afterwards(scene: &Scene<'_>, request: &Request, events: &[Event]) -> Vec<Event> {
    let Some(step) = request.current_step() else {
        return Vec::new();
    };
    let at = scene.now;
    let mut more = Vec::new();
    let asked: BTreeSet<&PersonId> = scene
        .around
        .asked
        .iter()
        .filter(|(asked, _)| *asked == step)
        .map(|(_, person)| person)
        .collect();
    let persons: Vec<PersonId> = can_still_approve(request, scene.book, step, at)
        .into_iter()
        .filter(|person| !asked.contains(person))
        .cloned()
        .collect();
    let escalates = events
        .iter()
        .any(|event| matches!(event, Event::Escalated { .. }));
    if !persons.is_empty() && !escalates {
        more.push(Event::AskedAlso { at, step, persons });
    }
    match stranded_step(request, scene.book, at) {
        Some(step) if !request.clock.stranded => more.push(Event::Stranded { at, step }),
        None if request.clock.stranded => more.push(Event::Unstranded { at }),
        _ => {}
    }
    more
}
