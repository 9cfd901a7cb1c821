//! Days and times of day, as they are written.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::cursor::Cursor;
use super::error::{Doubt, WhenError};
use super::reading::{Note, Reading, Write};
use super::said::{Date, Day, Hours, Point, Time, Which};
use super::token::Kind;
use super::words;

impl Cursor<'_> {
    /// The day here, if one is written here.
    pub(super) fn day(&mut self) -> Result<Option<Day>, WhenError> {
        let before = self.at;
        self.eat_mark(',');
        self.eat(words::ON);
        let day = self.named_day()?;
        let day = match day {
            Some(day) => Some(day),
            None => self.date()?.map(|date| match date {
                Written::Date(date) => Day::Date(date, None),
                Written::Slash(first, second, year) => Day::Slash(first, second, year),
            }),
        };
        if day.is_none() {
            self.at = before;
        }
        Ok(day)
    }

    fn named_day(&mut self) -> Result<Option<Day>, WhenError> {
        if self.eat(words::TODAY) {
            return Ok(Some(Day::Ahead(0)));
        }
        if self.eat(words::TOMORROW) {
            return Ok(Some(Day::Ahead(1)));
        }
        let before = self.at;
        let which = if self.eat(words::NEXT) {
            Which::Next
        } else if self.eat(words::THIS) {
            Which::This
        } else {
            Which::Coming
        };
        let Some(weekday) = self.look(words::WEEKDAYS) else {
            self.at = before;
            return Ok(None);
        };
        self.at += 1;
        if which == Which::Coming {
            let behind = self.at;
            self.eat_mark(',');
            if let Some(Written::Date(date)) = self.date()? {
                return Ok(Some(Day::Date(date, Some(weekday))));
            }
            self.at = behind;
        }
        Ok(Some(Day::Weekday(which, weekday)))
    }

    /// A date that is no name of a day.
    fn date(&mut self) -> Result<Option<Written>, WhenError> {
        let before = self.at;
        if let Some(month) = self.look(words::MONTHS) {
            self.at += 1;
            let Some((day, 1..=2)) = self.number() else {
                self.at = before;
                return Ok(None);
            };
            self.ordinal();
            let year = self.year();
            let month = u32::from(month.unsigned_abs());
            return Ok(Some(Written::Date(Date { year, month, day })));
        }
        let Some((first, digits)) = self.number() else {
            return Ok(None);
        };
        let is_dash = |cursor: &Self| matches!(cursor.peek().map(|t| &t.kind), Some(Kind::Dash));
        if digits == 4 && is_dash(self) {
            return self.iso(first, before).map(Some);
        }
        if digits <= 2 && self.is_mark('/') {
            self.at += 1;
            return self.slash(first, before).map(Some);
        }
        if digits <= 2 {
            self.ordinal();
            self.eat(words::OF);
            if let Some(month) = self.look(words::MONTHS) {
                self.at += 1;
                let year = self.year();
                let (month, day) = (u32::from(month.unsigned_abs()), first);
                return Ok(Some(Written::Date(Date { year, month, day })));
            }
        }
        self.at = before;
        Ok(None)
    }

    fn ordinal(&mut self) {
        if self.peek().is_some_and(|token| token.glued) {
            self.eat(words::ORDINALS);
        }
    }

    /// The year behind a day and a month: four digits that are no time of day.
    fn year(&mut self) -> Option<u32> {
        let before = self.at;
        let _ = self.eat_mark(',') || self.eat(words::OF);
        if let Some((year, 4)) = self.number()
            && !self.is_mark(':')
        {
            return Some(year);
        }
        self.at = before;
        None
    }

    /// `-11-27` behind a year.
    fn iso(&mut self, year: u32, start: usize) -> Result<Written, WhenError> {
        let mut parts = [0; 2];
        for part in &mut parts {
            let dash = matches!(self.peek().map(|token| &token.kind), Some(Kind::Dash));
            self.at += usize::from(dash);
            match self.number() {
                Some((value, 1..=2)) if dash => *part = value,
                _ => {
                    return Err(WhenError::NoSuchDay {
                        wrote: self.wrote(start),
                    });
                }
            }
        }
        let [month, day] = parts;
        let year = Some(year);
        Ok(Written::Date(Date { year, month, day }))
    }

    /// `/11` or `/11/2026` behind a number.
    fn slash(&mut self, first: u32, start: usize) -> Result<Written, WhenError> {
        let wrong = |cursor: &Self| WhenError::NoSuchDay {
            wrote: cursor.wrote(start),
        };
        let Some((second, 1..=2)) = self.number() else {
            return Err(wrong(self));
        };
        if !self.eat_mark('/') {
            return Ok(Written::Slash(first, second, None));
        }
        match self.number() {
            Some((year, 4)) => Ok(Written::Slash(first, second, Some(year))),
            _ => Err(wrong(self)),
        }
    }

    /// The time of day here, with its offset, if one is written here.
    pub(super) fn time(&mut self, point: &mut Point, hours: Hours) -> Result<(), WhenError> {
        let before = self.at;
        // ISO's T between day and time.
        let iso =
            point.day.is_some() && self.is(&["t"]) && self.peek().is_some_and(|token| token.glued);
        if iso {
            self.at += 1;
        } else {
            self.eat_mark(',');
        }
        // "a 2h window" asks for no time of day, "às 2h" does.
        let asked = !iso && !self.is(&["a"]) && self.is(words::AT);
        if !iso {
            self.eat(words::AT);
        }
        let hours = if asked { Hours::Yes } else { hours };
        point.time = self.clock(hours)?;
        if point.time.is_none() {
            self.at = before;
            return Ok(());
        }
        point.offset = self.offset(iso)?;
        Ok(())
    }

    fn clock(&mut self, hours: Hours) -> Result<Option<Time>, WhenError> {
        if self.eat(words::NOON) {
            return time(12, 0, 0, 0).map(Some).ok_or(WhenError::Nothing);
        }
        if self.eat(words::MIDNIGHT) {
            return Ok(Some(Time::Midnight));
        }
        let start = self.at;
        let Some((hour, digits)) = self.number() else {
            return Ok(None);
        };
        if digits > 2 {
            self.at = start;
            return Ok(None);
        }
        if self.is_mark(':') {
            return self.with_minutes(hour, start).map(Some);
        }
        if self.is(words::AM) || self.is(words::PM) {
            return self.half_day(hour, 0, 0, start).map(Some);
        }
        let marked = self.eat(words::HOUR_MARK);
        let behind = self.at;
        let mut minute = None;
        if marked && self.peek().is_some_and(|token| token.glued) {
            match self.number() {
                Some((value, 2)) => minute = Some(value),
                _ => self.at = behind,
            }
        }
        if !marked || (hours == Hours::Unclear && minute.is_none()) {
            self.at = start;
            return Ok(None);
        }
        let found = time(hour, minute.unwrap_or(0), 0, 0);
        found.map(Some).ok_or_else(|| self.no_such_time(start))
    }

    /// `:00`, `:00:00` or `:00:00.5` behind an hour, then perhaps am or pm.
    fn with_minutes(&mut self, hour: u32, start: usize) -> Result<Time, WhenError> {
        self.at += 1;
        let Some((minute, 2)) = self.number() else {
            return Err(self.no_such_time(start));
        };
        let mut second = 0;
        let mut nano = 0;
        if self.is_mark(':') {
            self.at += 1;
            let Some((value, 2)) = self.number() else {
                return Err(self.no_such_time(start));
            };
            second = value;
            if self.is_mark('.') {
                self.at += 1;
                // Microseconds are what is stored.
                let Some((value, digits @ 1..=6)) = self.number() else {
                    return Err(self.no_such_time(start));
                };
                let zeros = u32::try_from(9_usize.saturating_sub(digits)).unwrap_or(0);
                nano = value.saturating_mul(10_u32.saturating_pow(zeros));
            }
        }
        if self.is(words::AM) || self.is(words::PM) {
            return self.half_day(hour, minute, second, start);
        }
        if self.peek().is_some_and(|token| token.glued) {
            self.eat(words::HOUR_MARK);
        }
        time(hour, minute, second, nano).ok_or_else(|| self.no_such_time(start))
    }

    /// am or pm behind an hour of 1 to 12.
    fn half_day(
        &mut self,
        hour: u32,
        minute: u32,
        second: u32,
        start: usize,
    ) -> Result<Time, WhenError> {
        let after = self.eat(words::PM);
        if !after {
            self.eat(words::AM);
        }
        let found = match (hour, after) {
            (12, _) if minute == 0 && second == 0 => return Err(self.twelve(start)),
            (12, false) => time(0, minute, second, 0),
            (1..=11, true) => time(hour + 12, minute, second, 0),
            (1..=11, false) | (12, true) => time(hour, minute, second, 0),
            _ => None,
        };
        found.ok_or_else(|| self.no_such_time(start))
    }

    fn twelve(&self, start: usize) -> WhenError {
        let offer = |write: &str, note| Reading {
            write: Write::Plain(write.to_owned()),
            note,
        };
        WhenError::Ambiguous {
            wrote: self.wrote(start),
            doubt: Doubt::TwelveOClock,
            readings: vec![
                offer("12:00", Note::Noon),
                offer("00:00", Note::DaysBeginning),
                offer("24:00", Note::DaysEnd),
            ],
        }
    }

    /// `Z`, `+01:00`; `-03:00` only behind ISO's form, because elsewhere it is a time to which a window
    /// lasts. In seconds.
    fn offset(&mut self, iso: bool) -> Result<Option<i32>, WhenError> {
        let start = self.at;
        let Some(token) = self.peek().filter(|token| token.glued) else {
            return Ok(None);
        };
        if self.eat(&["z"]) {
            return Ok(Some(0));
        }
        let sign = match token.kind {
            Kind::Mark('+') => 1,
            Kind::Dash if iso && token.text == "-" => -1,
            _ => return Ok(None),
        };
        self.at += 1;
        let wrong = |cursor: &Self| WhenError::NoSuchTime {
            wrote: cursor.wrote(start),
        };
        let (hours, minutes) = match self.number() {
            Some((both, 4)) => (both / 100, both % 100),
            Some((hours, 2)) if self.eat_mark(':') => match self.number() {
                Some((minutes, 2)) => (hours, minutes),
                _ => return Err(wrong(self)),
            },
            Some((hours, 2)) => (hours, 0),
            _ => return Err(wrong(self)),
        };
        if hours > 25 || minutes > 59 {
            return Err(wrong(self));
        }
        let seconds = i32::try_from(hours * 3_600 + minutes * 60).unwrap_or(0);
        Ok(Some(sign * seconds))
    }

    fn no_such_time(&self, start: usize) -> WhenError {
        WhenError::NoSuchTime {
            wrote: self.wrote(start),
        }
    }
}

/// A date as it was written.
enum Written {
    Date(Date),
    Slash(u32, u32, Option<u32>),
}

/// A time of day that exists; 24:00 is the end of the day.
fn time(hour: u32, minute: u32, second: u32, nano: u32) -> Option<Time> {
    let ends = hour == 24 && minute == 0 && second == 0 && nano == 0;
    if !(hour < 24 || ends) || minute > 59 || second > 59 {
        return None;
    }
    Some(Time::At {
        hour: i8::try_from(hour).ok()?,
        minute: i8::try_from(minute).ok()?,
        second: i8::try_from(second).ok()?,
        nano: i32::try_from(nano).ok()?,
    })
}
