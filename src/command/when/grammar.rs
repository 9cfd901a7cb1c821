//! From tokens to what was said, not yet to what it means: no clock, no zone.
//!
//! ```text
//! window  = FOR length [ "from the approval on" | FROM point ]      FOR may be left out
//!         | IN length ( FOR length | TO point )
//!         | UNTIL point
//!         | [ FROM ] point ( FOR length | TO point )         TO also a dash; behind FROM also AND
//! point   = NOW | day time | time day | time | day           each may be followed by a zone
//! day     = TODAY | TOMORROW | [ NEXT | THIS ] weekday [ date ] | date
//! date    = 2026-11-27 | 27 November [ 2026 ] | November 27 [ 2026 ] | 27/11[/2026]
//! time    = 17:00[:00] [ am | pm ] | 5pm | 17h[30] | NOON | MIDNIGHT     [ +01:00 | Z ]
//! length  = 1*( number unit ), the longest unit first
//! ```
//!
//! The words are those of [`words`]. `17h` is a time of day only behind a word that asks for a
//! time; elsewhere it would be a length.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::cursor::Cursor;
use super::error::{Doubt, WhenError};
use super::reading::{Missing, Note, Reading, Write};
use super::said::{Begin, Hours, Length, Point, Said};
use super::token::{Kind, Token};
use super::words;

/// Reads a window.
pub fn window(tokens: &[Token]) -> Result<Said, WhenError> {
    let mut cursor = Cursor { tokens, at: 0 };
    let said = cursor.window()?;
    cursor.ends()?;
    Ok(said)
}

/// Whether a window, a point in time or a length stands at the head, whatever follows it.
pub fn begins(tokens: &[Token]) -> bool {
    let mut cursor = Cursor { tokens, at: 0 };
    let introduced = [words::FROM, words::FOR, words::UNTIL, words::IN]
        .iter()
        .any(|table| cursor.eat(table));
    let behind = cursor.at;
    let counts = matches!(cursor.peek().map(|t| &t.kind), Some(Kind::Number { .. }));
    // "A second pair of eyes" is no length.
    if introduced && counts || (introduced || counts) && cursor.length().is_ok() {
        return true;
    }
    cursor.at = behind;
    let hours = if introduced {
        Hours::Yes
    } else {
        Hours::Unclear
    };
    cursor.point(hours).is_ok()
}

/// Reads a point in time. A word that introduces it may stand before it.
pub fn point(tokens: &[Token]) -> Result<Begin, WhenError> {
    let mut cursor = Cursor { tokens, at: 0 };
    if cursor.eat(words::IN) {
        let length = cursor.length()?;
        cursor.ends()?;
        return Ok(Begin::In(length));
    }
    let _ = cursor.eat(words::UNTIL) || cursor.eat(words::FROM);
    let begin = cursor.begin(Hours::Yes)?;
    cursor.ends()?;
    Ok(begin)
}

/// Reads a length. FOR may stand before it.
pub fn length(tokens: &[Token]) -> Result<Length, WhenError> {
    let mut cursor = Cursor { tokens, at: 0 };
    cursor.eat(words::FOR);
    let length = cursor.length()?;
    cursor.ends()?;
    Ok(length)
}

