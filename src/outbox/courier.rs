//! The courier: leases what is due, renders it, sends it, records what came of it.
//!
//! One loop for each road, mail and chat, which share nothing but the database: whichever server is down,
//! the other's deliveries go out. What a road is made of is its [`Carrier`]'s.
//!
//! A loop without input. It waits for a wake-up (after a commit), for the next due time, or for its
//! period ([`PERIOD`]), whichever comes first, and then does all that is due. Any number of couriers may run on
//! one database: each row is claimed by one.
//!
//! ```text
//!           ┌── server cannot be reached: leases given back, nothing counted ──┐
//!           ▼                                                                  │
//! link down: probe with backoff ──▶ link up: claim ─▶ render ─▶ send ─▶ ack ───┘
//! ```
//!
//! What always holds: the try is counted and written down before it is made; an acknowledgement needs
//! the lease; a lease outlasts everything that is done under it, and what waited too long for its turn
//! is given back instead of sent. While the server is down one probe at a time is made and no delivery
//! is touched. Of one post one change is under way at a time, the newest being the next. To an inbox with a
//! backlog it gives way for a while ([`super::backlog`]).
//!
//! What is *not* promised: that a message goes out once. If the process dies, or the database cannot be
//! reached, between the server's yes and the acknowledgement, it goes out again when the lease is over, under
//! the same name.

mod carrier;
mod chat;
mod deliver;
mod gather;
mod mail;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backlog::{Backlog, Courtesy, Turn};
use super::retry;
use crate::clock::{Clock, new_id};
use crate::store::outbox::{self, Claimed};

pub use carrier::Carrier;
pub use mail::Mail;

/// The longest sleep, whatever is or is not due: another process may have left work without a wake-up.
pub const PERIOD: Duration = Duration::from_secs(5);
/// How often leases that ran out for good are looked for: often enough for an operator, and not at every
/// claim.
const SWEEP_EVERY: Duration = Duration::from_secs(10);
/// Deliveries leased at once, as a multiple of the connections.
const BATCH_PER_CONNECTION: usize = 2;
/// What a lease has beyond the sends that fit into it: rendering, acknowledging, a slow database.
const LEASE_MARGIN: Duration = Duration::from_secs(30);

/// What a courier works with. Cheap to clone.
#[derive(Debug)]
pub struct Courier<C> {
    /// The database.
    pub pool: PgPool,
    /// The clock of due times.
    pub clock: Clock,
    /// Its road.
    pub carrier: Arc<C>,
    /// Rung after a commit that left deliveries.
    pub wake: Arc<Notify>,
    /// Given way to.
    pub backlog: Backlog,
    /// The longest sleep: [`PERIOD`].
    pub period: Duration,
}

impl<C> Clone for Courier<C> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            carrier: self.carrier.clone(),
            wake: self.wake.clone(),
            backlog: self.backlog.clone(),
            period: self.period,
        }
    }
}

/// Why the courier stopped; it is started again.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// The database.
    #[error("the courier cannot reach its deliveries: {0}")]
    Store(#[from] sqlx::Error),
    /// A send ended in a panic; its lease runs out and it is tried again.
    #[error("a send ended unexpectedly: {0}")]
    Send(#[from] JoinError),
}

/// What a finished send says about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    Yes,
    No,
}

/// Runs until cancelled; then claims nothing more, gives back what it has not begun and finishes the
/// sends under way, each of which has its time limit.
pub async fn run<C: Carrier>(
    courier: Courier<C>,
    cancel: CancellationToken,
) -> Result<(), CourierError> {
    let mut round = Round {
        courier,
        waiting: VecDeque::new(),
        sending: JoinSet::new(),
        failures: 0,
        swept: None,
        courtesy: Courtesy::default(),
    };
    let worked = round.work(&cancel).await;
    let ended = round.end().await;
    worked.and(ended)
}

struct Round<C> {
    courier: Courier<C>,
    /// Leased and not begun, with the moment until which a send may begin.
    waiting: VecDeque<(Claimed, Instant)>,
    sending: JoinSet<Result<Reached, sqlx::Error>>,
    /// Failures to reach the server in a row.
    failures: u32,
    /// When leases that ran out for good were last looked for.
    swept: Option<Instant>,
    courtesy: Courtesy,
}

impl<C: Carrier> Round<C> {
    async fn work(&mut self, cancel: &CancellationToken) -> Result<(), CourierError> {
        while !cancel.is_cancelled() {
            if self.failures > 0 {
                self.give_back(None).await?;
                while let Some(ended) = self.sending.join_next().await {
                    self.note(ended??);
                }
                if self.failures > 0 {
                    self.wait_for_server(cancel).await?;
                }
                continue;
            }
            let wake = Arc::clone(&self.courier.wake);
            let woken = wake.notified();
            tokio::pin!(woken);
            // Registered before the look at the database: what is committed after it wakes us.
            woken.as_mut().enable();
            let held = self.fill().await?;
            self.start().await?;
            let free = held.is_none() && self.sending.len() < self.courier.carrier.connections();
            if !self.sending.is_empty() {
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = &mut woken, if free => {}
                    Some(ended) = self.sending.join_next() => self.note(ended??),
                }
            } else if let Some(until) = held {
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = self.courier.backlog.over() => {}
                    () = tokio::time::sleep_until(until) => {}
                }
            } else {
                let pause = self.pause().await?;
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = &mut woken => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, reached: Reached) {
        match reached {
            // Sends that began before the first failure may still succeed: then the server is there.
            Reached::Yes => self.failures = 0,
            Reached::No => self.failures = self.failures.max(1),
        }
    }

