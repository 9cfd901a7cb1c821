//! What do the lines of a reply say?
//!
//! The grammar, over lines with everything invisible removed:
//!
//! ```text
//! reply       = *blank first *( comment-line / window-line ) [ quote / attribution / separator / signature … ]
//! first       = approval / disapproval
//! approval    = deco WORD deco closing [ courtesy closing ]        alone on its line
//! disapproval = deco WORD deco [ closing reason ]
//! closing     = *( "." / "!" / "," )
//! ```
//!
//! One line below an approval may be a window, to its end (W16); a second one makes it unclear. Below a
//! disapproval it is comment like any other.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeSet;

use super::line::{self, Kind};
use super::{EMPTY, Said, banner, conditions, fold, order, remark, tail, unclear, window};
use crate::config::locales::LOCALES;
use crate::inbound::Unclear;
use crate::inbound::mail::Rules;
use crate::workflow::request::Decision;

/// Takes a decision back, whatever other words are configured: it disapproves, and says more (W31).
const REVOKE: &str = "REVOKE";
/// What stands before a word of approval that is only promised.
const PROMISES: &[&str] = &[
    "will", "i'll", "i’ll", "would", "can", "could", "may", "might",
];
/// How far a first line is searched for a word that it does not begin with, in bytes.
const MAX_SEARCHED_BYTES: usize = 1000;
/// Longest text of a person's own below an approval, in bytes; each of its lines is looked at closely.
const MAX_OWN_BYTES: usize = 8 * 1024;
/// Longest comment that is kept, in characters.
pub const MAX_COMMENT_CHARS: usize = 2000;

/// Reads the lines of a reply.
pub fn decide(lines: &[&str], rules: &Rules) -> Result<Said, Unclear> {
    let lines = lines
        .get(banner::lines(lines, &rules.banners)..)
        .unwrap_or_default();
    let start = lines
        .iter()
        .position(|text| !line::visible(text).is_empty())
        .ok_or_else(|| unclear(EMPTY, "Your mail has no text.", ""))?;
    let lines = lines.get(start..).unwrap_or_default();
    let (first, rest) = lines
        .split_first()
        .ok_or_else(|| unclear(EMPTY, "Your mail has no text.", ""))?;
    refuse_foreign(first, lines, rules)?;
    let (decision, reason) = first_line(first, rules)?;
    let foreign = (0..rest.len()).find_map(|at| Some((at, line::kind(rest.get(at..)?)?)));
    let own = foreign.map_or(rest.len(), |(at, _)| at);
    let (own, after) = rest.split_at_checked(own).unwrap_or((rest, &[]));
    let bytes: usize = own.iter().map(|text| text.len()).sum();
    if decision == Decision::Approve && bytes > MAX_OWN_BYTES {
        let sentence = "There is more text below the word than is read; an approval stands alone.";
        return Err(unclear("too-long", sentence, ""));
    }
    let mut window = None;
    for text in own.iter().filter(|text| !text.trim().is_empty()) {
        check_comment(decision, text, rules)?;
        if decision == Decision::Disapprove {
            continue;
        }
        let Some(said) = window::window_line(text)? else {
            remark::check(text, rules)?;
            continue;
        };
        if window.replace(said).is_some() {
            let sentence = "More than one line below the first says for when.";
            return Err(unclear("two-windows", sentence, text));
        }
    }
    tail::check(decision, (after, foreign.map(|(_, kind)| kind)), rules)?;
    let comment = comment(reason, own);
    Ok(Said {
        decision,
        revokes: decision == Decision::Disapprove && revokes(first),
        comment,
        window,
    })
}

/// Whether a line that disapproves also takes back what was granted (W31).
fn revokes(first: &str) -> bool {
    let seen = line::comparable(first);
    let bare = unlisted(seen.trim_start_matches(line::is_decoration));
    let mut words = LOCALES.iter().flat_map(|locale| locale.revoke);
    words.any(|word| fold::after_word(bare, word).is_some())
}

