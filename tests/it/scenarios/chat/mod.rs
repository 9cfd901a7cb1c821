//! Deciding in chat: over the real gateway and TLS, against the double.

mod buttons;
mod commands;
mod lease;
mod linking;
mod posts;
mod secrets;
mod troubles;
mod twice;
mod unposted;
