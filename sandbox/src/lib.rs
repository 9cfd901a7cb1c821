//! The sandbox: everything that Countersign needs around it to be tried out for real.
//!
//! ```text
//!   from outside ──▶ Postfix ─┐                       ┌─ IMAPS, IMAP ◀── Countersign
//!   (no login)                ├─ LMTP ──▶ Dovecot ────┤
//!   submission ────▶ Postfix ─┘           Maildirs    └─ files       ◀── the tests
//!   (login, STARTTLS)
//!                             Postgres (unix socket)                 ◀── Countersign
//!                             a double of Discord (TLS, websocket)   ◀── its tests
//! ```
//!
//! [`Stack::start`] runs it in a directory; tests join the one stack of their run
//! ([`Stack::from_env`]), which the binary `countersign-sandbox with -- COMMAND` starts and ends. A
//! test is alone with its own database and its own names: **everybody at `example.test` is a
//! mailbox**, with one password.
//!
//! What always holds:
//! - Everything listens on 127.0.0.1, at ports that were free; several stacks run side by side. No
//!   mail leaves the machine: any other domain is refused.
//! - Nothing outlives the stack: every process is told to end by the kernel when the process that
//!   started it is gone, even by SIGKILL.
//! - Who logs in to submit is proven: Postfix puts `Authentication-Results: mail.example.test;
//!   dmarc=pass` before their mail. Who comes from outside is not, and such a field of theirs is
//!   removed.
//! - `tempfail@example.test` and `permfail@example.test` are refused with 450 and 550. Mail to
//!   `gone-…@example.test` is taken, forwarded to nowhere, and bounces.
//!
//! Not promised: that a command that runs in a stack ends when the stack is killed; it finds the
//! servers gone. That Postfix checks DMARC, DKIM or SPF: the field is what their verifier would write. Mails
//! that are really signed, and the keys to check them by, come from [`Signer`] and [`Dns`]; what opens the link
//! in a mail is a [`Browser`].

mod browser;
mod certificates;
pub mod demo;
mod describe;
pub mod discord;
mod dns;
mod dovecot;
mod mail;
mod mailbox;
mod maildir;
pub mod oauth;
mod ports;
mod postfix;
mod process;
mod stack;

pub use browser::{Browser, Seen};
pub use describe::Description;
pub use dns::{Answer, Dns, FIELDS, Signer, Signing, rsa_key};
pub use mail::Mail;
pub use mailbox::Mailbox;
pub use stack::{Options, Stack};

/// The mail domain of the sandbox.
pub const DOMAIN: &str = "example.test";
/// The name of the mail server, and its authserv-id.
pub const MAIL_HOST: &str = "mail.example.test";
/// Everybody's password.
pub const PASSWORD: &str = "sandbox";
/// The variable that tells a command which stack it runs in.
pub const VARIABLE: &str = "COUNTERSIGN_SANDBOX";
