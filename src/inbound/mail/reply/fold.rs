//! The form in which words are compared: case folded, and on demand without accents.
//!
//! A person may leave the accents of a word out, but adds none: `APROVADO` typed as `aprovado` or
//! `APPROUVE` for `approuvé` is the word, `APPROVÉ` is not `APPROVE`. Folding is that of Unicode, with
//! two additions: Turkish `İ` and `ı` are `i`, since whoever types on a Turkish keyboard means the
//! letter, and `ß` is `ss` in either case.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::borrow::Cow;
use std::iter::once;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// A letter folded, as one letter or two.
fn letter(letter: char) -> (char, Option<char>) {
    match letter {
        'A'..='Z' => (letter.to_ascii_lowercase(), None),
        _ if letter.is_ascii() => (letter, None),
        'İ' | 'ı' => ('i', None),
        'ß' | 'ẞ' => ('s', Some('s')),
        '’' | 'ʼ' | '‘' => ('\'', None),
        _ => {
            let mut lower = letter.to_lowercase();
            (lower.next().unwrap_or(letter), lower.next())
        }
    }
}

fn letters(of: char) -> impl Iterator<Item = char> {
    let (first, second) = letter(of);
    once(first).chain(second)
}

/// A text folded.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(letters).collect()
}

/// A folded text without accents. Marks that make another letter of it (as in Japanese) stay.
pub fn plain(folded: &str) -> Cow<'_, str> {
    if folded.is_ascii() {
        return Cow::Borrowed(folded);
    }
    Cow::Owned(without_accents(folded.chars()).collect())
}

fn without_accents(folded: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    let bare = folded.nfd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}'));
    // What is joined by a stroke does not come apart by itself.
    let bare = bare.map(|c| match c {
        'ł' => 'l',
        'ø' => 'o',
        'đ' => 'd',
        _ => c,
    });
    bare.nfc()
}

/// Whether a word ends where this text begins.
pub fn ends(tail: &str) -> bool {
    !tail.starts_with(|c: char| c.is_alphanumeric() || is_combining_mark(c))
}

/// What follows a word at the head of a text, if it stands there as a whole, with its accents or
/// without.
pub fn after_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    // Most words are another from their first letter on.
    let (first, wanted) = (text.bytes().next()?, word.bytes().next()?);
    if first.is_ascii() && wanted.is_ascii() && !first.eq_ignore_ascii_case(&wanted) {
        return None;
    }
    if word.is_ascii() {
        return behind(text, word.chars().flat_map(letters));
    }
    if base(text) != base(word) {
        return None;
    }
    let folded = || word.nfkc().flat_map(letters);
    behind(text, folded()).or_else(|| behind(text, without_accents(folded())))
}

/// The first letter of a text, without its accent.
fn base(text: &str) -> Option<char> {
    let (first, _) = letter(text.chars().next()?);
    let mut base = None;
    decompose_canonical(first, |part| base = base.or(Some(part)));
    match base {
        Some('ł') => Some('l'),
        Some('ø') => Some('o'),
        Some('đ') => Some('d'),
        base => base,
    }
}

/// What follows these letters, which are folded, at the head of a text.
fn behind(text: &str, mut wanted: impl Iterator<Item = char>) -> Option<&str> {
    let mut rest = text.char_indices();
    loop {
        let Some(want) = wanted.next() else {
            let tail = rest.as_str();
            return ends(tail).then_some(tail);
        };
        let (_, found) = rest.next()?;
        let (first, second) = letter(found);
        if want != first {
            return None;
        }
        if let Some(second) = second
            && wanted.next() != Some(second)
        {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_word(text: &str, word: &str) -> bool {
        let text: String = text.nfkc().collect();
        after_word(&text, word) == Some("")
    }

    // Goal: a word is known in any case, with its accents or without, composed or not, and by no
    // other letters. Method: pairs that are the same word, and pairs that are not.
    #[test]
    fn words() {
        for (text, word) in [
            ("approve", "APPROVE"),
            ("approuvé", "APPROUVÉ"),
            ("Approuve\u{301}", "APPROUVÉ"),
            ("APPROUVE", "APPROUVÉ"),
            ("reddedildi", "REDDEDİLDİ"),
            ("REDDEDILDI", "REDDEDİLDİ"),
            ("DİSAPPROVE", "DISAPPROVE"),
            ("dısapprove", "DISAPPROVE"),
            ("GROSS", "groß"),
            ("groß", "GROSS"),
            ("GROẞ", "groß"),
            ("odrzucam", "ODRZUCAM"),
            ("akceptuje", "AKCEPTUJĘ"),
            ("承認", "承認"),
            ("ＡＰＰＲＯＶＥ", "APPROVE"),
        ] {
            assert!(is_word(text, word), "{text} {word}");
        }
        for (text, word) in [
            ("APPROVÉ", "APPROVE"),
            ("APPROVE\u{338}", "APPROVE"),
            ("\u{410}PPROVE", "APPROVE"),
            ("APPROVED", "APPROVE"),
            ("承認します", "承認"),
            ("gros", "groß"),
            ("", "APPROVE"),
        ] {
            assert!(!is_word(text, word), "{text} {word}");
        }
    }

    // Goal: accents go and nothing else. Method: a line of each kind.
    #[test]
    fn without_accents() {
        assert_eq!(plain("até jusqu'à só łącznie"), "ate jusqu'a so lacznie");
        assert_eq!(plain("がぎ 承認 й"), "がぎ 承認 и");
        assert_eq!(folded("GROẞ İstanbul ISI"), "gross istanbul isi");
    }
}
