//! How a sender may be proven, and where DNS is asked.

use std::net::SocketAddr;
use std::time::Duration;

/// Our own check of a domain's signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dkim {
    /// Which domains may sign for the From domain.
    pub alignment: Alignment,
    /// RSA keys with fewer bits prove nothing.
    pub least_rsa_bits: usize,
}

/// Which domains may sign for the From domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alignment {
    /// That domain only.
    Strict,
    /// Any of the same organisation, as its DMARC records have it.
    Relaxed,
}

/// Where DNS is asked, for our own check of signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dns {
    /// These servers; empty: those of `/etc/resolv.conf`.
    pub servers: Vec<SocketAddr>,
    /// Longest wait for one answer of a server.
    pub timeout: Duration,
    /// No answer is kept for longer, whatever it says itself.
    pub keep_at_most: Duration,
}

impl Default for Dns {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            timeout: Duration::from_secs(5),
            keep_at_most: Duration::from_hours(1),
        }
    }
}
