//! Who reads an answer, and how things are said to them: other people's words without effect, times in
//! their zone and as their own program shows them.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::outbound::chat::text;
use crate::render::{self, Tongue};
use crate::workflow::book::{Book, Person};
use crate::workflow::ids::PersonId;
use crate::workflow::request::{Subject, Window};

/// The longest message, in UTF-16 units.
pub const MAX_MESSAGE: usize = 2_000;
/// Room that is kept for the last line.
const LAST_LINE: usize = 200;
/// The longest name or sentence of others in an answer, in UTF-16 units.
const MAX_NAME: usize = 160;
/// The longest time in words.
const MAX_TIME: usize = 200;

/// Says the same in the reader's language.
macro_rules! both {
    ($tongue:expr, $en:literal, $pt:literal $(,)?) => {
        match $tongue {
            $crate::render::Tongue::English => format!($en),
            $crate::render::Tongue::Portuguese => format!($pt),
        }
    };
}

pub(super) use both;

/// Who reads.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Where they read times.
    pub zone: TimeZone,
    /// In which language.
    pub tongue: Tongue,
}

impl Reader {
    /// Somebody of the book: their zone and language there.
    pub fn of(person: &Person) -> Self {
        Self {
            zone: TimeZone::get(&person.zone).unwrap_or(TimeZone::UTC),
            tongue: Tongue::of(&person.locale),
        }
    }

    /// Somebody of whom only the language of their program is known.
    pub fn unknown(locale: &str) -> Self {
        Self {
            zone: TimeZone::UTC,
            tongue: Tongue::of(locale),
        }
    }

    /// One of two.
    pub(super) fn pick(&self, en: &'static str, pt: &'static str) -> &'static str {
        match self.tongue {
            Tongue::English => en,
            Tongue::Portuguese => pt,
        }
    }

    /// A point in time, in words and as their own program shows it.
    pub(super) fn instant(&self, at: Timestamp) -> String {
        let words = render::instant_in(at, &self.zone, self.tongue);
        format!(
            "{} (<t:{}:F>)",
            text::line(&words, MAX_TIME),
            at.as_second()
        )
    }

    /// A window, in words and as their own program shows it.
    pub(super) fn window(&self, window: &Window) -> String {
        let words = text::line(&render::period(window, &self.zone, self.tongue), MAX_TIME);
        match window {
            Window::FromApproval { .. } => words,
            Window::Fixed { start, end } => {
                let (start, end) = (start.as_second(), end.as_second());
                format!("{words} (<t:{start}:F> – <t:{end}:F>)")
            }
        }
    }

    /// What is asked for.
    pub(super) fn thing(&self, subject: &Subject) -> String {
        let module = name(subject.module.as_str());
        let resource = name(&subject.resource);
        match &subject.account {
            Some(account) => {
                let account = name(account);
                both!(
                    self.tongue,
                    "{module} **{resource}** as **{account}**",
                    "{module} **{resource}** como **{account}**",
                )
            }
            None => format!("{module} **{resource}**"),
        }
    }
}

/// A name, or a short text of somebody's, on one line.
pub(super) fn name(words: &str) -> String {
    text::line(words, MAX_NAME)
}

/// What people call somebody.
pub(super) fn person(book: &Book, id: &PersonId) -> String {
    name(&book.name_of(id))
}

/// A message that is being written, line by line, and is never too long.
#[derive(Debug, Default)]
pub(super) struct Message {
    text: String,
    units: usize,
    /// Whether something did not fit.
    pub cut: bool,
}

impl Message {
    /// Adds a line, if there is room for it and for a last one behind it.
    pub fn line(&mut self, line: &str) -> bool {
        self.add(line, MAX_MESSAGE - LAST_LINE)
    }

    /// Adds the last line.
    pub fn last(mut self, line: &str) -> String {
        self.add(line, MAX_MESSAGE);
        self.text
    }

    /// What was written.
    pub fn done(self) -> String {
        self.text
    }

    fn add(&mut self, line: &str, most: usize) -> bool {
        let units = line.encode_utf16().count() + usize::from(!self.text.is_empty());
        if self.units + units > most {
            self.cut = true;
            return false;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(line);
        self.units += units;
        true
    }
}
