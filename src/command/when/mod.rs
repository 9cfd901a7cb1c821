//! Windows, points in time and lengths as people write them: one grammar for mail, chat and command
//! line (W1, W4, W16).
//!
//! A channel hands in a text; the caller adds the instant at which it is read and the zone of the
//! person who wrote it; what was understood comes out, with words that say it back in that zone.
//! Pure: the same text, instant and zone give the same.
//!
//! | file | what it holds |
//! |---|---|
//! | [`token`] | text to tokens |
//! | [`words`] | the words, English and Portuguese, as data |
//! | [`grammar`] | tokens to what was [`said`] |
//! | `cursor`, `point`, `length` | its parts: where it reads; days and times; lengths |
//! | `resolve`, `day` | what was said to what it means, and what is refused |
//! | `past` | the same for points that may have passed |
//! | [`say`] | what is said back |
//! | [`error`], [`reading`] | why a text is not understood, and what it may have meant |
//! | `portuguese` | the same in Portuguese |
//!
//! What always holds: the whole text is understood or nothing is; no text panics; what can mean two
//! things, or a local time that comes twice or never, is refused with what to write instead; what
//! is said back means the same again. A text has at most [`token::MAX_CHARS`] characters, and the
//! work grows with them and no faster than their square.
//!
//! What is *not* promised: that a window means what its writer meant when they pressed "send": a
//! mail is read when it is judged, so that "tomorrow" written before midnight and read after it is
//! a day later, and "until 18:00" begins when it is read. What was understood is said back for that
//! reason.
//!
//! Why not a crate: `interim` reads "tomorrow 9am", but takes `tomorrow 9am bananas` for the same,
//! 25:00 for an hour of the next day, picks one of two readings of a local time without a word, and
//! reads `03/04` by a dialect that nobody has told it. The tests hold this grammar against it where
//! both understand.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

mod cursor;
mod day;
pub mod error;
pub mod grammar;
mod length;
mod past;
mod point;
mod portuguese;
pub mod reading;
mod resolve;
pub mod said;
pub mod say;
pub mod token;
pub mod words;

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use self::reading::{Truth, Write};
use self::resolve::{Place, Sense};
use self::said::{Begin, Length, Point, Said};
use self::token::{Kind, Token};
use crate::config::locales::Tongue;
use crate::config::read::read_duration;
use crate::workflow::request::Window;

pub use self::error::{Asked, Doubt, WhenError};
pub use self::reading::Reading;

/// The longest length that is read, in days.
pub const MAX_LENGTH_DAYS: i64 = 3_660;

/// What was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood<T> {
    /// The value.
    pub value: T,
    /// The same in words, in the person's zone and language; read again, it means the same.
    pub said: String,
}

/// Who reads, when and where.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// Now.
    pub now: Timestamp,
    /// The zone of the person who wrote.
    pub zone: &'a TimeZone,
    /// The language in which what was understood is said back to them; any is read.
    pub tongue: Tongue,
}

/// A zone that the end of a text names, and what its clocks are said to be called.
struct Note<'t> {
    zone: TimeZone,
    clocks: &'t str,
    wrote: &'t str,
}

