//! Access that cannot wait, and the look at it afterwards (W24-W26).

use jiff::Timestamp;

use super::super::book::{Book, Electorate};
use super::super::event::Event;
use super::super::ids::{PersonId, RequestId};
use super::super::policy::{self, EmergencyBlock};
use super::super::refusal::Refusal;
use super::super::request::{Grant, Request, Review, Subject, Window, later};
use super::{MIN_EMERGENCY_REASON_CHARS, Scene, acting, cleaned, seen_chars, settled};

/// The block under which this person is offered emergency access now (W24, W26). The policy in force
/// says so, whatever policy a request was filed under.
pub fn offered<'a>(
    book: &'a Book,
    subject: &Subject,
    person: &PersonId,
    unreviewed: &[RequestId],
) -> Result<&'a EmergencyBlock, Refusal> {
    let none = || Refusal::EmergencyNotOffered {
        subject: subject.clone(),
    };
    let block = policy::applying(book, subject, person)
        .and_then(|policy| policy.emergency.as_ref())
        .filter(|block| book.means(&block.allowed, person))
        .ok_or_else(none)?;
    if block.block_until_reviewed && !unreviewed.is_empty() {
        return Err(Refusal::EmergencyUnreviewed {
            open: unreviewed.to_vec(),
        });
    }
    Ok(block)
}

/// The requester takes access at once (W24).
pub(super) fn confirm(
    scene: &Scene<'_>,
    person: &PersonId,
    reason: &str,
) -> Result<Vec<Event>, Refusal> {
    let request = scene.request;
    acting(scene.book, person)?;
    if *person != request.requester {
        return Err(Refusal::NotTheRequester {
            request: request.id,
        });
    }
    if let Some(settled) = settled(scene) {
        return Err(settled);
    }
    // What continues a grant goes the ordinary way (W23).
    if request.extends.is_some() {
        return Err(Refusal::EmergencyNotOffered {
            subject: request.subject.clone(),
        });
    }
    let unreviewed = &scene.around.unreviewed;
    let block = offered(scene.book, &request.subject, person, unreviewed)?;
    confirmed(block, &request.window, reason, scene.now).map(|event| vec![event])
}

/// The event of a confirmed emergency: from now to the earlier of the block's limit and the end that
/// was asked for (W24).
pub(super) fn confirmed(
    block: &EmergencyBlock,
    window: &Window,
    reason: &str,
    now: Timestamp,
) -> Result<Event, Refusal> {
    let reason = cleaned(Some(reason), "reason")?.unwrap_or_default();
    let chars = seen_chars(&reason);
    if chars < MIN_EMERGENCY_REASON_CHARS {
        return Err(Refusal::EmergencyReasonTooShort {
            chars,
            least: MIN_EMERGENCY_REASON_CHARS,
        });
    }
    let asked = window.end().unwrap_or_else(|| later(now, window.length()));
    let end = asked.min(later(now, block.max_duration));
    if end <= now {
        return Err(Refusal::WindowOver { end });
    }
    Ok(Event::EmergencyConfirmed {
        at: now,
        reason,
        grant: Grant { start: now, end },
        remind_review_after: block.remind_review_after,
    })
}

/// An eligible approver of any of its steps records a finding; its requester never does, whatever the
/// policy says (W26).
pub(super) fn review(
    scene: &Scene<'_>,
    person: &PersonId,
    finding: &str,
) -> Result<Vec<Event>, Refusal> {
    let request = scene.request;
    acting(scene.book, person)?;
    let electorate = Electorate {
        request,
        book: scene.book,
        now: scene.now,
    };
    if *person == request.requester || !electorate.has(person) {
        return Err(Refusal::NotAReviewer {
            request: request.id,
        });
    }
    let Some(emergency) = &request.emergency else {
        return Err(Refusal::NoEmergency {
            request: request.id,
        });
    };
    if let Some(review) = &emergency.review {
        return Err(Refusal::AlreadyReviewed {
            request: request.id,
            by: scene.book.name_of(&review.by),
            at: review.at,
        });
    }
    let finding = cleaned(Some(finding), "finding")?.ok_or(Refusal::FindingRequired {
        request: request.id,
    })?;
    let review = Review {
        at: scene.now,
        by: person.clone(),
        finding,
    };
    Ok(vec![Event::Reviewed { review }])
}

/// Whether there is anybody who may review an emergency of this request (W26).
pub fn can_be_reviewed(request: &Request, book: &Book, now: Timestamp) -> bool {
    let electorate = Electorate { request, book, now };
    let others = book.people.keys();
    others
        .filter(|person| **person != request.requester && book.is_active(person))
        .any(|person| electorate.has(person))
}
