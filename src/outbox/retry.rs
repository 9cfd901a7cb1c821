//! When a failed delivery is tried again, and when no more. Pure.
//!
//! SMTP has no way to say "come back at"; nothing but this table decides. A service that says so is asked
//! again then, and no try counts for it.

use jiff::{SignedDuration, Timestamp};

/// The waits after the first, second, … counted failure, in seconds; the last one repeats.
pub const WAITS_S: [i64; 9] = [10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600];
/// Tries that count, at most.
pub const MAX_ATTEMPTS: u32 = 40;
/// No try after this, in hours, counted from when it came to be owed or was retried by hand.
pub const MAX_AGE_H: i64 = 48;
/// The waits after the first, second, … failure to reach the server, in seconds; the last repeats.
pub const LINK_WAITS_S: [i64; 6] = [1, 2, 5, 10, 30, 60];
/// How far a wait is stretched by chance, at most, in per cent: many that failed together do not come
/// back together.
pub const JITTER_PERCENT: i64 = 25;

/// What follows a counted failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Again at this time.
    At(Timestamp),
    /// No more; why.
    GiveUp(&'static str),
}

/// After the `counted`th try (from 1) failed at `now`; `chance` is any random number.
pub fn after(counted: u32, tried_since: Timestamp, now: Timestamp, chance: u32) -> Next {
    if counted >= MAX_ATTEMPTS {
        return Next::GiveUp("tried as often as is allowed");
    }
    let at = now
        .saturating_add(wait(&WAITS_S, counted, chance))
        .unwrap_or(Timestamp::MAX);
    if at.duration_since(tried_since) > SignedDuration::from_hours(MAX_AGE_H) {
        return Next::GiveUp("tried for as long as is allowed");
    }
    Next::At(at)
}

/// When the server wants no more of us for so long, which counts for no try.
pub fn put_off(least: SignedDuration, tried_since: Timestamp, now: Timestamp, chance: u32) -> Next {
    let at = now.saturating_add(stretched(least, chance));
    let at = at.unwrap_or(Timestamp::MAX);
    if at.duration_since(tried_since) > SignedDuration::from_hours(MAX_AGE_H) {
        return Next::GiveUp("tried for as long as is allowed");
    }
    Next::At(at)
}

/// How long to leave an unreachable server alone after the `failures`th failure in a row (from 1).
pub fn link_wait(failures: u32, chance: u32) -> SignedDuration {
    wait(&LINK_WAITS_S, failures, chance)
}

fn wait(table: &[i64], nth: u32, chance: u32) -> SignedDuration {
    let index = usize::try_from(nth.saturating_sub(1)).unwrap_or(usize::MAX);
    let seconds = table
        .get(index)
        .or(table.last())
        .copied()
        .unwrap_or_default();
    stretched(SignedDuration::from_secs(seconds), chance)
}

fn stretched(wait: SignedDuration, chance: u32) -> SignedDuration {
    let stretch = i128::from(chance % 1_000) * i128::from(JITTER_PERCENT); // of 100,000
    let millis = wait.as_millis() + wait.as_millis() * stretch / 100_000;
    SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        Timestamp::from_second(1_700_000_000).expect("a time")
    }

    /// Goal: the schedule is the list, and its last wait repeats.
    /// Method: without chance, compare every wait with the list.
    #[test]
    fn the_waits_are_the_list() {
        for (index, seconds) in WAITS_S.into_iter().chain([3_600, 3_600]).enumerate() {
            let counted = u32::try_from(index).expect("small") + 1;
            let Next::At(at) = after(counted, start(), start(), 0) else {
                panic!("gave up at {counted}");
            };
            assert_eq!(at.duration_since(start()).as_secs(), seconds);
        }
    }

    /// Goal: chance stretches a wait, never shortens it, and by no more than is said.
    /// Method: all residues of the chance over one wait.
    #[test]
    fn chance_stretches_within_its_limit() {
        let waits: Vec<i64> = (0..1_000)
            .map(|chance| i64::try_from(link_wait(3, chance).as_millis()).expect("small"))
            .collect();
        assert!(waits.iter().all(|ms| (5_000..=6_250).contains(ms)));
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_ne!(waits.first(), waits.last());
    }

    /// Goal: a wait that the server announced is kept to, stretched by chance, and not for ever.
    /// Method: any chance; one that has been owed for almost as long as is allowed.
    #[test]
    fn what_is_put_off_comes_no_sooner() {
        let wait = SignedDuration::from_secs(5);
        for chance in [0, 500, 999] {
            let Next::At(at) = put_off(wait, start(), start(), chance) else {
                panic!("gave up");
            };
            let waited = at.duration_since(start());
            assert!(waited >= wait && waited < wait * 2, "{waited}");
        }
        let late = start() + SignedDuration::from_hours(MAX_AGE_H);
        assert!(matches!(put_off(wait, start(), late, 0), Next::GiveUp(_)));
    }

    /// Goal: nothing is tried for ever.
    /// Method: the last allowed try, the one before, and an old delivery.
    #[test]
    fn it_gives_up_by_number_and_by_age() {
        assert!(matches!(
            after(MAX_ATTEMPTS - 1, start(), start(), 0),
            Next::At(_)
        ));
        assert!(matches!(
            after(MAX_ATTEMPTS, start(), start(), 0),
            Next::GiveUp(_)
        ));
        let old = start()
            .saturating_sub(SignedDuration::from_hours(MAX_AGE_H))
            .expect("a time");
        assert!(matches!(after(1, old, start(), 0), Next::GiveUp(_)));
    }
}
