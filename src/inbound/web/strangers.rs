//! Visits with links that are not known: counted, and told to the operator once a minute at most, however
//! many come. Nothing of the link is kept.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// At most one line in this time.
const TELL_EVERY: Duration = Duration::from_mins(1);

/// How many came since it was last told.
#[derive(Debug, Default)]
pub struct Strangers(Mutex<(u64, Option<Instant>)>);

impl Strangers {
    /// One more came.
    pub fn came(&self, now: Instant) {
        if let Some(count) = self.count(now) {
            tracing::warn!(
                web.strangers = count,
                "{count} visits with a link that is not known, since this was last said"
            );
        }
    }

    /// One more; the number to tell, if it is time to.
    fn count(&self, now: Instant) -> Option<u64> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, told) = &mut *kept;
        *count = count.saturating_add(1);
        let due = told.is_none_or(|told| now.saturating_duration_since(told) >= TELL_EVERY);
        due.then(|| {
            *told = Some(now);
            std::mem::take(count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a flood is one line a minute, and no visit is left out of the count. Method: many at once.
    #[test]
    fn a_flood_is_told_once_a_minute() {
        let (strangers, now) = (Strangers::default(), Instant::now());
        assert_eq!(strangers.count(now), Some(1));
        for _ in 0..1_000 {
            assert_eq!(strangers.count(now + Duration::from_secs(59)), None);
        }
        assert_eq!(strangers.count(now + TELL_EVERY), Some(1_001));
    }
}
