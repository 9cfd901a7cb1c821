//! Slash commands: what can be typed, and what is answered.
//!
//! ```text
//! CommandInteraction ─▶ typed ─▶ Slash ─▶ Command ─▶ handle ─▶ Answer ─▶ say
//!                                  └────▶ a look at the store ─────────▶ show
//! ```
//!
//! Whoever types is known by their account, which was linked to a person (never by a name). What they
//! want done becomes the same [`Command`](crate::command::Command) as from a mail or the command line and
//! takes the same road; what they want to see is read as the command line reads it, by the same rules of
//! who may look at what.
//!
//! | file | what it holds |
//! |---|---|
//! | [`definition`] | the commands: the one place where they are said |
//! | [`takes`], [`words`] | what options take; what everything is called |
//! | [`typed`] | what Discord sends, taken apart |
//! | [`register`] | what Discord is told |
//! | [`help`] | what people are told |
//! | [`run`] | what was typed, done |
//! | `asking`, `seeing`, `whoami` | its parts: what wants something done, what only looks |
//! | [`offer`] | what is offered while somebody types |
//! | [`say`], [`show`], `buttons` | answers: what came of it, how a request stands, what to do next |
//!
//! What always holds: every answer is for the eyes of whoever typed; nobody is called by it; other
//! people's words stand in it only as [`text`](crate::outbound::chat::text) gives them; it fits into one
//! message. What was offered while typing is checked again when it is sent. Everything that is to be done
//! carries the interaction's number as its key: sent twice, it is done once (W6).

mod asking;
mod buttons;
pub mod definition;
pub mod help;
pub mod offer;
pub mod reader;
pub mod register;
pub mod run;
pub mod say;
mod seeing;
pub mod show;
pub mod takes;
mod texts;
pub mod typed;
mod unread;
mod whoami;
pub mod words;

pub use asking::{filled, is_form};
pub use definition::Slash;
pub use offer::typing;
pub use register::{forget, ready};
pub use run::{details, typed};

#[cfg(test)]
mod harmless;
#[cfg(test)]
mod tests;
