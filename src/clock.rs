//! The clock and the source of randomness, as values that are handed in.
//!
//! This is the one file that may read the machine's clock; clippy refuses it everywhere else, so that
//! a test or the sandbox can say what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Tells the time. Cheap to clone; all clones of a shifted clock share the shift.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    shift_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// Now, cut to microseconds: what Postgres stores, so that a value read back is equal.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    pub fn now(&self) -> Timestamp {
        let shift = SignedDuration::from_millis(self.shift_ms.load(Ordering::SeqCst));
        let now = Timestamp::now()
            .saturating_add(shift)
            .unwrap_or(Timestamp::MAX);
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// Moves this clock and all its clones; only tests and the sandbox do.
    pub fn advance(&self, by: SignedDuration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.shift_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

/// A new identifier for a delivery, in order of time (UUID version 7).
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that draws identifiers"
)]
pub fn new_id() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}
