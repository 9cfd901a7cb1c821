//! What a text may have meant, what is missing in it or wrong with it, as values: each language says
//! them in its own words.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::fmt;

use jiff::civil::{Date, Weekday};
use jiff::tz::Offset;

use super::{portuguese, say};
use crate::config::locales::Tongue;

/// One of several things that a text may have meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What to write instead, so that only this is meant.
    pub write: Write,
    /// What tells it from the others.
    pub note: Note,
}

/// What to write, in the words of whoever reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// The same in every language: `2026-11-27 17:00`.
    Plain(String),
    /// From here to there.
    Span(String, String),
    /// At this time today.
    Today(String),
    /// At this time tomorrow.
    Tomorrow(String),
    /// For this long.
    For(String),
    /// Until this time.
    Until(String),
}

/// What tells one reading from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Nothing needs to be said.
    None,
    /// What the clocks are called then: `WEST`.
    Clocks(String),
    /// A day is counted as 24 hours.
    DaysOf24Hours,
    /// A day ends at the time of day at which it began.
    SameTimeOfDay,
    /// The middle of the day.
    Noon,
    /// Midnight at its beginning.
    DaysBeginning,
    /// Midnight at its end.
    DaysEnd,
    /// This week's.
    ThisWeek,
    /// Next week's.
    NextWeek,
    /// This day.
    Today,
    /// Seven days on.
    InAWeek,
    /// Seven days back.
    AWeekAgo,
    /// Which day of which month it is.
    Day(Date),
}

/// What is missing where a text ends too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A unit behind a number.
    Unit,
    /// A length.
    Length,
    /// A day or a time.
    Point,
}

/// What would be right where two things contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// The clocks are called this then.
    Clocks(String, Option<String>),
    /// The zone is at this offset then.
    Offset(String, Offset),
    /// The day is this weekday.
    Weekday(Date, Weekday),
}

impl Write {
    /// In a language; the grammar reads it in any.
    pub fn said(&self, tongue: Tongue) -> String {
        if tongue == Tongue::Portuguese {
            return portuguese::write(self);
        }
        match self {
            Self::Plain(text) => text.clone(),
            Self::Span(from, to) => format!("from {from} to {to}"),
            Self::Today(time) => format!("today {time}"),
            Self::Tomorrow(time) => format!("tomorrow {time}"),
            Self::For(length) => format!("for {length}"),
            Self::Until(time) => format!("until {time}"),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "",
            Self::Clocks(name) => name,
            Self::DaysOf24Hours => "days of 24 hours",
            Self::SameTimeOfDay => "the same time of day",
            Self::Noon => "noon",
            Self::DaysBeginning => "the day's beginning",
            Self::DaysEnd => "its end",
            Self::ThisWeek => "this week",
            Self::NextWeek => "next week",
            Self::Today => "today",
            Self::InAWeek => "in a week",
            Self::AWeekAgo => "a week ago",
            Self::Day(date) => return write!(f, "{}", date.strftime("%-d %B")),
        })
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unit => "hours or minutes",
            Self::Length => "a length",
            Self::Point => "a day or a time",
        })
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clocks(first, None) => write!(f, "its clocks are called {first} then"),
            Self::Clocks(first, Some(last)) => {
                write!(f, "its clocks are called {first} then {last} then")
            }
            Self::Offset(zone, offset) => write!(f, "{zone} is at {offset:#} then"),
            Self::Weekday(date, weekday) => {
                write!(f, "{date} is a {}", say::weekday(*weekday, Tongue::English))
            }
        }
    }
}

/// What to write for each reading, with what tells it from the others.
pub(super) fn offers(
    readings: &[Reading],
    tongue: Tongue,
    note: impl Fn(&Note) -> String,
) -> Vec<String> {
    let offer = |reading: &Reading| {
        let write = reading.write.said(tongue);
        match note(&reading.note).as_str() {
            "" => format!("`{write}`"),
            note => format!("`{write}` ({note})"),
        }
    };
    readings.iter().map(offer).collect()
}
