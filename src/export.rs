//! The record as other programs read it: one event a line, as JSON Lines or as CEF.
//!
//! A line depends on its event alone, so that the same record gives the same lines on every machine.
//! JSON Lines carry the body exactly as it was hashed, so that whoever has them can recompute every hash:
//! SHA-256 over chain, number (8 bytes, big-endian), the hash before, and body, each with its length
//! before it (8 bytes, big-endian).
//!
//! CEF is ArcSight's Common Event Format, version 0: `\` and `|` are escaped in the header, `\` and `=` in
//! the extension, and a line end in a value becomes `\n` or `\r`. A syslog header is the sender's business.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The longest value of a CEF field, in characters; ArcSight cuts custom strings at 4,000.
const MAX_VALUE: usize = 4_000;

/// One event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its chain, e.g. `request/42`.
    pub chain: String,
    /// Its number in it, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// The text that was hashed.
    pub body: String,
    /// The hash before it.
    pub prev_hash: Vec<u8>,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object.
    JsonLines,
    /// ArcSight's Common Event Format.
    Cef,
}

/// The line of an event, without its end.
pub fn line(record: &Record, format: Format) -> String {
    match format {
        Format::JsonLines => json_line(record),
        Format::Cef => cef(record),
    }
}

fn json_line(record: &Record) -> String {
    // Strings of a body cannot hold a line end unescaped, so a body that is JSON is one line.
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&record.body).is_ok();
    let body = if is_json && !record.body.contains(['\n', '\r']) {
        format!("\"body\":{}", record.body)
    } else {
        format!("\"damaged_body\":{}", json!(record.body))
    };
    format!(
        "{{\"chain\":{},\"seq\":{},\"at\":\"{}\",\"prev_hash\":\"{}\",\"hash\":\"{}\",{body}}}",
        json!(record.chain),
        record.seq,
        record.at,
        HEXLOWER.encode(&record.prev_hash),
        HEXLOWER.encode(&record.hash),
    )
}

/// What an event is called, and how much it matters: 0 (nothing) to 10.
struct Class {
    id: String,
    name: String,
    severity: u8,
}

/// Severities by the name of what happened; what is not here is [`USUAL`].
const SEVERITIES: &[(&str, u8)] = &[
    ("refused", 4),
    ("unclear", 3),
    ("unidentified", 5),
    ("unreadable", 9),
    ("rejected", 4),
    ("withdrawn", 2),
    ("expired", 3),
    ("revoked", 6),
    ("emergency", 8),
];
/// The severity of everything else.
const USUAL: u8 = 3;

fn class(body: &Value) -> Class {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let last = body
        .get("events")
        .and_then(Value::as_array)
        .and_then(|events| events.last())
        .and_then(|event| text(event.get("event")?));
    let said = body
        .get("command")
        .and_then(|command| text(command.get("command")?));
    let refused = body
        .get("refusal")
        .and_then(|refusal| text(refusal.get("code")?));
    let outcome = body.get("outcome").and_then(Value::as_str);
    let (kind, detail) = match (outcome, refused) {
        (Some("accepted"), _) => (last.or(said).unwrap_or_else(|| "accepted".to_owned()), None),
        (Some(outcome), detail) => (outcome.to_owned(), detail),
        (None, _) => ("unreadable".to_owned(), None),
    };
    let known = SEVERITIES
        .iter()
        .find(|(name, _)| kind.split(['_', '-']).any(|word| word == *name));
    let words = kind.replace(['_', '-'], " ");
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let mut name: String = first.into_iter().chain(letters).collect();
    let mut id = kind;
    if let Some(detail) = detail {
        name = format!("{name}: {}", detail.replace(['_', '-'], " "));
        id = format!("{id}.{detail}");
    }
    Class {
        id,
        name,
        severity: known.map_or(USUAL, |(_, severity)| *severity),
    }
}

