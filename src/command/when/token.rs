//! From text to tokens. Every token keeps the text it was read from, to be shown back.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::error::WhenError;
use super::words;

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
    let mut tokens = Vec::new();
    read(text, &mut tokens)?;
    if tokens.is_empty() {
        return Err(WhenError::Nothing);
    }
    Ok(tokens)
}

/// The tokens that a text begins with, as far as there are any.
pub fn leading(text: &str) -> Vec<Token> {
    let start: String = text.chars().take(MAX_CHARS).collect();
    let mut tokens = Vec::new();
    // What stops the reading comes behind what is asked for.
    let _ = read(&start, &mut tokens);
    tokens
}

fn read(text: &str, tokens: &mut Vec<Token>) -> Result<(), WhenError> {
    let letters: Vec<char> = text.nfkc().collect();
    let mut rest = letters.as_slice();
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
    Ok(())
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

/// A word, or the name of a zone: letters, and where a slash joins letters, everything that names of
/// zones are made of.
fn word(rest: &[char]) -> (Kind, usize) {
    let is_letter = |letter: &char| letter.is_alphabetic() || is_combining_mark(*letter);
    let letters = |from: usize| {
        let rest = rest.get(from..).unwrap_or_default();
        rest.iter().take_while(|letter| is_letter(letter)).count()
    };
    let mut end = letters(0);
    let joined = |mark: char| rest.get(end) == Some(&mark) && letters(end + 1) > 0;
    if joined('/') || joined('_') {
        let in_zone = |letter: &char| {
            is_letter(letter) || letter.is_ascii_digit() || matches!(letter, '/' | '_' | '+' | '-')
        };
        let end = rest.iter().take_while(|letter| in_zone(letter)).count();
        return (Kind::Zone(rest.iter().take(end).collect()), end);
    }
    if joined('-') {
        let second = end + 1;
        let length = letters(second);
        let part = rest.iter().skip(second).take(length);
        if words::SECOND_PARTS.contains(&folded(part).as_str()) {
            end = second + length;
        }
    }
    (Kind::Word(folded(rest.iter().take(end))), end)
}

/// Lower case, without accents.
fn folded<'c>(letters: impl Iterator<Item = &'c char>) -> String {
    letters
        .copied()
        .nfkd()
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_lowercase)
        .collect()
}
