//! What the clock is waiting for: when something about a request is due next (W18-W23, W26).
//!
//! A function of the request, the book and the time; nothing is remembered but what has been done
//! ([`Clockwork`]). The store keeps the instant in an indexed column, so that finding what is due never
//! walks over what is not.
//!
//! [`Clockwork`]: super::request::Clockwork

use jiff::{SignedDuration, Timestamp};

use super::book::{Book, Electorate};
use super::request::{Clockwork, Request, State, later};

/// What becomes due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// The pending request is over (W18).
    Expire,
    /// The grant is over (W21).
    GrantEnd,
    /// The grant begins (W21).
    GrantStart,
    /// The current step has taken too long (W19).
    Escalate,
    /// A delegation begins, and somebody else can vote (W20).
    Delegation,
    /// Those who have not voted are reminded (W19); the number is that of the reminder, from 1.
    Remind(u32),
    /// The holder is warned of the end (W23).
    Warn,
    /// The reviewers of an emergency are reminded (W26); the number is that of the reminder, from 1.
    RemindReview(u32),
}

/// What is due next, and when; it may lie in the past, where nobody looked. `None`: nothing is to come.
pub fn next(request: &Request, book: &Book, now: Timestamp) -> Option<(Timestamp, Due)> {
    match request.state {
        State::Pending { step } => pending(request, book, step, now),
        State::Approved { .. } => granted(request),
        State::Rejected { .. } | State::Withdrawn { .. } | State::Expired { .. } => None,
    }
}

fn pending(
    request: &Request,
    book: &Book,
    step: usize,
    now: Timestamp,
) -> Option<(Timestamp, Due)> {
    let mut dues = vec![(request.pending_until, Due::Expire)];
    let clock = &request.clock;
    if let Some(step_terms) = request.terms.steps.get(step) {
        if let Some(escalation) = &step_terms.escalation
            && !clock.escalated.contains(&step)
        {
            dues.push((later(clock.since, escalation.after), Due::Escalate));
        }
        if let Some(reminders) = &step_terms.reminders
            && clock.reminded < reminders.most
        {
            let number = clock.reminded + 1;
            let at = nth(clock.since, reminders.after, number);
            dues.push((at, Due::Remind(number)));
        }
    }
    // Only of those who could vote themselves: everybody else's delegate cannot either (W20).
    let electorate = Electorate { request, book, now };
    let begins = book
        .delegations
        .iter()
        .filter(|delegation| delegation.start > now)
        .filter(|delegation| electorate.check(step, &delegation.from).is_ok())
        .map(|delegation| delegation.start)
        .min();
    dues.extend(begins.map(|at| (at, Due::Delegation)));
    dues.into_iter().min()
}

fn granted(request: &Request) -> Option<(Timestamp, Due)> {
    let grant = request.grant()?;
    let clock: &Clockwork = &request.clock;
    let mut dues = Vec::new();
    if request.ended.is_none() && !clock.over {
        dues.push((grant.end, Due::GrantEnd));
        if !clock.started {
            dues.push((grant.start, Due::GrantStart));
        }
        let warn_at = earlier(grant.end, request.terms.warn_before);
        // A grant that is shorter than the warning's lead has no time in which it could warn.
        if !clock.warned && warn_at > grant.start {
            dues.push((warn_at, Due::Warn));
        }
    }
    if let Some(emergency) = request
        .emergency
        .as_ref()
        .filter(|_| request.review_is_open())
    {
        let number = clock.review_reminded + 1;
        let at = nth(emergency.at, emergency.remind_review_after, number);
        dues.push((at, Due::RemindReview(number)));
    }
    dues.into_iter().min()
}

/// `from` plus `number` intervals, or the end of time where that lies beyond it.
fn nth(from: Timestamp, every: SignedDuration, number: u32) -> Timestamp {
    let number = i32::try_from(number).unwrap_or(i32::MAX);
    every
        .checked_mul(number)
        .map_or(Timestamp::MAX, |after| later(from, after))
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// The newest reminder that is due at `now`, counted from `from`, at most `most`; those before it came
/// due while nobody looked, and are not sent one by one.
pub(super) fn newest(from: Timestamp, every: SignedDuration, now: Timestamp, most: u32) -> u32 {
    let passed = now.duration_since(from).as_nanos();
    let count = passed.checked_div(every.as_nanos()).unwrap_or(0);
    u32::try_from(count.max(0)).unwrap_or(u32::MAX).min(most)
}
