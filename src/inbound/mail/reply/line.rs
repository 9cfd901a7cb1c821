//! What kind of line is this? A person's own words, or something that a mail program put there.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::borrow::Cow;
use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use super::conditions;
use super::fold::ends;
use super::phrases::{
    ATTRIBUTIONS, Attribution, DISCLAIMERS, FOOTERS, FORWARDS, HEADER_LABELS, SECRECY, SEPARATORS,
    TELLING_LABELS,
};

/// Up to so many bytes a disclaimer is its title alone.
const MAX_TITLE_BYTES: usize = 30;
/// Lines over which an attribution may be wrapped.
const ATTRIBUTION_LINES: usize = 4;
/// Longest attribution, in bytes.
const MAX_ATTRIBUTION_BYTES: usize = 600;
/// Lines within which a quoted header block must show its second label.
const HEADER_BLOCK_LINES: usize = 4;
/// What a line is compared by, in bytes from its start; the rest is not needed to tell its kind.
const MAX_COMPARED_BYTES: usize = 1000;

/// Removes what cannot be seen (BOM, zero width, bidi marks, soft hyphen, tags), turns every kind
/// of space into a space, and trims.
pub fn visible(line: &str) -> Cow<'_, str> {
    if line.is_ascii() {
        return Cow::Borrowed(line.trim());
    }
    let seen: String = line
        .chars()
        .filter(|letter| !is_invisible(*letter))
        .map(|letter| if letter.is_whitespace() { ' ' } else { letter })
        .collect();
    Cow::Owned(seen.trim().to_owned())
}

fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// The letters of a piece of text as they are compared; nothing is trimmed.
pub fn comparable_letters(text: &str) -> String {
    text.chars()
        .filter(|letter| !is_invisible(*letter))
        .map(|letter| if letter.is_whitespace() { ' ' } else { letter })
        .nfkc()
        .collect()
}

/// The form in which words are compared: NFKC, so that full-width letters are letters.
pub fn comparable(line: &str) -> Cow<'_, str> {
    match visible(line) {
        Cow::Borrowed(line) => Cow::Borrowed(line),
        Cow::Owned(line) => Cow::Owned(line.nfkc().collect::<String>().trim().to_owned()),
    }
}

/// The first `bytes` of a text, or a little less where that would cut a letter.
pub fn start_of(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// [`comparable`], lower case, without decoration around it, cut to what is compared.
pub fn lower(line: &str) -> String {
    let seen = comparable(start_of(line, MAX_COMPARED_BYTES));
    let bare = seen.trim_matches(is_decoration);
    if bare.is_ascii() {
        return bare.to_ascii_lowercase();
    }
    bare.to_lowercase().replace('’', "'")
}

/// What people and programs put around a word to set it off.
pub fn is_decoration(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '*' | '_'
                | '"'
                | '\''
                | '`'
                | '“'
                | '”'
                | '„'
                | '‘'
                | '’'
                | '«'
                | '»'
                | '「'
                | '」'
                | '『'
                | '』'
        )
}

/// Something that a mail program put there; a person's own words end before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `> …`
    Quote,
    /// `On … wrote:`
    Attribution,
    /// `-----Original Message-----`, a rule, the head of a forwarded mail.
    Separator,
    /// `From: …` followed by `Sent: …`.
    HeaderBlock,
    /// `-- `
    Signature,
    /// `Sent from my telephone`
    Footer,
    /// `This message is confidential …`
    Disclaimer,
}

/// What the line at the head of `lines` is, if it is not a person's own words.
pub fn kind(lines: &[&str]) -> Option<Kind> {
    let first = lines.first()?;
    let seen = visible(first);
    if seen.starts_with('>') {
        return Some(Kind::Quote);
    }
    if seen == "--" {
        return Some(Kind::Signature);
    }
    let text = lower(first);
    if text.is_empty() && !is_rule(&seen) {
        return None;
    }
    if is_separator(&seen, &text) {
        return Some(Kind::Separator);
    }
    if is_footer(&text) {
        return Some(Kind::Footer);
    }
    if is_disclaimer(&text) {
        return Some(Kind::Disclaimer);
    }
    if is_label(&text) && starts_header_block(lines) {
        return Some(Kind::HeaderBlock);
    }
    is_attribution(lines, &text).then_some(Kind::Attribution)
}