impl Cursor<'_> {
    fn window(&mut self) -> Result<Said, WhenError> {
        if self.eat(words::FOR) {
            let length = self.length()?;
            return self.behind_length(length);
        }
        if self.eat(words::UNTIL) {
            self.no_length_here()?;
            return Ok(Said::Until(Begin::Now, self.point(Hours::Yes)?));
        }
        if self.is(words::IN) {
            let before = self.at;
            self.at += 1;
            if let Ok(length) = self.length() {
                return self.behind_begin(Begin::In(length), false);
            }
            self.at = before;
        }
        let before = self.at;
        match self.length() {
            Ok(length) if self.peek().is_none() || self.is(words::FROM) => {
                return self.behind_length(length);
            }
            Err(error @ (WhenError::NoLength { .. } | WhenError::TooFar)) => return Err(error),
            Ok(_) | Err(_) => self.at = before,
        }
        let introduced = self.eat(words::FROM);
        let hours = if introduced {
            Hours::Yes
        } else {
            Hours::Unclear
        };
        let begin = self.begin(hours)?;
        self.behind_begin(begin, introduced)
    }

    /// `until 2h` may be 02:00, or two hours at most.
    fn no_length_here(&self) -> Result<(), WhenError> {
        let mut ahead = self.clone();
        let Ok(length) = ahead.length() else {
            return Ok(());
        };
        let minutes = length.seconds / 60;
        let mut readings = vec![Write::For(length.wrote.clone())];
        if minutes < 24 * 60 {
            let time = format!("{}:{:02}", minutes / 60, minutes % 60);
            readings.insert(0, Write::Until(time));
        }
        Err(WhenError::Ambiguous {
            wrote: length.wrote,
            doubt: Doubt::HourOrLength,
            readings: readings
                .into_iter()
                .map(|write| Reading {
                    write,
                    note: Note::None,
                })
                .collect(),
        })
    }

    /// What follows a length at the head of a window.
    fn behind_length(&mut self, length: Length) -> Result<Said, WhenError> {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let is_word = |(token, word): (&Token, &&str)| token.kind == Kind::Word((*word).to_owned());
        let from_approval = words::FROM_APPROVAL
            .iter()
            .any(|phrase| rest.len() == phrase.len() && rest.iter().zip(*phrase).all(is_word));
        if rest.is_empty() || from_approval {
            self.at = self.tokens.len();
            return Ok(Said::Length(length));
        }
        self.eat(words::FROM);
        let begin = self.begin(Hours::Yes)?;
        Ok(Said::For(begin, length))
    }

    fn begin(&mut self, hours: Hours) -> Result<Begin, WhenError> {
        if self.eat(words::NOW) {
            return Ok(Begin::Now);
        }
        self.point(hours).map(Begin::At)
    }

    /// What follows the beginning of a window.
    fn behind_begin(&mut self, begin: Begin, introduced: bool) -> Result<Said, WhenError> {
        self.eat_mark(',');
        if self.eat(words::FOR) {
            return Ok(Said::For(begin, self.length()?));
        }
        let dash = matches!(self.peek().map(|token| &token.kind), Some(Kind::Dash));
        if dash {
            self.at += 1;
        } else if !(self.eat(words::TO) || (introduced && self.eat(words::AND))) {
            return Err(match (self.peek(), begin) {
                (Some(token), _) => WhenError::not_understood(&token.text),
                (None, Begin::At(point)) if point.time.is_none() => {
                    let wrote = point.wrote;
                    WhenError::NeedsTime { wrote }
                }
                (None, _) => WhenError::NeedsEnd,
            });
        }
        let hours = match &begin {
            Begin::At(point) if point.day.is_none() && !introduced && dash => Hours::Unclear,
            _ => Hours::Yes,
        };
        let end = self.point(hours)?;
        Ok(Said::Until(begin, end))
    }

    /// A day, a time, or both, in either order; then a zone.
    fn point(&mut self, hours: Hours) -> Result<Point, WhenError> {
        let start = self.at;
        let mut point = Point {
            day: self.day()?,
            day_wrote: self.wrote(start),
            ..Point::default()
        };
        let hours = if point.day.is_some() {
            Hours::Yes
        } else {
            hours
        };
        self.time(&mut point, hours)?;
        if point.day.is_none() && point.time.is_some() {
            self.zone(&mut point);
            let behind = self.at;
            point.day = self.day()?;
            point.day_wrote = self.wrote(behind);
            point.day_behind = point.day.is_some();
        }
        if point.day.is_none() && point.time.is_none() {
            return Err(match self.peek() {
                Some(token) => self.no_time(token, hours),
                None => WhenError::Unfinished {
                    expected: Missing::Point,
                },
            });
        }
        self.zone(&mut point);
        point.wrote = self.wrote(start);
        Ok(point)
    }

    /// What is wrong where a day or a time should stand.
    fn no_time(&self, token: &Token, hours: Hours) -> WhenError {
        let Kind::Number { value, digits } = token.kind else {
            return match &token.kind {
                Kind::Word(word) if words::ABBREVIATIONS.contains(&word.as_str()) => {
                    WhenError::ZoneAbbreviation {
                        name: token.text.clone(),
                    }
                }
                _ => WhenError::not_understood(&token.text),
            };
        };
        let next = self.tokens.get(self.at + 1);
        let mark = next.filter(|next| {
            matches!(&next.kind, Kind::Word(word) if words::HOUR_MARK.contains(&word.as_str()))
        });
        let joined = next.is_some_and(|next| next.glued && matches!(next.kind, Kind::Mark(_)));
        if digits > 2 || value > 24 || joined || (mark.is_some() && hours == Hours::Yes) {
            return WhenError::not_understood(&token.text);
        }
        let readings = [value, value + 12]
            .into_iter()
            .filter(|hour| *hour < 24)
            .map(|hour| Reading {
                write: Write::Plain(format!("{hour}:00")),
                note: Note::None,
            })
            .collect();
        let mark = mark.map_or("", |mark| mark.text.as_str());
        WhenError::Ambiguous {
            wrote: format!("{}{mark}", token.text),
            doubt: Doubt::HourOrLength,
            readings,
        }
    }

    /// The zone behind a point, where one is written.
    fn zone(&mut self, point: &mut Point) {
        if let Some(Kind::Zone(name)) = self.peek().map(|token| &token.kind)
            && point.zone.is_none()
        {
            point.zone = Some(name.clone());
            self.at += 1;
        } else if point.zone.is_none() && point.offset.is_none() && self.eat(words::UNIVERSAL) {
            point.zone = Some("UTC".to_owned());
        }
    }
}
