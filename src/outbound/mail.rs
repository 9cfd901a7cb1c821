//! Mail out: one message to one person over SMTP.
//!
//! lettre speaks the protocol; the connections are kept here. Its own pool has no time limit on an
//! answer, and a send that is cut short goes back into it in the middle of a conversation, so that the
//! next mail reads the last one's answer. Here a connection belongs to one try; cut short, it is
//! closed. It also sets `TCP_NODELAY`, without which each mail waits 40 ms.
//!
//! What always holds: one recipient per message (a refused one takes no other down); a permanent
//! answer that speaks of our account rather than of the message ([`ACCOUNT_CODES`]) never ends a
//! message; without TLS we speak to loopback only. What the server says is cut to [`MAX_ANSWER_CHARS`] and
//! freed of addresses before it is stored or logged.
//!
//! What is *not* promised: that an accepted mail arrives. Bounces are the inbox's business.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

mod connection;
#[cfg(test)]
pub(crate) mod fake;
mod login;
mod message;
mod sign;
#[cfg(test)]
mod tests;

use std::sync::Mutex;
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Ehlo;
use lettre::transport::smtp::extension::ClientId;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Link, Sending};
use crate::config::Smtp;

pub use message::{BadMessage, Letter, Sender, message_id, reply_address, thread_id};
pub use sign::signed;

/// Permanent answers that concern how we log in, not the message: 530 log in first, 534 mechanism too
/// weak, 535 refused, 538 TLS wanted.
pub const ACCOUNT_CODES: [u16; 4] = [530, 534, 535, 538];
/// Permanent answers that mean the reader's mailbox where the server gives no better status: 550 not
/// available, 551 not local, 553 name not allowed.
const READER_CODES: [u16; 3] = [550, 551, 553];
/// A connection that lay idle for longer is closed instead of used.
const MAX_IDLE: Duration = Duration::from_secs(30);
/// Opening a connection takes several answers of the server; together they may take this many times
/// the time limit of one.
const OPENING_ANSWERS: u32 = 3;
/// Likewise for a message.
const SENDING_ANSWERS: u32 = 3;
/// None of our mails is larger, in bytes: a mail names a few people and quotes at most a few comments.
pub const LARGEST_MAIL: u64 = 1024 * 1024;
/// The longest answer of a server that is kept, in characters.
pub const MAX_ANSWER_CHARS: usize = 300;

/// Sends mail. Shared by all the sends of a courier.
pub struct Mailer {
    smtp: Smtp,
    sender: Sender,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
    link: watch::Sender<Link>,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer")
            .field("host", &self.smtp.host)
            .field("port", &self.smtp.port)
            .finish_non_exhaustive()
    }
}

impl Mailer {
    /// For this server and sender; connects when there is something to send.
    pub fn new(smtp: Smtp, sender: Sender) -> Self {
        Self {
            smtp,
            sender,
            idle: Mutex::new(Vec::new()),
            link: watch::Sender::new(Link::Unknown),
        }
    }

    /// Whether the server can be reached; changes are published as they are noticed.
    pub fn link(&self) -> watch::Receiver<Link> {
        self.link.subscribe()
    }

    /// Sends at once, at least one.
    pub fn connections(&self) -> usize {
        usize::try_from(self.smtp.connections)
            .unwrap_or(usize::MAX)
            .max(1)
    }

    /// The longest that one [`Mailer::send`] takes.
    pub fn longest_send(&self) -> Duration {
        // One more for the look at an idle connection.
        self.smtp.timeout * (OPENING_ANSWERS + SENDING_ANSWERS + 1)
    }

    /// Sends one letter. Takes no longer than [`Mailer::longest_send`].
    pub async fn send(&self, letter: &Letter) -> Sending {
        let (envelope, bytes) = match message::build(&self.sender, letter) {
            Ok(built) => built,
            Err(error) => return Sending::GiveUp(error.to_string()),
        };
        let bytes = match &self.smtp.dkim {
            None => bytes,
            Some(signing) => match signed(signing, &bytes) {
                Ok(bytes) => bytes,
                // The operator mends the key, and it goes out.
                Err(why) => return Sending::Retry(why),
            },
        };
        let mut connection = match self.connection().await {
            Ok(connection) => connection,
            Err(why) => return self.unreachable(why),
        };
        let limit = self.smtp.timeout * SENDING_ANSWERS;
        match tokio::time::timeout(limit, connection.send(&envelope, &bytes)).await {
            Ok(Ok(answer)) => {
                self.keep(connection);
                self.publish(Link::Up);
                Sending::Sent(tidy(&answer.message().collect::<Vec<_>>().join(" ")))
            }
            Ok(Err(error)) => self.failed(&error),
            // Dropping the connection closes it: nobody reads what it may still say.
            Err(_) => Sending::Retry(format!(
                "the server did not take the message within {} s",
                limit.as_secs()
            )),
        }
    }

    /// Sends bytes as they are, from our address and to this one, over a connection that is closed
    /// afterwards: for probes, whose bytes may leave the server in the middle of something.
    pub async fn send_raw(&self, to: &str, bytes: &[u8]) -> Sending {
        let envelope = match message::envelope(&self.sender, to) {
            Ok(envelope) => envelope,
            Err(error) => return Sending::GiveUp(error.to_string()),
        };
        let mut connection = match self.connection().await {
            Ok(connection) => connection,
            Err(why) => return self.unreachable(why),
        };
        let limit = self.smtp.timeout * SENDING_ANSWERS;
        match tokio::time::timeout(limit, connection.send(&envelope, bytes)).await {
            Ok(Ok(answer)) => Sending::Sent(tidy(&answer.message().collect::<Vec<_>>().join(" "))),
            Ok(Err(error)) => self.failed(&error),
            Err(_) => Sending::Retry("the server did not take the message in time".to_owned()),
        }
    }