impl Here<'_> {
    /// Reads a window (W1). It may have begun, but not be over or empty (W4).
    pub fn window(&self, text: &str) -> Result<Understood<Window>, WhenError> {
        let read = self.any_window(text)?;
        match read.value {
            Window::Fixed { start, end } if start == end => Err(WhenError::EmptyWindow),
            Window::Fixed { end, .. } if end <= self.now => Err(self.over(end)),
            Window::Fixed { .. } | Window::FromApproval { .. } => Ok(read),
        }
    }

    /// Reads a window that may be empty or over, for the workflow to refuse (W4).
    pub fn any_window(&self, text: &str) -> Result<Understood<Window>, WhenError> {
        let tokens = token::tokens(text)?;
        let (tokens, note) = noted(&tokens)?;
        let value = match grammar::window(tokens)? {
            Said::Length(length) => Window::FromApproval {
                length: counted(&length)?,
            },
            Said::For(begin, length) => {
                let sense = self.sense(note.as_ref(), &[begin_point(&begin)])?;
                counted(&length)?;
                let start = sense.begin(&begin)?;
                let end = sense.add(start, &length)?;
                forwards(start, end)?
            }
            Said::Until(begin, end) => {
                let first = begin_point(&begin);
                let ends = self.sense(note.as_ref(), &[Some(&end), first])?;
                let begins = self.sense(note.as_ref(), &[first, Some(&end)])?;
                if let Some(first) = first {
                    begins.day_behind(first, &end)?;
                }
                let start = begins.begin(&begin)?;
                forwards(start, ends.end(&end, start)?)?
            }
        };
        if let Window::Fixed { start, end } = value {
            note.as_ref()
                .map_or(Ok(()), |note| note.agrees(start, end))?;
        }
        let said = say::window(&value, self.zone, self.tongue);
        Ok(Understood { value, said })
    }

    /// Reads a point in time, e.g. `friday 18:00` or `in 2 hours`; it must not have passed.
    pub fn instant(&self, text: &str) -> Result<Understood<Timestamp>, WhenError> {
        let tokens = token::tokens(text)?;
        let (tokens, note) = noted(&tokens)?;
        let begin = grammar::point(tokens)?;
        let sense = self.sense(note.as_ref(), &[begin_point(&begin)])?;
        let value = sense.begin(&begin)?;
        note.as_ref()
            .map_or(Ok(()), |note| note.agrees(value, value))?;
        let said = say::instant(value, self.zone, self.tongue);
        if value < self.second() {
            return Err(self.over(value));
        }
        Ok(Understood { value, said })
    }

    fn over(&self, end: Timestamp) -> WhenError {
        let zone = self.zone.clone();
        WhenError::Over { end, zone }
    }

    /// Now in whole seconds, which is what a window that begins now is said with.
    fn second(&self) -> Timestamp {
        Timestamp::from_second(self.now.as_second()).unwrap_or(self.now)
    }

    /// The zone that counts: the first point's own, else what is noted behind, else the other
    /// point's, else the person's.
    fn sense(
        &self,
        note: Option<&Note<'_>>,
        points: &[Option<&Point>],
    ) -> Result<Sense, WhenError> {
        let mut named = points
            .iter()
            .map(|point| point.and_then(|point| point.zone.as_deref()));
        let own = named.next().flatten();
        let other = named.next().flatten();
        let written = match (own, note, other) {
            (Some(name), _, _) | (None, None, Some(name)) => Some(resolve::zone(name)?),
            (None, Some(note), _) => Some(note.zone.clone()),
            (None, None, None) => None,
        };
        let place = Place {
            written: written.is_some(),
            zone: written.unwrap_or_else(|| self.zone.clone()),
        };
        let now = self.second();
        Ok(Sense { now, place })
    }
}

/// Reads a length: `2h`, `1h 30m`, `90 minutes`, and ISO's `PT2H`. A day is 24 hours.
pub fn length(text: &str) -> Result<Understood<SignedDuration>, WhenError> {
    let iso = text.trim();
    let value = if iso.len() <= token::MAX_CHARS && iso.starts_with('P') {
        read_duration(iso).map_err(|_| WhenError::not_understood(iso))?
    } else {
        let tokens = token::tokens(text)?;
        SignedDuration::from_secs(grammar::length(&tokens)?.seconds)
    };
    if value <= SignedDuration::ZERO || value.subsec_nanos() != 0 {
        return Err(WhenError::NoLength {
            wrote: iso.to_owned(),
        });
    }
    if value > SignedDuration::from_hours(24 * MAX_LENGTH_DAYS) {
        return Err(WhenError::TooFar);
    }
    let said = format!("{value:#}");
    Ok(Understood { value, said })
}

