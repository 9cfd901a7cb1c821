//! Which files a reader's language means, and how a template in it finds the shared ones of its language.
//!
//! A language is a folder just above the file: `mail/ask/pt-BR/body.txt`, and for what templates share
//! `mail/pt-BR/facts.txt`. A template names shared files as English ones do (`mail/facts.txt`); the one of
//! its own language is taken where there is one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::DIGEST;
use crate::workflow::notice::Kind;

/// The longest language tag that is looked up, in bytes.
const MAX_LOCALE: usize = 35;

/// The folders to look into for a language tag, in the case in which they are written: `pt-PT`, then `pt`,
/// then what stands for a language of which there is one country's only. Nothing that could leave the
/// folder.
pub(super) fn languages(locale: &str) -> Vec<String> {
    let plain = (1..=MAX_LOCALE).contains(&locale.len())
        && locale
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !plain {
        return Vec::new();
    }
    let mut parts = locale.split('-');
    let language = parts.next().unwrap_or_default().to_ascii_lowercase();
    let rest = parts.map(|part| match part.len() {
        2 => part.to_ascii_uppercase(),
        _ => part.to_owned(),
    });
    let whole: Vec<String> = std::iter::once(language.clone()).chain(rest).collect();
    let mut found = vec![whole.join("-"), language.clone()];
    if language == "pt" {
        found.push("pt-BR".to_owned());
    }
    let mut seen = BTreeSet::new();
    found.retain(|tag| seen.insert(tag.clone()));
    found
}

/// The language of a template, by its name.
pub(super) fn tag_of(name: &str) -> Option<&str> {
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        ["mail" | "chat" | "system", _, tag, _] | ["system", tag, "layout.html"] => Some(*tag),
        ["mail", tag, _] => {
            let is_kind = Kind::ALL.iter().any(|kind| kind.as_str() == *tag) || *tag == DIGEST;
            (!is_kind).then_some(*tag)
        }
        _ => None,
    }
}

/// The name in the language of `tag`.
pub(super) fn within(name: &str, tag: &str) -> String {
    match name.rsplit_once('/') {
        Some((folder, file)) => format!("{folder}/{tag}/{file}"),
        None => name.to_owned(),
    }
}

/// The file that a template means by a name: the one of its own language, if `names` has it.
pub(super) fn joined<'a>(name: &'a str, parent: &str, names: &BTreeSet<String>) -> Cow<'a, str> {
    let tags = tag_of(parent).map(languages).unwrap_or_default();
    let own = tags.iter().map(|tag| within(name, tag));
    let found = own.into_iter().find(|own| names.contains(own));
    // A file that takes up the English one of its own name must not mean itself.
    match found {
        Some(own) if own != parent => Cow::Owned(own),
        _ => Cow::Borrowed(name),
    }
}
