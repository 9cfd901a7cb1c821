//! Who goes first when both ends of the road are full: the inbox, for a while.
//!
//! A decision owes a few mails, and to deliver one costs the machine several times what it costs to
//! decide. So while an inbox with a backlog is judged ([`Backlog::begin`]), the courier of the same process
//! gives way: it sends no more than a few mails every [`TRICKLE_EVERY`].
//!
//! What always holds: mails are sent in the order in which they became due, whatever they say. None waits
//! for longer than [`GIVE_WAY_FOR`] on this account, however many backlogs follow each other: once that is
//! used up the courier works in full beside the inbox, and gives way again only after it has caught up.
//! With no backlog it never waits. A single reply is no backlog.
//!
//! What is *not* promised: that other daemons' couriers give way; each knows its own inbox only.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// The longest that the courier gives way.
pub const GIVE_WAY_FOR: Duration = Duration::from_secs(5);
/// How often it sends a few mails while it gives way.
pub const TRICKLE_EVERY: Duration = Duration::from_secs(1);

/// How many backlogs are being judged. Cheap to clone; the clones count together.
#[derive(Debug, Clone, Default)]
pub struct Backlog(Arc<watch::Sender<usize>>);

/// A backlog under judgement, until it is dropped.
#[derive(Debug)]
pub struct Busy(Backlog);

impl Backlog {
    /// Says that a backlog is judged from now on.
    pub fn begin(&self) -> Busy {
        self.0.send_modify(|count| *count += 1);
        Busy(self.clone())
    }

    /// Whether a backlog is judged.
    pub fn is_busy(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Waits until none is.
    pub async fn over(&self) {
        // The sender is ours, so that this cannot end otherwise.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

/// What the courier may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// All that is due.
    Full,
    /// A few mails.
    Trickle,
    /// Nothing before then, unless the backlog ends.
    Wait(Instant),
}

/// How long the courier has given way.
#[derive(Debug, Default)]
pub(super) struct Courtesy {
    since: Option<Instant>,
    trickled: Option<Instant>,
}

impl Courtesy {
    /// Whether it is the courier's turn.
    pub(super) fn turn(&mut self, busy: bool, now: Instant) -> Turn {
        if !busy {
            return Turn::Full;
        }
        let until = *self.since.get_or_insert(now) + GIVE_WAY_FOR;
        if now >= until {
            return Turn::Full;
        }
        match self.trickled {
            Some(last) if now < last + TRICKLE_EVERY => Turn::Wait(until.min(last + TRICKLE_EVERY)),
            _ => {
                self.trickled = Some(now);
                Turn::Trickle
            }
        }
    }

    /// Nothing is due any more: the next backlog is given way to anew.
    pub(super) fn caught_up(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: while a backlog is judged a few mails go out every second, after the limit all, and a
    /// new backlog gives no new delay to mails that still wait. Method: the turns at chosen instants.
    #[test]
    fn giving_way_ends() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut courtesy = Courtesy::default();
        assert_eq!(courtesy.turn(false, at(0)), Turn::Full);
        assert_eq!(courtesy.turn(true, at(100)), Turn::Trickle);
        assert_eq!(courtesy.turn(true, at(200)), Turn::Wait(at(1_100)));
        assert_eq!(courtesy.turn(true, at(1_100)), Turn::Trickle);
        assert_eq!(courtesy.turn(true, at(4_900)), Turn::Trickle);
        assert_eq!(courtesy.turn(true, at(5_000)), Turn::Wait(at(5_100)));
        assert_eq!(courtesy.turn(true, at(5_100)), Turn::Full);
        // The backlog ends and another begins before the courier has caught up.
        assert_eq!(courtesy.turn(false, at(5_200)), Turn::Full);
        assert_eq!(courtesy.turn(true, at(5_300)), Turn::Full);
        courtesy.caught_up();
        assert_eq!(courtesy.turn(true, at(6_000)), Turn::Trickle);
    }

    /// Goal: two inboxes count together, and whoever waits hears of the end.
    /// Method: two backlogs, dropped one after the other.
    #[tokio::test]
    async fn a_backlog_ends_with_the_last() {
        let backlog = Backlog::default();
        let (one, two) = (backlog.begin(), backlog.clone().begin());
        drop(one);
        assert!(backlog.is_busy());
        drop(two);
        assert!(!backlog.is_busy());
        backlog.over().await;
    }
}
