//! From text to tokens. Every token keeps the text it was read from, to be shown back.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::error::WhenError;

/// The longest text that is read, in characters.
pub const MAX_CHARS: usize = 200;
/// The most digits that a number has.
const MAX_DIGITS: usize = 9;

/// One piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// As it was written.
    pub text: String,
    /// Whether no space stands before it.
    pub glued: bool,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Digits.
    Number {
        /// Their value.
        value: u32,
        /// How many there are.
        digits: usize,
    },
    /// Letters, in lower case and without accents.
    Word(String),
    /// The name of a zone: in brackets, or with a slash in it.
    Zone(String),
    /// What stands in parentheses at the end of what is said back: a zone, and what its clocks are
    /// called then.
    Note {
        /// The zone's name.
        zone: String,
        /// The rest.
        clocks: String,
    },
    /// `-`, and the longer ones that stand between two times.
    Dash,
    /// One of `:` `.` `,` `/` `+`.
    Mark(char),
}

impl Token {
    /// Whether it is this mark.
    pub fn is_mark(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// Reads a text into its tokens.
pub fn tokens(text: &str) -> Result<Vec<Token>, WhenError> {
    if text.chars().nth(MAX_CHARS).is_some() {
        return Err(WhenError::TooLong { limit: MAX_CHARS });
    }
    let letters: Vec<char> = text.nfkc().collect();
    let mut rest = letters.as_slice();
    let mut tokens = Vec::new();
    let mut glued = false;
    while let Some((first, after)) = rest.split_first() {
        if first.is_whitespace() {
            (rest, glued) = (after, false);
            continue;
        }
        let (kind, taken) = one(*first, rest)?;
        let (text, after) = rest.split_at_checked(taken).unwrap_or((rest, &[]));
        let text = text.iter().collect();
        tokens.push(Token { kind, text, glued });
        (rest, glued) = (after, true);
    }
    if tokens.is_empty() {
        return Err(WhenError::Nothing);
    }
    Ok(tokens)
}

/// The token at the head of some letters, and how many of them it takes.
fn one(first: char, rest: &[char]) -> Result<(Kind, usize), WhenError> {
    let found = match first {
        '0'..='9' => number(rest)?,
        '-' | '–' | '—' | '−' | '‐' | '‑' => (Kind::Dash, 1),
        ':' | '.' | ',' | '/' | '+' => (Kind::Mark(first), 1),
        '[' => {
            let inside = enclosed(rest, ']')?;
            (Kind::Zone(inside.iter().collect()), inside.len() + 2)
        }
        '(' => {
            let inside = enclosed(rest, ')')?;
            let text: String = inside.iter().collect();
            let (zone, clocks) = text.split_once(',').unwrap_or((&text, ""));
            let (zone, clocks) = (zone.trim().to_owned(), clocks.trim().to_owned());
            (Kind::Note { zone, clocks }, inside.len() + 2)
        }
        _ if first.is_alphabetic() => word(rest),
        _ => return Err(WhenError::not_understood(&first.to_string())),
    };
    Ok(found)
}

fn number(rest: &[char]) -> Result<(Kind, usize), WhenError> {
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let text: String = rest.iter().take(digits).collect();
    match text.parse() {
        Ok(value) if digits <= MAX_DIGITS => Ok((Kind::Number { value, digits }, digits)),
        _ => Err(WhenError::not_understood(&text)),
    }
}

fn enclosed(rest: &[char], closing: char) -> Result<&[char], WhenError> {
    let inside = rest.get(1..).unwrap_or_default();
    inside
        .iter()
        .position(|letter| *letter == closing)
        .and_then(|end| inside.get(..end))
        .ok_or_else(|| WhenError::not_understood(&rest.iter().collect::<String>()))
}

/// A word, or the name of a zone: letters, hyphens between letters, and where a slash joins
/// letters, everything that names of zones are made of.
fn word(rest: &[char]) -> (Kind, usize) {
    let ends = |in_word: &dyn Fn(char) -> bool| {
        let joined = |at: usize| {
            let is_letter =
                |letter: Option<&char>| letter.is_some_and(|letter| letter.is_alphabetic());
            is_letter(rest.get(at.wrapping_sub(1))) && is_letter(rest.get(at + 1))
        };
        rest.iter()
            .enumerate()
            .position(|(at, letter)| {
                !(letter.is_alphabetic()
                    || is_combining_mark(*letter)
                    || (*letter == '-' && joined(at))
                    || in_word(*letter))
            })
            .unwrap_or(rest.len())
    };
    let plain = ends(&|_| false);
    let is_zone = rest
        .get(plain)
        .is_some_and(|letter| matches!(letter, '/' | '_'))
        && rest.get(plain + 1).is_some_and(|c| c.is_alphabetic());
    if is_zone {
        let end =
            ends(&|letter| letter.is_ascii_digit() || matches!(letter, '/' | '_' | '+' | '-'));
        return (Kind::Zone(rest.iter().take(end).collect()), end);
    }
    let folded = rest
        .iter()
        .take(plain)
        .copied()
        .nfkd()
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_lowercase)
        .collect();
    (Kind::Word(folded), plain)
}
