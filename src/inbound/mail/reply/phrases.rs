//! What mail programs write in many languages. The words stand in `words/*.txt`, one row a language.
//!
//! A phrase that is missing there errs towards "unclear": its line is then part of the comment, or
//! is the first line and no decision word.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// How a quotation is introduced.
#[derive(Debug)]
pub struct Attribution {
    /// How it begins; empty: in any way.
    pub begins: &'static str,
    /// How it ends, or what stands within it.
    pub word: &'static str,
    /// Whether the sender's name comes last, so that `word` stands within.
    pub name_last: bool,
}

/// Phrases that something may begin with, by their first byte: most lines begin with none.
#[derive(Debug)]
pub struct Beginnings {
    by_byte: [Vec<&'static str>; 256],
}

impl Beginnings {
    fn of(phrases: impl Iterator<Item = &'static str>) -> Self {
        let mut by_byte = [const { Vec::new() }; 256];
        for phrase in phrases {
            let first = phrase.bytes().next().map(usize::from);
            if let Some(list) = first.and_then(|first| by_byte.get_mut(first)) {
                list.push(phrase);
            }
        }
        Self { by_byte }
    }

    /// What stands behind the longest of them that a text begins with.
    pub fn behind<'t>(&self, text: &'t str) -> Option<&'t str> {
        let first = text.bytes().next().map(usize::from);
        let list = first.and_then(|first| self.by_byte.get(first))?;
        let rests = list.iter().filter_map(|phrase| text.strip_prefix(phrase));
        rests.min_by_key(|rest| rest.len())
    }

    /// All of them.
    #[cfg(test)]
    fn all(&self) -> impl Iterator<Item = &'static str> {
        self.by_byte.iter().flatten().copied()
    }
}

/// "On … wrote:"
pub static ATTRIBUTIONS: LazyLock<Vec<Attribution>> = LazyLock::new(|| {
    let row = |(kind, row): (&'static str, &'static str)| {
        let (begins, word) = row.split_once('|')?;
        Some(Attribution {
            begins: begins.trim(),
            word: word.trim(),
            name_last: kind.starts_with("name"),
        })
    };
    rows(include_str!("words/attributions.txt"))
        .filter_map(row)
        .collect()
});

/// Labels of a quoted header block ("From: … Sent: …").
pub static HEADER_LABELS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    rows(include_str!("words/headers.txt"))
        .flat_map(phrases)
        .collect()
});

/// Labels that no window has. "From: 10:00" and "To: 12:00" may be one; a quoted header block also
/// says when it was sent or what about.
pub static TELLING_LABELS: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| of(include_str!("words/headers.txt"), "tells").collect());

/// Labels of the date on which a mail was sent.
pub static DATE_LABELS: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| of(include_str!("words/headers.txt"), "date").collect());

/// How a separator's words go, between its dashes.
pub static SEPARATORS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| of(include_str!("words/separators.txt"), "between").collect());

/// Lines that begin a forwarded mail.
pub static FORWARDS: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| of(include_str!("words/separators.txt"), "line").collect());

/// How the footer of a telephone or an application begins.
pub static FOOTERS: LazyLock<Beginnings> =
    LazyLock::new(|| Beginnings::of(rows(include_str!("words/footers.txt")).flat_map(phrases)));

/// How a notice of secrecy begins.
pub static DISCLAIMERS: LazyLock<Beginnings> =
    LazyLock::new(|| Beginnings::of(of(include_str!("words/disclaimers.txt"), "begins")));

/// Titles of such a notice, on a line of their own.
pub static TITLES: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| of(include_str!("words/disclaimers.txt"), "title").collect());

/// What such a notice is about.
pub static SECRECY: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| of(include_str!("words/disclaimers.txt"), "about").collect());

/// The rows of a list: what stands before `=`, and behind it.
pub fn rows(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(kind, row)| (kind.trim(), row))
}

/// The phrases of a row.
pub fn phrases(
    (_, row): (&'static str, &'static str),
) -> impl Iterator<Item = &'static str> + use<> {
    row.split('|')
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

fn of(text: &'static str, kind: &'static str) -> impl Iterator<Item = &'static str> {
    let first = |row: &str| row.split_whitespace().next() == Some(kind);
    rows(text)
        .filter(move |(name, _)| first(name))
        .flat_map(phrases)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: every list is lower case, as its lines are compared, and introductions are known in at
    // least thirty languages. Method: every phrase, and the languages of the list.
    #[test]
    fn lists_are_in_order() {
        let lists = [
            HEADER_LABELS
                .iter()
                .chain(FORWARDS.iter())
                .copied()
                .collect(),
            [&**SEPARATORS, &**SECRECY].concat(),
            FOOTERS.all().chain(DISCLAIMERS.all()).collect(),
            ATTRIBUTIONS
                .iter()
                .flat_map(|all| [all.begins, all.word])
                .collect(),
        ];
        for phrase in lists.concat() {
            assert_eq!(phrase.to_lowercase(), phrase);
            assert!(!phrase.contains('’'), "{phrase}");
        }
        let languages = |text| {
            let language = |(kind, _): (&'static str, _)| kind.split_whitespace().last();
            rows(text)
                .filter_map(language)
                .collect::<BTreeSet<_>>()
                .len()
        };
        assert!(languages(include_str!("words/attributions.txt")) >= 40);
        assert!(languages(include_str!("words/headers.txt")) >= 30);
        assert!(TELLING_LABELS.is_subset(&HEADER_LABELS));
    }
}
