//! What follows an approval and what becomes of a window, as templates see it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::super::human::{Say, Tongue, lines};
use super::{short, window_words};
use crate::workflow::notice::Facts;
use crate::workflow::request::{EndCause, Window};

/// An emergency (W24–W26).
#[derive(Debug, Clone, Serialize)]
pub(super) struct EmergencyWords {
    at: String,
    reason: Vec<String>,
    review: Option<ReviewWords>,
}

#[derive(Debug, Clone, Serialize)]
struct ReviewWords {
    by: String,
    finding: Vec<String>,
    at: String,
}

/// An early end (W22).
#[derive(Debug, Clone, Serialize)]
pub(super) struct EndingWords {
    cause: &'static str,
    by: String,
    reason: Vec<String>,
    at: String,
    /// The grant that it ended with.
    with: Option<String>,
    /// Whether access had begun.
    begun: bool,
}

/// A change of the window (W16).
#[derive(Debug, Clone, Serialize)]
pub(super) struct ChangedWords {
    by: String,
    before: String,
    after: String,
    /// Whether it reaches further than before, so that the other approvals are void.
    wider: bool,
}

impl EmergencyWords {
    pub(super) fn of(facts: &Facts, say: &Say) -> Option<Self> {
        facts.emergency.as_ref().map(|emergency| Self {
            at: say.instant(emergency.at),
            reason: lines(&emergency.reason),
            review: emergency.review.as_ref().map(|review| ReviewWords {
                by: short(&review.by),
                finding: lines(&review.finding),
                at: say.instant(review.at),
            }),
        })
    }
}

impl EndingWords {
    pub(super) fn of(facts: &Facts, say: &Say) -> Option<Self> {
        facts.ending.as_ref().map(|ending| Self {
            cause: match ending.cause {
                EndCause::Revoked => "revoked",
                EndCause::Returned => "returned",
            },
            by: short(&ending.by),
            reason: ending.reason.as_deref().map(lines).unwrap_or_default(),
            at: say.instant(ending.at),
            with: ending.with.map(|base| base.to_string()),
            begun: facts.grant.is_none_or(|grant| grant.start <= ending.at),
        })
    }
}

impl ChangedWords {
    pub(super) fn of(facts: &Facts, say: &Say) -> Option<Self> {
        facts.changed.as_ref().map(|changed| Self {
            by: short(&changed.by),
            before: told(&changed.before, say),
            after: told(&facts.window, say),
            wider: !facts.window.lies_inside(&changed.before),
        })
    }
}

/// A window with its length, said once.
pub(super) fn told(window: &Window, say: &Say) -> String {
    let (words, length) = window_words(window, say);
    match window {
        Window::Fixed { .. } => format!("{words}, {length}"),
        Window::FromApproval { .. } => words,
    }
}

/// The line that narrows a window to its first half, as an approver would write it (W16); none where
/// it is too short to halve in whole minutes, or where the clocks change and the line would be unclear.
pub(in crate::render) fn narrower(asked: &Window, say: &Say) -> Option<String> {
    let minutes = asked.length().as_mins() / 2;
    if minutes < 1 {
        return None;
    }
    let half = SignedDuration::from_mins(minutes);
    match asked {
        Window::FromApproval { .. } => {
            let length = say.duration(half);
            Some(match say.tongue {
                Tongue::English => format!("for {length}"),
                Tongue::Portuguese => format!("por {length}"),
            })
        }
        Window::Fixed { start, .. } => {
            // Rounded up: the line has no seconds, and must not begin before the window.
            let past = start.as_second().rem_euclid(60);
            let rest = SignedDuration::from_secs((60 - past) % 60);
            let start = start.checked_add(rest).ok()?;
            let end = start.checked_add(half).ok()?;
            let (start, end) = (clock(start, &say.zone)?, clock(end, &say.zone)?);
            Some(match say.tongue {
                Tongue::English => format!("from {start} to {end}"),
                Tongue::Portuguese => format!("de {start} até {end}"),
            })
        }
    }
}

/// A point in time as the reader's clock shows it; none where it shows the same twice.
fn clock(at: Timestamp, zone: &TimeZone) -> Option<String> {
    let local = at.to_zoned(zone.clone()).datetime();
    let twice = zone.to_ambiguous_zoned(local).is_ambiguous();
    (!twice).then(|| local.strftime("%Y-%m-%d %H:%M").to_string())
}
