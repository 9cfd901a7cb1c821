//! What approvals are still within reach, and who is needed for them (W11, W12).

use std::collections::BTreeSet;

use super::super::book::{Book, Electorate};
use super::super::ids::PersonId;
use super::super::places::{self, Need};
use super::super::policy::Step;
use super::super::request::{Decision, Request};
use super::Scene;

/// The later step that lacks this person if they approve step `index`.
///
/// Their approval costs a place if, with them here, fewer places can be filled in all than without
/// this restriction. Then every best filling has them at a later step; the first such is named.
pub(super) fn needed_later<'a>(
    request: &'a Request,
    book: &Book,
    index: usize,
    person: &PersonId,
) -> Option<&'a Step> {
    let mut needs = open_needs(request, book);
    let sum = |needs: &[Need<'_>]| places::fill(needs, true).iter().sum::<usize>();
    let best = sum(&needs);
    let named: Vec<usize> = (index + 1..needs.len())
        .filter(|later| {
            needs
                .get(*later)
                .is_some_and(|need| need.persons.contains(person))
        })
        .collect();
    if named.is_empty() {
        return None;
    }
    for need in &mut needs {
        need.persons.remove(person);
    }
    // What can be filled with this person at one step: that place, and the rest without them.
    let mut with_person_at = |step: usize| {
        let places = needs.get(step).map_or(0, |need| need.places);
        if let Some(need) = needs.get_mut(step) {
            need.places = places.saturating_sub(1);
        }
        let filled = sum(&needs) + usize::from(places > 0);
        if let Some(need) = needs.get_mut(step) {
            need.places = places;
        }
        filled
    };
    if with_person_at(index) >= best {
        return None;
    }
    let later = named
        .into_iter()
        .find(|later| with_person_at(*later) >= best)?;
    request.terms.steps.get(later)
}

/// Whether a disapproval of step `index` ends the request: by number, or because the approvals that
/// are still lacking are now out of reach (W12).
///
/// Out of reach is what *votes* do. Where departures alone have left a later step without enough
/// persons, nothing is rejected: they may come back (W7), and time runs out by itself (W18).
pub(super) fn rejects(scene: &Scene<'_>, after: &Request, index: usize) -> bool {
    let Some(step) = after.terms.steps.get(index) else {
        return false;
    };
    if after.votes_on(index, Decision::Disapprove).count() >= step.disapprovals {
        return true;
    }
    let needs = open_needs(after, scene.book);
    if needs
        .get(index)
        .is_some_and(|need| need.persons.len() < need.places)
    {
        return true;
    }
    let distinct = after.terms.distinct_approvers;
    let possible = |needs: &[Need<'_>]| places::first_lacking(needs, distinct).is_none();
    !possible(&needs) && possible(&open_needs(scene.request, scene.book))
}

/// Who may vote on the steps of a request, by the book in force.
pub(super) fn electorate<'a>(request: &'a Request, book: &'a Book) -> Electorate<'a> {
    Electorate {
        book,
        module: &request.subject.module,
        requester: &request.requester,
        terms: &request.terms,
    }
}

/// Who can still give an approval of a step: its electors who have not voted on it and, under W11,
/// have approved no other step. These are the people who are asked (W9).
pub fn can_still_approve<'a>(
    request: &'a Request,
    book: &'a Book,
    index: usize,
) -> BTreeSet<&'a PersonId> {
    let Some(step) = request.terms.steps.get(index) else {
        return BTreeSet::new();
    };
    let mut persons = electorate(request, book).of(step);
    persons.retain(|person| {
        request.vote_of(index, person).is_none()
            && !(request.terms.distinct_approvers && request.approval_by(person).is_some())
    });
    persons
}

/// What each step still needs, and who could give it.
fn open_needs<'a>(request: &'a Request, book: &'a Book) -> Vec<Need<'a>> {
    let steps = request.terms.steps.iter().enumerate();
    steps
        .map(|(index, step)| {
            let given = request.votes_on(index, Decision::Approve).count();
            Need {
                places: step.approvals.saturating_sub(given),
                persons: can_still_approve(request, book, index),
            }
        })
        .collect()
}