    /// Leases more when all that was leased is begun. `Some`: not before then, for a backlog is judged.
    async fn fill(&mut self) -> Result<Option<Instant>, CourierError> {
        let courier = &self.courier;
        let connections = courier.carrier.connections();
        if !self.waiting.is_empty() || self.sending.len() >= connections {
            return Ok(None);
        }
        let batch = match self
            .courtesy
            .turn(courier.backlog.is_busy(), Instant::now())
        {
            Turn::Full => connections * BATCH_PER_CONNECTION,
            Turn::Trickle => connections,
            Turn::Wait(until) => return Ok(Some(until)),
        };
        let longest = courier.carrier.longest_send();
        let turns = u32::try_from(BATCH_PER_CONNECTION).unwrap_or(2);
        let lease_for = longest * (turns + 1) + LEASE_MARGIN;
        let begin_until = Instant::now() + longest * turns + LEASE_MARGIN / 2;
        let now = courier.clock.now();
        let mut conn = courier.pool.acquire().await?;
        if self.swept.is_none_or(|last| last.elapsed() >= SWEEP_EVERY) {
            sweep(&mut conn, now).await?;
            self.swept = Some(Instant::now());
        }
        let watched = courier.carrier.watch(&mut conn, now).await?;
        if courier.carrier.prepare(&mut conn, now).await? || watched {
            courier.wake.notify_waiters();
        }
        let due = (C::ROAD, now);
        let most = (batch, retry::MAX_ATTEMPTS);
        let claimed = outbox::claim(&mut conn, due, lease_for, most).await?;
        if claimed.is_empty() {
            self.courtesy.caught_up();
        }
        self.waiting
            .extend(claimed.into_iter().map(|claimed| (claimed, begin_until)));
        Ok(None)
    }

    /// Begins as many sends as there are connections, and gives back what waited too long to end before its
    /// lease does.
    async fn start(&mut self) -> Result<(), sqlx::Error> {
        let now = Instant::now();
        let late = |(_, begin_until): &(Claimed, Instant)| now >= *begin_until;
        if self.waiting.iter().any(late) {
            let (late, in_time) = self.waiting.drain(..).partition(late);
            self.waiting = late;
            let given_back = self
                .give_back(Some("it waited too long for its turn"))
                .await;
            self.waiting = in_time;
            given_back?;
        }
        while self.sending.len() < self.courier.carrier.connections() {
            let Some((claimed, _)) = self.waiting.pop_front() else {
                break;
            };
            let courier = self.courier.clone();
            self.sending
                .spawn(async move { courier.deliver(&claimed).await });
        }
        Ok(())
    }

    /// How long nothing is due, at most the period.
    async fn pause(&self) -> Result<Duration, CourierError> {
        let mut conn = self.courier.pool.acquire().await?;
        let due = outbox::next_due(&mut conn, C::ROAD).await?;
        let now = self.courier.clock.now();
        let period = self.courier.period;
        Ok(due.map_or(period, |due| {
            Duration::try_from(due.duration_since(now))
                .unwrap_or(Duration::ZERO)
                .min(period)
        }))
    }

    async fn wait_for_server(&mut self, cancel: &CancellationToken) -> Result<(), sqlx::Error> {
        let wait = retry::link_wait(self.failures, chance());
        let wait = Duration::try_from(wait).unwrap_or(PERIOD);
        tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
        let courier = &self.courier;
        let mut conn = courier.pool.acquire().await?;
        if courier
            .carrier
            .watch(&mut conn, courier.clock.now())
            .await?
        {
            courier.wake.notify_waiters();
        }
        drop(conn);
        let probed = tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            probed = self.courier.carrier.probe() => probed,
        };
        match probed {
            Ok(()) => self.failures = 0,
            Err(_) => self.failures = self.failures.saturating_add(1),
        }
        Ok(())
    }

    async fn give_back(&mut self, why: Option<&str>) -> Result<(), sqlx::Error> {
        let unstarted: Vec<_> = self
            .waiting
            .drain(..)
            .map(|(claimed, _)| (claimed.id, claimed.lease))
            .collect();
        if unstarted.is_empty() {
            return Ok(());
        }
        let mut conn = self.courier.pool.acquire().await?;
        outbox::release(&mut conn, &unstarted, self.courier.clock.now(), why).await?;
        Ok(())
    }

    async fn end(&mut self) -> Result<(), CourierError> {
        let given_back = self.give_back(None).await;
        let mut failed = None;
        while let Some(ended) = self.sending.join_next().await {
            match ended {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => failed = Some(CourierError::Store(error)),
                Err(error) => failed = Some(CourierError::Send(error)),
            }
        }
        self.courier.carrier.close().await;
        given_back?;
        failed.map_or(Ok(()), Err)
    }
}

async fn sweep(conn: &mut PgConnection, now: Timestamp) -> Result<(), sqlx::Error> {
    for swept in outbox::sweep(conn, now, retry::MAX_ATTEMPTS).await? {
        if swept.given_up {
            tracing::warn!(delivery.id = %swept.id, "delivery {} gave up: its process died", swept.id);
        }
    }
    Ok(())
}

/// The random part of a fresh identifier.
fn chance() -> u32 {
    let [.., a, b, c, d] = new_id().into_bytes();
    u32::from_be_bytes([a, b, c, d])
}
