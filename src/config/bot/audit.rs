//! `[audit]`: how the record is sealed, and where its seals go.

use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use secrecy::ExposeSecret;

use super::mail::address;
use crate::config::read::Section;
use crate::config::secret::{self, Surroundings};
use crate::config::{Audit, Database, keyfile};

/// How often the record is sealed where the file says nothing.
const INTERVAL: Duration = Duration::from_mins(10);
/// The shortest interval.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// A seal key has exactly this many bytes.
const KEY_BYTES: usize = 32;

/// Everything but a key that has to be made.
pub(super) fn audit(
    root: &mut Section<'_, '_>,
    around: &Surroundings<'_>,
    database: Option<&Database>,
) -> Option<Audit> {
    let Some(mut section) = root.section("audit", "[audit]") else {
        return (!root.has("audit")).then(|| Audit {
            key: None,
            older: Vec::new(),
            interval: INTERVAL,
            post_to: None,
            seal_file: None,
        });
    };
    let key = key(&mut section, around);
    let older = older(&mut section);
    let interval = interval(&mut section);
    let post_to = if section.has("post_to") {
        address(&mut section, "post_to")
    } else {
        None
    };
    let seal_file = seal_file(&mut section);
    let no_key = !section.has("key") && matches!(database, Some(Database::Url(_)));
    if no_key && (section.has("seal_file") || section.has("post_to")) {
        section.missing(
            "key",
            "write key = { file = \"/path\" }; make one with: openssl rand -base64 32",
        );
    }
    section.end();
    Some(Audit {
        key,
        older,
        interval,
        post_to: post_to.map(|address| address.to_string()),
        seal_file,
    })
}

/// The key of an embedded database, made if it is not there. Last of all: nothing is made for a
/// configuration that is refused.
pub(super) fn with_key(
    root: &Section<'_, '_>,
    mut audit: Audit,
    (database, around): (&Database, &Surroundings<'_>),
) -> Audit {
    if let (None, Database::Embedded { directory }, true) =
        (&audit.key, database, root.report.is_clean())
    {
        match keyfile::of(directory, keyfile::SEAL_KEY_FILE, around.make_keys) {
            Ok(key) => audit.key = key,
            Err(error) => {
                let what = format!(
                    "the key in {} can be neither read nor made: {error}",
                    directory.display()
                );
                root.report
                    .problem(&root.span, "[audit] key", what, keyfile::MEND);
            }
        }
    }
    audit
}

pub(super) fn key(
    section: &mut Section<'_, '_>,
    around: &Surroundings<'_>,
) -> Option<secrecy::SecretString> {
    let span = section.value("key").map(toml::Spanned::span)?;
    let key = secret::read(section, "key", around)?;
    let bytes = BASE64.decode(key.expose_secret().trim().as_bytes());
    if bytes.is_ok_and(|bytes| bytes.len() == KEY_BYTES) {
        return Some(key);
    }
    let what = format!("is not {KEY_BYTES} bytes in base64");
    section.wrong("key", &span, what, "make one with: openssl rand -base64 32");
    None
}

pub(super) fn older(section: &mut Section<'_, '_>) -> Vec<[u8; 32]> {
    let mut keys = Vec::new();
    for found in section.texts("older") {
        let bytes = HEXLOWER_PERMISSIVE.decode(found.value.as_bytes()).ok();
        match bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
            Some(key) => keys.push(key),
            None => section.wrong(
                "older",
                &found.span,
                format!("`{}` is no public key", found.value),
                "write its 64 hexadecimal digits, as they stand in every seal behind `key`",
            ),
        }
    }
    keys
}

fn interval(section: &mut Section<'_, '_>) -> Duration {
    let wait = section.wait("interval", INTERVAL);
    if wait < MIN_INTERVAL
        && let Some(span) = section.value("interval").map(toml::Spanned::span)
    {
        let mend = "write at least \"1s\"; \"10m\" is usual";
        section.wrong("interval", &span, "is shorter than a second", mend);
    }
    wait.max(MIN_INTERVAL)
}

fn seal_file(section: &mut Section<'_, '_>) -> Option<PathBuf> {
    let found = section.needed_if_there("seal_file")?;
    let path = PathBuf::from(found.value);
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if !parent.unwrap_or(Path::new(".")).is_dir() || path.is_dir() {
        let what = format!(
            "{} cannot be a file: its directory is not there",
            path.display()
        );
        section.wrong(
            "seal_file",
            &found.span,
            what,
            "name a file in a directory that exists",
        );
        return None;
    }
    Some(path)
}