fn cef(record: &Record) -> String {
    let body: Value = serde_json::from_str(&record.body).unwrap_or(Value::Null);
    let class = class(&body);
    let mut line = format!(
        "CEF:0|Countersign|Countersign|{}|{}|{}|{}|",
        in_header(env!("CARGO_PKG_VERSION")),
        in_header(&class.id),
        in_header(&class.name),
        class.severity
    );
    let at = |path: &[&str]| {
        let found = path.iter().try_fold(&body, |value, name| value.get(name))?;
        match found {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    };
    let events: Vec<&str> = body
        .get("events")
        .and_then(Value::as_array)
        .map(|events| {
            events
                .iter()
                .filter_map(|event| event.get("event")?.as_str())
        })
        .into_iter()
        .flatten()
        .collect();
    let labelled = [
        ("cs1", "chain", Some(record.chain.clone())),
        ("cs2", "hash", Some(HEXLOWER.encode(&record.hash))),
        ("cs3", "key", at(&["key"])),
        ("cs4", "proof", at(&["proof", "method"])),
        (
            "cs5",
            "events",
            (!events.is_empty()).then(|| events.join(",")),
        ),
        ("cs6", "osUser", at(&["proof", "details", "user"])),
        ("cn1", "number", Some(record.seq.to_string())),
    ];
    let plain = [
        ("rt", Some(record.at.as_millisecond().to_string())),
        (
            "externalId",
            Some(format!("{}#{}", record.chain, record.seq)),
        ),
        ("suser", at(&["actor"])),
        ("app", at(&["channel"])),
        ("act", at(&["command", "command"])),
        ("outcome", at(&["outcome"])),
        (
            "reason",
            at(&["refusal", "code"])
                .or_else(|| at(&["unclear", "code"]))
                .or_else(|| at(&["why"])),
        ),
    ];
    let mut fields = Vec::new();
    for (key, value) in plain {
        fields.extend(value.map(|value| format!("{key}={}", in_extension(&value))));
    }
    for (key, label, value) in labelled {
        fields.extend(
            value.map(|value| format!("{key}Label={label} {key}={}", in_extension(&value))),
        );
    }
    line.push_str(&fields.join(" "));
    line
}

/// A header field: one line; `\` and `|` escaped.
fn in_header(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars().take(MAX_VALUE) {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '|' => escaped.push_str("\\|"),
            '\n' | '\r' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A value of the extension: `\` and `=` escaped, line ends as letters.
fn in_extension(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars().take(MAX_VALUE) {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '=' => escaped.push_str("\\="),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(body: &str) -> Record {
        Record {
            chain: "request/42".to_owned(),
            seq: 3,
            at: "2026-03-02T09:00:00.25Z".parse().expect("a time"),
            body: body.to_owned(),
            prev_hash: vec![1; 2],
            hash: vec![0xab; 2],
        }
    }

    const VOTED: &str = r#"{"at":"2026-03-02T09:00:00.25Z","channel":"mail","outcome":"accepted","actor":"bob","key":"mail/17","proof":{"method":"authentication-results","details":{}},"command":{"command":"vote","comment":"a=b|c\\d\ne"},"events":[{"event":"voted"},{"event":"approved"}]}"#;

    /// Goal: a JSON line is one object that carries the body byte for byte.
    /// Method: one event; cut the body out again and read the whole.
    #[test]
    fn a_json_line_carries_the_body_as_it_was_hashed() {
        let line = line(&record(VOTED), Format::JsonLines);
        assert!(line.contains(&format!("\"body\":{VOTED}}}")), "{line}");
        let read: Value = serde_json::from_str(&line).expect("an object");
        assert_eq!(read["chain"], "request/42");
        assert_eq!((&read["seq"], &read["hash"]), (&json!(3), &json!("abab")));
        assert_eq!(read["body"]["actor"], "bob");
    }

    /// Goal: a body that somebody damaged cannot break the line or forge another.
    /// Method: bodies that are no JSON, or hold a line end between tokens.
    #[test]
    fn a_damaged_body_is_a_string() {
        for body in ["{\"at\":1}\n{\"chain\":\"x\"}", "}", "{\n}", ""] {
            let line = line(&record(body), Format::JsonLines);
            let read: Value = serde_json::from_str(&line).expect("one object");
            assert_eq!(read["damaged_body"], body);
            assert!(!line.contains('\n'));
        }
    }

    /// Goal: a CEF line is what ArcSight reads: seven header fields, then keys and values.
    /// Method: an acceptance, a refusal and an unreadable body, word for word.
    #[test]
    fn a_cef_line_word_for_word() {
        let version = env!("CARGO_PKG_VERSION");
        let accepted = line(&record(VOTED), Format::Cef);
        assert_eq!(
            accepted,
            format!(
                "CEF:0|Countersign|Countersign|{version}|approved|Approved|3|rt=1772442000250 \
                 externalId=request/42#3 suser=bob app=mail act=vote outcome=accepted cs1Label=chain \
                 cs1=request/42 cs2Label=hash cs2=abab cs3Label=key cs3=mail/17 cs4Label=proof \
                 cs4=authentication-results cs5Label=events cs5=voted,approved cn1Label=number cn1=3"
            )
        );
        let refused = r#"{"outcome":"refused","channel":"mail","refusal":{"code":"not-eligible"}}"#;
        let refused = line(&record(refused), Format::Cef);
        assert!(
            refused.contains("|refused.not-eligible|Refused: not eligible|4|rt="),
            "{refused}"
        );
        assert!(
            refused.contains(" outcome=refused reason=not-eligible "),
            "{refused}"
        );
        let odd = line(&record("odd"), Format::Cef);
        assert!(odd.contains("|unreadable|Unreadable|9|"), "{odd}");
    }

    /// Goal: nothing that somebody wrote breaks a CEF line or forges a field.
    /// Method: every special character in a header and in a value, by the letter of the format.
    #[test]
    fn cef_is_escaped_as_it_must_be() {
        assert_eq!(in_header("a|b\\c=d\ne"), "a\\|b\\\\c=d e");
        assert_eq!(in_extension("a|b\\c=d\ne\rf"), "a|b\\\\c\\=d\\ne\\rf");
        let body = r#"{"outcome":"unidentified","channel":"mail","why":"x suser=root\n|CEF:0|\\"}"#;
        let line = line(&record(body), Format::Cef);
        assert!(
            line.contains(" reason=x suser\\=root\\n|CEF:0|\\\\ cs1Label="),
            "{line}"
        );
        assert!(!line.contains('\n'));
    }
}
