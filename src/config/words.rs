//! The words that decide: which single words of a reply mean yes and no.

use std::collections::BTreeSet;

use super::read::Section;

/// What approves where the operator says nothing.
pub const APPROVE: [&str; 2] = ["APPROVE", "APPROVED"];
/// What disapproves where the operator says nothing.
pub const DISAPPROVE: [&str; 4] = ["DISAPPROVE", "DISAPPROVED", "REJECT", "REJECTED"];

/// Polish words that an operator may have added; beside them `NO` would mean two things.
const POLISH: [&str; 8] = [
    "TAK",
    "NIE",
    "ZGODA",
    "ZATWIERDZAM",
    "AKCEPTUJĘ",
    "AKCEPTUJE",
    "ODRZUCAM",
    "ODMAWIAM",
];

/// The default words as sets, to approve and to disapprove.
pub fn defaults() -> (BTreeSet<String>, BTreeSet<String>) {
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    (set(&APPROVE), set(&DISAPPROVE))
}

/// Both lists, upper case; `None` where a problem has been noted. No word may mean both.
pub(super) fn read_words(
    section: &mut Section<'_, '_>,
) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
    let (approve_default, disapprove_default) = defaults();
    let approve = list(section, "approve_words", approve_default);
    let disapprove = list(section, "disapprove_words", disapprove_default);
    let (approve, disapprove) = (approve?, disapprove?);
    let polish = approve
        .union(&disapprove)
        .find(|word| POLISH.contains(&word.as_str()));
    if let Some(polish) = polish
        && disapprove.contains("NO")
    {
        let key = "disapprove_words";
        let span = section.value(key).map_or(0..0, toml::Spanned::span);
        let what = format!("`NO` is a way to say yes in Polish, and `{polish}` is Polish");
        section.wrong(key, &span, what, "take out `NO`, or the Polish words");
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
