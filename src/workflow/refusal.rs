//! Every way to say no: a code, the rule behind it, a sentence, a next step.
//!
//! A refusal is said to an *identified* person, always. Its `Display` is the sentence that the person
//! reads; [`Refusal::next`] is what they can do now.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{Module, PersonId, RequestId};
use super::request::State;

/// Why a command changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum Refusal {
    // The owner of `workflow` writes the variants; `code()`, `rule()`, `next()` and the sentence go with each.
    /// The request is settled (W14).
    #[error("{request} is already settled")]
    Settled {
        request: RequestId,
        state: State,
        by: Vec<PersonId>,
    },
}

impl Refusal {
    /// The stable name, e.g. `settled`.
    pub fn code(&self) -> &'static str {
        todo!()
    }
    /// The rule of the specification, e.g. `W14`.
    pub fn rule(&self) -> &'static str {
        todo!()
    }
    /// One next step, as a sentence.
    pub fn next(&self) -> String {
        todo!()
    }
}
