//! How we speak to the world: one value out, one of a few outcomes back.
//!
//! | outcome | whose matter | what follows |
//! |---|---|---|
//! | [`Sending::Sent`] | | done |
//! | [`Sending::Retry`] | this message's, for now | tried again after its backoff; the try counts |
//! | [`Sending::Later`] | the server's, which says when | tried again no sooner; nothing counts |
//! | [`Sending::GiveUp`] | this message's, for good | visible to the operator |
//! | [`Sending::NoSuchReader`] | likewise, and the reader's: their address takes no mail | the access admins are told |
//! | [`Sending::Moot`] | nobody's: the message is not needed, or goes by another road | over |
//! | [`Sending::Unreachable`] | the server's, or our account's there | the *connection* backs off; nothing counts |

pub mod chat;
pub mod mail;

use std::fmt;

use jiff::SignedDuration;

/// What came of one try to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// The other side took it; what it said.
    Sent(String),
    /// Not now.
    Retry(String),
    /// Not now, and not before so much time has passed.
    Later(String, SignedDuration),
    /// Never.
    GiveUp(String),
    /// Never, since the server knows of no such mailbox.
    NoSuchReader(String),
    /// Never, and nobody has to look at it.
    Moot(String),
    /// It was not even tried: the connection cannot be had, or our account is refused.
    Unreachable(String),
}

/// Whether the other side can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Link {
    /// Not tried yet.
    #[default]
    Unknown,
    /// The last try reached it.
    Up,
    /// The last try did not; why, one sentence.
    Down(String),
}

impl Link {
    /// What is not well, for readiness; `None` when it is up or was not needed yet.
    pub fn complaint(&self) -> Option<String> {
        match self {
            Self::Unknown | Self::Up => None,
            Self::Down(why) => Some(why.clone()),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("not tried yet"),
            Self::Up => f.write_str("reachable"),
            Self::Down(why) => f.write_str(why),
        }
    }
}
