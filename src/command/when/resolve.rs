//! From what was said to what it means: in a zone, at an instant.
//!
//! | said | means |
//! |---|---|
//! | a time without a day | today; where it has passed today, refused |
//! | an end without a day | on the day of the beginning; before it, refused |
//! | `midnight` without a day | the next one |
//! | a weekday | the first after today; as an end, the first from the day of the beginning on |
//! | a weekday that is today | refused |
//! | `next` weekday | the first after today, where that is in the next week (from Monday); else refused |
//! | `this` weekday | this week's, where it is still to come; else refused |
//! | a day and month without a year | the next such day, within half a year |
//! | `03/04` | refused where both days exist |
//! | a local time that comes twice or never | refused |
//! | `1 day` behind a beginning | 24 hours, where the clocks do not change in between; else refused |

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use jiff::civil::{self, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::error::{Doubt, WhenError};
use super::reading::{Note, Reading, Truth, Write};
use super::said::{Begin, Length, Point, Time};
use super::say;
use super::words;

/// The longest name of a zone that is looked up, in bytes.
const MAX_ZONE_BYTES: usize = 64;

/// Where a point in time is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub zone: TimeZone,
    /// Whether the zone was written, so that an offset beside it must be its own.
    pub written: bool,
}

/// What points in time are read against.
#[derive(Debug, Clone)]
pub(super) struct Sense {
    /// Now, in whole seconds.
    pub now: Timestamp,
    /// Where.
    pub place: Place,
}

/// A zone by its full name.
pub(super) fn zone(name: &str) -> Result<TimeZone, WhenError> {
    if words::ABBREVIATIONS.contains(&name.to_ascii_lowercase().as_str()) {
        let name = name.to_owned();
        return Err(WhenError::ZoneAbbreviation { name });
    }
    named_zone(name)
}

