//! What people wrote, as it may stand in a chat: shown as they wrote it, and doing nothing.
//!
//! A justification or a comment is an outsider's text in a channel that others trust. Whoever wrote
//! it must not be able to call anybody, to dress it up as the bot's own words, to hide a part of it,
//! to link, or to push what follows out of sight.
//!
//! What always holds of the result, for any text:
//! - It calls nobody: no `@` stands directly before what it would name, so that nothing is read as a
//!   mention even where the message forgot to forbid them.
//! - Each mark of the markup has a backslash before it, and no backslash is the last character.
//! - No control character but the line feed, and nothing that turns, hides or stacks letters: marks
//!   of direction, of zero width, tags, more than [`MAX_MARKS`] accents on one letter.
//! - It has at most as many UTF-16 units as were allowed, backslashes and the `…` of a cut counted,
//!   so that it is within the limit whichever way the service counts.
//!
//! What is *not* promised: that two letters which look alike are told apart.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use unicode_normalization::char::is_combining_mark;

/// The most combining marks on one letter; more only cover its neighbours.
pub const MAX_MARKS: usize = 4;
/// The most line feeds in a row: one empty line.
const MAX_FEEDS: usize = 2;
/// What means something to the markup: emphasis, code, spoilers, quotes, headings, lists, links,
/// mentions, times, emoji.
const MARKS: &str = "\\`*_~|>#-+[]()<:.!";
/// Takes the place of what was cut off.
const CUT: char = '…';
/// Of no width; keeps an `@` from what follows.
const BREAK: char = '\u{200b}';

/// A person's text, with its lines. `most` is in UTF-16 units, and at least 1.
pub fn lines(text: &str, most: usize) -> String {
    tame(text, most, '\n')
}

/// A person's text on one line.
pub fn line(text: &str, most: usize) -> String {
    tame(text, most, ' ')
}

/// Line feeds become `feed`.
fn tame(text: &str, most: usize, feed: char) -> String {
    let mut out = Tamed {
        text: String::new(),
        units: 0,
        most,
        whole: 0,
    };
    let (mut marks, mut feeds) = (0, 0);
    for letter in text.trim().chars().filter_map(visible) {
        marks = if is_combining_mark(letter) {
            marks + 1
        } else {
            0
        };
        feeds = if letter == '\n' { feeds + 1 } else { 0 };
        if marks > MAX_MARKS || feeds > MAX_FEEDS {
            continue;
        }
        let letter = if letter == '\n' { feed } else { letter };
        if !out.push(letter) {
            return out.cut();
        }
    }
    out.text
}

/// The letter, or what stands for it, where it can be seen.
pub fn visible(letter: char) -> Option<char> {
    match letter {
        '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' => Some('\n'),
        '\t' => Some(' '),
        // Joiners are part of how some scripts and emoji are written.
        '\u{200c}' | '\u{200d}' => Some(letter),
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => None,
        letter if letter.is_control() => None,
        letter => Some(letter),
    }
}

struct Tamed {
    text: String,
    units: usize,
    most: usize,
    /// Bytes up to which there is room for a [`CUT`] behind.
    whole: usize,
}

impl Tamed {
    /// Adds one letter with what protects it; `false` where there is no room.
    fn push(&mut self, letter: char) -> bool {
        let mark = MARKS.contains(letter).then_some('\\');
        let guard = (letter == '@').then_some(BREAK);
        let units = letter.len_utf16() + usize::from(mark.is_some()) + usize::from(guard.is_some());
        if self.units + units > self.most {
            return false;
        }
        self.text
            .extend(mark.into_iter().chain([letter]).chain(guard));
        self.units += units;
        if self.units + CUT.len_utf16() <= self.most {
            self.whole = self.text.len();
        }
        true
    }

    fn cut(mut self) -> String {
        self.text.truncate(self.whole);
        let kept = self.text.trim_end().len();
        self.text.truncate(kept);
        self.text.push(CUT);
        self.text
    }
}

#[cfg(test)]
mod tests;
