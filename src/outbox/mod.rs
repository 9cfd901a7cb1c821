//! What we owe, and who works it off.
//!
//! [`crate::store::outbox`] holds the deliveries; [`courier`] sends them; [`retry`] says when again,
//! [`backlog`] when it gives way to the inbox; [`bell`] tells other processes.

pub mod backlog;
pub mod bell;
pub mod courier;
pub mod retry;
