//! What introduces a quotation: "On … wrote:", and the block of a quoted mail's header fields.
//!
//! What always holds: neither is found in lines that only say from when to when, or on which condition;
//! an attribution names an address or a date, a header block an address or a date with its year.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeSet;

use super::conditions;
use super::fold::ends;
use super::line::{is_decoration, lower};
use super::phrases::{ATTRIBUTIONS, Attribution, DATE_LABELS, HEADER_LABELS, TELLING_LABELS};

/// Lines over which an attribution may be wrapped.
const ATTRIBUTION_LINES: usize = 4;
/// Longest attribution, in bytes.
const MAX_ATTRIBUTION_BYTES: usize = 600;
/// Lines within which a quoted header block must show its second label.
const HEADER_BLOCK_LINES: usize = 4;

pub(super) fn has_label(text: &str, labels: &BTreeSet<&str>) -> bool {
    let Some((label, _)) = text.split_once([':', '：']) else {
        return false;
    };
    let label = label.trim_matches(is_decoration);
    label.len() <= 40 && labels.contains(label)
}

/// Whether one of the next lines has a label that a window has not, and the block says from whom or
/// when: an address, or a date with its year beside the label for one. "From: 10:00" and "To: 12:00" are
/// somebody's window, whatever stands below them.
pub(super) fn starts_header_block(lines: &[&str]) -> bool {
    let lines = lines.iter().filter(|line| !line.trim().is_empty());
    let fields: Vec<String> = lines
        .take(1 + HEADER_BLOCK_LINES)
        .map(|line| lower(line))
        .take_while(|text| !text.is_empty())
        .collect();
    let value = |text: &str| {
        let parts = text.split_once([':', '：']);
        parts.map_or(String::new(), |(_, value)| value.to_owned())
    };
    let telling = |text: &&String| has_label(text, &TELLING_LABELS);
    if !fields.iter().skip(1).any(|text| telling(&text)) {
        return false;
    }
    let is_place = |text: &&String| {
        has_label(text, &HEADER_LABELS) && !telling(text) && !has_label(text, &DATE_LABELS)
    };
    let is_window = |text: &String| {
        let value = value(text);
        !value.contains('@') && conditions::narrows(&value)
    };
    if fields.iter().filter(is_place).any(is_window) {
        return false;
    }
    // "Sent" beside "From" says when without a year too; a label for any date does not.
    let placed = fields.iter().any(|text| is_place(&text));
    fields.iter().any(|text| {
        let value = value(text);
        has_label(text, &HEADER_LABELS) && value.contains('@')
            || has_label(text, &DATE_LABELS) && (has_year(&value) || placed && telling(&text))
    })
}

/// An attribution may be wrapped; it ends at its closing words, at a blank line or a quote at
/// latest.
pub(super) fn is_attribution(lines: &[&str], first: &str) -> bool {
    let may_close = |line: &&str| line.contains([':', '：']);
    if !lines.iter().take(ATTRIBUTION_LINES).any(may_close) {
        return false;
    }
    let mut joined = String::new();
    for (index, line) in lines.iter().take(ATTRIBUTION_LINES).enumerate() {
        let part = if index == 0 {
            first.to_owned()
        } else {
            lower(line)
        };
        // A condition above an introduction is no part of it, though no blank line parts them.
        if part.is_empty()
            || part.starts_with('>')
            || index > 0 && conditions::begins_in_words(&part)
        {
            return false;
        }
        if index > 0 {
            joined.push(' ');
        }
        joined.push_str(&part);
        if joined.len() > MAX_ATTRIBUTION_BYTES {
            return false;
        }
        if joined.ends_with([':', '：'])
            && closes_attribution(&joined.replace('：', ":"), first, index == 0)
        {
            return true;
        }
    }
    false
}

/// Short names of weekdays that begin like a condition in another language.
const WEEKDAYS: &[&str] = &["po", "ne", "ma", "na", "do", "an"];

/// Whether the first line of one that may begin with anything says who or when.
fn opens_attribution(line: &str) -> bool {
    line.contains('<') || line.contains('@') || line.contains(|c: char| c.is_ascii_digit())
}

fn closes_attribution(text: &str, first_line: &str, one_line: bool) -> bool {
    // Every attribution names a date or an address, so that "As Bob wrote:" stays a comment; none holds
    // what only a condition says.
    let address = text.contains('@') && text.contains('<');
    if !text.contains('@') && !is_dated(text) || conditions::holds_words(text) {
        return false;
    }
    if text.starts_with("on condition") || text.starts_with("on the condition") {
        return false;
    }
    // One that may begin with anything is wrapped only if it has both.
    let dated = address && has_year(text);
    let first = text.split(|c: char| !c.is_alphanumeric()).next();
    let weekday = || dated && first.is_some_and(|word| WEEKDAYS.contains(&word));
    // "Only until 17:00, as Bob wrote:" is a person's line.
    let free = (one_line || dated && opens_attribution(first_line))
        && (!conditions::begins_in_words(text) || weekday());
    let begins = |start: &str| match start {
        "" => free,
        start => text.strip_prefix(start).is_some_and(ends),
    };
    let closes = |known: &Attribution| {
        if known.name_last {
            contains_word(text, known.word)
        } else {
            text.ends_with(known.word)
        }
    };
    // "2026-11-21 10:00 GMT+01:00 Bob <bob@client.test>:"
    let bare = dated && free && (text.ends_with(">:") || text.ends_with("]:"));
    bare || ATTRIBUTIONS
        .iter()
        .any(|known| begins(known.begins) && closes(known))
}

/// Whether a date stands in a text: its year, or all three numbers of it ("21.11.26").
fn is_dated(text: &str) -> bool {
    let numeric = |word: &str| {
        let numbers = || word.split(['.', '/', '-']);
        let short = |part: &str| part.len() <= 2 && part.parse::<u8>().is_ok();
        numbers().count() == 3 && numbers().all(short)
    };
    has_year(text)
        || text
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'))
            .any(numeric)
}

/// Whether a number of four digits stands in a text that is a year of one of the calendars in use.
fn has_year(text: &str) -> bool {
    let value = |digit: char| digit.to_digit(10).or_else(|| eastern(digit));
    let mut digits = 0;
    let mut number = 0;
    for letter in text.chars().chain([' ']) {
        if let Some(value) = value(letter) {
            digits += 1;
            number = (number * 10 + value) % 100_000;
            continue;
        }
        let year = matches!(number, 1_400..=1_499 | 2_000..=2_099 | 2_560..=2_599 | 5_780..=5_799);
        if digits == 4 && year {
            return true;
        }
        digits = 0;
        number = 0;
    }
    false
}

/// The value of an Arabic, Persian, Indian, Bengali or Thai digit.
fn eastern(digit: char) -> Option<u32> {
    let zeros = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50];
    let value = |zero: &u32| u32::from(digit).checked_sub(*zero);
    zeros.iter().filter_map(value).find(|value| *value < 10)
}

fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, found)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + found.len()..).unwrap_or_default();
        ends(after) && !before.ends_with(char::is_alphanumeric)
    })
}
