//! Rows of buttons and menus under a message.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::refusal::Problems;
use super::{at_most, below, boolean, list, needed_text, number, text};

const MAX_ROWS: usize = 5;
const MAX_BUTTONS: usize = 5;
const MAX_CUSTOM_ID: usize = 100;
const MAX_LABEL: usize = 80;
const MAX_URL: usize = 512;
const MAX_OPTIONS: usize = 25;
const MAX_OPTION_TEXT: usize = 100;
const MAX_PLACEHOLDER: usize = 150;

/// The kinds of component.
const ROW: u64 = 1;
const BUTTON: u64 = 2;
const TEXT_MENU: u64 = 3;
/// Menus that Discord fills: people, roles, both, channels.
const OTHER_MENUS: std::ops::RangeInclusive<u64> = 5..=8;
/// The style of a button that opens a page.
const LINK: i64 = 5;

/// The member `components` of a message.
pub fn check_components(body: &Value, path: &str, problems: &mut Problems) {
    let rows = list(body, path, "components", problems);
    let path = below(path, "components");
    at_most(rows, MAX_ROWS, &path, problems);
    let mut names = BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        let path = below(&path, index);
        if row["type"].as_u64() == Some(ROW) {
            check_row(row, &path, &mut names, problems);
        } else {
            let message = "The double knows rows only.";
            problems.add(&below(&path, "type"), "UNION_TYPE_CHOICES", message);
        }
    }
}

fn check_row<'a>(
    row: &'a Value,
    path: &str,
    names: &mut BTreeSet<&'a str>,
    problems: &mut Problems,
) {
    let members = list(row, path, "components", problems);
    let path = below(path, "components");
    let menus = members.iter().filter(|one| is_menu(one)).count();
    let wide = menus > 1 || (menus == 1 && members.len() > 1) || members.len() > MAX_BUTTONS;
    if members.is_empty() || wide {
        let message = format!("Must be between 1 and {MAX_BUTTONS} buttons, or one menu.");
        problems.add(&path, "BASE_TYPE_BAD_LENGTH", message);
    }
    for (index, member) in members.iter().enumerate() {
        let path = below(&path, index);
        match member["type"].as_u64() {
            Some(BUTTON) => check_button(member, &path, problems),
            Some(_) if is_menu(member) => check_menu(member, &path, problems),
            _ => {
                let message = "A row takes buttons or a menu.";
                problems.add(&below(&path, "type"), "UNION_TYPE_CHOICES", message);
            }
        }
        unique(member, &path, names, problems);
    }
}

fn is_menu(component: &Value) -> bool {
    let kind = component["type"].as_u64();
    kind.is_some_and(|kind| kind == TEXT_MENU || OTHER_MENUS.contains(&kind))
}

/// No two components of a message or modal have one `custom_id`.
pub fn unique<'a>(
    component: &'a Value,
    path: &str,
    names: &mut BTreeSet<&'a str>,
    problems: &mut Problems,
) {
    let name = component["custom_id"].as_str();
    if name.is_some_and(|name| !names.insert(name)) {
        problems.add(
            &below(path, "custom_id"),
            "COMPONENT_CUSTOM_ID_DUPLICATED",
            "Component custom id cannot be duplicated",
        );
    }
}

/// A `custom_id` that has to be there.
pub fn custom_id(component: &Value, path: &str, problems: &mut Problems) {
    needed_text(component, "custom_id", 1..=MAX_CUSTOM_ID, path, problems);
}

fn check_button(button: &Value, path: &str, problems: &mut Problems) {
    boolean(button, "disabled", path, problems);
    let label = text(button, "label", 0..=MAX_LABEL, path, problems);
    if label == 0 && button["emoji"].is_null() {
        let message = "A button needs a label or an emoji.";
        problems.add(path, "BUTTON_COMPONENT_INVALID_EMPTY", message);
    }
    let style = number(button, "style", 1..=LINK, path, problems);
    if style.is_none() {
        problems.add(
            &below(path, "style"),
            "BASE_TYPE_REQUIRED",
            "This field is required",
        );
    } else if style == Some(LINK) {
        needed_text(button, "url", 1..=MAX_URL, path, problems);
        if !button["custom_id"].is_null() {
            let message = "A custom id and url cannot both be specified";
            problems.add(
                path,
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                message,
            );
        }
    } else {
        custom_id(button, path, problems);
        if !button["url"].is_null() {
            let message = "A custom id and url cannot both be specified";
            problems.add(
                path,
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                message,
            );
        }
    }
}

fn check_menu(menu: &Value, path: &str, problems: &mut Problems) {
    const MOST: i64 = 25;
    custom_id(menu, path, problems);
    boolean(menu, "disabled", path, problems);
    text(menu, "placeholder", 0..=MAX_PLACEHOLDER, path, problems);
    let least = number(menu, "min_values", 0..=MOST, path, problems).unwrap_or(1);
    let most = number(menu, "max_values", 1..=MOST, path, problems).unwrap_or(1);
    if least > most {
        let message = "min_values is more than max_values.";
        problems.add(&below(path, "min_values"), "SELECT_MIN_MAX", message);
    }
    if menu["type"].as_u64() == Some(TEXT_MENU) {
        check_options(menu, most, path, problems);
    }
}

fn check_options(menu: &Value, most: i64, path: &str, problems: &mut Problems) {
    let options = list(menu, path, "options", problems);
    let path = below(path, "options");
    let count = options.len();
    if count == 0 || count > MAX_OPTIONS || i64::try_from(count).is_ok_and(|count| most > count) {
        let message = format!(
            "Must be between 1 and {MAX_OPTIONS} in length, and not fewer than max_values."
        );
        problems.add(&path, "BASE_TYPE_BAD_LENGTH", message);
    }
    let mut values = BTreeSet::new();
    let mut chosen = 0;
    for (index, option) in options.iter().enumerate() {
        let path = below(&path, index);
        needed_text(option, "label", 1..=MAX_OPTION_TEXT, &path, problems);
        needed_text(option, "value", 1..=MAX_OPTION_TEXT, &path, problems);
        text(option, "description", 0..=MAX_OPTION_TEXT, &path, problems);
        if boolean(option, "default", &path, problems) {
            chosen += 1;
        }
        let value = option["value"].as_str();
        if value.is_some_and(|value| !values.insert(value)) {
            problems.add(
                &below(&path, "value"),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            );
        }
    }
    if chosen > most {
        let message = "More options are chosen than max_values allows.";
        problems.add(&path, "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", message);
    }
}
