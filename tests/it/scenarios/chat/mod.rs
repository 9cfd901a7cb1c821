//! Deciding in chat: over the real gateway and TLS, against the double.

mod buttons;
mod commands;
mod ended;
mod lease;
mod linking;
mod posts;
mod reminded;
mod secrets;
mod troubles;
mod twice;
mod unposted;
