//! Does a remark below an approval take it back?
//!
//! A remark is a line that is no window ([`super::window`]). What always holds: one that holds a
//! word of refusal, denies the word of approval or puts a condition behind it, or begins like a
//! condition once an idle word or a number in front is taken off, stops the approval. What is *not*
//! promised: that a condition in the middle of a sentence is seen.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::conditions::{DENIALS, IDLE, OPENERS};
use super::grammar::{leading_word, whole_word};
use super::{line, unclear};
use crate::command::when;
use crate::inbound::Unclear;
use crate::inbound::mail::Rules;
use crate::workflow::request::Decision;

/// Most idle words before a remark, and most words of approval in it, that are looked behind; a
/// line with more is not understood.
const MAX_LOOKS: usize = 8;

/// Refuses a remark below an approval that takes it back, wholly or in part.
pub fn check(text: &str, rules: &Rules) -> Result<(), Unclear> {
    let seen = line::comparable(text);
    let holds = |decision| {
        words(&seen).any(|word| whole_word(word, rules).is_some_and(|found| found == decision))
    };
    if holds(Decision::Disapprove) {
        return Err(unclear(
            "contradiction",
            "A line below the first holds the word for the opposite decision.",
            text,
        ));
    }
    if holds(Decision::Approve) && words(&seen).any(|word| is_one_of(word, DENIALS)) {
        return Err(unclear(
            "contradiction",
            "A line below the first may take the approval back.",
            text,
        ));
    }
    if begins_like_condition(&seen) || behind_word(&seen, rules) {
        return Err(unclear(
            "condition",
            "A line below the first holds a window or a condition.",
            text,
        ));
    }
    Ok(())
}

/// Whether a line begins like a condition, with what stands idly before it taken off.
fn begins_like_condition(seen: &str) -> bool {
    let mut rest = numbered(seen.trim_start_matches(|c: char| !c.is_alphanumeric()));
    for _ in 0..MAX_LOOKS {
        rest = without_idle(rest);
        if line::is_condition(rest) {
            return true;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric());
        let (word, after) = end
            .and_then(|end| rest.split_at_checked(end))
            .unwrap_or((rest, ""));
        if word.is_empty() || !is_one_of(word, OPENERS) {
            return false;
        }
        rest = after.trim_start_matches(|c: char| !c.is_alphanumeric());
    }
    true
}

/// Whether a word of approval is followed by a condition: "approved until Friday".
fn behind_word(seen: &str, rules: &Rules) -> bool {
    let mut looks = 0;
    let mut inside = false;
    for (at, letter) in seen.char_indices() {
        let begins = letter.is_alphanumeric() && !inside;
        inside = letter.is_alphanumeric();
        if !begins {
            continue;
        }
        let rest = seen.get(at..).unwrap_or_default();
        let Some((Decision::Approve, tail)) = leading_word(rest, rules) else {
            continue;
        };
        looks += 1;
        let tail = tail.trim_start_matches(|c: char| !c.is_alphanumeric());
        if looks > MAX_LOOKS || when::begins(tail) || begins_like_condition(tail) {
            return true;
        }
    }
    false
}

/// What follows words that begin like a condition and say who: "fine by me", "approved by Bob".
fn without_idle(text: &str) -> &str {
    let found = IDLE.iter().find_map(|idle| {
        let (head, tail) = text.split_at_checked(idle.len())?;
        let ends = !tail.starts_with(char::is_alphanumeric);
        (ends && head.to_lowercase() == **idle).then_some(tail)
    });
    found
        .unwrap_or(text)
        .trim_start_matches(|c: char| !c.is_alphanumeric())
}

/// A line without the number of a list before it: `1.`, `2)`.
fn numbered(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    match rest.strip_prefix(['.', ')']) {
        Some(item) if rest.len() < text.len() && item.starts_with(' ') => item.trim_start(),
        _ => text,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’'))
        .filter(|word| !word.is_empty())
}

fn is_one_of(word: &str, list: &[&str]) -> bool {
    let word = word.to_lowercase().replace('’', "'");
    list.contains(&word.as_str())
}
