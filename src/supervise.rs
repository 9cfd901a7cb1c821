//! Keeps loops running: each in its own task, restarted with backoff when it fails or panics, without
//! taking the others down.
//!
//! A loop is a function from a [`CancellationToken`] to a future. It returns `Ok` only after it was
//! told to stop; `Err` means "start me again". A loop that ran for [`STEADY_AFTER`] is thought healthy:
//! its next failure starts the backoff from the beginning.
//!
//! Not promised: that a loop which hangs is noticed. Loops put a limit on every wait of their own.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;

/// The wait after a loop's first failure; doubles with each further one.
pub const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// The longest wait between a failure and the next start.
pub const MAX_BACKOFF: Duration = Duration::from_mins(1);
/// A loop that ran this long is thought healthy again.
pub const STEADY_AFTER: Duration = Duration::from_mins(2);

/// How one loop is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoopState {
    /// Under way.
    Running,
    /// It failed and is waiting to be started again.
    Failed {
        /// When.
        at: Timestamp,
        /// What it said.
        why: String,
    },
    /// It was told to stop and did.
    Stopped,
}

/// Starts loops and stops them together. Clones share the same loops.
#[derive(Debug, Clone)]
pub struct Supervisor {
    cancel: CancellationToken,
    tracker: TaskTracker,
    clock: Clock,
    states: Arc<Mutex<BTreeMap<&'static str, LoopState>>>,
    restarts: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl Supervisor {
    /// A supervisor with no loops yet; they stop when `cancel` is cancelled.
    pub fn new(clock: Clock, cancel: CancellationToken) -> Self {
        Self {
            cancel,
            tracker: TaskTracker::new(),
            clock,
            states: Arc::default(),
            restarts: Arc::default(),
        }
    }

    /// Starts a loop under a name that logs and `/readyz` show.
    pub fn spawn<Make, Fut, E>(&self, name: &'static str, mut make: Make)
    where
        Make: FnMut(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let this = self.clone();
        self.set(name, LoopState::Running);
        self.tracker.spawn(async move {
            let mut backoff = FIRST_BACKOFF;
            while !this.cancel.is_cancelled() {
                this.set(name, LoopState::Running);
                let began = Instant::now();
                // A task of its own, so that a panic ends the loop and not its supervisor.
                let ended = tokio::spawn(make(this.cancel.child_token())).await;
                let why = match ended {
                    Ok(Ok(())) if this.cancel.is_cancelled() => break,
                    Ok(Ok(())) => "ended without being told to".to_owned(),
                    Ok(Err(error)) => error.to_string(),
                    Err(panic) => format!("panicked: {panic}"),
                };
                if began.elapsed() >= STEADY_AFTER {
                    backoff = FIRST_BACKOFF;
                }
                this.failed(name, &why, backoff);
                tokio::select! {
                    () = this.cancel.cancelled() => break,
                    () = tokio::time::sleep(backoff) => {}
                }
                backoff = (backoff * 2).min(MAX_BACKOFF);
            }
            this.set(name, LoopState::Stopped);
        });
    }

    /// How every loop is doing.
    pub fn states(&self) -> BTreeMap<&'static str, LoopState> {
        self.lock().clone()
    }

    /// How often each loop that ever failed did so, and was or will be started again.
    pub fn restarts(&self) -> BTreeMap<&'static str, u64> {
        self.restarts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Tells every loop to stop and waits for them, at most `limit`. Returns the names of those that
    /// did not stop in time.
    pub async fn stop(&self, limit: Duration) -> Vec<&'static str> {
        self.cancel.cancel();
        self.tracker.close();
        let _ = tokio::time::timeout(limit, self.tracker.wait()).await;
        let stopped = |state: &LoopState| *state == LoopState::Stopped;
        self.states()
            .into_iter()
            .filter(|(_, s)| !stopped(s))
            .map(|(name, _)| name)
            .collect()
    }

    fn failed(&self, name: &'static str, why: &str, backoff: Duration) {
        let seconds = backoff.as_secs();
        tracing::error!(
            loop.name = name,
            error.message = why,
            restart.after_s = seconds,
            "the loop `{name}` failed; it is started again in {seconds} s: {why}",
        );
        *self
            .restarts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(name)
            .or_default() += 1;
        self.set(
            name,
            LoopState::Failed {
                at: self.clock.now(),
                why: why.to_owned(),
            },
        );
    }

    fn set(&self, name: &'static str, state: LoopState) {
        self.lock().insert(name, state);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, LoopState>> {
        // The map is whole after every insert, so a panic elsewhere leaves nothing half done.
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    async fn until(what: &str, mut holds: impl FnMut() -> bool) {
        // With paused time this moves the clock, not the wall.
        for _ in 0..10_000 {
            if holds() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never: {what}");
    }

    fn supervisor() -> Supervisor {
        Supervisor::new(Clock::system(), CancellationToken::new())
    }

    /// Goal: a failing loop starts again and leaves its neighbour alone.
    /// Method: one loop fails twice, panics once, then holds; the other only waits for the end.
    #[tokio::test(start_paused = true)]
    async fn a_failing_loop_is_restarted_and_the_others_go_on() {
        let supervisor = supervisor();
        let tries = Arc::new(AtomicUsize::new(0));
        let starts = Arc::new(AtomicUsize::new(0));
        let counted = tries.clone();
        supervisor.spawn("shaky", move |cancel| {
            let attempt = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                match attempt {
                    0 | 1 => Err("no luck"),
                    2 => panic!("worse luck"),
                    _ => {
                        cancel.cancelled().await;
                        Ok(())
                    }
                }
            }
        });
        let counted = starts.clone();
        supervisor.spawn("steady", move |cancel| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move {
                cancel.cancelled().await;
                Ok::<(), String>(())
            }
        });
        until("the shaky loop runs", || {
            tries.load(Ordering::SeqCst) == 4 && supervisor.states()["shaky"] == LoopState::Running
        })
        .await;
        assert_eq!(starts.load(Ordering::SeqCst), 1);
        assert_eq!(supervisor.restarts(), BTreeMap::from([("shaky", 3)]));
        assert!(supervisor.stop(Duration::from_secs(1)).await.is_empty());
        assert_eq!(supervisor.states()["shaky"], LoopState::Stopped);
    }

    /// Goal: a loop that ends by itself is no success, and one that ignores the stop is named.
    /// Method: one loop returns at once; another never looks at its token.
    #[tokio::test(start_paused = true)]
    async fn an_early_end_is_a_failure_and_a_deaf_loop_is_named() {
        let supervisor = supervisor();
        supervisor.spawn("early", |_| async { Ok::<(), String>(()) });
        supervisor.spawn("deaf", |_| std::future::pending::<Result<(), String>>());
        until("early has failed", || {
            matches!(&supervisor.states()["early"], LoopState::Failed { why, .. }
                if why == "ended without being told to")
        })
        .await;
        assert_eq!(supervisor.stop(Duration::from_secs(5)).await, ["deaf"]);
    }
}