/// Refuses a first line that is not the person's own.
fn refuse_foreign(first: &str, lines: &[&str], rules: &Rules) -> Result<(), Unclear> {
    let lower = line::lower(first);
    let mut kind = line::kind(lines);
    // A word that decides begins no introduction, though no blank line parts them.
    if kind == Some(Kind::Attribution) && decides(first, rules) {
        kind = line::kind(&[first]);
    }
    let (code, sentence) = match kind {
        Some(Kind::Quote) => ("quote-first", "The first line is a quotation."),
        Some(Kind::Attribution) => (
            "attribution-first",
            "The first line introduces a quotation, so the answer is not on top.",
        ),
        Some(Kind::Separator) => ("separator-first", "The first line is a separator."),
        Some(Kind::HeaderBlock) => ("header-first", "The first line is a quoted mail header."),
        Some(Kind::Signature) => ("signature-only", "Your mail holds only a signature."),
        Some(Kind::Footer) => (
            "footer-first",
            "The first line is your mail program's footer.",
        ),
        None if line::is_label(&lower) => (
            "header-first",
            "The first line looks like a quoted mail header.",
        ),
        Some(Kind::Disclaimer) => (
            "footer-first",
            "The first line is a notice that is put below mails.",
        ),
        None if banner::begins(&lower) => (
            "banner-first",
            "The first line is a warning that a mail gateway put there.",
        ),
        None => return Ok(()),
    };
    Err(unclear(code, sentence, first))
}

/// Whether a line is a decision word and nothing besides.
fn decides(text: &str, rules: &Rules) -> bool {
    let seen = line::comparable(text);
    let bare = unlisted(seen.trim_start_matches(line::is_decoration));
    leading_word(bare, rules).is_some_and(|(_, tail)| is_courtesy(tail))
}

/// Reads the deciding line: the decision, and the reason that stands beside a disapproval.
fn first_line(first: &str, rules: &Rules) -> Result<(Decision, Option<String>), Unclear> {
    let seen = line::comparable(first);
    let bare = unlisted(seen.trim_start_matches(line::is_decoration));
    if order::is_turned(first) {
        let sentence = "The first line is shown in another order than it is written in.";
        return Err(unclear("reordered", sentence, first));
    }
    let Some((decision, tail)) = leading_word(bare, rules) else {
        let mentions = line::start_of(bare, MAX_SEARCHED_BYTES)
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| !word.is_empty() && whole_word(word, rules).is_some());
        return Err(if mentions {
            unclear(
                "not-first",
                "The first line holds a decision word, but does not begin with it.",
                first,
            )
        } else {
            unclear(
                "no-word",
                "The first line is none of the words that decide.",
                first,
            )
        });
    };
    let after = tail.trim_start_matches(line::is_decoration);
    if after.trim_start_matches(is_closing).starts_with('?') {
        return Err(unclear("question", "The first line is a question.", first));
    }
    match decision {
        Decision::Approve if is_courtesy(tail) => Ok((decision, None)),
        Decision::Approve if line::is_condition(tail.trim_start_matches(is_closing)) => {
            Err(unclear(
                "condition",
                "There is a window or a condition behind the word; an approval stands alone, and a \
                 window on a line of its own below it.",
                first,
            ))
        }
        Decision::Approve => Err(unclear(
            "more-on-line",
            "There is more on the line than the word; an approval stands alone.",
            first,
        )),
        Decision::Disapprove => disapproval(tail, first, rules),
    }
}

/// A line without the mark of a list before it.
fn unlisted(text: &str) -> &str {
    let item = text.strip_prefix(['-', '–', '•', '·', '‣', '◦']);
    match item.and_then(|item| item.strip_prefix(' ')) {
        Some(item) => item.trim_start_matches(line::is_decoration),
        None => text,
    }
}

fn disapproval(
    tail: &str,
    first: &str,
    rules: &Rules,
) -> Result<(Decision, Option<String>), Unclear> {
    let mut letters = tail.chars();
    let is_genitive = matches!(letters.next(), Some('\'' | '’'))
        && letters.next().is_some_and(char::is_alphanumeric);
    let parts_well = tail.chars().next().is_none_or(|letter| {
        line::is_decoration(letter)
            || is_closing(letter)
            || matches!(letter, ':' | ';' | '-' | '–' | '—' | '(')
    });
    let mut words = tail
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .peekable();
    let only_decisions = words.peek().is_some()
        && words.all(|word| {
            whole_word(word, rules).is_some()
                || ["or", "and", "oder", "und"]
                    .iter()
                    .any(|w| word.eq_ignore_ascii_case(w))
        });
    if is_genitive || !parts_well || only_decisions || may_approve(tail, rules) {
        return Err(unclear(
            "contradiction",
            "The first line holds more than one decision word, or something joined to it.",
            first,
        ));
    }
    let reason = tail
        .trim_matches(|c: char| line::is_decoration(c) || is_closing(c))
        .trim_start_matches([':', ';', '-', '–', '—', ' '])
        .trim();
    Ok((
        Decision::Disapprove,
        (!reason.is_empty()).then(|| reason.to_owned()),
    ))
}

