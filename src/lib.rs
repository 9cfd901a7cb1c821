//! Countersign: an approval bot for privileged access.

pub mod app;
pub mod clock;
pub mod command;
pub mod config;
pub mod embedded;
pub mod handle;
pub mod inbound;
pub mod outbound;
pub mod outbox;
pub mod render;
pub mod store;
pub mod token;
pub mod workflow;
