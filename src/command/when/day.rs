//! Which date a day means, seen from today.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::{self, Weekday};

use super::error::{Doubt, WhenError};
use super::reading::{Note, Reading, Truth, Write};
use super::resolve::Sense;
use super::said::{Date, Day, Point, Which};

/// How far ahead a day may lie that is written without its year, in days.
pub const MAX_DAYS_WITHOUT_YEAR: i64 = 180;

impl Sense {
    /// The date of a day. An end's weekday counts from the day on which the window begins.
    pub(super) fn date(
        &self,
        day: Day,
        point: &Point,
        begins: Option<civil::Date>,
    ) -> Result<civil::Date, WhenError> {
        let wrote = || point.day_wrote.clone();
        let today = self.today();
        match day {
            Day::Ahead(days) => today
                .checked_add(days.days())
                .map_err(|_| WhenError::TooFar),
            Day::Weekday(which, weekday) => self.weekday(which, weekday, wrote(), begins),
            Day::Date(date, weekday) => {
                let found = self.dated(date, &wrote())?;
                match weekday {
                    Some(written) if written != found.weekday() => Err(WhenError::Contradiction {
                        wrote: wrote(),
                        is: Truth::Weekday(found, found.weekday()),
                    }),
                    _ => Ok(found),
                }
            }
            Day::Slash(first, second, year) => self.slash([first, second], year, &wrote()),
        }
    }

    fn weekday(
        &self,
        which: Which,
        weekday: Weekday,
        wrote: String,
        begins: Option<civil::Date>,
    ) -> Result<civil::Date, WhenError> {
        let far = |_| WhenError::TooFar;
        let today = self.today();
        // As the end of a window that begins on another day, "friday" is the one after that day.
        if let (Some(begins), Which::Coming) = (begins, which)
            && begins != today
        {
            let ahead = i64::from(begins.weekday().until(weekday));
            return begins.checked_add(ahead.days()).map_err(far);
        }
        let ahead = i64::from(today.weekday().until(weekday));
        let in_this_week =
            weekday.to_monday_zero_offset() > today.weekday().to_monday_zero_offset();
        let days = if ahead == 0 { 7 } else { ahead };
        let coming = today.checked_add(days.days()).map_err(far)?;
        let later = coming.checked_add(7.days()).map_err(far)?;
        let reading = |date: civil::Date, note| Reading {
            write: Write::Plain(date.to_string()),
            note,
        };
        let (doubt, readings) = match which {
            Which::Next if ahead == 0 || !in_this_week => return Ok(coming),
            Which::Coming if ahead != 0 => return Ok(coming),
            Which::This if in_this_week => return Ok(coming),
            Which::Next => (
                Doubt::NextWeekday,
                vec![
                    reading(coming, Note::ThisWeek),
                    reading(later, Note::NextWeek),
                ],
            ),
            Which::Coming | Which::This if ahead == 0 => (
                Doubt::WeekdayIsToday,
                vec![reading(today, Note::Today), reading(coming, Note::InAWeek)],
            ),
            Which::Coming | Which::This => {
                (Doubt::PassedThisWeek, vec![reading(coming, Note::NextWeek)])
            }
        };
        Err(WhenError::Ambiguous {
            wrote,
            doubt,
            readings,
        })
    }

    /// A date; without a year the next of its kind.
    fn dated(&self, date: Date, wrote: &str) -> Result<civil::Date, WhenError> {
        let no_such_day = || WhenError::NoSuchDay {
            wrote: wrote.to_owned(),
        };
        let build = |year: i16| {
            let month = i8::try_from(date.month).ok()?;
            civil::Date::new(year, month, i8::try_from(date.day).ok()?).ok()
        };
        if let Some(year) = date.year {
            let year = i16::try_from(year).ok();
            return year.and_then(build).ok_or_else(no_such_day);
        }
        let today = self.today();
        let found = [today.year(), today.year() + 1]
            .into_iter()
            .filter_map(build)
            .find(|found| *found >= today)
            .ok_or_else(no_such_day)?;
        let last = today
            .checked_add(MAX_DAYS_WITHOUT_YEAR.days())
            .map_err(|_| WhenError::TooFar)?;
        if found > last {
            return Err(WhenError::NeedsYear {
                wrote: wrote.to_owned(),
                days: MAX_DAYS_WITHOUT_YEAR,
            });
        }
        Ok(found)
    }

    /// Two numbers with a slash: a day where only one exists.
    fn slash(
        &self,
        [first, second]: [u32; 2],
        year: Option<u32>,
        wrote: &str,
    ) -> Result<civil::Date, WhenError> {
        let mut far = None;
        let mut days = BTreeSet::new();
        for (day, month) in [(first, second), (second, first)] {
            match self.dated(Date { year, month, day }, wrote) {
                Ok(date) => {
                    days.insert(date);
                }
                Err(WhenError::NoSuchDay { .. }) => {}
                Err(other) => far = Some(other),
            }
        }
        match (days.len(), days.first(), far) {
            (1, Some(only), None) => Ok(*only),
            (0, _, None) => Err(WhenError::NoSuchDay {
                wrote: wrote.to_owned(),
            }),
            (0 | 1, _, Some(far)) => Err(far),
            _ => Err(WhenError::Ambiguous {
                wrote: wrote.to_owned(),
                doubt: Doubt::DayOrMonth,
                readings: days
                    .iter()
                    .map(|day| Reading {
                        write: Write::Plain(day.to_string()),
                        note: Note::Day(*day),
                    })
                    .collect(),
            }),
        }
    }
}