/// A zone by any name that the time zone database knows.
pub(super) fn named_zone(name: &str) -> Result<TimeZone, WhenError> {
    let printable = |c: &char| c.is_ascii_graphic() && *c != '`';
    let shown = || {
        name.chars()
            .filter(printable)
            .take(MAX_ZONE_BYTES)
            .collect()
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    if name.len() > MAX_ZONE_BYTES || !name.chars().all(plain) {
        return Err(WhenError::NoSuchZone { name: shown() });
    }
    TimeZone::get(name).map_err(|_| WhenError::NoSuchZone { name: shown() })
}

impl Sense {
    /// Where a window begins.
    pub fn begin(&self, begin: &Begin) -> Result<Timestamp, WhenError> {
        match begin {
            Begin::Now => Ok(self.now),
            Begin::In(length) => self.add(self.now, length),
            Begin::At(point) => self.at(point),
        }
    }

    /// A point in time that does not hang on another.
    pub fn at(&self, point: &Point) -> Result<Timestamp, WhenError> {
        let time = needed(point)?;
        let today = self.today();
        let Some(day) = point.day else {
            if time == Time::Midnight {
                return self.exact(today, Time::Midnight, point);
            }
            let at = self.exact(today, time, point)?;
            if at < self.now {
                return Err(passed_today(point, time, true));
            }
            return Ok(at);
        };
        let date = self.date(day, point, None)?;
        self.on(date, time, point)
    }

    /// The end of a window that begins at `start`.
    pub fn end(&self, point: &Point, start: Timestamp) -> Result<Timestamp, WhenError> {
        let time = needed(point)?;
        let first = self.civil(start).date();
        if let Some(day) = point.day {
            let date = self.date(day, point, Some(first))?;
            return self.on(date, time, point);
        }
        let end = self.exact(first, time, point)?;
        if end >= start {
            return Ok(end);
        }
        if start == self.now {
            return Err(passed_today(point, time, false));
        }
        let night = first
            .tomorrow()
            .map_err(|_| WhenError::TooFar)
            .and_then(|next| self.exact(next, time, point))
            .ok();
        let stamp = |at| say::stamp(at, &self.place.zone);
        Err(WhenError::Reversed {
            overnight: night.map(|end| Write::Span(stamp(start), stamp(end))),
        })
    }

    /// Where the day stands behind the end only, it may be meant for both.
    pub fn day_behind(&self, start: &Point, end: &Point) -> Result<(), WhenError> {
        let (Some(day), None, true) = (end.day, start.day, end.day_behind) else {
            return Ok(());
        };
        let (today, date) = (self.today(), self.date(day, end, None)?);
        if date == today {
            return Ok(());
        }
        let (Some(from), Some(to)) = (start.time, end.time) else {
            return Ok(());
        };
        let (from, to) = (plain(from), plain(to));
        let reading = |first: civil::Date| Reading {
            write: Write::Span(format!("{first} {from}"), format!("{date} {to}")),
            note: Note::None,
        };
        Err(WhenError::Ambiguous {
            wrote: end.wrote.clone(),
            doubt: Doubt::DayBehind,
            readings: vec![reading(date), reading(today)],
        })
    }

    /// This much later. A day is 24 hours, unless the clocks change in between: then nobody knows.
    pub fn add(&self, start: Timestamp, length: &Length) -> Result<Timestamp, WhenError> {
        let far = |_| WhenError::TooFar;
        let end = start
            .checked_add(SignedDuration::from_secs(length.seconds))
            .map_err(far)?;
        if length.days == 0 {
            return Ok(end);
        }
        let rest = length.seconds - length.days * words::Unit::Day.seconds();
        let by_calendar = start
            .to_zoned(self.place.zone.clone())
            .checked_add(length.days.days())
            .and_then(|zoned| zoned.checked_add(SignedDuration::from_secs(rest)))
            .map_err(far)?
            .timestamp();
        if by_calendar == end {
            return Ok(end);
        }
        let stamp = |at| say::stamp(at, &self.place.zone);
        let reading = |end, note| Reading {
            write: Write::Span(stamp(start), stamp(end)),
            note,
        };
        Err(WhenError::Ambiguous {
            wrote: length.wrote.clone(),
            doubt: Doubt::DayOrHours,
            readings: vec![
                reading(end, Note::DaysOf24Hours),
                reading(by_calendar, Note::SameTimeOfDay),
            ],
        })
    }

    fn civil(&self, at: Timestamp) -> DateTime {
        self.place.zone.to_datetime(at)
    }

    pub(super) fn today(&self) -> civil::Date {
        self.civil(self.now).date()
    }

    /// A time on a day that was said: midnight could be at either of its ends.
    fn on(&self, date: civil::Date, time: Time, point: &Point) -> Result<Timestamp, WhenError> {
        if time == Time::Midnight {
            let reading = |time: &str, note| Reading {
                write: Write::Plain(format!("{date} {time}")),
                note,
            };
            return Err(WhenError::Ambiguous {
                wrote: point.wrote.clone(),
                doubt: Doubt::Midnight,
                readings: vec![
                    reading("00:00", Note::DaysBeginning),
                    reading("24:00", Note::DaysEnd),
                ],
            });
        }
        self.exact(date, time, point)
    }

    /// An instant from a day and a time of it; midnight is the day's end.
    fn exact(&self, date: civil::Date, time: Time, point: &Point) -> Result<Timestamp, WhenError> {
        let far = |_| WhenError::TooFar;
        let civil = match time {
            Time::At {
                hour: hour @ 0..=23,
                minute,
                second,
                nano,
            } => date.at(hour, minute, second, nano),
            Time::At { .. } | Time::Midnight => date.tomorrow().map_err(far)?.at(0, 0, 0, 0),
        };
        let zone = &self.place.zone;
        if let Some(seconds) = point.offset {
            let offset = Offset::from_seconds(seconds).map_err(far)?;
            let at = offset.to_timestamp(civil).map_err(far)?;
            let own = zone.to_offset(at);
            if self.place.written && own != offset {
                return Err(WhenError::Contradiction {
                    wrote: point.wrote.clone(),
                    is: Truth::Offset(say::name(zone), own),
                });
            }
            return Ok(at);
        }
        let found = zone.to_ambiguous_timestamp(civil);
        let (doubt, offsets) = match found.offset() {
            AmbiguousOffset::Unambiguous { .. } => return found.unambiguous().map_err(far),
            AmbiguousOffset::Fold { before, after } => {
                let zone = say::name(zone);
                (Doubt::Twice { zone }, [before, after])
            }
            AmbiguousOffset::Gap { before, after } => {
                let zone = say::name(zone);
                (Doubt::Skipped { zone }, [before, after])
            }
        };
        // Of a time that does not exist, each offset makes one that does.
        let readings = offsets
            .iter()
            .filter_map(|offset| offset.to_timestamp(civil).ok())
            .map(|at| Reading {
                write: Write::Plain(say::with_offset(at, zone)),
                note: Note::Clocks(say::clock_name(at, zone)),
            })
            .collect();
        Err(WhenError::Ambiguous {
            wrote: point.wrote.clone(),
            doubt,
            readings,
        })
    }
}

/// The time of day of a point.
fn needed(point: &Point) -> Result<Time, WhenError> {
    point.time.ok_or_else(|| WhenError::NeedsTime {
        wrote: point.wrote.clone(),
    })
}

/// A time of day as it is offered to be written.
fn plain(time: Time) -> String {
    match time {
        Time::Midnight => "24:00".to_owned(),
        Time::At {
            hour,
            minute,
            second: 0,
            nano: 0,
        } => format!("{hour:02}:{minute:02}"),
        Time::At {
            hour,
            minute,
            second,
            ..
        } => format!("{hour:02}:{minute:02}:{second:02}"),
    }
}

/// A time of today that has passed; a window may still have begun today, but not end.
fn passed_today(point: &Point, time: Time, may_be_today: bool) -> WhenError {
    let time = plain(time);
    let reading = |write| Reading {
        write,
        note: Note::None,
    };
    let mut readings = vec![reading(Write::Tomorrow(time.clone()))];
    if may_be_today {
        readings.insert(0, reading(Write::Today(time)));
    }
    WhenError::Ambiguous {
        wrote: point.wrote.clone(),
        doubt: Doubt::PassedToday,
        readings,
    }
}