/// Whether the reason for a disapproval may say that it was none: a part of a sentence holds a word of
/// approval and nothing that denies it. "I will approve it once the ticket is linked" promises, no more.
fn may_approve(reason: &str, rules: &Rules) -> bool {
    let parts = |c: char| is_closing(c) || matches!(c, ';' | ':' | '?' | '(' | ')' | '–' | '—');
    reason.split(parts).any(|part| approves(part, rules))
}

fn approves(part: &str, rules: &Rules) -> bool {
    let mut before = "";
    let mut found = false;
    let mut rest = part;
    let words = part.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’'));
    for word in words.filter(|word| !word.is_empty()) {
        // "No wait, approve": a "no" denies what was said before it.
        if conditions::denies(word) && !word.eq_ignore_ascii_case("no") {
            return false;
        }
        rest = rest.split_once(word).map_or("", |(_, rest)| rest);
        let promised = PROMISES.contains(&before.to_lowercase().as_str());
        found |= whole_word(word, rules) == Some(Decision::Approve)
            && !(promised && conditions::narrows(rest));
        before = word;
    }
    found
}

/// A line below the first.
fn check_comment(decision: Decision, text: &str, rules: &Rules) -> Result<(), Unclear> {
    let seen = line::comparable(text);
    let bare = seen.trim_start_matches(|c: char| line::is_decoration(c) || "-•".contains(c));
    let word = leading_word(bare, rules);
    match (decision, word) {
        // "APPROVE" and below it "DISAPPROVE…": which one was meant is not for us to guess.
        (Decision::Approve, Some((Decision::Disapprove, _))) => Err(unclear(
            "contradiction",
            "A line below the first begins with the opposite decision.",
            text,
        )),
        (Decision::Approve, Some((Decision::Approve, tail))) if is_courtesy(tail) => Err(unclear(
            "second-word",
            "A line below the first consists of a decision word.",
            text,
        )),
        (Decision::Disapprove, _) if may_approve(&seen, rules) => Err(unclear(
            "contradiction",
            "A line below the first holds the opposite decision.",
            text,
        )),
        _ => Ok(()),
    }
}

/// The decision word at the head of a text, and what follows it; the longest counts.
pub(super) fn leading_word<'t>(text: &'t str, rules: &Rules) -> Option<(Decision, &'t str)> {
    let find = |words: &BTreeSet<String>, also: Option<&str>| {
        let words = words.iter().map(String::as_str).chain(also);
        words
            .filter(|word| !word.is_empty())
            .filter_map(|word| fold::after_word(text, word))
            .min_by_key(|tail| tail.len())
    };
    let no = find(&rules.disapprove_words, Some(REVOKE));
    match (find(&rules.approve_words, None), no) {
        (Some(approve), Some(disapprove)) if disapprove.len() <= approve.len() => {
            Some((Decision::Disapprove, disapprove))
        }
        (Some(tail), _) => Some((Decision::Approve, tail)),
        (None, Some(tail)) => Some((Decision::Disapprove, tail)),
        (None, None) => None,
    }
}

/// The decision that a word is, and nothing besides.
pub(super) fn whole_word(word: &str, rules: &Rules) -> Option<Decision> {
    match leading_word(word, rules) {
        Some((decision, "")) => Some(decision),
        _ => None,
    }
}

pub(super) fn is_closing(letter: char) -> bool {
    matches!(letter, '.' | '!' | ',' | '。' | '、')
}

/// Whether what follows a word takes nothing back: nothing, closing punctuation, a courtesy.
pub(super) fn is_courtesy(tail: &str) -> bool {
    let idle = |letter: char| is_closing(letter) || line::is_decoration(letter);
    // A letter cannot follow a word directly, so a courtesy is always set apart.
    let words = tail.trim_matches(idle);
    words.is_empty() || conditions::is_courtesy(words)
}

/// The reason beside the word and the lines below it, without blank edges, cut to what is kept.
fn comment(reason: Option<String>, own: &[&str]) -> Option<String> {
    let mut text = reason.unwrap_or_default();
    for own in own {
        if text.len() > MAX_COMMENT_CHARS * 4 {
            break;
        }
        let seen = line::visible(own);
        // Blank lines are kept single, and never first.
        if seen.is_empty() && (text.is_empty() || text.ends_with('\n')) {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&seen);
    }
    let control = |letter: char| letter.is_control() && letter != '\n';
    if text.len() > MAX_COMMENT_CHARS || text.contains(control) {
        let kept = text.chars().filter(|letter| !control(*letter));
        text = kept.take(MAX_COMMENT_CHARS).collect();
    }
    let cut = text.trim();
    (!cut.is_empty()).then(|| cut.to_owned())
}