/// A line of nothing but dashes, underscores or equals signs.
fn is_rule(seen: &str) -> bool {
    let count = seen.chars().count();
    count >= 5 && (seen.chars().all(|c| c == '-') || seen.chars().all(|c| c == '_' || c == '='))
}

fn is_separator(seen: &str, text: &str) -> bool {
    if is_rule(seen) || FORWARDS.contains(text) {
        return true;
    }
    if !seen.starts_with("--") {
        return false;
    }
    let words = text.trim_matches(['-', ' ']);
    SEPARATORS
        .iter()
        .any(|separator| words.starts_with(separator))
        || (seen.starts_with("---") && seen.ends_with("---") && words.len() < 80)
        || (seen.ends_with("--") && (words.ends_with("wrote") || words.ends_with("schrieb")))
}

/// Whether a line is what a telephone or an application adds, and not a person's that begins alike.
fn is_footer(text: &str) -> bool {
    let rest = FOOTERS.behind(text);
    rest.is_some_and(|rest| !conditions::narrows_within(rest))
}

/// Whether a line begins a notice of secrecy that a company puts below every mail.
fn is_disclaimer(text: &str) -> bool {
    DISCLAIMERS.behind(text).is_some()
        && (text.len() < MAX_TITLE_BYTES || SECRECY.iter().any(|word| text.contains(word)))
}

/// Whether a line begins like a field of a quoted header block.
pub fn is_label(text: &str) -> bool {
    has_label(text, &HEADER_LABELS)
}

fn has_label(text: &str, labels: &BTreeSet<&str>) -> bool {
    let Some((label, _)) = text.split_once([':', '：']) else {
        return false;
    };
    let label = label.trim_matches(is_decoration);
    label.len() <= 40 && labels.contains(label)
}

/// Whether one of the next lines has a label that a window has not.
fn starts_header_block(lines: &[&str]) -> bool {
    lines
        .iter()
        .skip(1)
        .filter(|line| !line.trim().is_empty())
        .take(HEADER_BLOCK_LINES)
        .any(|line| has_label(&lower(line), &TELLING_LABELS))
}

/// An attribution may be wrapped; it ends at its closing words, at a blank line or a quote at
/// latest.
fn is_attribution(lines: &[&str], first: &str) -> bool {
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
        let text = joined.replace('：', ":");
        if text.ends_with(':') && closes_attribution(&text, first, index == 0) {
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
    // Every attribution names a date or an address, so that "As Bob wrote:" stays a comment.
    let address = text.contains('@') && text.contains('<');
    if !text.contains(|c: char| c.is_ascii_digit()) && !text.contains('@') {
        return false;
    }
    if text.starts_with("on condition") || text.starts_with("on the condition") {
        return false;
    }
    // One that may begin with anything is wrapped only if it has both.
    let dated = address && text.split(|c: char| !c.is_ascii_digit()).any(is_year);
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

fn is_year(digits: &str) -> bool {
    digits.len() == 4 && digits.starts_with("20")
}

fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, found)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + found.len()..).unwrap_or_default();
        ends(after) && !before.ends_with(char::is_alphanumeric)
    })
}

