//! What another book does to requests that are pending (W7).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::book::{Book, Electorate};
use super::super::ids::PersonId;
use super::super::request::Request;
use super::stranded_step;

/// What changes for one pending request when a book replaces another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// Whether other people than before can vote on one of its steps: then the clock looks again, asks
    /// who has come and tells of a step that nobody can complete any more.
    pub electorate: bool,
    /// The step that could complete and no longer can, counted from 0.
    pub stranded: Option<usize>,
}

/// Compares what two books mean for a pending request; nothing changes for one that is settled.
pub fn shift(request: &Request, old: &Book, new: &Book, now: Timestamp) -> Shift {
    if request.current_step().is_none() {
        return Shift {
            electorate: false,
            stranded: None,
        };
    }
    let before = stranded_step(request, old, now);
    let after = stranded_step(request, new, now);
    Shift {
        electorate: voters(request, old, now) != voters(request, new, now) || before != after,
        stranded: after.filter(|_| before.is_none()),
    }
}

/// Everybody who can vote, with the step: for themselves or for somebody else (W10, W20).
fn voters<'a>(
    request: &'a Request,
    book: &'a Book,
    now: Timestamp,
) -> BTreeSet<(usize, &'a PersonId)> {
    let electorate = Electorate { request, book, now };
    let mut voters = BTreeSet::new();
    for step in 0..request.terms.steps.len() {
        for person in electorate.of(step) {
            voters.insert((step, person));
            let delegates = electorate.delegates(step, person);
            voters.extend(delegates.into_iter().map(|delegate| (step, delegate)));
        }
    }
    voters
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::*;
    use super::*;

    /// Goal: only what takes the last approver away strands a request, and only a change of voters is
    /// looked at again. Method: the same book, one approver less, both less, one more, a settled request.
    #[test]
    fn w7_what_another_book_changes() {
        let steps = vec![step("One", &["ann", "ben"], 1, 1)];
        let mut world = World::filed(terms(steps));
        let (old, now) = (world.book.clone(), world.now);
        let with = |off: &[&str]| {
            let mut book = old.clone();
            for name in off {
                book.people.get_mut(&id(name)).expect("known").active = false;
            }
            book
        };
        let shifted = |request: &Request, old: &Book, new: &Book| {
            let Shift {
                electorate,
                stranded,
            } = shift(request, old, new, now);
            (electorate, stranded)
        };
        let (one_less, none) = (with(&["ann"]), with(&["ann", "ben"]));
        assert_eq!(shifted(&world.request, &old, &old), (false, None));
        assert_eq!(shifted(&world.request, &old, &one_less), (true, None));
        assert_eq!(shifted(&world.request, &old, &none), (true, Some(0)));
        assert_eq!(shifted(&world.request, &none, &none), (false, None));
        assert_eq!(shifted(&world.request, &none, &old), (true, None));
        world.approves("ann").expect("counts");
        assert_eq!(shifted(&world.request, &old, &none), (false, None));
    }
}
