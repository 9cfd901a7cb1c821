//! Points in time that a report is asked for: they may have passed.
//!
//! | said | means |
//! |---|---|
//! | `2 days ago`, `há 2 dias` | that long before now; a day is 24 hours |
//! | `yesterday`, `ontem` | the day before today |
//! | a day without a time | its beginning |
//! | a time without a day | today |
//! | a weekday, `last` weekday | the latest one before today; a weekday that is today is refused without `last` |
//! | a day and month without a year | the latest such day up to today |
//!
//! Everything else means what it means elsewhere.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeSet;

use jiff::civil::{self, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::error::{Doubt, WhenError};
use super::reading::{Note, Reading, Write};
use super::resolve::Sense;
use super::said::{Begin, Date, Day, Point, Time, Which};
use super::token::{Kind, Token};
use super::{Here, Understood, begin_point, grammar, noted, say, token};

/// Behind a length: before now.
const AGO: &[&str] = &["ago", "atras"];
/// Before a length: before now.
const SINCE: &[&str] = &["ha"];
/// The day before today.
const YESTERDAY: &[&str] = &["yesterday", "ontem"];
/// Before a weekday: the latest one before today.
const LAST: &[&str] = &["last", "passada", "passado", "ultima", "ultimo"];

impl Here<'_> {
    /// Reads a point in time that may have passed, e.g. `yesterday`, `2 days ago`, `2026-11-01` or
    /// `friday 18:00`.
    pub fn moment(&self, text: &str) -> Result<Understood<Timestamp>, WhenError> {
        let tokens = token::tokens(text)?;
        let value = match before_now(&tokens) {
            Some(length) => {
                let length = SignedDuration::from_secs(grammar::length(length)?.seconds);
                let at = self.second().checked_sub(length);
                at.map_err(|_| WhenError::TooFar)?
            }
            None => self.said_moment(&tokens)?,
        };
        let said = say::instant(value, self.zone, self.tongue);
        Ok(Understood { value, said })
    }

    fn said_moment(&self, tokens: &[Token]) -> Result<Timestamp, WhenError> {
        let (tokens, note) = noted(tokens)?;
        let (tokens, marks) = Marks::of(tokens);
        let mut begin = grammar::point(&tokens)?;
        let sense = self.sense(note.as_ref(), &[begin_point(&begin)])?;
        if let Begin::At(point) = &mut begin {
            sense.look_back(point, marks)?;
        }
        let value = sense.begin(&begin)?;
        note.as_ref()
            .map_or(Ok(()), |note| note.agrees(value, value))?;
        Ok(value)
    }
}

/// The length that stands before or behind a word that says "before now".
fn before_now(tokens: &[Token]) -> Option<&[Token]> {
    match tokens {
        [length @ .., last] if is(last, AGO) => Some(length),
        [first, length @ ..] if is(first, SINCE) => Some(length),
        _ => None,
    }
}

fn is(token: &Token, table: &[&str]) -> bool {
    matches!(&token.kind, Kind::Word(word) if table.contains(&word.as_str()))
}

/// Words that only the past has, taken out of what the grammar reads.
#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    yesterday: bool,
    last: bool,
}

impl Marks {
    fn of(tokens: &[Token]) -> (Vec<Token>, Self) {
        let mut marks = Self::default();
        let mut rest = Vec::with_capacity(tokens.len());
        for token in tokens {
            if is(token, YESTERDAY) && !marks.yesterday {
                marks.yesterday = true;
                rest.push(Token {
                    kind: Kind::Word("today".to_owned()),
                    ..token.clone()
                });
            } else if is(token, LAST) && !marks.last {
                marks.last = true;
            } else {
                rest.push(token.clone());
            }
        }
        (rest, marks)
    }
}

impl Sense {
    /// Has a point name its day and its time, looking back from today.
    fn look_back(&self, point: &mut Point, marks: Marks) -> Result<(), WhenError> {
        let wrote = point.day_wrote.clone();
        let today = self.today();
        point.time.get_or_insert(Time::At {
            hour: 0,
            minute: 0,
            second: 0,
            nano: 0,
        });
        point.day = Some(match point.day {
            None => exactly(today),
            Some(Day::Ahead(0)) if marks.yesterday => {
                exactly(today.yesterday().map_err(|_| WhenError::TooFar)?)
            }
            Some(Day::Weekday(Which::Coming, weekday)) => {
                exactly(latest(today, weekday, marks.last, wrote)?)
            }
            Some(Day::Date(date @ Date { year: None, .. }, weekday)) => {
                let found = before(today, date.day, date.month);
                let found = found.ok_or(WhenError::NoSuchDay { wrote })?;
                Day::Date(dated(found), weekday)
            }
            Some(Day::Slash(first, second, None)) => exactly(slash(today, [first, second], wrote)?),
            Some(_) if marks.last => return Err(WhenError::not_understood("last")),
            Some(day) => day,
        });
        Ok(())
    }
}

/// A date with its year.
fn dated(date: civil::Date) -> Date {
    Date {
        year: Some(u32::from(date.year().unsigned_abs())),
        month: u32::from(date.month().unsigned_abs()),
        day: u32::from(date.day().unsigned_abs()),
    }
}

fn exactly(date: civil::Date) -> Day {
    Day::Date(dated(date), None)
}

/// The latest weekday of a name before today.
fn latest(
    today: civil::Date,
    weekday: Weekday,
    last: bool,
    wrote: String,
) -> Result<civil::Date, WhenError> {
    let back = match i64::from(weekday.until(today.weekday())) {
        0 => 7,
        back => back,
    };
    let found = today
        .checked_sub(back.days())
        .map_err(|_| WhenError::TooFar)?;
    if back == 7 && !last {
        let reading = |date: civil::Date, note| Reading {
            write: Write::Plain(date.to_string()),
            note,
        };
        return Err(WhenError::Ambiguous {
            wrote,
            doubt: Doubt::TodayOrAWeekAgo,
            readings: vec![reading(today, Note::Today), reading(found, Note::AWeekAgo)],
        });
    }
    Ok(found)
}

/// The latest such day up to today.
fn before(today: civil::Date, day: u32, month: u32) -> Option<civil::Date> {
    let (day, month) = (i8::try_from(day).ok()?, i8::try_from(month).ok()?);
    // A 29 February may be up to eight years back.
    (0..=8)
        .filter_map(|back| civil::Date::new(today.year() - back, month, day).ok())
        .find(|found| *found <= today)
}

/// Two numbers with a slash: a day where only one exists.
fn slash(
    today: civil::Date,
    [first, second]: [u32; 2],
    wrote: String,
) -> Result<civil::Date, WhenError> {
    let both = [before(today, first, second), before(today, second, first)];
    let days: BTreeSet<civil::Date> = both.into_iter().flatten().collect();
    match (days.len(), days.first()) {
        (1, Some(only)) => Ok(*only),
        (0, _) | (_, None) => Err(WhenError::NoSuchDay { wrote }),
        _ => Err(WhenError::Ambiguous {
            wrote,
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
