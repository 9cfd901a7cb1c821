//! For whose vote a request waits, and whom it may be shown to.
//!
//! Lists are asked of a database that cannot decide this. So the store keeps, of each pending request,
//! what its current step *names* ([`awaited`]): that changes only with the request. Who is meant by a
//! name changes with the book and the clock, and is asked the other way round: all the names by which a
//! person is called ([`called`]). What always holds: whoever [`waits_for`] says yes to is called by a
//! name that [`awaited`] has, so that a list which looks only at those misses nobody.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::book::{Book, Electorate, Role};
use super::super::ids::PersonId;
use super::super::policy::Who;
use super::super::refusal::Refusal;
use super::super::request::{Request, State};
use super::reach::can_still_approve;

/// What the current step of a request names: its approvers, and whom it was escalated to (W19). Empty
/// once the request is settled.
pub fn awaited(request: &Request) -> BTreeSet<&Who> {
    let current = request.current_step();
    let named = current.map(|index| request.named(index));
    named.into_iter().flatten().flatten().collect()
}

/// Every name by which a person may be called to vote at `now`: their own, their groups', and those of
/// the people whose votes are in their hands (W20).
pub fn called(book: &Book, person: &PersonId, now: Timestamp) -> BTreeSet<Who> {
    let delegations = book.delegations.iter();
    let delegators = delegations
        .filter(|delegation| delegation.to == *person && delegation.holds(now))
        .map(|delegation| &delegation.from);
    let mut names = BTreeSet::new();
    for whose in delegators.chain([person]) {
        names.insert(Who::Person(whose.clone()));
        let groups = book.groups.iter();
        let theirs = groups.filter(|(_, members)| members.contains(whose));
        names.extend(theirs.map(|(group, _)| Who::Group(group.clone())));
    }
    names
}

/// Whether a request waits at `now` for this person's vote on its current step: whoever is asked and
/// reminded, and nobody whose vote is used, whose own request it is, or who can approve it no more (W9
/// to W11, W18 to W20).
pub fn waits_for(request: &Request, book: &Book, person: &PersonId, now: Timestamp) -> bool {
    let State::Pending { step } = request.state_at(now) else {
        return false;
    };
    can_still_approve(request, book, step, now).contains(person)
}

/// Whether somebody reads every request: auditors and access admins do.
pub fn reads_all(book: &Book, person: &PersonId) -> bool {
    let roles = [Role::Auditor, Role::AccessAdmin];
    book.person(person)
        .is_some_and(|known| known.active && roles.into_iter().any(|role| known.has(role)))
}

/// What of all requests somebody may look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Everything.
    All,
    /// What this person has to do with: filed it, was asked about it or told of it as an emergency,
    /// decided something about it.
    Own(PersonId),
}

/// What somebody may look at by the book in force; nobody unknown or disabled looks at anything.
pub fn sight(book: &Book, person: &PersonId) -> Result<Sight, Refusal> {
    super::acting(book, person)?;
    Ok(if reads_all(book, person) {
        Sight::All
    } else {
        Sight::Own(person.clone())
    })
}

/// Whether one request may be shown to somebody. `involved` says whether they have had to do with it;
/// whoever could vote on any of its steps, and so may revoke its grant (W22), may look at it too. To
/// everybody else it is as if it were not there.
pub fn may_see(
    sight: &Sight,
    request: &Request,
    involved: bool,
    book: &Book,
    now: Timestamp,
) -> bool {
    let Sight::Own(person) = sight else {
        return true;
    };
    let electorate = Electorate { request, book, now };
    involved || *person == request.requester || electorate.has(person)
}
