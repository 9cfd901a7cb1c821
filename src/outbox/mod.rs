//! What we owe, and who works it off.
//!
//! [`crate::store::outbox`] holds the deliveries; [`courier`] sends them; [`retry`] says when again,
//! [`backlog`] when it gives way to the inbox.

pub mod backlog;
pub mod courier;
pub mod retry;
