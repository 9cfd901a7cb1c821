//! Deciding in chat: over the real gateway and TLS, against the double.

mod buttons;
mod linking;
mod troubles;
mod twice;
