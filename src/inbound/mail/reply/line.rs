//! What kind of line is this? A person's own words, or something that a mail program put there.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::conditions;
use super::fold::ends;
use super::introduction::{has_label, is_attribution, starts_header_block};
use super::phrases::{DISCLAIMERS, FOOTERS, FORWARDS, HEADER_LABELS, SECRECY, SEPARATORS, TITLES};

/// The shortest first line of a notice of secrecy that is more than its title, in bytes.
const MIN_NOTICE_BYTES: usize = 60;
/// Lines below a rule within which it must introduce something.
const RULED_LINES: usize = 4;
/// What people carry: "Von meinem … gesendet".
const DEVICES: &[&str] = &[
    "gesendet",
    "iphone",
    "ipad",
    "handy",
    "phone",
    "telefon",
    "android",
    "samsung",
    "galaxy",
    "huawei",
    "xiaomi",
    "pixel",
    "tablet",
    "mobil",
    "blackberry",
    "nokia",
    "smartphone",
];
/// How "before printing" is said.
const PRINTING: &[&str] = &[
    "print", "druck", "imprim", "stamp", "drukow", "skriv", "udskriv", "tulost", "tisk", "afdruk",
];
/// What an application runs on: "Outlook for …".
const PLATFORMS: &[&str] = &[
    "android", "ios", "iphone", "ipad", "windows", "mac", "mobil",
];
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
    if text.is_empty() && !is_ruled_off(&seen) {
        return None;
    }
    if is_separator(&seen, &text) || is_ruled_off(&seen) && introduces(lines) {
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

/// A rule, or a line that stands between dashes. People draw them too.
fn is_ruled_off(seen: &str) -> bool {
    let count = seen.chars().count();
    let rule = count >= 5 && seen.chars().all(|c| c == '_' || c == '=');
    rule || (seen.starts_with("---") && seen.ends_with("---"))
}

/// Whether what somebody else wrote is introduced right below a rule.
fn introduces(lines: &[&str]) -> bool {
    (1..=RULED_LINES).any(|at| {
        let below = lines.get(at..).unwrap_or_default();
        let Some(first) = below.first() else {
            return false;
        };
        let text = lower(first);
        is_separator(&visible(first), &text)
            || is_label(&text) && starts_header_block(below)
            || is_attribution(below, &text)
    })
}

fn is_separator(seen: &str, text: &str) -> bool {
    if FORWARDS.contains(text) {
        return true;
    }
    if !seen.starts_with("--") {
        return false;
    }
    let words = text.trim_matches(['-', ' ']);
    let known = |separator: &&str| words.strip_prefix(*separator).is_some_and(ends);
    SEPARATORS.iter().any(known)
        || (seen.ends_with("--") && (words.ends_with("wrote") || words.ends_with("schrieb")))
            && words.contains(|c: char| c.is_ascii_digit())
}

/// Whether a line is what a telephone or an application adds, and not a person's that begins alike.
fn is_footer(text: &str) -> bool {
    let Some(rest) = FOOTERS.behind(text) else {
        return false;
    };
    // A field of a header block in some languages.
    if rest.starts_with([':', '：']) {
        return false;
    }
    // "Von meiner Seite erst morgen." is a person's line.
    if text.starts_with("von meine") && !DEVICES.iter().any(|device| rest.contains(device)) {
        return false;
    }
    // "… for Android" begins like a condition, and is none.
    let platform = |word: &str| PLATFORMS.iter().any(|name| word.contains(name));
    if rest.split_whitespace().any(platform) {
        return !conditions::narrows_within(rest);
    }
    let later =
        |(at, _): (usize, &str)| rest.get(at + 1..).is_some_and(conditions::begins_in_words);
    !conditions::narrows(rest) && !rest.match_indices(' ').any(later)
}

/// Whether a line begins a notice of secrecy that a company puts below every mail: it is a title and
/// nothing else, or long and about secrecy. "This email is a mistake." is a person's line.
fn is_disclaimer(text: &str) -> bool {
    if TITLES.contains(text.trim_matches([':', '.', '-', '=', ' '])) {
        return true;
    }
    // "Intended" is said of requests too.
    let about = || {
        SECRECY.iter().any(|word| text.contains(word))
            || text.contains("intended") && !conditions::narrows(text)
    };
    text.len() >= MIN_NOTICE_BYTES && DISCLAIMERS.behind(text).is_some() && about()
}

/// Whether a line is about secrecy, as notices are.
pub fn is_about_secrecy(line: &str) -> bool {
    let text = lower(line);
    SECRECY.iter().any(|word| text.contains(word))
}

/// Whether a line asks to spare paper, as signatures do in many languages.
pub fn is_about_printing(line: &str) -> bool {
    let text = lower(line);
    PRINTING.iter().any(|word| text.contains(word)) && !conditions::holds_words(&text)
}

/// Whether a line begins or ends what a program has sealed.
pub fn is_seal(line: &str) -> bool {
    let text = lower(line);
    let words = text.trim_matches(['-', ' ']);
    ["begin pgp", "end pgp"]
        .iter()
        .any(|seal| words.starts_with(seal))
}

/// Whether a line begins like a field of a quoted header block.
pub fn is_label(text: &str) -> bool {
    has_label(text, &HEADER_LABELS)
}

/// What stands behind the label of a field.
pub fn value(text: &str) -> &str {
    text.split_once([':', '：']).map_or("", |(_, value)| value)
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
            ("________________________________", None),
            ("_____\nFrom: B\nSent: 21 Nov 2026", Some(Separator)),
            ("--- until five ---", None),
            ("-----BEGIN PGP SIGNATURE-----", Some(Separator)),
            ("-------- Forwarded Message --------", Some(Separator)),
            ("---------- Forwarded message ---------", Some(Separator)),
            ("---- On Sat, 21 Nov 2026 Bob wrote ----", Some(Separator)),
            ("Begin forwarded message:", Some(Separator)),
            ("-----Ursprüngliche Nachricht-----", Some(Separator)),
            ("From: Bot\nSent: 21 Nov 2026", Some(HeaderBlock)),
            ("*From:* Bot\n*Sent:* 21 Nov 2026", Some(HeaderBlock)),
            ("Von: Bot\nGesendet: 21.11.2026", Some(HeaderBlock)),
            ("De : Bot <b@x.test>\nEnvoyé : samedi", Some(HeaderBlock)),
            ("发件人: Bot\n发送时间: 2026年11月21日", Some(HeaderBlock)),
            ("差出人: Bot\n送信日時: 2026年11月21日", Some(HeaderBlock)),
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
