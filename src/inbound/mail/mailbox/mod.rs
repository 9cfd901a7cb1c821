//! Watches one folder of an IMAP server and sees to it that every mail in it is judged once.
//!
//! ```text
//! lease ─▶ connect ─▶ select ─▶ ┌ fetch a batch ─▶ record ─▶ judge ─▶ clear ┐ ─▶ wait (IDLE, poll)
//!                               └──────────◀── until nothing is new ──◀─────┘          │
//!                                              ▲────────────────────────────────────────┘
//! ```
//!
//! Who acts: of all daemons that are configured for a mailbox, the one that holds its lease; the
//! others stand by. While one batch is judged, the next is fetched and recorded.
//!
//! What always holds:
//! - A mail is recorded, with its bytes, before it is judged, and judged before it is put out of
//!   the way on the server; each of the three commits before the next begins. A crash between any
//!   two repeats the later one, and repeating it changes nothing.
//! - A mail is known by its content. UIDs and the bookmark only save work: where the server counts
//!   anew, or a person puts a mail back, it is fetched again and recognised.
//! - Every wait has a limit; those of IDLE and of a whole command are absolute. IDLE is a hint: the
//!   folder is searched every `imap.poll_every` whether or not the server told of anything.
//! - One mail cannot stop the others: not one that the parser fails on, not one that breaks the
//!   connection whenever it is fetched, not one whose judgement is put off.
//!
//! Not promised: that mails of different people are judged in the order in which they came; those
//! with the same token are. And a mail that a person deletes before it was fetched is never seen.

mod clear;
mod connect;
mod error;
#[cfg(test)]
mod fake;
mod fetch;
mod login;
mod names;
mod peephole;
#[cfg(test)]
mod tests;
mod walk;
mod wire;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

pub use error::{LOGIN_PAUSE, MailboxError};
pub use peephole::Peephole;
pub use wire::WireError;

use super::Rules;
use super::judge::Judge;
use super::resolve::Resolver;
use crate::clock;
use crate::config::Imap;
use crate::handle::Handler;
use crate::store::leases::{self, Lease};

/// How long a daemon that died keeps the others from taking over.
pub const LEASE_TTL: Duration = Duration::from_secs(30);
/// Giving the lease back may take this long; it runs out by itself otherwise.
const RELEASE_MAX: Duration = Duration::from_secs(2);

/// How we learn of new mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The server tells us.
    Idle,
    /// We ask, every `imap.poll_every`.
    Polling,
}

/// How the watcher is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// On the way to the server.
    Connecting,
    /// Logged in; new mail is seen.
    Watching(Mode),
    /// Another daemon watches this mailbox; we take over when it ends.
    StandBy,
    /// Not at present, and why; it is tried again.
    Failed(String),
}

/// What a server can do that makes the inbox quicker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Able {
    /// It tells of new mail by itself (IDLE).
    pub idle: bool,
    /// It moves mails (MOVE).
    pub moves: bool,
    /// It removes exactly the mails that are named (UIDPLUS).
    pub uidplus: bool,
}

/// Connects, logs in, opens the folder, and goes; reads no mail.
pub async fn probe(imap: &Imap) -> Result<Able, MailboxError> {
    let (mut wire, can) = connect::connect(imap).await?;
    connect::select(&mut wire, &imap.mailbox).await?;
    // Whether it says goodbye does not matter any more.
    let _ = wire.command("LOGOUT", &mut |_| {}).await;
    Ok(Able {
        idle: can.idle,
        moves: can.mv,
        uidplus: can.uidplus,
    })
}

/// Watches one mailbox.
#[derive(Debug)]
pub struct Watcher {
    imap: Imap,
    name: String,
    judge: Judge,
    handler: Handler,
    holder: String,
    lease_ttl: Duration,
    status: watch::Sender<Status>,
    memory: Mutex<Memory>,
}

/// What earlier runs of this process have learned.
#[derive(Debug, Default)]
struct Memory {
    /// The server is left alone until then.
    not_before: Option<Instant>,
    /// A connection broke on what the server said during IDLE: it is polled instead.
    no_idle: bool,
    /// A run has begun before: what it left unjudged did not end the process.
    ran: bool,
    /// Mails during whose fetch the connection broke, by UIDVALIDITY and UID.
    suspects: BTreeMap<(u32, u32), Suspect>,
}

