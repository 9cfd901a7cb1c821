//! The end of a grant before its time, and its continuation (W22, W23).

use jiff::{SignedDuration, Timestamp};

use super::super::book::{Electorate, Role};
use super::super::event::Event;
use super::super::ids::{PersonId, RequestId};
use super::super::refusal::Refusal;
use super::super::request::{EndCause, Ending, Request, State, Window, later};
use super::{Draft, Scene, acting, cleaned};

/// An eligible approver of any step, or an access admin, ends the grant (W22).
pub(super) fn revoke(
    scene: &Scene<'_>,
    person: &PersonId,
    reason: &str,
) -> Result<Vec<Event>, Refusal> {
    acting(scene.book, person)?;
    let request = scene.request;
    let electorate = Electorate {
        request,
        book: scene.book,
        now: scene.now,
    };
    let admin = scene
        .book
        .person(person)
        .is_some_and(|known| known.has(Role::AccessAdmin));
    if !admin && !electorate.has(person) {
        return Err(Refusal::NotARevoker {
            request: request.id,
        });
    }
    standing(scene)?;
    let reason = cleaned(Some(reason), "reason")?.ok_or(Refusal::RevokeReasonRequired {
        request: request.id,
    })?;
    Ok(cut(scene, EndCause::Revoked, person, Some(reason)))
}

/// The holder gives their grant back (W22).
pub(super) fn give_back(
    scene: &Scene<'_>,
    person: &PersonId,
    reason: Option<&str>,
) -> Result<Vec<Event>, Refusal> {
    acting(scene.book, person)?;
    held_by(scene.request, person)?;
    standing(scene)?;
    let reason = cleaned(reason, "reason")?;
    Ok(cut(scene, EndCause::Returned, person, reason))
}

fn cut(scene: &Scene<'_>, cause: EndCause, by: &PersonId, reason: Option<String>) -> Vec<Event> {
    let ending = Ending {
        at: scene.now,
        cause,
        by: by.clone(),
        reason,
        with: None,
    };
    vec![Event::GrantCut { ending }]
}

/// What the end of a grant does to a request that continues it: a pending one ends, a scheduled or
/// active grant is cut too (W22). Empty where nothing is left to end.
///
/// The caller holds both requests, and goes on to what continues this one.
pub fn cut_with_base(
    request: &Request,
    base: RequestId,
    ending: &Ending,
    now: Timestamp,
) -> Vec<Event> {
    if request.current_step().is_some() {
        if let State::Expired { at, cause } = request.state_at(now) {
            return vec![Event::Expired { at, cause }];
        }
        return vec![Event::BaseCut {
            at: now,
            base,
            cause: ending.cause,
            by: ending.by.clone(),
            reason: ending.reason.clone(),
        }];
    }
    if !request.grant_stands(now) || request.ended.is_some() {
        return Vec::new();
    }
    let ending = Ending {
        with: Some(base),
        ..ending.clone()
    };
    vec![Event::GrantCut { ending }]
}

/// The draft of a request that continues a grant from its end on (W23). It is then filed like any
/// other, under the policy in force.
pub fn extension(
    scene: &Scene<'_>,
    person: &PersonId,
    length: SignedDuration,
    justification: Option<String>,
) -> Result<Draft, Refusal> {
    let request = scene.request;
    acting(scene.book, person)?;
    held_by(request, person)?;
    let end = standing(scene)?;
    let next = scene
        .around
        .others
        .iter()
        .find(|other| other.extends == Some(request.id));
    if let Some(next) = next {
        return Err(Refusal::ExtendedAlready {
            request: request.id,
            by: next.request,
        });
    }
    Ok(Draft {
        subject: request.subject.clone(),
        window: Window::Fixed {
            start: end,
            end: later(end, length),
        },
        justification,
        extends: Some(request.id),
    })
}

fn held_by(request: &Request, person: &PersonId) -> Result<(), Refusal> {
    if *person == request.requester {
        return Ok(());
    }
    Err(Refusal::NotTheHolder {
        request: request.id,
    })
}

/// The end of a grant that is scheduled or active.
fn standing(scene: &Scene<'_>) -> Result<Timestamp, Refusal> {
    let request = scene.request;
    let (Some(grant), Some(state)) = (request.grant(), request.grant_state(scene.now)) else {
        return Err(Refusal::NoGrant {
            request: request.id,
            state: request.state_at(scene.now),
        });
    };
    if request.grant_stands(scene.now) {
        return Ok(grant.end);
    }
    Err(Refusal::GrantOver {
        request: request.id,
        grant: state,
        at: request.ended.as_ref().map_or(grant.end, |ending| ending.at),
    })
}
