//! One person's votes in another's hands for a period (W20).
//!
//! Whether a delegation counts for a request is asked at every vote ([`Electorate`]): it dies with
//! either one's entitlement, and may come back with it.
//!
//! [`Electorate`]: super::super::book::Electorate

use jiff::Timestamp;

use super::super::book::{Book, Delegation, Role};
use super::super::ids::PersonId;
use super::super::refusal::Refusal;
use super::super::request::later;
use super::{MAX_DELEGATION, acting};

/// A new delegation of `person`, if it may be: between two registered approvers, for a period that is
/// still to end, and not beside another one of the same person.
pub fn delegate(
    book: &Book,
    person: &PersonId,
    to: &PersonId,
    (start, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<Delegation, Refusal> {
    acting(book, person)?;
    acting(book, to)?;
    if person == to {
        return Err(Refusal::DelegateToSelf);
    }
    for who in [person, to] {
        let registered = book
            .person(who)
            .is_some_and(|known| known.has(Role::Approver) && !known.modules.is_empty());
        if !registered {
            let name = book.name_of(who);
            return Err(Refusal::NotAnApprover { name });
        }
    }
    let start = start.max(now);
    if until <= start || until > later(start, MAX_DELEGATION) {
        return Err(Refusal::PeriodUnfit {
            start,
            until,
            limit: MAX_DELEGATION,
        });
    }
    let other = of(book, person, now).find(|other| start < other.until && other.start < until);
    if let Some(other) = other {
        return Err(Refusal::DelegationOverlaps {
            to: book.name_of(&other.to),
            start: other.start,
            until: other.until,
        });
    }
    Ok(Delegation {
        from: person.clone(),
        to: to.clone(),
        start,
        until,
    })
}

/// The delegations that end because `person` says so: all of theirs that are not over. Their delegate's
/// past votes stand.
pub fn end_delegation(
    book: &Book,
    person: &PersonId,
    now: Timestamp,
) -> Result<Vec<Delegation>, Refusal> {
    acting(book, person)?;
    let ended: Vec<Delegation> = of(book, person, now).cloned().collect();
    if ended.is_empty() {
        return Err(Refusal::NoDelegation);
    }
    Ok(ended)
}

fn of<'a>(
    book: &'a Book,
    person: &PersonId,
    now: Timestamp,
) -> impl Iterator<Item = &'a Delegation> {
    let all = book.delegations.iter();
    all.filter(move |delegation| delegation.from == *person && delegation.until > now)
}
