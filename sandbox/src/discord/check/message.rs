//! A message as a whole, new or changed.

use serde_json::Value;

use super::super::id::Id;
use super::super::refusal::{Problems, Refusal};
use super::component::check_components;
use super::embed::check_embeds;
use super::{at_most, below, boolean, list, text};

const MAX_CONTENT: usize = 2_000;
const MAX_NONCE: usize = 25;
const MAX_MENTIONED: usize = 100;
/// Flags that a bot may set: no embeds from links, seen by one person only, silent.
const SETTABLE: i64 = 1 << 2 | 1 << 6 | 1 << 12;
/// What the double does not know.
const UNKNOWN: [&str; 4] = ["poll", "sticker_ids", "attachments", "files"];
/// What makes an embed show something.
const SHOWN: [&str; 7] = [
    "title",
    "description",
    "fields",
    "author",
    "footer",
    "image",
    "thumbnail",
];

/// A new message: in a channel, or as an answer.
pub fn check_message(body: &Value, path: &str, problems: &mut Problems) -> Result<(), Refusal> {
    check_edit(body, path, problems);
    match &body["nonce"] {
        Value::Null | Value::Number(_) => {}
        _ => {
            text(body, "nonce", 0..=MAX_NONCE, path, problems);
        }
    }
    boolean(body, "enforce_nonce", path, problems);
    boolean(body, "tts", path, problems);
    // Discord looks for emptiness only after the form is right.
    std::mem::take(problems).verdict()?;
    if is_empty(body) {
        return Err(Refusal::empty_message());
    }
    Ok(())
}

/// What of a message a change may name.
pub fn check_edit(body: &Value, path: &str, problems: &mut Problems) {
    if !body.is_object() {
        problems.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used.");
        return;
    }
    text(body, "content", 0..=MAX_CONTENT, path, problems);
    check_embeds(body, path, problems);
    check_components(body, path, problems);
    check_mentions(
        &body["allowed_mentions"],
        &below(path, "allowed_mentions"),
        problems,
    );
    let flags = &body["flags"];
    let settable = flags.as_i64().is_some_and(|flags| flags & !SETTABLE == 0);
    if !flags.is_null() && !settable {
        let message = "A flag that a bot cannot set, or that the double does not know.";
        problems.add(&below(path, "flags"), "MESSAGE_FLAGS_INVALID", message);
    }
    for key in UNKNOWN {
        let value = &body[key];
        if !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()) {
            let message = "The double does not know this.";
            problems.add(&below(path, key), "BASE_TYPE_CHOICES", message);
        }
    }
}

/// Whether nothing would be seen of it.
pub fn is_empty(body: &Value) -> bool {
    let content = body["content"].as_str().unwrap_or_default();
    let lists = [&body["embeds"], &body["components"]];
    let [embeds, components] = lists.map(|list| list.as_array().map_or(&[][..], Vec::as_slice));
    let shows = |embed: &Value| SHOWN.iter().any(|key| !embed[*key].is_null());
    content.trim().is_empty() && components.is_empty() && !embeds.iter().any(shows)
}

fn check_mentions(allowed: &Value, path: &str, problems: &mut Problems) {
    if allowed.is_null() {
        return;
    }
    let parse = list(allowed, path, "parse", problems);
    for (index, kind) in parse.iter().enumerate() {
        if !["users", "roles", "everyone"]
            .iter()
            .any(|known| kind == known)
        {
            let path = below(&below(path, "parse"), index);
            let message = "Value must be one of ('users', 'everyone', 'roles').";
            problems.add(&path, "BASE_TYPE_CHOICES", message);
        }
    }
    for key in ["users", "roles"] {
        let named = list(allowed, path, key, problems);
        let path = below(path, key);
        at_most(named, MAX_MENTIONED, &path, problems);
        if named.iter().any(|id| Id::of(id).is_none()) {
            problems.add(&path, "NUMBER_TYPE_COERCE", "Must be a list of snowflakes.");
        }
        if !named.is_empty() && parse.iter().any(|kind| kind == key) {
            let message = format!("parse:[\"{key}\"] and {key}: [ids...] are mutually exclusive.");
            problems.add(&path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message);
        }
    }
}
