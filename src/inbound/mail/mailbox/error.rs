//! What can be wrong with the inbox, by who must act, and the mend.

use std::time::Duration;

use super::wire::WireError;
use crate::oauth::OAuthError;
use crate::tls::TlsError;

/// After a refused login the next is this far away: servers lock out those who hammer.
pub const LOGIN_PAUSE: Duration = Duration::from_mins(5);

/// Why the inbox is not watched at present.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// The database; it is tried again.
    #[error("the database failed while the inbox was read: {0}")]
    Store(#[from] sqlx::Error),
    /// Another process holds the mailbox by now; this one stands by.
    #[error(
        "the lease on the mailbox was lost; another process watches it, or the database was away"
    )]
    LeaseLost,
    /// The operator: the file of authorities.
    #[error("imap.{0}")]
    Tls(#[from] TlsError),
    /// The operator, or the server's: it cannot be reached.
    #[error(
        "the IMAP server {server} cannot be reached: {why}; check imap.host and imap.port, \
         and that the server runs"
    )]
    Unreachable {
        /// `host:port`.
        server: String,
        /// What the system said.
        why: String,
    },
    /// The server's certificate is not good.
    #[error("the certificate of the IMAP server {server} is not accepted: {why}")]
    Certificate {
        /// `host:port`.
        server: String,
        /// What is wrong, and the mend.
        why: String,
    },
    /// The server speaks no TLS on this port, or another than we do.
    #[error(
        "no TLS with the IMAP server {server}: {why}; check imap.security (tls, starttls) and \
         imap.port (993, 143)"
    )]
    Handshake {
        /// `host:port`.
        server: String,
        /// What went wrong.
        why: String,
    },
    /// The operator: the connection would not be protected as configured.
    #[error("the IMAP server {server} {why}; the password was not sent")]
    Unprotected {
        /// `host:port`.
        server: String,
        /// What the server does or does not do.
        why: &'static str,
    },
    /// The operator: wrong name or password.
    #[error("the IMAP server {server} refuses the login of `{username}`: {said}; check \
         imap.username and imap.password; the next try is in {} min", LOGIN_PAUSE.as_secs() / 60)]
    Login {
        /// `host:port`.
        server: String,
        /// Who tried.
        username: String,
        /// The server's words.
        said: String,
    },
    /// The operator: the server takes no token of `[oauth]`.
    #[error("the IMAP server {server} refuses the access token for `{username}`: {said}; check that \
         imap.username is the mailbox, and scope and client_id in [oauth]; the next try is in {} min",
         LOGIN_PAUSE.as_secs() / 60)]
    Token {
        /// `host:port`.
        server: String,
        /// Who tried.
        username: String,
        /// The server's words, with its explanation.
        said: String,
    },
    /// There is no token to show.
    #[error(transparent)]
    OAuth(#[from] OAuthError),
    /// The operator: the folder.
    #[error("the IMAP folder `{folder}` cannot be opened: {said}; check imap.mailbox")]
    Folder {
        /// The configured folder.
        folder: String,
        /// The server's words.
        said: String,
    },
    /// The server refuses what every server must do.
    #[error("the IMAP server refuses {what}: {said}")]
    Refused {
        /// Which command.
        what: &'static str,
        /// Its words.
        said: String,
    },
    /// The connection ended; it is made again.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A fault of ours or of a library; it is logged and the loop starts again.
    #[error("the inbox loop panicked")]
    Panicked,
}

impl MailboxError {
    /// How long to leave the server alone, at least.
    pub fn pause(&self) -> Duration {
        match self {
            Self::Login { .. } | Self::Token { .. } => LOGIN_PAUSE,
            Self::OAuth(error) if error.is_refusal() => LOGIN_PAUSE,
            _ => Duration::ZERO,
        }
    }
}
