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
//!
//! What always holds: every answer is for the eyes of whoever typed; nobody is called by it; other
//! people's words stand in it only as [`text`](crate::outbound::chat::text) gives them; it fits into one
//! message. What was offered while typing is checked again when it is sent.

pub mod definition;
pub mod help;
pub mod reader;
pub mod register;
pub mod say;
pub mod show;
pub mod takes;
mod texts;
pub mod typed;
pub mod words;

pub use definition::Slash;

#[cfg(test)]
mod tests;
