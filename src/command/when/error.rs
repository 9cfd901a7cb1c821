//! Why a text is no window: one sentence, and one next step that shows how to say it.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use thiserror::Error;

use super::reading::{Missing, Note, Reading, Truth, Write, offers};
use super::{portuguese, say};
use crate::config::locales::Tongue;

/// What a writer is asked for, which says by what examples they are helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A window.
    Window,
    /// A point in time that lies ahead.
    Instant,
    /// A point in time that may have passed.
    Moment,
    /// A length.
    Length,
}

/// Why a text has more than one meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The time comes twice on that day: the clocks go back.
    Twice {
        /// In which zone.
        zone: String,
    },
    /// The time does not come on that day: the clocks go forward.
    Skipped {
        /// In which zone.
        zone: String,
    },
    /// `03/04`.
    DayOrMonth,
    /// `friday`, on a Friday.
    WeekdayIsToday,
    /// `friday`, on a Friday, of what may have passed.
    TodayOrAWeekAgo,
    /// `next friday`, on a Wednesday.
    NextWeekday,
    /// `this monday`, on a Wednesday.
    PassedThisWeek,
    /// `9am`, at noon.
    PassedToday,
    /// `friday midnight`.
    Midnight,
    /// `12pm`.
    TwelveOClock,
    /// `9am to 5pm tomorrow`.
    DayBehind,
    /// `1 day`, over a night in which the clocks change.
    DayOrHours,
    /// `2h-4h`, `9-11am`, `17-19`, `until 2h`.
    HourOrLength,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice { zone } => {
                write!(f, "happens twice in {zone}: the clocks go back then")
            }
            Self::Skipped { zone } => {
                write!(f, "does not exist in {zone}: the clocks go forward then")
            }
            Self::DayOrMonth => f.write_str("can be read as two days"),
            Self::WeekdayIsToday => f.write_str("is today, or in a week"),
            Self::TodayOrAWeekAgo => f.write_str("is today, or a week ago"),
            Self::NextWeekday => f.write_str("can be this week's or next week's"),
            Self::PassedThisWeek => f.write_str("has passed this week"),
            Self::PassedToday => f.write_str("has passed today"),
            Self::Midnight => f.write_str("can be the day's beginning or its end"),
            Self::TwelveOClock => f.write_str("can be noon or midnight"),
            Self::DayBehind => f.write_str("names the day for the end only, or for both"),
            Self::DayOrHours => {
                f.write_str("is not 24 hours there, because the clocks change in between")
            }
            Self::HourOrLength => f.write_str("can be a time of day or something else"),
        }
    }
}

/// Why a text is not understood. The sentence says what happened, [`WhenError::next`] what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WhenError {
    /// There is nothing to read.
    #[error("There is no time in it.")]
    Nothing,
    /// Nobody writes this much.
    #[error("It is longer than {limit} characters.")]
    TooLong {
        /// How many are read.
        limit: usize,
    },
    /// A word, a number or a mark that says nothing where it stands.
    #[error("`{found}` is not understood there.")]
    NotUnderstood {
        /// What.
        found: String,
    },
    /// The text ends too early.
    #[error("It ends where {expected} should follow.")]
    Unfinished {
        /// What is missing.
        expected: Missing,
    },
    /// It can mean more than one thing, or nothing that exists.
    #[error("`{wrote}` {doubt}.")]
    Ambiguous {
        /// What.
        wrote: String,
        /// Why.
        doubt: Doubt,
        /// What it can mean.
        readings: Vec<Reading>,
    },
    /// `30 February`.
    #[error("`{wrote}` is no day.")]
    NoSuchDay {
        /// What.
        wrote: String,
    },
    /// `25:00`.
    #[error("`{wrote}` is no time of day.")]
    NoSuchTime {
        /// What.
        wrote: String,
    },
    /// A day without its year that is not near.
    #[error("`{wrote}` is not within the next {days} days.")]
    NeedsYear {
        /// What.
        wrote: String,
        /// How far a day without year may lie ahead.
        days: i64,
    },
    /// A day that says no time.
    #[error("`{wrote}` says no time of day.")]
    NeedsTime {
        /// What.
        wrote: String,
    },
    /// A beginning without an end.
    #[error("It says when it begins, and not when it ends.")]
    NeedsEnd,
    /// A zone that nobody knows.
    #[error("`{name}` is no time zone.")]
    NoSuchZone {
        /// What.
        name: String,
    },
    /// A short name that several zones share.
    #[error("`{name}` is the name of more than one zone, or of half a year only.")]
    ZoneAbbreviation {
        /// What.
        name: String,
    },
    /// A day and its weekday, a time and its offset or a zone's clocks do not agree.
    #[error("`{wrote}` contradicts itself: {is}.")]
    Contradiction {
        /// What.
        wrote: String,
        /// What would be right.
        is: Truth,
    },
    /// A length that says nothing, or months and years.
    #[error("`{wrote}` is no length of time that can be counted.")]
    NoLength {
        /// What.
        wrote: String,
    },
    /// Times beyond what a calendar holds.
    #[error("It lies too far ahead.")]
    TooFar,
    /// The window is over.
    #[error("It has passed: it was over at {}.", say::instant(*.end, .zone, Tongue::English))]
    Over {
        /// The end.
        end: Timestamp,
        /// Where it is read.
        zone: TimeZone,
    },
    /// The window ends where it begins.
    #[error("It ends at the instant at which it begins.")]
    EmptyWindow,
    /// The window ends before it begins.
    #[error("It ends before it begins.")]
    Reversed {
        /// The night that may have been meant.
        overnight: Option<Write>,
    },
}

