//! Chat, outward: what the posts of a chat look like in Discord, and how they get there.
//!
//! ```text
//! what a post shows ─▶ words ─▶ templates/chat ─▶ payload ─▶ wire ─▶ Discord
//! ```
//!
//! [`words`] makes a request's facts safe and short, [`payload`] lays the texts out within the service's
//! limits, [`wire`] makes one call and says what the answer means, [`poster`] is the road that the courier
//! drives: it knows where each post stands. [`lasting`] tells the access admins what is wrong as a whole. [`button`] is what a button says when it is clicked.
//!
//! What always holds: nobody is called by anything that is sent (`allowed_mentions` is empty, and no text of
//! a person can name anybody); a try that is made again under the same name shows one message; no text of an
//! error holds a token.

pub mod button;
pub mod lasting;
pub mod payload;
pub mod poster;
pub mod rest;
mod samples;
pub mod text;
mod wire;
mod words;

pub use samples::samples;
pub use words::Readers;