/// A window whose parts were given apart, in the words of the grammar; `None` where they make none. A
/// length may be ISO's.
pub fn joined(
    (lasts, from, until): (Option<&str>, Option<&str>, Option<&str>),
    tongue: Tongue,
) -> Option<String> {
    let plain = |lasts: &str| length(lasts).map_or_else(|_| lasts.to_owned(), |read| read.said);
    let lasting = |lasts: &str| Write::For(plain(lasts)).said(tongue);
    match (lasts, from, until) {
        (Some(lasts), None, None) => Some(lasting(lasts)),
        (Some(lasts), Some(from), None) => Some(match tongue {
            Tongue::English => format!("from {from} {}", lasting(lasts)),
            Tongue::Portuguese => format!("de {from} {}", lasting(lasts)),
        }),
        (None, Some(from), Some(until)) => {
            Some(Write::Span(from.to_owned(), until.to_owned()).said(tongue))
        }
        (None, None, Some(until)) => Some(Write::Until(until.to_owned()).said(tongue)),
        _ => None,
    }
}

/// Whether a text is a window as far as words go; what needs the clock and the zone is not looked at.
pub fn well_formed(text: &str) -> Result<(), WhenError> {
    let tokens = token::tokens(text)?;
    let (tokens, _) = noted(&tokens)?;
    grammar::window(tokens).map(drop)
}

/// Whether a text begins like a window, a point in time or a length, whatever follows.
pub fn begins(text: &str) -> bool {
    grammar::begins(&token::leading(text))
}

/// Whether a text may begin like a window, or be one: where this says no, [`begins`] and
/// [`well_formed`] do. It looks at the first word alone and is cheap.
pub fn may_begin(text: &str) -> bool {
    /// Longer than every word that something begins with.
    const MAX_WORD_BYTES: usize = 12;
    let text = text.trim_start();
    let letters = |byte: &u8| byte.is_ascii_alphabetic();
    let word = text.bytes().take_while(letters).count();
    let (word, after) = text.split_at_checked(word).unwrap_or((text, ""));
    match after.bytes().next() {
        // What other letters are folded to is not worth knowing here.
        Some(byte) if !byte.is_ascii() => true,
        Some(b'0'..=b'9' | b',') if word.is_empty() => true,
        _ if word.is_empty() || word.len() > MAX_WORD_BYTES => false,
        _ => words::opens(&word.to_ascii_lowercase()),
    }
}

fn forwards(start: Timestamp, end: Timestamp) -> Result<Window, WhenError> {
    if end < start {
        return Err(WhenError::Reversed { overnight: None });
    }
    Ok(Window::Fixed { start, end })
}

fn counted(length: &Length) -> Result<SignedDuration, WhenError> {
    let value = SignedDuration::from_secs(length.seconds);
    if value > SignedDuration::from_hours(24 * MAX_LENGTH_DAYS) {
        return Err(WhenError::TooFar);
    }
    Ok(value)
}

fn begin_point(begin: &Begin) -> Option<&Point> {
    match begin {
        Begin::At(point) => Some(point),
        Begin::Now | Begin::In(_) => None,
    }
}

/// Splits off what stands in parentheses at the end.
fn noted(tokens: &[Token]) -> Result<(&[Token], Option<Note<'_>>), WhenError> {
    let Some((last, before)) = tokens.split_last() else {
        return Ok((tokens, None));
    };
    let Kind::Note { zone, clocks } = &last.kind else {
        return Ok((tokens, None));
    };
    let note = Note {
        zone: resolve::named_zone(zone)?,
        clocks,
        wrote: &last.text,
    };
    Ok((before, Some(note)))
}

impl Note<'_> {
    /// Whether the clocks are called then what they are said to be called.
    fn agrees(&self, start: Timestamp, end: Timestamp) -> Result<(), WhenError> {
        let written = |tongue| {
            let clocks = say::clock_names(start, end, &self.zone, tongue);
            self.clocks.eq_ignore_ascii_case(&clocks)
        };
        if self.clocks.is_empty()
            || [Tongue::English, Tongue::Portuguese]
                .into_iter()
                .any(written)
        {
            return Ok(());
        }
        let first = say::clock_name(start, &self.zone);
        let last = say::clock_name(end, &self.zone);
        Err(WhenError::Contradiction {
            wrote: self.wrote.to_owned(),
            is: Truth::Clocks(first.clone(), (first != last).then_some(last)),
        })
    }
}
