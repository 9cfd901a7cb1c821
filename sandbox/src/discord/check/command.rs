//! Slash commands as a bot registers them, and the choices that it offers while one is typed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::refusal::Problems;
use super::{at_most, below, boolean, list, needed_text, number, text};

const MAX_COMMANDS: usize = 100;
const MAX_OPTIONS: usize = 25;
const MAX_CHOICES: usize = 25;
const MAX_NAME: usize = 32;
const MAX_DESCRIPTION: usize = 100;
const MAX_CHOICE: usize = 100;
/// Names, descriptions and values of a whole command.
const MAX_TOGETHER: usize = 8_000;
const MAX_INPUT: i64 = 6_000;

/// The kinds of option.
const SUBCOMMAND: u64 = 1;
const GROUP: u64 = 2;
const STRING: u64 = 3;
const INTEGER: u64 = 4;
const NUMBER: u64 = 10;
const KINDS: std::ops::RangeInclusive<u64> = 1..=11;

/// The languages of Discord.
const LOCALES: [&str; 34] = [
    "ar", "bg", "cs", "da", "de", "el", "en-GB", "en-US", "es-419", "es-ES", "fi", "fr", "he",
    "hi", "hr", "hu", "id", "it", "ja", "ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE",
    "th", "tr", "uk", "vi", "zh-CN", "zh-TW",
];

/// All commands of a guild, or all global ones: they replace what was there.
pub fn check_commands(body: &Value, problems: &mut Problems) {
    let Some(commands) = body.as_array() else {
        problems.add("", "LIST_TYPE_CONVERT", "Only iterables may be used.");
        return;
    };
    at_most(commands, MAX_COMMANDS, "", problems);
    let mut names = BTreeSet::new();
    for (index, command) in commands.iter().enumerate() {
        let path = index.to_string();
        if command["type"].as_u64().unwrap_or(1) != 1 {
            let message = "The double knows slash commands only.";
            problems.add(&below(&path, "type"), "BASE_TYPE_CHOICES", message);
        }
        let together =
            check_named(command, &path, problems) + check_options(command, 0, &path, problems);
        if together > MAX_TOGETHER {
            let message = format!("Command exceeds maximum size ({MAX_TOGETHER})");
            problems.add(&path, "APPLICATION_COMMAND_TOO_LARGE", message);
        }
        check_permissions(&command["default_member_permissions"], &path, problems);
        if !names.insert(command["name"].as_str()) {
            let message = "Application command names must be unique";
            problems.add(&path, "APPLICATION_COMMANDS_DUPLICATE_NAME", message);
        }
    }
}

fn check_permissions(value: &Value, path: &str, problems: &mut Problems) {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let known = value.is_null() || value.is_u64() || value.as_str().is_some_and(digits);
    if !known {
        let path = below(path, "default_member_permissions");
        problems.add(&path, "NUMBER_TYPE_COERCE", "Must be a number in a string.");
    }
}

/// Name and description, in all languages. Returns the size of the longest of each.
fn check_named(named: &Value, path: &str, problems: &mut Problems) -> usize {
    let mut name = needed_text(named, "name", 1..=MAX_NAME, path, problems);
    let mut description = needed_text(named, "description", 1..=MAX_DESCRIPTION, path, problems);
    if let Some(text) = named["name"].as_str() {
        check_name(text, &below(path, "name"), problems);
    }
    for (key, most, longest) in [
        ("name_localizations", MAX_NAME, &mut name),
        (
            "description_localizations",
            MAX_DESCRIPTION,
            &mut description,
        ),
    ] {
        let path = below(path, key);
        let Some(texts) = named[key].as_object() else {
            continue;
        };
        for (locale, value) in texts {
            if !LOCALES.contains(&locale.as_str()) {
                let message = "Not a language of Discord.";
                problems.add(&below(&path, locale), "DICT_TYPE_CHOICES", message);
            }
            *longest = (*longest).max(text(&named[key], locale, 1..=most, &path, problems));
            if let Some(text) = value.as_str().filter(|_| most == MAX_NAME) {
                check_name(text, &below(&path, locale), problems);
            }
        }
    }
    name + description
}

/// Letters and digits of any writing, `-`, `_`, `'`; lower case where there is one.
fn check_name(name: &str, path: &str, problems: &mut Problems) {
    let allowed = |letter: char| letter.is_alphanumeric() || "-_'".contains(letter);
    if !name.chars().all(allowed) || name.to_lowercase() != name {
        problems.add(
            path,
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid",
        );
    }
}