/// The longest piece of a text that is repeated, in characters.
const MAX_SHOWN_CHARS: usize = 60;

impl WhenError {
    /// A piece of text that says nothing where it stands.
    pub(super) fn not_understood(found: &str) -> Self {
        let found = found
            .chars()
            .map(|letter| {
                if letter.is_control() || letter == '`' {
                    '\u{fffd}'
                } else {
                    letter
                }
            })
            .take(MAX_SHOWN_CHARS)
            .collect();
        Self::NotUnderstood { found }
    }

    /// The stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "window-nothing",
            Self::TooLong { .. } => "window-text-too-long",
            Self::NotUnderstood { .. } => "window-not-understood",
            Self::Unfinished { .. } => "window-unfinished",
            Self::Ambiguous { doubt, .. } => match doubt {
                Doubt::Twice { .. } => "window-time-twice",
                Doubt::Skipped { .. } => "window-time-skipped",
                _ => "window-ambiguous",
            },
            Self::NoSuchDay { .. } => "window-no-such-day",
            Self::NoSuchTime { .. } => "window-no-such-time",
            Self::NeedsYear { .. } => "window-needs-year",
            Self::NeedsTime { .. } => "window-needs-time",
            Self::NeedsEnd => "window-needs-end",
            Self::NoSuchZone { .. } => "window-no-such-zone",
            Self::ZoneAbbreviation { .. } => "window-zone-abbreviation",
            Self::Contradiction { .. } => "window-contradiction",
            Self::NoLength { .. } => "window-no-length",
            Self::TooFar => "window-too-far",
            Self::Over { .. } => "window-over",
            Self::EmptyWindow => "window-empty",
            Self::Reversed { .. } => "window-reversed",
        }
    }

    /// What happened, and one next step, in a language.
    pub fn told(&self, asked: Asked, tongue: Tongue) -> (String, String) {
        match tongue {
            Tongue::English => (self.to_string(), self.next_for(asked)),
            Tongue::Portuguese => (portuguese::sentence(self), portuguese::next(self, asked)),
        }
    }

    /// One next step in English, which shows how to say a window.
    pub fn next(&self) -> String {
        self.next_for(Asked::Window)
    }

    /// One next step in English, which shows how to say what is asked for.
    pub fn next_for(&self, asked: Asked) -> String {
        let examples = match asked {
            Asked::Window => {
                "`for 2h`, `until 18:00`, `tomorrow 9am for 2h` or `friday 17:00 to 19:00`"
            }
            Asked::Instant => "`friday 18:00`, `tomorrow 9am`, `in 2 hours` or `2026-11-27 18:00`",
            Asked::Moment => "`yesterday`, `2 days ago`, `2026-11-27` or `2026-11-27 18:00 UTC`",
            Asked::Length => "`2h`, `2h 30m` or `1 day`",
        };
        match self {
            Self::Ambiguous { readings, .. } if !readings.is_empty() => {
                let offers = offers(readings, Tongue::English, Note::to_string);
                format!("Write {}.", offers.join(" or "))
            }
            Self::NoSuchDay { .. } | Self::NeedsYear { .. } => {
                "Write the day like `2026-11-27`, `27 November 2026` or `friday`.".to_owned()
            }
            Self::NoSuchTime { .. } | Self::NeedsTime { .. } => {
                "Write the time of day like `17:00` or `5pm`.".to_owned()
            }
            Self::NeedsEnd => {
                "Add the length or the end, e.g. `for 2h` or `until 18:00`.".to_owned()
            }
            Self::NoSuchZone { .. } | Self::ZoneAbbreviation { .. } => {
                "Write the zone's full name, e.g. `Europe/Lisbon` or `UTC`, or leave it out."
                    .to_owned()
            }
            Self::Contradiction { .. } => "Leave one of the two out.".to_owned(),
            Self::NoLength { .. } => {
                "Write the length in weeks, days, hours and minutes, e.g. `for 2h 30m`.".to_owned()
            }
            Self::Reversed {
                overnight: Some(night),
            } => format!(
                "If the night is meant, write `{}`.",
                night.said(Tongue::English)
            ),
            Self::Over { .. } | Self::EmptyWindow | Self::Reversed { .. } | Self::TooFar
                if asked == Asked::Window =>
            {
                format!("Write a window whose end lies ahead, e.g. {examples}.")
            }
            _ => format!("Write it like {examples}."),
        }
    }
}
