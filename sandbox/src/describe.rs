//! What a command has to know about the stack that it runs in; handed over in the environment.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A running stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Description {
    /// Its directory.
    pub directory: PathBuf,
    /// The directory of Postgres' socket.
    pub postgres: PathBuf,
    /// Postfix for outsiders.
    pub smtp: u16,
    /// Postfix for who logs in.
    pub submission: u16,
    /// Dovecot, delivery.
    pub lmtp: u16,
    /// Dovecot, TLS from the first byte.
    pub imaps: u16,
    /// Dovecot, STARTTLS offered.
    pub imap: u16,
    /// Something with an expired certificate.
    pub expired_imaps: u16,
    /// The authority to trust.
    pub authority: PathBuf,
}