#[derive(Debug, Clone, Copy)]
struct Suspect {
    failures: u32,
    last: Instant,
}

impl Watcher {
    /// Watches the mailbox that `imap` names, reads its mails by `rules`, and applies what they
    /// say with `handler`; `resolver` asks DNS for our own check of signatures.
    pub fn new(imap: Imap, rules: Rules, handler: Handler, resolver: Option<Resolver>) -> Self {
        let name = format!(
            "imap://{}@{}:{}/{}",
            imap.login.username, imap.host, imap.port, imap.mailbox
        );
        Self {
            name,
            judge: Judge::new(rules, handler.clone(), resolver),
            holder: clock::new_id().to_string(),
            lease_ttl: LEASE_TTL,
            status: watch::Sender::new(Status::Connecting),
            memory: Mutex::default(),
            imap,
            handler,
        }
    }

    /// With another length of the lease; renewed at a third of it.
    #[must_use]
    pub fn with_lease_ttl(mut self, ttl: Duration) -> Self {
        self.lease_ttl = ttl;
        self
    }

    /// With another reader, e.g. one that fails.
    #[cfg(test)]
    fn with_reader(mut self, read: super::judge::Read) -> Self {
        self.judge = self.judge.with_reader(read);
        self
    }

    /// How it is doing, now and whenever that changes.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Watches until `cancel`; what was fetched by then is judged first. An error asks to be
    /// started again; after a refused login the next run waits [`LOGIN_PAUSE`] by itself.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), MailboxError> {
        loop {
            if !self.rest(&cancel).await {
                return Ok(());
            }
            let Some((lease, taken)) = self.stand_by(&cancel).await? else {
                return Ok(());
            };
            match self.hold(&lease, taken, &cancel).await {
                Err(MailboxError::LeaseLost) => {
                    tracing::warn!(mailbox.name = self.name, "{}", MailboxError::LeaseLost);
                    self.say(Status::StandBy);
                }
                Err(error) => {
                    self.memory().not_before = Some(Instant::now() + error.pause());
                    self.say(Status::Failed(error.to_string()));
                    return Err(error);
                }
                Ok(()) => return Ok(()),
            }
        }
    }

    /// Does the holder's work as long as the lease holds, and gives it back.
    async fn hold(
        &self,
        lease: &Lease,
        taken: Instant,
        cancel: &CancellationToken,
    ) -> Result<(), MailboxError> {
        self.say(Status::Connecting);
        let work = AssertUnwindSafe(walk::walk(self, lease, cancel)).catch_unwind();
        let ended = tokio::select! {
            // The panic's own words may be of a mail; they are not repeated.
            ended = work => ended.unwrap_or(Err(MailboxError::Panicked)),
            () = leases::keep(&self.handler.pool, lease, taken, self.lease_ttl) => Err(MailboxError::LeaseLost),
        };
        self.memory().ran = true;
        let release = async {
            let mut conn = self.handler.pool.acquire().await?;
            leases::release(&mut conn, lease).await
        };
        // If this fails the lease runs out by itself.
        let _ = timeout(RELEASE_MAX, release).await;
        ended
    }

    /// Waits out the pause after a refused login. `false`: cancelled.
    async fn rest(&self, cancel: &CancellationToken) -> bool {
        let until = self.memory().not_before;
        tokio::select! {
            biased;
            () = cancel.cancelled() => false,
            () = async { if let Some(until) = until { sleep_until(until).await } } => true,
        }
    }

    /// Waits until nobody else holds the lease. `None`: cancelled.
    async fn stand_by(
        &self,
        cancel: &CancellationToken,
    ) -> Result<Option<(Lease, Instant)>, MailboxError> {
        let name = format!("mailbox/{}", self.name);
        loop {
            let asked = Instant::now();
            let mut conn = self.handler.pool.acquire().await?;
            let lease = leases::acquire(&mut conn, &name, &self.holder, self.lease_ttl).await?;
            drop(conn);
            if let Some(lease) = lease {
                return Ok(Some((lease, asked)));
            }
            self.say(Status::StandBy);
            tokio::select! {
                () = cancel.cancelled() => return Ok(None),
                () = sleep(self.lease_ttl / 3) => {}
            }
        }
    }

    fn say(&self, status: Status) {
        self.status.send_if_modified(|present| {
            let changed = *present != status;
            *present = status;
            changed
        });
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
