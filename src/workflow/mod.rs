//! What a decision means. Pure: values in, values out.
//!
//! Nothing here waits, reads a clock, draws a random number or knows a database; this folder
//! imports nothing else of the crate, and a test holds it to that. The rules are numbered
//! `W1`…`W31`; a doc comment, a refusal and a test each name the rule that they apply.
//!
//! | file | what it holds |
//! |---|---|
//! | [`ids`] | names of persons, groups, modules and requests |
//! | [`book`] | who there is, and which policies are in force: the meaning of `policies.toml` |
//! | [`policy`] | one policy, and which policy a request falls under (W2) |
//! | [`request`] | a request with its votes and its state |
//! | [`event`] | what happened to a request; a request *is* the fold of its events |
//! | [`decide`] | filing, votes, time, grants, emergencies: `Result<Vec<Event>, Refusal>` |
//! | [`schedule`] | when something about a request is due next |
//! | [`places`] | whether different persons can fill all the places of all the steps (W5, W11) |
//! | [`act`] | what a reader of a post can do with it |
//! | [`notice`] | who must be told what because of an event |
//! | [`post`] | what a chat shows of a request, and where |
//! | [`refusal`] | every way to say no: a code, a rule, a sentence, a next step |
//!
//! What always holds: `decide` returns events only if the request's state and the actor's standing
//! allow the action; applying them with [`request::Request::apply`] never fails for the request they were
//! decided on.

pub mod act;
pub mod book;
pub mod decide;
pub mod event;
pub mod ids;
pub mod notice;
pub mod places;
pub mod policy;
pub mod post;
pub mod refusal;
pub mod request;
pub mod schedule;

#[cfg(test)]
mod invariants;
#[cfg(test)]
pub(crate) mod testing;
