//! Embeds: the framed parts of a message.

use serde_json::Value;

use super::super::refusal::Problems;
use super::{at_most, below, list, needed_text, number, text};

const MAX_EMBEDS: usize = 10;
const MAX_TITLE: usize = 256;
const MAX_DESCRIPTION: usize = 4_096;
const MAX_FIELDS: usize = 25;
const MAX_FIELD_NAME: usize = 256;
const MAX_FIELD_VALUE: usize = 1_024;
const MAX_FOOTER: usize = 2_048;
const MAX_AUTHOR: usize = 256;
const MAX_URL: usize = 2_048;
/// Of all texts of all embeds of a message.
const MAX_TOGETHER: usize = 6_000;
const MAX_COLOR: i64 = 0xff_ff_ff;

/// The member `embeds` of a message.
pub fn check_embeds(body: &Value, path: &str, problems: &mut Problems) {
    let embeds = list(body, path, "embeds", problems);
    let path = below(path, "embeds");
    at_most(embeds, MAX_EMBEDS, &path, problems);
    let mut together = 0;
    for (index, embed) in embeds.iter().enumerate() {
        together += check_embed(embed, &below(&path, index), problems);
    }
    if together > MAX_TOGETHER {
        let message = format!("Embed size exceeds maximum size of {MAX_TOGETHER}");
        problems.add(&path, "MAX_EMBED_SIZE_EXCEEDED", message);
    }
}

/// Returns how many characters it has.
fn check_embed(embed: &Value, path: &str, problems: &mut Problems) -> usize {
    if !embed.is_object() {
        problems.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used.");
        return 0;
    }
    let mut count = text(embed, "title", 0..=MAX_TITLE, path, problems);
    count += text(embed, "description", 0..=MAX_DESCRIPTION, path, problems);
    number(embed, "color", 0..=MAX_COLOR, path, problems);
    address(embed, "url", path, problems);
    let fields = list(embed, path, "fields", problems);
    let fields_path = below(path, "fields");
    at_most(fields, MAX_FIELDS, &fields_path, problems);
    for (index, field) in fields.iter().enumerate() {
        let path = below(&fields_path, index);
        count += needed_text(field, "name", 1..=MAX_FIELD_NAME, &path, problems);
        count += needed_text(field, "value", 1..=MAX_FIELD_VALUE, &path, problems);
    }
    if embed["footer"].is_object() {
        let path = below(path, "footer");
        count += needed_text(&embed["footer"], "text", 1..=MAX_FOOTER, &path, problems);
    }
    if embed["author"].is_object() {
        let path = below(path, "author");
        count += needed_text(&embed["author"], "name", 1..=MAX_AUTHOR, &path, problems);
        address(&embed["author"], "url", &path, problems);
    }
    let timestamp = embed["timestamp"].as_str();
    if timestamp.is_some_and(|text| text.parse::<jiff::Timestamp>().is_err()) {
        let message = "Could not parse the value as an ISO8601 timestamp.";
        problems.add(
            &below(path, "timestamp"),
            "DATE_TIME_TYPE_PARSE_ISO8601",
            message,
        );
    }
    count
}

fn address(body: &Value, key: &str, path: &str, problems: &mut Problems) {
    text(body, key, 0..=MAX_URL, path, problems);
    let Some(url) = body[key].as_str() else {
        return;
    };
    if !url.starts_with("https://") && !url.starts_with("http://") {
        let message = "Not a well formed URL.";
        problems.add(&below(path, key), "URL_TYPE_INVALID_URL", message);
    }
}