/// Returns the size of all of them.
fn check_options(parent: &Value, depth: usize, path: &str, problems: &mut Problems) -> usize {
    let options = list(parent, path, "options", problems);
    let path = below(path, "options");
    at_most(options, MAX_OPTIONS, &path, problems);
    let mut names = BTreeSet::new();
    let (mut optional, mut together) = (false, 0);
    let nested = |option: &Value| option["type"].as_u64().is_some_and(|kind| kind <= GROUP);
    let mixed = options.iter().any(nested) && !options.iter().all(nested);
    for (index, option) in options.iter().enumerate() {
        let path = below(&path, index);
        together += check_named(option, &path, problems);
        if !names.insert(option["name"].as_str()) {
            let message = "Option names must be unique";
            problems.add(
                &path,
                "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED",
                message,
            );
        }
        let kind = option["type"].as_u64().filter(|kind| KINDS.contains(kind));
        let Some(kind) = kind else {
            let message = "Value must be one of {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}.";
            problems.add(&below(&path, "type"), "BASE_TYPE_CHOICES", message);
            continue;
        };
        let deep = match depth {
            0 => false,
            1 => kind == GROUP || (kind == SUBCOMMAND && parent["type"].as_u64() != Some(GROUP)),
            _ => kind <= GROUP,
        };
        if deep || mixed {
            let message = "Sub-commands and groups of them are mutually exclusive to \
                           all other types, and nest once.";
            problems.add(&path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message);
        }
        if kind <= GROUP {
            together += check_options(option, depth + 1, &path, problems);
            continue;
        }
        let required = boolean(option, "required", &path, problems);
        if required && optional {
            let message = "Required options must be placed before non-required options";
            problems.add(
                &path,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                message,
            );
        }
        optional |= !required;
        together += check_plain(option, kind, &path, problems);
    }
    together
}

/// What only an option with a value has.
fn check_plain(option: &Value, kind: u64, path: &str, problems: &mut Problems) -> usize {
    let choices = list(option, path, "choices", problems);
    let listed = [STRING, INTEGER, NUMBER].contains(&kind);
    let asks = boolean(option, "autocomplete", path, problems);
    if asks && (!choices.is_empty() || !listed) {
        let message = "Autocomplete is for texts and numbers without choices.";
        problems.add(path, "APPLICATION_COMMAND_AUTOCOMPLETE_INVALID", message);
    }
    if !choices.is_empty() && !listed {
        let message = "Choices are for texts and numbers.";
        problems.add(path, "APPLICATION_COMMAND_CHOICES_INVALID", message);
    }
    for key in ["min_value", "max_value"] {
        if !option[key].is_null() && ![INTEGER, NUMBER].contains(&kind) {
            problems.add(&below(path, key), "BASE_TYPE_CHOICES", "Is for numbers.");
        }
    }
    for (key, least) in [("min_length", 0), ("max_length", 1)] {
        let length = number(option, key, least..=MAX_INPUT, path, problems);
        if length.is_some() && kind != STRING {
            problems.add(&below(path, key), "BASE_TYPE_CHOICES", "Is for texts.");
        }
    }
    check_list(choices, Some(kind), &below(path, "choices"), problems)
}

/// What a bot offers while somebody types, for an option of this kind.
pub fn check_choices(data: &Value, kind: Option<u64>, path: &str, problems: &mut Problems) {
    if !data["choices"].is_array() {
        let path = below(path, "choices");
        problems.add(&path, "BASE_TYPE_REQUIRED", "This field is required");
        return;
    }
    let choices = list(data, path, "choices", problems);
    check_list(choices, kind, &below(path, "choices"), problems);
}

fn check_list(choices: &[Value], kind: Option<u64>, path: &str, problems: &mut Problems) -> usize {
    at_most(choices, MAX_CHOICES, path, problems);
    let mut together = 0;
    let mut names = BTreeSet::new();
    for (index, choice) in choices.iter().enumerate() {
        let path = below(path, index);
        together += needed_text(choice, "name", 1..=MAX_CHOICE, &path, problems);
        if !names.insert(choice["name"].as_str()) {
            let message = "Choice names must be unique";
            problems.add(
                &path,
                "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATE",
                message,
            );
        }
        let value = &choice["value"];
        match kind {
            Some(INTEGER) if value.is_i64() => {}
            Some(NUMBER) if value.is_number() => {}
            Some(STRING) | None if value.is_string() => {
                together += text(choice, "value", 0..=MAX_CHOICE, &path, problems);
            }
            _ => {
                let message = "Is not of the option's type.";
                problems.add(&below(&path, "value"), "UNION_TYPE_CHOICES", message);
            }
        }
    }
    together
}
