//! `[tokens]`: the keys that tokens are derived under.

use std::path::Path;

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};

use crate::config::read::Section;
use crate::config::secret::{self, Surroundings};
use crate::config::{Database, TokenKeys, keyfile};

/// A token key has at least this many bytes.
const MIN_KEY_BYTES: usize = 32;

pub(super) fn tokens(
    root: &mut Section<'_, '_>,
    around: &Surroundings<'_>,
    database: Option<&Database>,
) -> Option<TokenKeys> {
    let mend = "write key = { file = \"/path\" }; make one with: openssl rand -base64 32";
    let section = root.section("tokens", "[tokens]");
    if section.is_none() && root.has("tokens") {
        return None;
    }
    let Some(mut section) = section else {
        return match database? {
            Database::Embedded { directory } => generated(root, directory, around),
            Database::Url(_) => {
                root.missing("[tokens] key", mend);
                None
            }
        };
    };
    let id = section
        .needed_if_there("key_id")
        .map_or("1", |found| found.value);
    let mut keys = match (section.has("key"), database) {
        (false, Some(Database::Embedded { directory })) => generated(&section, directory, around),
        (false, _) => {
            section.missing("key", mend);
            None
        }
        (true, _) => key(&mut section, "key", around).map(|key| TokenKeys {
            current: id.to_owned(),
            keys: vec![(id.to_owned(), key)],
        }),
    };
    for mut older in section.sections("older", "{ id = \"…\", key = { file = \"…\" } }") {
        let id = older.needed_text("id", "write the key_id that it had");
        let key = key(&mut older, "key", around);
        let Some((id, key, keys)) = id.zip(key).zip(keys.as_mut()).map(|((a, b), c)| (a, b, c))
        else {
            continue;
        };
        if keys.keys.iter().any(|(known, _)| known == id.value) {
            older.wrong(
                "id",
                &id.span,
                "names two keys",
                "give each key an id of its own",
            );
        }
        keys.keys.push((id.value.to_owned(), key));
        older.end();
    }
    section.end();
    keys
}

fn generated(
    section: &Section<'_, '_>,
    directory: &Path,
    around: &Surroundings<'_>,
) -> Option<TokenKeys> {
    if !section.report.is_clean() {
        return None;
    }
    match keyfile::of(directory, keyfile::TOKEN_KEY_FILE, around.make_keys) {
        Ok(key) => Some(TokenKeys {
            current: keyfile::KEY_ID.to_owned(),
            keys: key
                .map(|key| (keyfile::KEY_ID.to_owned(), key))
                .into_iter()
                .collect(),
        }),
        Err(error) => {
            let what = format!(
                "the key in {} can be neither read nor made: {error}",
                directory.display()
            );
            let mend = keyfile::MEND;
            section
                .report
                .problem(&section.span, "[tokens] key", what, mend);
            None
        }
    }
}

fn key(
    section: &mut Section<'_, '_>,
    name: &'static str,
    around: &Surroundings<'_>,
) -> Option<SecretString> {
    let Some(span) = section.value(name).map(toml::Spanned::span) else {
        section.missing(name, "write key = { file = \"/path\" }");
        return None;
    };
    let key = secret::read(section, name, around)?;
    let bytes = BASE64.decode(key.expose_secret().trim().as_bytes());
    if bytes.is_ok_and(|bytes| bytes.len() >= MIN_KEY_BYTES) {
        return Some(key);
    }
    let what = format!("is not at least {MIN_KEY_BYTES} bytes in base64");
    section.wrong(name, &span, what, "make one with: openssl rand -base64 32");
    None
}
