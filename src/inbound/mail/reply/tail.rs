//! Below a person's own words: quotations, signatures, footers, and what somebody wrote among them.
//!
//! None of it is comment. But people answer below a signature, among quoted lines, or in lines that
//! begin with `>` themselves, and a condition that stands there was meant. So below an approval
//!
//! - the first line of a signature, and every line below a telephone's footer, is read as a remark;
//! - the rest of a signature for a line that begins like a condition, and like a disclaimer for a window or a
//!   decision on a line of its own: company names and hours of business hold words of conditions too;
//! - what stands below a rule ("-----Original Message-----") is a remark, unless a mail's header fields, an
//!   introduction or a quotation follow the rule at once: people type rules as well;
//! - an unmarked line between quoted ones is read as a remark;
//! - a quotation that nothing introduces, and that is not of our own mail (which names both words), is
//!   read as if its lines were the person's.
//!
//! What a mail program quotes below its own introduction is never looked at. Not promised: that a
//! line is noticed which somebody wrote with a `>` into a quotation that their program introduced.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::grammar::{is_courtesy, leading_word};
use super::line::{self, Kind};
use super::{conditions, remark, unclear, window};
use crate::command::when;
use crate::inbound::Unclear;
use crate::inbound::mail::Rules;
use crate::workflow::request::Decision;

/// Longest line that is read as a remark, and longest quotation without an introduction, in bytes.
const MAX_REMARK_BYTES: usize = 8 * 1024;
/// Lines within which a quotation's introduction is looked for.
const INTRODUCTION_LINES: usize = 4;

/// What the present line stands below.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    /// A signature's mark; none of its lines has come yet.
    Mark,
    /// The first line of a signature.
    Signature,
    /// A notice of secrecy, or what is sealed.
    Notice,
    /// A telephone's footer.
    Footer,
    /// An introduction: what follows is somebody else's.
    Introduction,
    /// A quoted line.
    Quote,
}

/// Refuses what takes a decision back below the person's own words; `first` is the kind of the first line.
pub fn check(
    decision: Decision,
    (after, first): (&[&str], Option<Kind>),
    rules: &Rules,
) -> Result<(), Unclear> {
    let is_quote = |text: &str| line::visible(text).starts_with('>');
    let last_quote = after.iter().rposition(|text| is_quote(text));
    let first_quote = after.iter().position(|text| is_quote(text));
    let quotes = first_quote.unwrap_or(0)..last_quote.unwrap_or(0);
    let mut below = Below::Quote;
    let mut at = 0;
    while let Some(text) = after.get(at) {
        let rest = after.get(at..).unwrap_or_default();
        let kind = if at == 0 { first } else { line::kind(rest) };
        at += 1;
        match kind {
            Some(Kind::Quote) => {
                let block = rest.iter().take_while(|text| is_quote(text)).count();
                let block = rest.get(..block).unwrap_or_default();
                at += block.len() - 1;
                if decision == Decision::Approve && below != Below::Introduction {
                    below = check_quotation(block, rules)?;
                }
                continue;
            }
            Some(Kind::Signature) => below = Below::Mark,
            Some(Kind::Footer) => below = Below::Footer,
            Some(Kind::Disclaimer) => {
                check_notice(decision, text, rules)?;
                below = Below::Notice;
            }
            Some(Kind::Separator) if line::is_seal(text) => below = Below::Notice,
            // Nothing says that what follows is somebody else's.
            Some(Kind::Separator) if !introduces(rest) => below = Below::Footer,
            Some(Kind::Attribution | Kind::Separator | Kind::HeaderBlock) => {
                below = Below::Introduction;
            }
            None => {}
        }
        if kind.is_some() || line::visible(text).is_empty() {
            continue;
        }
        if below == Below::Introduction && last_quote.is_none() {
            continue;
        }
        let between = quotes.contains(&(at - 1));
        check_line(decision, text, (below, between), rules)?;
        if below == Below::Mark {
            below = Below::Signature;
        }
    }
    Ok(())
}

/// An unmarked line below the person's own words, and whether it stands between quotations.
fn check_line(
    decision: Decision,
    text: &str,
    (below, between): (Below, bool),
    rules: &Rules,
) -> Result<(), Unclear> {
    check_word(decision, text, rules)?;
    match below {
        _ if decision == Decision::Disapprove => Ok(()),
        Below::Mark | Below::Footer => check_remark(text, rules),
        Below::Signature => {
            check_window(text)?;
            check_signature(text)
        }
        Below::Notice => check_window(text),
        Below::Introduction | Below::Quote if between => check_remark(text, rules),
        Below::Introduction | Below::Quote => Ok(()),
    }
}

