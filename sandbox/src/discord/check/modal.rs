//! A modal: a title and up to five lines or areas to write in.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::refusal::Problems;
use super::component::{custom_id, unique};
use super::{below, boolean, list, needed_text, number, text};

const MAX_TITLE: usize = 45;
const MAX_LABEL: usize = 45;
const MAX_PLACEHOLDER: usize = 100;
const MAX_COMPONENTS: usize = 5;
/// What a person can write into one input.
pub const MAX_INPUT: usize = 4_000;
/// The kinds of component.
const ROW: u64 = 1;
const INPUT: u64 = 4;

/// The data of an answer that opens a modal.
pub fn check_modal(data: &Value, path: &str, problems: &mut Problems) {
    if !data.is_object() {
        problems.add(path, "BASE_TYPE_REQUIRED", "This field is required");
        return;
    }
    needed_text(data, "title", 1..=MAX_TITLE, path, problems);
    custom_id(data, path, problems);
    let rows = list(data, path, "components", problems);
    let path = below(path, "components");
    if rows.is_empty() || rows.len() > MAX_COMPONENTS {
        let message = format!("Must be between 1 and {MAX_COMPONENTS} in length.");
        problems.add(&path, "BASE_TYPE_BAD_LENGTH", message);
    }
    let mut names = BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        let path = below(&path, index);
        let inner = row["components"].as_array().map_or(&[][..], Vec::as_slice);
        let [input] = inner else {
            let message = "A row of a modal takes one text input.";
            problems.add(&below(&path, "components"), "BASE_TYPE_BAD_LENGTH", message);
            continue;
        };
        let path = below(&below(&path, "components"), 0);
        if row["type"].as_u64() == Some(ROW) && input["type"].as_u64() == Some(INPUT) {
            check_input(input, &path, problems);
        } else {
            let message = "The double knows modals of rows with text inputs only.";
            problems.add(&below(&path, "type"), "UNION_TYPE_CHOICES", message);
        }
        unique(input, &path, &mut names, problems);
    }
}

fn check_input(input: &Value, path: &str, problems: &mut Problems) {
    let most = i64::try_from(MAX_INPUT).unwrap_or(i64::MAX);
    custom_id(input, path, problems);
    needed_text(input, "label", 1..=MAX_LABEL, path, problems);
    text(input, "placeholder", 0..=MAX_PLACEHOLDER, path, problems);
    boolean(input, "required", path, problems);
    if number(input, "style", 1..=2, path, problems).is_none() {
        problems.add(
            &below(path, "style"),
            "BASE_TYPE_REQUIRED",
            "This field is required",
        );
    }
    let least = number(input, "min_length", 0..=most, path, problems).unwrap_or(0);
    let most = number(input, "max_length", 1..=most, path, problems).unwrap_or(most);
    if least > most {
        let message = "min_length is more than max_length.";
        problems.add(&below(path, "min_length"), "TEXT_INPUT_MIN_MAX", message);
    }
    let most = usize::try_from(most).unwrap_or(MAX_INPUT);
    text(input, "value", 0..=most, path, problems);
}
