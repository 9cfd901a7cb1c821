//! Accounts that are nobody's: what they press is answered and, within limits, recorded.
//!
//! Whoever shares a guild with the bot can press its buttons. Of each account that is nobody's [`PER_HOUR`]
//! things are recorded within an hour, the last of them saying that more is only counted; what comes beyond
//! is answered as ever, writes nothing, and its number is logged when the hour is over. A person's account
//! is never held up: should it have been linked meanwhile, it is heard.
//!
//! The count is kept in memory, by the one daemon that listens, of [`MAX_ACCOUNTS`] accounts; while there
//! are more of them than that, those that are new are only counted. What is *not* promised: that a count
//! outlives a restart.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{Desk, Heard, SERVICE};
use crate::handle::Answer;
use crate::inbound::Inbound;
use crate::store::audit::{self, Entry, Outcome};
use crate::workflow::request::Channel;

/// What one account that is nobody's has recorded within an hour, at most.
pub const PER_HOUR: u64 = 20;
/// Accounts whose things are counted.
const MAX_ACCOUNTS: usize = 10_000;
/// How long is counted together.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// How many things accounts did that were nobody's.
#[derive(Debug, Default)]
pub struct Strangers {
    seen: Mutex<BTreeMap<u64, Seen>>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    since: Timestamp,
    count: u64,
}

impl Strangers {
    /// Whether nothing more of this account is recorded now.
    fn is_over(&self, account: u64, now: Timestamp) -> bool {
        let mut seen = self.seen();
        if let Some(one) = seen.get(&account)
            && !one.is_past(now)
        {
            return one.count >= PER_HOUR;
        }
        if seen.len() < MAX_ACCOUNTS {
            return false;
        }
        forget(&mut seen, now);
        seen.len() >= MAX_ACCOUNTS
    }

    /// One more came; how many did within the hour.
    fn came(&self, account: u64, now: Timestamp) -> u64 {
        let mut seen = self.seen();
        if seen.get(&account).is_none_or(|one| one.is_past(now)) {
            forget(&mut seen, now);
            if seen.len() >= MAX_ACCOUNTS {
                return PER_HOUR + 1;
            }
        }
        let first = Seen {
            since: now,
            count: 0,
        };
        let one = seen.entry(account).or_insert(first);
        one.count = one.count.saturating_add(1);
        one.count
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<u64, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn is_past(self, now: Timestamp) -> bool {
        now.duration_since(self.since).abs() >= WINDOW
    }
}

/// Forgets whose hour is over, and says what was not recorded of them.
fn forget(seen: &mut BTreeMap<u64, Seen>, now: Timestamp) {
    seen.retain(|account, one| {
        let over = one.count.saturating_sub(PER_HOUR);
        if one.is_past(now) && over > 0 {
            let since = one.since;
            tracing::warn!(
                chat.account = account,
                "account {account}, which is nobody's, did {over} things more than are recorded in the \
                 hour from {since:.0}"
            );
        }
        !one.is_past(now)
    });
}

impl Desk {
    /// Applies what was said, unless it is of an account that is nobody's and did too much of late: then it
    /// is as if nobody had said it, and is only counted.
    pub(super) async fn judges(
        &self,
        heard: &Heard,
        inbound: &Inbound,
    ) -> Result<Answer, sqlx::Error> {
        let now = self.handler.clock.now();
        if self.strangers.is_over(heard.account, now) && self.who(heard).await?.is_none() {
            self.strangers.came(heard.account, now);
            return Ok(Answer::Unidentified("it did too much of late".to_owned()));
        }
        let answer = self.handler.handle(inbound).await?;
        let nobodys = matches!(answer, Answer::Unidentified(_) | Answer::Alarm(_));
        if nobodys && self.strangers.came(heard.account, now) == PER_HOUR {
            self.note_limit(heard, now).await?;
        }
        Ok(answer)
    }

    async fn note_limit(&self, heard: &Heard, now: Timestamp) -> Result<(), sqlx::Error> {
        let account = heard.account();
        let entry = Entry {
            why: Some(format!(
                "{SERVICE} account {account}, which is nobody's, did {PER_HOUR} things within an hour; \
                 what else it does in that hour is only counted"
            )),
            proof: Some(self.proof(heard)),
            ..Entry::new(now, Channel::Chat, Outcome::Unidentified)
        };
        let mut tx = self.handler.pool.begin().await?;
        audit::append_system(&mut tx, Channel::Chat, &[entry]).await?;
        tx.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: of each account so many things an hour are recorded, and of so many accounts; nothing that they
    /// do is remembered for longer. Method: one that presses on and on; more accounts than are counted; then
    /// an hour later.
    #[test]
    fn what_strangers_do_is_bounded() {
        let strangers = Strangers::default();
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().expect("an instant");
        let recorded = |account: u64, at: Timestamp| {
            let recorded = !strangers.is_over(account, at);
            strangers.came(account, at);
            recorded
        };
        let first = (0..PER_HOUR * 3).filter(|_| recorded(1, now)).count();
        assert_eq!(u64::try_from(first), Ok(PER_HOUR));
        let all = u64::try_from(MAX_ACCOUNTS).expect("small") + 100;
        let others = (2..=all).filter(|account| recorded(*account, now)).count();
        assert_eq!(others, MAX_ACCOUNTS - 1);
        assert_eq!(strangers.seen().len(), MAX_ACCOUNTS);
        let later = now + WINDOW;
        assert!(recorded(all + 1, later) && recorded(1, later));
        assert_eq!(strangers.seen().len(), 2);
    }
}
