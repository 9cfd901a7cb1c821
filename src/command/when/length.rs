//! Lengths of time, as they are written.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::cursor::Cursor;
use super::error::WhenError;
use super::reading::Missing;
use super::said::Length;
use super::token::{Kind, Token};
use super::words::{self, Unit};

impl Cursor<'_> {
    /// A length: numbers with units, the longest unit first.
    pub(super) fn length(&mut self) -> Result<Length, WhenError> {
        let start = self.at;
        let mut seconds: i64 = 0;
        let mut days: i64 = 0;
        let mut last: Option<Unit> = None;
        while let Some((part, unit)) = self.part(last)? {
            if last.is_some_and(|last| last >= unit) {
                return Err(self.no_length(start));
            }
            seconds = seconds.checked_add(part).ok_or(WhenError::TooFar)?;
            if unit <= Unit::Day && part % Unit::Day.seconds() == 0 {
                days += part / Unit::Day.seconds();
            }
            last = Some(unit);
            let before = self.at;
            let joined = self.eat_mark(',') | self.eat(words::AND);
            if joined && !self.starts_part() {
                self.at = before;
                break;
            }
        }
        if seconds <= 0 {
            return Err(self.no_length(start));
        }
        let wrote = self.wrote(start);
        Ok(Length {
            seconds,
            days,
            wrote,
        })
    }

    fn starts_part(&self) -> bool {
        matches!(
            self.peek().map(|token| &token.kind),
            Some(Kind::Number { .. })
        ) || self.look(words::NUMBERS).is_some()
            || self.is(words::HALF)
    }

    /// One number with its unit, in seconds; the minutes of `2h30` need none.
    fn part(&mut self, last: Option<Unit>) -> Result<Option<(i64, Unit)>, WhenError> {
        let before = self.at;
        if self.eat(words::HALF) {
            let _ = self.look(words::NUMBERS).is_some_and(|_| {
                self.at += 1;
                true
            });
            let unit = self.unit()?;
            return Ok(Some((unit.seconds() / 2, unit)));
        }
        if let Some(count) = self.look(words::NUMBERS) {
            self.at += 1;
            if self.look(words::UNITS).is_none() {
                self.at = before;
                return Ok(None);
            }
            let unit = self.unit()?;
            return Ok(Some((i64::from(count) * unit.seconds(), unit)));
        }
        let Some((value, digits)) = self.number() else {
            return Ok(None);
        };
        let behind_hours = last == Some(Unit::Hour)
            && digits == 2
            && value < 60
            && self.token(before).is_some_and(|token| token.glued);
        if behind_hours && self.look(words::UNITS).is_none() {
            return Ok(Some((i64::from(value) * 60, Unit::Minute)));
        }
        let (tenths, scale) = self.fraction();
        let unit = self.unit()?;
        let whole = i64::from(value).checked_mul(unit.seconds());
        let seconds = whole.and_then(|whole| whole.checked_add(unit.seconds() * tenths / scale));
        Ok(Some((seconds.ok_or(WhenError::TooFar)?, unit)))
    }

    /// `.5` or `,25` behind a number: its value, and of how many.
    fn fraction(&mut self) -> (i64, i64) {
        let before = self.at;
        let glued = |token: Option<&Token>| token.is_some_and(|token| token.glued);
        if (self.is_mark('.') || self.is_mark(',')) && glued(self.peek()) {
            self.at += 1;
            if glued(self.peek())
                && let Some((value, digits @ 1..=2)) = self.number()
                && self.look(words::UNITS).is_some()
            {
                return (i64::from(value), if digits == 1 { 10 } else { 100 });
            }
        }
        self.at = before;
        (0, 1)
    }

    fn unit(&mut self) -> Result<Unit, WhenError> {
        if let Some(unit) = self.look(words::UNITS) {
            self.at += 1;
            return Ok(unit);
        }
        Err(match self.peek() {
            Some(token) if self.is(words::UNEVEN_UNITS) => WhenError::NoLength {
                wrote: token.text.clone(),
            },
            Some(token) => WhenError::not_understood(&token.text),
            None => WhenError::Unfinished {
                expected: Missing::Unit,
            },
        })
    }

    fn no_length(&self, start: usize) -> WhenError {
        let wrote = self.wrote(start);
        if wrote.is_empty() {
            return match self.peek() {
                Some(token) => WhenError::not_understood(&token.text),
                None => WhenError::Unfinished {
                    expected: Missing::Length,
                },
            };
        }
        WhenError::NoLength { wrote }
    }
}
