//! What was said, not yet what it means: no clock, no zone.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use jiff::civil::Weekday;

/// A window as it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A length that begins at the approval.
    Length(Length),
    /// A beginning and a length.
    For(Begin, Length),
    /// A beginning and an end.
    Until(Begin, Point),
}

/// Where a window begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// Now.
    Now,
    /// This long from now.
    In(Length),
    /// There.
    At(Point),
}

/// A length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Length {
    /// In seconds, more than none; a day is 24 hours.
    pub seconds: i64,
    /// How much of it was said in days and weeks, in days, where only whole ones were said.
    pub days: i64,
    /// As it was written.
    pub wrote: String,
}

/// A point in time as it was said; a day or a time, or both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Point {
    /// The day.
    pub day: Option<Day>,
    /// The time of day.
    pub time: Option<Time>,
    /// The offset in seconds that was written with it.
    pub offset: Option<i32>,
    /// The zone's name that was written with it.
    pub zone: Option<String>,
    /// Whether the day stands behind the time.
    pub day_behind: bool,
    /// The day as it was written.
    pub day_wrote: String,
    /// As it was written.
    pub wrote: String,
}

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// Today, counted in days from today.
    Ahead(i64),
    /// A weekday.
    Weekday(Which, Weekday),
    /// A date, with the weekday that was written beside it.
    Date(Date, Option<Weekday>),
    /// Two numbers with a slash, and a year.
    Slash(u32, u32, Option<u32>),
}

/// Which of the weekdays of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one that comes.
    Coming,
    /// This week's.
    This,
    /// Next week's.
    Next,
}

/// A date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// The year, where it is said.
    pub year: Option<u32>,
    /// The month, from 1.
    pub month: u32,
    /// The day, from 1.
    pub day: u32,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// A time; hour 24 is the end of the day.
    At {
        /// 0–24.
        hour: i8,
        /// 0–59.
        minute: i8,
        /// 0–59.
        second: i8,
        /// Below a second.
        nano: i32,
    },
    /// 00:00, of this day or the next.
    Midnight,
}

/// Whether `17h` is a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// A word before it asks for a time.
    Yes,
    /// It may be a length as well.
    Unclear,
}