/// Whether a line begins like a window or a condition.
pub fn is_condition(line: &str) -> bool {
    let text = lower(line);
    let bare = text.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '-' | '–' | '—' | '•' | '(' | '[' | '+' | '/' | '.' | ',')
    });
    conditions::begins(bare) || is_label(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: what mail programs put into a reply is told from a person's words.
    // Method: a table of blocks whose first line is of the kind.
    #[test]
    fn kinds() {
        use Kind::{Attribution, Footer, HeaderBlock, Quote, Separator, Signature};
        let table: &[(&str, Option<Kind>)] = &[
            ("> APPROVE", Some(Quote)),
            (" >> x", Some(Quote)),
            ("-- ", Some(Signature)),
            ("--", Some(Signature)),
            ("-----Original Message-----", Some(Separator)),
            ("________________________________", Some(Separator)),
            ("-------- Forwarded Message --------", Some(Separator)),
            ("---------- Forwarded message ---------", Some(Separator)),
            ("---- On Sat, 21 Nov 2026 Bob wrote ----", Some(Separator)),
            ("Begin forwarded message:", Some(Separator)),
            ("-----Ursprüngliche Nachricht-----", Some(Separator)),
            ("From: Bot\nSent: Saturday", Some(HeaderBlock)),
            ("*From:* Bot\n*Sent:* Saturday", Some(HeaderBlock)),
            ("Von: Bot\nGesendet: Samstag", Some(HeaderBlock)),
            ("De : Bot\nEnvoyé : samedi", Some(HeaderBlock)),
            ("发件人: Bot\n发送时间: x", Some(HeaderBlock)),
            ("差出人: Bot\n送信日時: x", Some(HeaderBlock)),
            (
                "On Sat, 21 Nov 2026, Bob <b@x.test> wrote:",
                Some(Attribution),
            ),
            ("On 21 Nov 2026, at 10:00, Bob wrote:", Some(Attribution)),
            (
                "On Sat, Nov 21, 2026 at 10:00\u{202f}AM Bob\n<b@x.test>\nwrote:",
                Some(Attribution),
            ),
            ("Am 21.11.2026 um 10:00 schrieb Bob:", Some(Attribution)),
            (
                "Am Sa., 21. Nov. 2026 um 10:00 Uhr schrieb Bob <\nb@x.test>:",
                Some(Attribution),
            ),
            (
                "Le sam. 21 nov. 2026 à 10:00, Bob a écrit\u{a0}:",
                Some(Attribution),
            ),
            (
                "El sáb, 21 nov 2026 a las 10:00, Bob escribió:",
                Some(Attribution),
            ),
            (
                "Il giorno sab 21 nov 2026 alle 10:00 Bob ha scritto:",
                Some(Attribution),
            ),
            (
                "Em sáb., 21 de nov. de 2026, Bob escreveu:",
                Some(Attribution),
            ),
            (
                "Op za 21 nov 2026 om 10:00 schreef Bob <b@x.test>:",
                Some(Attribution),
            ),
            (
                "Op 21 nov 2026 om 10:00 heeft Bob het volgende geschreven:",
                Some(Attribution),
            ),
            (
                "W dniu 21.11.2026 o 10:00, Bob napisał(a):",
                Some(Attribution),
            ),
            ("21.11.2026 10:00, Bob пишет:", Some(Attribution)),
            ("在 2026年11月21日 10:00，Bob 写道：", Some(Attribution)),
            (
                "2026年11月21日(土) 10:00 Bob <b@x.test> のメール:",
                Some(Attribution),
            ),
            ("2026년 11월 21일 Bob 작성:", Some(Attribution)),
            (
                "2026-11-21 10:00 GMT+01:00 Bob <b@x.test>:",
                Some(Attribution),
            ),
            ("Sent from my iPhone", Some(Footer)),
            ("Von meinem iPhone gesendet", Some(Footer)),
            ("Envoyé de mon iPhone", Some(Footer)),
            ("Get Outlook for iOS<https://aka.ms/o0ukef>", Some(Footer)),
            ("APPROVE", None),
            ("From: me", None),
            ("As Bob wrote:", None),
            ("On call until Monday", None),
            ("a -- b", None),
            ("", None),
        ];
        for (block, expected) in table {
            let lines: Vec<_> = block.split('\n').collect();
            assert_eq!(kind(&lines), *expected, "{block:?}");
        }
    }

    // Goal: what begins like a window or a condition is seen, ordinary remarks are not.
    // Method: a table of lines.
    #[test]
    fn conditions() {
        let yes = [
            "only until 5",
            "Only",
            "for 2 hours",
            "- from 9:00",
            "(until 17:00)",
            "If Bob agrees",
            "but read-only",
            "unless it breaks",
            "as long as Bob watches",
            "2h",
            "2 hours",
            "09:30",
            "9:30-10:00",
            "5pm",
            "30 min",
            "bis 17 Uhr",
            "nur heute",
            "seulement demain",
            "*only* today",
            "\u{200b}only now",
            "ｏｎｌｙ now",
            "tomorrow",
            "max. 1h",
            "tylko dziś",
        ];
        let no = [
            "ok with me",
            "Formally fine",
            "Ifeoma checked it",
            "Regards",
            "R-42 looks right",
            "+49 40 1234567",
            "Bob",
            "2nd floor",
            "Butler agreed",
            "",
            "Checked with Bob",
        ];
        for line in yes {
            assert!(is_condition(line), "{line}");
        }
        for line in no {
            assert!(!is_condition(line), "{line}");
        }
    }
}
