//! Whether different persons can fill all the places of all the steps (W5, W11).
//!
//! A step needs some places filled, each by another of its persons; under W11 one person fills at most
//! one place of the whole request. That is a bipartite matching. It is found by augmenting paths that
//! run over the *steps*, of which there are few, not over the persons: a search visits each step at
//! most once.
//!
//! What always holds: the number of places filled is the largest possible, and steps earlier in the
//! list are filled before later ones, so that the first step that lacks somebody is the one to name.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::ids::PersonId;

/// What one step still needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need<'a> {
    /// How many places are to be filled.
    pub places: usize,
    /// Who could fill one.
    pub persons: BTreeSet<&'a PersonId>,
}

/// How many places of each step can be filled.
///
/// With `distinct`, one person fills at most one place of all (W11); without, one place of each step.
pub fn fill(needs: &[Need<'_>], distinct: bool) -> Vec<usize> {
    if !distinct {
        return needs
            .iter()
            .map(|need| need.places.min(need.persons.len()))
            .collect();
    }
    let mut holds = BTreeMap::new();
    let mut filled = Vec::with_capacity(needs.len());
    for (step, need) in needs.iter().enumerate() {
        let possible = need.places.min(need.persons.len());
        let count = (0..possible)
            .take_while(|_| place_one(needs, &mut holds, step))
            .count();
        filled.push(count);
    }
    filled
}

/// The first step whose places cannot all be filled.
pub fn first_lacking(needs: &[Need<'_>], distinct: bool) -> Option<usize> {
    fill(needs, distinct)
        .iter()
        .zip(needs)
        .position(|(filled, need)| *filled < need.places)
}

/// Fills one more place of `start`, moving others to other steps where that helps. Breadth first.
fn place_one<'a>(
    needs: &[Need<'a>],
    holds: &mut BTreeMap<&'a PersonId, usize>,
    start: usize,
) -> bool {
    // How the search came to a step: which person it would take away from there, and for which step.
    let mut came: BTreeMap<usize, Option<(&'a PersonId, usize)>> = BTreeMap::from([(start, None)]);
    let mut queue = VecDeque::from([start]);
    while let Some(step) = queue.pop_front() {
        let Some(need) = needs.get(step) else {
            continue;
        };
        if let Some(free) = need
            .persons
            .iter()
            .find(|person| !holds.contains_key(**person))
        {
            let mut gains = step;
            holds.insert(free, gains);
            while let Some(Some((moved, to))) = came.get(&gains) {
                holds.insert(moved, *to);
                gains = *to;
            }
            return true;
        }
        for person in &need.persons {
            if let Some(&other) = holds.get(*person)
                && !came.contains_key(&other)
            {
                came.insert(other, Some((person, step)));
                queue.push_back(other);
            }
        }
    }
    false
}
