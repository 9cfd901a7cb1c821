//! What approvals are still within reach, and who is needed for them (W11, W12).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::book::{Book, Electorate};
use super::super::ids::PersonId;
use super::super::places::{self, Need};
use super::super::policy::Step;
use super::super::request::{Decision, Request};
use super::Scene;

/// The other step that lacks somebody if these persons' votes go to an approval of step `index`: the
/// voter's, and that of the one on whose behalf they vote.
///
/// Their approval costs a place if, with them here, fewer places can be filled in all than without
/// this restriction. Then every best filling has one of them at another step; the first such is named.
pub(super) fn needed_elsewhere<'a>(
    request: &'a Request,
    book: &Book,
    index: usize,
    spent: &[&PersonId],
    now: Timestamp,
) -> Option<&'a Step> {
    let mut needs = open_needs(request, book, now);
    let sum = |needs: &[Need<'_>]| places::fill(needs, true).iter().sum::<usize>();
    let best = sum(&needs);
    let named: Vec<usize> = (0..needs.len())
        .filter(|other| *other != index)
        .filter(|other| {
            let need = needs.get(*other).filter(|need| need.places > 0);
            need.is_some_and(|need| spent.iter().any(|person| need.persons.contains(person)))
        })
        .collect();
    if named.is_empty() {
        return None;
    }
    for need in &mut needs {
        need.persons.retain(|person| !spent.contains(person));
    }
    // What can be filled with these persons' one place at one step, and the rest without them.
    let mut with_them_at = |step: usize| {
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
    let here = with_them_at(index);
    if here >= best {
        return None;
    }
    let better = named.into_iter().find(|other| with_them_at(*other) > here);
    // Two votes that are spent at once may each be wanted somewhere: then the first step that lacks one.
    let other = better.or_else(|| {
        if let Some(need) = needs.get_mut(index) {
            need.places = need.places.saturating_sub(1);
        }
        places::first_lacking(&needs, true)
    })?;
    request.terms.steps.get(other)
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
    let needs = open_needs(after, scene.book, scene.now);
    if needs
        .get(index)
        .is_some_and(|need| need.persons.len() < need.places)
    {
        return true;
    }
    let distinct = after.terms.distinct_approvers;
    let possible = |needs: &[Need<'_>]| places::first_lacking(needs, distinct).is_none();
    !possible(&needs) && possible(&open_needs(scene.request, scene.book, scene.now))
}

/// Who may vote on the steps of a request, by the book in force.
pub(super) fn electorate<'a>(
    request: &'a Request,
    book: &'a Book,
    now: Timestamp,
) -> Electorate<'a> {
    Electorate { request, book, now }
}

/// Who can still give an approval of a step: its electors whose vote on it is not used and, under W11,
/// who have approved no other step; and the delegates of such. These are the people who are asked (W9).
pub fn can_still_approve<'a>(
    request: &'a Request,
    book: &'a Book,
    index: usize,
    now: Timestamp,
) -> BTreeSet<&'a PersonId> {
    let electorate = electorate(request, book, now);
    let mut persons = unused(electorate, index);
    for delegator in persons.clone() {
        let delegates = electorate.delegates(index, delegator);
        persons.extend(
            delegates
                .into_iter()
                .filter(|delegate| is_unused(request, index, delegate)),
        );
    }
    persons
}

/// The electors of a step whose own vote can still approve it.
fn unused(electorate: Electorate<'_>, index: usize) -> BTreeSet<&PersonId> {
    let mut persons = electorate.of(index);
    persons.retain(|person| is_unused(electorate.request, index, person));
    persons
}

fn is_unused(request: &Request, index: usize, person: &PersonId) -> bool {
    request.vote_using(index, person).is_none()
        && !(request.terms.distinct_approvers && request.approval_using(person).is_some())
}

/// The first step that can no longer complete, because people have left it: nobody's vote rejected
/// the request, and nobody's vote can approve it (W7). Delegates stand for those who named them.
pub fn stranded_step(request: &Request, book: &Book, now: Timestamp) -> Option<usize> {
    request.current_step()?;
    let needs = open_needs(request, book, now);
    places::first_lacking(&needs, request.terms.distinct_approvers)
}

/// What each step still needs, and whose vote could give it.
fn open_needs<'a>(request: &'a Request, book: &'a Book, now: Timestamp) -> Vec<Need<'a>> {
    let steps = request.terms.steps.iter().enumerate();
    steps
        .map(|(index, step)| {
            let given = request.votes_on(index, Decision::Approve).count();
            Need {
                places: step.approvals.saturating_sub(given),
                persons: unused(electorate(request, book, now), index),
            }
        })
        .collect()
}