/// Whether what a rule is drawn above is introduced as somebody else's: by a header block or the first field
/// of one that was cut off, by an attribution, or by being quoted.
fn introduces(lines: &[&str]) -> bool {
    let mut below = lines.iter().skip(1).map(|text| line::lower(text));
    let first = below.find(|text| !text.is_empty()).unwrap_or_default();
    if line::is_label(&first) && !conditions::narrows(line::value(&first)) {
        return true;
    }
    (1..=INTRODUCTION_LINES).any(|at| {
        let kind = lines.get(at..).and_then(line::kind);
        matches!(
            kind,
            Some(Kind::Attribution | Kind::HeaderBlock | Kind::Quote)
        )
    })
}

/// A line of a signature that begins like a condition, and is no notice that stands below every mail.
fn check_signature(text: &str) -> Result<(), Unclear> {
    let notice = || line::is_about_secrecy(text) || line::is_about_printing(text);
    if conditions::begins_in_earnest(text) && !notice() {
        let sentence = "A line of a signature begins like a condition; write it above.";
        return Err(unclear("condition", sentence, text));
    }
    Ok(())
}

/// A quotation that no line above it introduces: what its end stands below.
fn check_quotation(block: &[&str], rules: &Rules) -> Result<Below, Unclear> {
    let bare: Vec<&str> = block.iter().map(|text| unquoted(text)).collect();
    let introduced = (0..bare.len().min(INTRODUCTION_LINES)).any(|at| {
        let kind = bare.get(at..).and_then(line::kind);
        matches!(
            kind,
            Some(Kind::Attribution | Kind::Separator | Kind::HeaderBlock)
        )
    });
    if introduced {
        return Ok(Below::Introduction);
    }
    let holds = |decision| {
        let word = |text: &str| remark::holds(&line::comparable(text), decision, rules);
        bare.iter().any(|text| word(text))
    };
    if bare.iter().map(|text| text.len()).sum::<usize>() > MAX_REMARK_BYTES {
        let sentence = "A quotation that nothing introduces is longer than what is read.";
        return Err(unclear("too-long", sentence, ""));
    }
    if holds(Decision::Approve) && holds(Decision::Disapprove) {
        return Ok(Below::Introduction);
    }
    bare.iter().try_for_each(|text| check_remark(text, rules))?;
    Ok(Below::Quote)
}

fn unquoted(text: &str) -> &str {
    text.trim_start_matches(|c: char| c == '>' || c.is_whitespace())
}

/// A notice of secrecy may forbid anything, but refuses nothing.
fn check_notice(decision: Decision, text: &str, rules: &Rules) -> Result<(), Unclear> {
    let seen = line::comparable(text);
    if decision == Decision::Approve && remark::holds(&seen, Decision::Disapprove, rules) {
        let sentence = "A line below the first holds the word for the opposite decision.";
        return Err(unclear("contradiction", sentence, text));
    }
    Ok(())
}

/// A line that is nothing but a decision word.
fn check_word(decision: Decision, text: &str, rules: &Rules) -> Result<(), Unclear> {
    let seen = line::comparable(text);
    match leading_word(seen.trim_start_matches(line::is_decoration), rules) {
        Some((found, tail)) if found != decision && is_courtesy(tail) => Err(unclear(
            "contradiction",
            "A line below the quotation or the signature consists of the opposite decision.",
            text,
        )),
        _ => Ok(()),
    }
}

/// A line that is read as one of the person's own.
fn check_remark(text: &str, rules: &Rules) -> Result<(), Unclear> {
    if text.len() > MAX_REMARK_BYTES {
        let sentence = "A line below a quotation or a signature is longer than what is read.";
        return Err(unclear("too-long", sentence, ""));
    }
    if window::window_line(text)?.is_some() {
        let sentence = "A line below a quotation or a signature says for when; write it above.";
        return Err(unclear("window", sentence, text));
    }
    remark::check(text, rules)
}

/// A line of a signature or a disclaimer that is a window to its end.
fn check_window(text: &str) -> Result<(), Unclear> {
    let seen = line::comparable(text);
    let bare = window::bare(&seen);
    let behind = ["only ", "just ", "nur ", "só ", "solo ", "apenas "];
    let stated = behind.iter().find_map(|word| {
        let (head, tail) = bare.split_at_checked(word.len())?;
        (head.to_lowercase() == *word).then_some(tail)
    });
    let says_when =
        |text: &str| when::well_formed(text).is_ok() && text.starts_with(char::is_alphabetic);
    let narrowed = stated.is_some_and(|tail| says_when(tail) || when::begins(tail));
    if narrowed || says_when(bare) {
        let sentence = "A line below a signature says for when; write it above.";
        return Err(unclear("window", sentence, text));
    }
    Ok(())
}
