//! An ask for somebody who was asked before, because what they were sent is void.

use super::{Facts, Kind, Notice};
use crate::workflow::book::Book;
use crate::workflow::ids::PersonId;
use crate::workflow::request::Request;

/// Asks somebody anew about the step at which a request stands. Whether they can still decide is for the
/// caller to know.
pub fn ask_again(to: &PersonId, request: &Request, book: &Book, step: usize) -> Notice {
    Notice {
        kind: Kind::Ask,
        to: to.clone(),
        facts: Facts {
            step: Some(step),
            ..Facts::of(request, book)
        },
        may_wait: false,
    }
}
