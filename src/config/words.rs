//! The words that decide: which single words of a reply mean yes and no.

use std::collections::BTreeSet;

use super::locales::{LOCALES, Locale};
use super::read::Section;

/// What approves where the operator says nothing.
pub const APPROVE: [&str; 2] = ["APPROVE", "APPROVED"];
/// What disapproves where the operator says nothing.
pub const DISAPPROVE: [&str; 4] = ["DISAPPROVE", "DISAPPROVED", "REJECT", "REJECTED"];

/// The default words as sets, to approve and to disapprove.
pub fn defaults() -> (BTreeSet<String>, BTreeSet<String>) {
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    (set(&APPROVE), set(&DISAPPROVE))
}

/// Both lists, upper case; `None` where a problem has been noted. No word may mean both, in any two
/// languages that are enabled or that the operator's own words are of.
pub(super) fn read_words(
    section: &mut Section<'_, '_>,
) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
    let (approve_default, disapprove_default) = defaults();
    let approve = list(section, "approve_words", approve_default);
    let disapprove = list(section, "disapprove_words", disapprove_default);
    let enabled = enabled(section)?;
    let (mut approve, mut disapprove) = (approve?, disapprove?);
    let own: BTreeSet<String> = approve.union(&disapprove).cloned().collect();
    for locale in &enabled {
        approve.extend(locale.approve.iter().map(|word| (*word).to_owned()));
        // What takes back refuses as well; which of them it is is seen when it is read (W31).
        let refuses = locale.disapprove.iter().chain(locale.revoke);
        disapprove.extend(refuses.map(|word| (*word).to_owned()));
    }
    let foreign = disapprove
        .iter()
        .find_map(|word| {
            Some((
                word,
                "disapprove_words",
                "yes",
                other(word, &own, &enabled, Locale::affirms)?,
            ))
        })
        .or_else(|| {
            approve.iter().find_map(|word| {
                Some((
                    word,
                    "approve_words",
                    "no",
                    other(word, &own, &enabled, Locale::denies)?,
                ))
            })
        });
    if let Some((word, key, says, (locale, because))) = foreign {
        let span = section.value(key).map_or(0..0, toml::Spanned::span);
        let name = locale.name;
        let what = format!("`{word}` is a way to say {says} in {name}, and {because}");
        let mend = format!("take out `{word}`, or the {name} words");
        section.wrong(key, &span, what, mend);
        return None;
    }
    let Some(both) = approve.intersection(&disapprove).next() else {
        return Some((approve, disapprove));
    };
    let key = if section.has("disapprove_words") {
        "disapprove_words"
    } else {
        "approve_words"
    };
    let span = section.value(key).map_or(0..0, toml::Spanned::span);
    let what = format!("`{both}` would both approve and disapprove");
    section.wrong(
        key,
        &span,
        what,
        "leave it in one of approve_words and disapprove_words",
    );
    None
}

/// A language in use in which a word means the opposite, and why it is in use: it is enabled, or
/// another word of the operator's is of it and of no other.
fn other(
    word: &str,
    own: &BTreeSet<String>,
    enabled: &[&'static Locale],
    means: fn(&Locale, &str) -> bool,
) -> Option<(&'static Locale, String)> {
    LOCALES
        .iter()
        .filter(|locale| means(locale, word))
        .find_map(|locale| {
            if enabled.iter().any(|other| other.tag == locale.tag) {
                return Some((locale, format!("`{}` is one of the locales", locale.tag)));
            }
            let knows = |own: &&String| {
                *own != word
                    && LOCALES
                        .iter()
                        .all(|l| l.knows(own) == (l.tag == locale.tag))
            };
            let one = own.iter().find(knows)?;
            Some((locale, format!("`{one}` is {}", locale.name)))
        })
}

/// The languages whose words count beside the English ones.
fn enabled(section: &mut Section<'_, '_>) -> Option<Vec<&'static Locale>> {
    let mut enabled = Vec::new();
    let mut clean = true;
    for found in section.texts("locales") {
        if let Some(locale) = Locale::of(found.value) {
            enabled.push(locale);
            continue;
        }
        let known: Vec<_> = LOCALES.iter().map(|locale| locale.tag).collect();
        let what = format!("there are no decision words for `{}`", found.value);
        let mend = format!(
            "known are {}; or name words in approve_words",
            known.join(", ")
        );
        section.wrong("locales", &found.span, what, mend);
        clean = false;
    }
    clean.then_some(enabled)
}

fn list(
    section: &mut Section<'_, '_>,
    key: &'static str,
    default: BTreeSet<String>,
) -> Option<BTreeSet<String>> {
    let Some(there) = section.value(key) else {
        return Some(default);
    };
    let is_list = there.get_ref().is_array();
    let span = there.span();
    let mut words = BTreeSet::new();
    let mut clean = is_list;
    let found = section.texts(key);
    if found.is_empty() && is_list {
        let mend = "name at least one word, or take the line out for the defaults";
        section.wrong(key, &span, "is empty", mend);
        clean = false;
    }
    for word in found {
        if word.value.is_empty() || !word.value.chars().all(char::is_alphanumeric) {
            let what = format!("`{}` is not a single word of letters", word.value);
            let mend = "write one word without blanks or punctuation, e.g. \"APPROVE\"";
            section.wrong(key, &word.span, what, mend);
            clean = false;
            continue;
        }
        let upper = word.value.to_uppercase();
        if upper == "NO" {
            section.report.warn(
                &word.span,
                section.key(key),
                "`NO` is a way to say yes in Polish",
                "take it out if anybody here writes Polish",
            );
        }
        words.insert(upper);
    }
    clean.then_some(words)
}
