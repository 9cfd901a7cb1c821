//! Letters of another alphabet that look like ours.
//!
//! Such a word never decides, since words are compared letter by letter. It must not hide a condition
//! either: `оnly` with a Cyrillic `о` reads "only" to whoever wrote it. So below an approval a word is
//! suspect that mixes our alphabet with one that is drawn alike, or that looks like a word which
//! decides or narrows and is another. Which letters look alike is Unicode's list (UTS 39).

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use super::grammar::whole_word;
use super::{conditions, fold};
use crate::inbound::mail::Rules;

/// Whether some word of a line is not what it looks like.
pub fn is_suspect(seen: &str, rules: &Rules) -> bool {
    if seen.is_ascii() {
        return false;
    }
    seen.split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_ascii())
        .any(|word| mixes(word) || looks_like_ours(word, rules))
}

fn mixes(word: &str) -> bool {
    let ours = word.chars().any(is_latin);
    // Signs for units stand beside Latin letters by right.
    ours && word
        .chars()
        .any(|c| is_drawn_alike(c) && !matches!(c, 'μ' | 'Ω' | 'π'))
}

fn is_latin(letter: char) -> bool {
    letter.is_alphabetic() && matches!(letter, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

/// Greek, Coptic, Cyrillic, Armenian, Cherokee, Lisu, small capitals and phonetic letters.
fn is_drawn_alike(letter: char) -> bool {
    matches!(
        letter,
        '\u{250}'..='\u{2af}'
            | '\u{370}'..='\u{58f}'
            | '\u{13a0}'..='\u{13ff}'
            | '\u{1c80}'..='\u{1c8f}'
            | '\u{1d00}'..='\u{1d7f}'
            | '\u{1f00}'..='\u{1fff}'
            | '\u{2c80}'..='\u{2cff}'
            | '\u{2de0}'..='\u{2dff}'
            | '\u{a4d0}'..='\u{a4ff}'
            | '\u{a640}'..='\u{a69f}'
            | '\u{ab70}'..='\u{abbf}'
    )
}

fn looks_like_ours(word: &str, rules: &Rules) -> bool {
    if !word.chars().all(is_drawn_alike) {
        return false;
    }
    let folded = fold::folded(word);
    // Once as it stands and once in lower case: capitals look alike that small letters do not.
    [word, folded.as_str()].into_iter().any(|word| {
        let drawn: String = skeleton(word).nfkc().collect();
        // In the list a vertical stroke is drawn as `l`, and `rn` as `m` is.
        let drawn = drawn.replace("rn", "m");
        whole_word(&drawn, rules).is_some() || conditions::narrows(&drawn)
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::read::tests::rules;
    use super::*;

    // Goal: a disguised word is seen, other alphabets are left alone. Method: both.
    #[test]
    fn suspects() {
        let rules = rules();
        for line in [
            "\u{43e}nly until five",
            "fine b\u{443}t be quick",
            "un\u{3b9}ess it breaks",
            "D\u{406}SAPPROVE",
            "\u{1d0f}nly",
            "\u{430}\u{440}\u{440}r\u{43e}v\u{435}d",
            "\u{405}\u{422}\u{41e}\u{420}",
        ] {
            assert!(is_suspect(line, &rules), "{line}");
        }
        for line in [
            "проверено с Бобом",
            "συμφωνώ",
            "10 μs später",
            "APIサーバー",
            "für Łukasz, naïve",
            "plain",
        ] {
            assert!(!is_suspect(line, &rules), "{line}");
        }
    }
}
