//! Whether different persons can fill all the places of all the steps (W5, W11).
//!
//! A step needs some places filled, each by another of its persons; under W11 one person fills at
//! most one place of the whole request. That is a bipartite matching. It is found by augmenting
//! paths that run over the *steps*, of which there are few, not over the persons: a search visits
//! each step at most once.
//!
//! What always holds: the number of places filled is the largest possible, and steps earlier in the
//! list are filled before later ones, so that the first step that lacks somebody is the one to
//! name.

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
/// With `distinct`, one person fills at most one place of all (W11); without, one place of each
/// step.
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
    // How the search came to a step: which person it would take away from there, and for which
    // step.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest number of places that different persons can fill, by trying everything.
    fn brute(needs: &[(usize, u8)], used: u8) -> usize {
        let Some(((places, persons), rest)) = needs.split_first() else {
            return 0;
        };
        // Every choice of at most `places` of the persons not yet used.
        (0..8u8)
            .filter(|choice| {
                choice & !persons == 0
                    && choice & used == 0
                    && choice.count_ones() as usize <= *places
            })
            .map(|choice| choice.count_ones() as usize + brute(rest, used | choice))
            .max()
            .unwrap_or(0)
    }

    /// Goal: the largest filling is found, and earlier steps are filled first (W5, W11).
    /// Method: every three steps over three persons, each with 0 to 3 places, against brute force.
    #[test]
    fn w11_fill_is_the_largest_matching() {
        let people = ["ann", "ben", "cat"].map(PersonId::from);
        let of = |bits: u8| -> BTreeSet<&PersonId> {
            people
                .iter()
                .enumerate()
                .filter(|(at, _)| bits >> at & 1 == 1)
                .map(|(_, p)| p)
                .collect()
        };
        let mut tried = 0;
        for code in 0..(32usize * 32 * 32) {
            let part = |shift: usize| {
                let part = code >> shift & 31;
                (part >> 3, u8::try_from(part & 7).expect("three bits"))
            };
            let steps = [part(0), part(5), part(10)];
            let needs: Vec<_> = steps
                .iter()
                .map(|(places, bits)| Need {
                    places: *places,
                    persons: of(*bits),
                })
                .collect();
            let filled = fill(&needs, true);
            for upto in 1..=3 {
                let sum: usize = filled.iter().take(upto).sum();
                assert_eq!(sum, brute(&steps[..upto], 0), "{steps:?}");
            }
            tried += 1;
        }
        assert_eq!(tried, 32_768);
    }

    /// Goal: without W11 each step is on its own.
    /// Method: one person, two steps.
    #[test]
    fn w11_lifted_steps_do_not_compete() {
        let ann = PersonId::from("ann");
        let need = || Need {
            places: 1,
            persons: BTreeSet::from([&ann]),
        };
        assert_eq!(first_lacking(&[need(), need()], true), Some(1));
        assert_eq!(first_lacking(&[need(), need()], false), None);
    }
}
