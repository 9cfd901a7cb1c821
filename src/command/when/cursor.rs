//! Where the grammar reads, and what stands there.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::error::WhenError;
use super::token::{Kind, Token};
use super::words;

/// Reads tokens from the first to the last.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'t> {
    pub(super) tokens: &'t [Token],
    pub(super) at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn token(&self, at: usize) -> Option<&'t Token> {
        self.tokens.get(at)
    }

    pub(super) fn peek(&self) -> Option<&'t Token> {
        self.token(self.at)
    }

    /// The word here.
    pub(super) fn word(&self) -> Option<&'t str> {
        match self.peek().map(|token| &token.kind) {
            Some(Kind::Word(word)) => Some(word),
            _ => None,
        }
    }

    pub(super) fn is(&self, table: &[&str]) -> bool {
        self.word().is_some_and(|word| table.contains(&word))
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        self.peek().is_some_and(|token| token.is_mark(mark))
    }

    pub(super) fn look<T: Copy>(&self, table: &[(&str, T)]) -> Option<T> {
        self.word().and_then(|word| words::look(table, word))
    }

    pub(super) fn eat(&mut self, table: &[&str]) -> bool {
        let found = self.is(table);
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_mark(&mut self, mark: char) -> bool {
        let found = self.is_mark(mark);
        self.at += usize::from(found);
        found
    }

    /// A number: its value and how many digits it has.
    pub(super) fn number(&mut self) -> Option<(u32, usize)> {
        let Kind::Number { value, digits } = self.peek()?.kind else {
            return None;
        };
        self.at += 1;
        Some((value, digits))
    }

    /// What was read since, as it was written.
    pub(super) fn wrote(&self, start: usize) -> String {
        let mut text = String::new();
        for token in self.tokens.get(start..self.at).unwrap_or_default() {
            if !token.glued && !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&token.text);
        }
        text
    }

    /// Whether everything has been read.
    pub(super) fn ends(&self) -> Result<(), WhenError> {
        match self.peek() {
            None => Ok(()),
            Some(token) if self.is(words::ABBREVIATIONS) => Err(WhenError::ZoneAbbreviation {
                name: token.text.clone(),
            }),
            Some(token) => Err(WhenError::not_understood(&token.text)),
        }
    }
}
