//! Does a remark below an approval take it back?
//!
//! A remark is a line that is no window ([`super::window`]). What always holds: one that holds a
//! word of refusal, denies the word of approval, holds a condition or a time ([`conditions`]), is
//! shown in another order than it stands in, or is disguised in letters of another alphabet stops the
//! approval.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::grammar::{leading_word, whole_word};
use super::{alike, conditions, line, mangled, order, unclear};
use crate::command::when;
use crate::inbound::Unclear;
use crate::inbound::mail::Rules;
use crate::workflow::request::Decision;

/// Most words of approval in a remark that are looked behind; a line with more is not understood.
const MAX_LOOKS: usize = 8;

/// Refuses a remark below an approval that takes it back, wholly or in part.
pub fn check(text: &str, rules: &Rules) -> Result<(), Unclear> {
    let refuse = |code, sentence| Err(unclear(code, sentence, text));
    if mangled::is_mangled(text) {
        return refuse(
            "broken",
            "A line below the first could not be decoded for certain.",
        );
    }
    let seen = line::comparable(text);
    let (mut holds_yes, mut holds_no) = (false, false);
    for found in words(&seen).filter_map(|word| whole_word(word, rules)) {
        holds_yes |= found == Decision::Approve;
        holds_no |= found == Decision::Disapprove;
    }
    // An apostrophe joins letters to a word that decides.
    let may_hold = holds_yes || seen.contains(['\'', '’']);
    if holds_no {
        return refuse(
            "contradiction",
            "A line below the first holds the word for the opposite decision.",
        );
    }
    if holds_yes && words(&seen).any(conditions::denies) {
        return refuse(
            "contradiction",
            "A line below the first may take the approval back.",
        );
    }
    if conditions::narrows(&seen) || may_hold && behind_word(&seen, rules) {
        return refuse(
            "condition",
            "A line below the first holds a window or a condition.",
        );
    }
    if conditions::is_foreign(&seen) {
        return refuse(
            "script",
            "A line below the first is in a script in which no condition would be noticed.",
        );
    }
    if order::is_turned(text) {
        return refuse(
            "reordered",
            "A line below the first is shown in another order than it is written in.",
        );
    }
    if alike::is_suspect(&seen, rules) {
        return refuse(
            "look-alike",
            "A line below the first holds letters of another alphabet that look like other letters.",
        );
    }
    Ok(())
}

/// Whether a line holds a word for this decision.
pub fn holds(seen: &str, decision: Decision, rules: &Rules) -> bool {
    words(seen).any(|word| whole_word(word, rules).is_some_and(|found| found == decision))
}

/// Whether a word of approval is followed by a window: "approved for the morning".
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
        let by_whom = tail
            .strip_prefix("by ")
            .is_some_and(|whom| !conditions::narrows(whom));
        let begins = when::may_begin(tail) && when::begins(tail);
        let narrowed = begins || conditions::begins(tail);
        if looks > MAX_LOOKS || narrowed && !by_whom {
            return true;
        }
    }
    false
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’'))
        .filter(|word| !word.is_empty())
}
