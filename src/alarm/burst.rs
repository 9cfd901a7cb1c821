//! How often something comes that is nothing by itself, and an alarm when there is much of it.
//!
//! One stranger's guess is no news; thousands are. What is counted is kept in memory, for each daemon by
//! itself, and begins anew every hour, so that nobody can make us remember anything.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// How long is counted together.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// What came within the present hour.
#[derive(Debug)]
pub struct Burst {
    most: u64,
    kept: Mutex<(Option<Timestamp>, u64)>,
}

impl Burst {
    /// One that tells of more than `most` within an hour.
    pub fn over(most: u64) -> Self {
        Self {
            most,
            kept: Mutex::default(),
        }
    }

    /// One more came; how many did within the hour, where that is told now: once, when there are more than
    /// are let pass.
    pub fn came(&self, now: Timestamp) -> Option<u64> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = &mut *kept;
        let over = since.is_none_or(|since| now.duration_since(since).abs() >= WINDOW);
        if over {
            (*since, *count) = (Some(now), 0);
        }
        *count = count.saturating_add(1);
        (*count == self.most.saturating_add(1)).then_some(*count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a burst is told once an hour, what is less never. Method: many at once, and an hour later.
    #[test]
    fn told_once_an_hour() {
        let burst = Burst::over(3);
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().expect("an instant");
        let told = |at: Timestamp| (0..10).filter_map(|_| burst.came(at)).collect::<Vec<_>>();
        assert_eq!(told(now), [4]);
        assert!(told(now + SignedDuration::from_mins(59)).is_empty());
        assert_eq!(told(now + WINDOW), [4]);
    }
}
