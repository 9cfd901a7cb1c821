//! The limits of Discord, written by hand: what a body must keep to whatever the API description
//! says.
//!
//! Each function reads one kind of body and adds to [`Problems`] what is wrong, with the path that
//! Discord's answer would have. They know no state and no channel; who may send what, and when, is
//! decided in `rest`. Lengths are counted in characters.
//!
//! Not known here, and refused as such: Components V2, modals of labels, polls, stickers,
//! attachments.

mod command;
mod component;
mod embed;
mod message;
mod modal;

use std::ops::RangeInclusive;

use serde_json::Value;

use super::refusal::Problems;

pub(super) use command::{check_choices, check_commands};
pub(super) use message::{check_edit, check_message, is_empty};
pub(super) use modal::check_modal;

/// A path with one more step.
fn below(path: &str, step: impl std::fmt::Display) -> String {
    if path.is_empty() {
        step.to_string()
    } else {
        format!("{path}.{step}")
    }
}

/// The members of a list; nothing where it is absent or null. What is no list is a problem.
fn list<'a>(body: &'a Value, path: &str, key: &str, problems: &mut Problems) -> &'a [Value] {
    match &body[key] {
        Value::Null => &[],
        Value::Array(members) => members,
        _ => {
            let path = below(path, key);
            problems.add(&path, "LIST_TYPE_CONVERT", "Only iterables may be used.");
            &[]
        }
    }
}

/// A list has at most so many members.
fn at_most(members: &[Value], most: usize, path: &str, problems: &mut Problems) {
    if members.len() > most {
        let message = format!("Must be {most} or fewer in length.");
        problems.add(path, "BASE_TYPE_MAX_LENGTH", message);
    }
}

/// A text that may be absent: its length, where it is there. Empty counts as absent where nothing
/// is asked for.
fn text(
    body: &Value,
    key: &str,
    length: RangeInclusive<usize>,
    path: &str,
    problems: &mut Problems,
) -> usize {
    let path = below(path, key);
    let text = match &body[key] {
        Value::Null => return 0,
        Value::String(text) => text,
        _ => {
            problems.add(
                &path,
                "BASE_TYPE_BAD_STRING",
                "Could not interpret value as string.",
            );
            return 0;
        }
    };
    let count = text.chars().count();
    if count > *length.end() {
        let message = format!("Must be {} or fewer in length.", length.end());
        problems.add(&path, "BASE_TYPE_MAX_LENGTH", message);
    } else if count < *length.start() {
        if count == 0 {
            problems.add(&path, "BASE_TYPE_REQUIRED", "This field is required");
        } else {
            let message = format!("Must be {} or more in length.", length.start());
            problems.add(&path, "BASE_TYPE_MIN_LENGTH", message);
        }
    }
    count
}

/// The same for a text that has to be there.
fn needed_text(
    body: &Value,
    key: &str,
    length: RangeInclusive<usize>,
    path: &str,
    problems: &mut Problems,
) -> usize {
    if body[key].is_null() {
        let path = below(path, key);
        problems.add(&path, "BASE_TYPE_REQUIRED", "This field is required");
        return 0;
    }
    text(body, key, length, path, problems)
}

/// A whole number that may be absent.
fn number(
    body: &Value,
    key: &str,
    range: RangeInclusive<i64>,
    path: &str,
    problems: &mut Problems,
) -> Option<i64> {
    let value = &body[key];
    if value.is_null() {
        return None;
    }
    let number = value.as_i64().filter(|number| range.contains(number));
    if number.is_none() {
        let message = format!(
            "Must be a whole number from {} to {}.",
            range.start(),
            range.end()
        );
        problems.add(&below(path, key), "NUMBER_TYPE_RANGE", message);
    }
    number
}

/// `true`, `false`, or absent.
fn boolean(body: &Value, key: &str, path: &str, problems: &mut Problems) -> bool {
    match &body[key] {
        Value::Null => false,
        Value::Bool(value) => *value,
        _ => {
            problems.add(
                &below(path, key),
                "BOOLEAN_TYPE_CONVERT",
                "Must be either true or false.",
            );
            false
        }
    }
}