    /// Looks whether the server can be reached, by opening a connection and logging in.
    pub async fn probe(&self) -> Result<(), String> {
        match self.connection().await {
            Ok(connection) => {
                self.keep(connection);
                self.publish(Link::Up);
                Ok(())
            }
            Err(why) => {
                self.unreachable(why.clone());
                Err(why)
            }
        }
    }

    /// The largest mail that the server says it takes, in bytes (RFC 1870); none: it sets no limit, or says
    /// none. Greets it a second time on a connection that is closed afterwards.
    pub async fn size_limit(&self) -> Result<Option<u64>, String> {
        let mut connection = self.connection().await?;
        let greeting = connection.command(Ehlo::new(ClientId::default()));
        let answer = tokio::time::timeout(self.smtp.timeout, greeting).await;
        let answer = answer.map_err(|_| self.described("no answer to a second EHLO"))?;
        let answer = answer.map_err(|error| self.described(&with_sources(&error)))?;
        let mut lines = answer.message();
        Ok(lines.find_map(size_of).filter(|size| *size > 0))
    }

    /// Says goodbye on the idle connections.
    pub async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle());
        for (mut connection, _) in idle {
            let _ = tokio::time::timeout(self.smtp.timeout, connection.quit()).await;
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, String> {
        let kept = {
            let mut idle = self.idle();
            idle.retain(|(_, since)| since.elapsed() < MAX_IDLE);
            idle.pop()
        };
        if let Some((mut connection, _)) = kept {
            let alive = tokio::time::timeout(self.smtp.timeout, connection.test_connected()).await;
            if alive == Ok(true) {
                return Ok(connection);
            }
            // The others are as old: a server that restarted has closed them all.
            self.idle().clear();
        }
        let limit = self.smtp.timeout * OPENING_ANSWERS;
        let opened = tokio::time::timeout(limit, connection::open(&self.smtp)).await;
        opened
            .unwrap_or_else(|_| Err(format!("no connection within {} s", limit.as_secs())))
            .map_err(|why| self.described(&why))
    }

    fn described(&self, why: &str) -> String {
        format!("smtp {}:{}: {}", self.smtp.host, self.smtp.port, tidy(why))
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        if !connection.has_broken() {
            self.idle().push((connection, Instant::now()));
        }
    }

    fn failed(&self, error: &SmtpError) -> Sending {
        let why = tidy(&with_sources(error));
        let code = error.status().map(u16::from);
        match code {
            Some(code) if ACCOUNT_CODES.contains(&code) => {
                let why = self.described(&why);
                self.unreachable(why)
            }
            Some(code) if error.is_permanent() && refuses_reader(code, &why) => {
                Sending::NoSuchReader(why)
            }
            Some(_) if error.is_permanent() => Sending::GiveUp(why),
            // 4xx; or the conversation broke on this very message, on a connection that was well:
            // it counts, so that a message that always breaks it does not go round for ever.
            _ => Sending::Retry(why),
        }
    }

    fn unreachable(&self, why: String) -> Sending {
        self.publish(Link::Down(why.clone()));
        Sending::Unreachable(why)
    }

    /// Says so once when the server goes away and once when it is back.
    fn publish(&self, now: Link) {
        self.link.send_if_modified(|link| {
            match (&*link, &now) {
                (Link::Unknown | Link::Up, Link::Down(why)) => {
                    tracing::warn!("mail cannot be sent; deliveries wait and none is lost: {why}");
                }
                (Link::Down(_), Link::Up) => {
                    tracing::info!("the mail server can be reached again; sending goes on");
                }
                _ => {}
            }
            let changed = *link != now;
            *link = now;
            changed
        });
    }
}

/// Whether a permanent answer speaks of the reader's mailbox rather than of the message: by its enhanced
/// status (RFC 3463: 5.1 addressing, 5.2 mailbox but for its limits), else by its code.
fn refuses_reader(code: u16, why: &str) -> bool {
    let status = why
        .split([' ', '-', ':', '(', ')'])
        .find(|word| word.starts_with("5.") && word.matches('.').count() == 2);
    match status {
        Some(status) => status.starts_with("5.1.") || ["5.2.0", "5.2.1"].contains(&status),
        None => READER_CODES.contains(&code),
    }
}

/// The number behind `SIZE`, if a line of an answer to EHLO is that.
fn size_of(line: &str) -> Option<u64> {
    let mut words = line.split_whitespace();
    let is_size = words.next()?.eq_ignore_ascii_case("SIZE");
    words.next().filter(|_| is_size)?.parse().ok()
}

/// An error with what is behind it, in one line.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}

/// What a server said, fit to be stored and logged: no control characters, no addresses (and so no
/// tokens, which stand in addresses), not too long.
fn tidy(said: &str) -> String {
    said.split_whitespace()
        .map(|word| if word.contains('@') { "<…>" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_ANSWER_CHARS)
        .collect()
}
