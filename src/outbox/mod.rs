//! What we owe, and who works it off.
//!
//! [`crate::store::outbox`] holds the deliveries; [`courier`] sends them; [`retry`] says when again.

pub mod courier;
pub mod retry;
