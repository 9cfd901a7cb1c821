//! What lists ask by, as it follows from a request: whom its current step names, and who decided what.
//!
//! Written in the statement that writes the request, so that neither can be without the other; `audit
//! verify` compares both with the request.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::rows::name_of;
use crate::workflow::decide::awaited;
use crate::workflow::ids::PersonId;
use crate::workflow::request::{Part, Request};

/// What a change adds to `awaited` and takes from it, and the rows that it writes to `involved`.
#[derive(Default)]
pub(super) struct Reports {
    pub awaited: Vec<String>,
    pub awaited_no_more: Vec<String>,
    pub involved: Vec<Involved>,
}

/// What stands in a row of `involved`.
#[derive(Serialize)]
pub(super) struct Involved {
    person: PersonId,
    #[serde(flatten)]
    part: Part,
}

impl Reports {
    /// What a new request writes: its requester has to do with it. Nobody has decided anything yet.
    pub fn of(request: &Request) -> Self {
        let mut reports = Self {
            awaited: names(request).into_iter().collect(),
            ..Self::default()
        };
        reports.involved.push(Involved {
            person: request.requester.clone(),
            part: Part::default(),
        });
        reports
    }

    /// What a change of a request writes.
    pub fn changed(before: &Request, after: &Request) -> Self {
        let (old, new) = (names(before), names(after));
        let mut reports = Self {
            awaited: new.difference(&old).cloned().collect(),
            awaited_no_more: old.difference(&new).cloned().collect(),
            ..Self::default()
        };
        reports.changed_parts(&before.parts(), &after.parts());
        reports
    }

    /// Whose part is another now; it is nobody's any more where a vote was made void (W16).
    fn changed_parts(
        &mut self,
        before: &BTreeMap<&PersonId, Part>,
        after: &BTreeMap<&PersonId, Part>,
    ) {
        let persons: BTreeSet<&PersonId> = before.keys().chain(after.keys()).copied().collect();
        for person in persons {
            let part = after.get(person).copied().unwrap_or_default();
            if before.get(person).copied().unwrap_or_default() != part {
                self.involved.push(Involved {
                    person: person.clone(),
                    part,
                });
            }
        }
    }
}

/// What the current step names, as `awaited` has it.
pub(super) fn names(request: &Request) -> BTreeSet<String> {
    awaited(request).into_iter().map(name_of).collect()
}
