//! The definition against Discord's rules, and what is read.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::definition::Slash;
use super::help;
use super::register::{definition, hash};
use super::takes::{Count, Given, Kind, Misread, Value, Whose};
use crate::render::Tongue;
use crate::workflow::ids::RequestId;
use crate::workflow::request::{GrantState, Status};

fn given(options: &[(&str, &str)]) -> Given {
    options
        .iter()
        .map(|(name, text)| ((*name).to_owned(), Value::Text((*text).to_owned())))
        .collect()
}

fn read(path: &str, options: &[(&str, &str)]) -> Result<Slash, Misread> {
    let path: Vec<String> = path.split(' ').map(str::to_owned).collect();
    Slash::read(&path, &given(options))
}

/// Every named thing below a command, with itself.
fn named(command: &Json) -> Vec<&Json> {
    let mut all = vec![command];
    for inner in command["options"].as_array().into_iter().flatten() {
        all.extend(named(inner));
    }
    all
}

/// Goal: Discord takes the definition. Method: its documented rules, one by one, on every name.
#[test]
fn the_definition_keeps_discords_rules() {
    let all = definition();
    let commands = all.as_array().expect("a list");
    assert!((1..=100).contains(&commands.len()));
    let name = regex::Regex::new(r"^[-_'\p{L}\p{N}]{1,32}$").expect("regex");
    let mut seen = 0;
    for command in commands {
        for one in named(command) {
            seen += 1;
            let texts = |key: &str| {
                let mut texts = vec![one[key].as_str().expect("a text").to_owned()];
                let localized = one[&format!("{key}_localizations")].as_object();
                let localized = localized.expect("in every language").values();
                texts.extend(localized.map(|text| text.as_str().expect("a text").to_owned()));
                texts
            };
            for text in texts("name") {
                assert!(name.is_match(&text), "{text}");
                assert_eq!(text, text.to_lowercase());
            }
            for text in texts("description") {
                assert!((1..=100).contains(&text.chars().count()), "{text}");
            }
            assert!(one["name_localizations"]["pt-BR"].is_string(), "{one}");
            let options = one["options"].as_array().cloned().unwrap_or_default();
            assert!(options.len() <= 25, "{one}");
            for key in ["en-US", "pt-BR"] {
                let names = options
                    .iter()
                    .map(|it| it["name_localizations"][key].as_str());
                let different: BTreeSet<_> = names.collect();
                assert_eq!(different.len(), options.len(), "{key}: {one}");
            }
            let needed: Vec<bool> = options
                .iter()
                .map(|it| it["required"] == json!(true))
                .collect();
            assert!(
                needed.is_sorted_by(|a, b| a >= b),
                "needed ones first: {one}"
            );
            let choices = one["choices"].as_array().cloned().unwrap_or_default();
            assert!(choices.len() <= 25, "{one}");
            assert!(
                choices.is_empty() || one["autocomplete"] != json!(true),
                "{one}"
            );
            for choice in &choices {
                let text = choice["name"].as_str().expect("a name");
                assert!((1..=100).contains(&text.chars().count()), "{text}");
            }
        }
        // All names, descriptions and values of one command, the longest language of each.
        assert!(command.to_string().chars().count() < 16_000);
    }
    assert!(seen > 40, "{seen}");
}

/// Goal: the commands are the ones that were promised. Method: by name.
#[test]
fn every_command_is_there() {
    let typed: Vec<String> = Slash::ALL
        .iter()
        .map(super::definition::Spec::typed)
        .collect();
    insta::assert_snapshot!(typed.join(" "), @"/request new /request emergency /request show /request list /request withdraw /request extend /request return /approvals /revoke /review /delegate start /delegate end /delegate list /link /unlink /whoami /help");
}

/// Goal: the hash stands for the definition. Method: the same twice; another for another definition.
#[test]
fn the_hash_is_of_the_definition() {
    assert_eq!(hash(), hash());
    assert_ne!(hash(), [0; 32]);
}

/// Goal: what is typed is read into its type, and nothing else is. Method: each kind of option, right and
/// wrong.
#[test]
fn what_is_typed_is_read() {
    let list = read(
        "request list",
        &[("whose", "all"), ("status", "open"), ("access", "active")],
    );
    let Ok(Slash::List {
        whose,
        status,
        access,
        limit,
        after,
        ..
    }) = list
    else {
        panic!("{list:?}");
    };
    assert_eq!(
        (whose, status, access, limit, after),
        (
            Some(Whose::All),
            Some(Status::Open),
            Some(GrantState::Active),
            None,
            None
        )
    );
    let shown = read("request show", &[("request", " r-42 ")]);
    assert_eq!(
        shown,
        Ok(Slash::Show {
            request: RequestId(42)
        })
    );
    assert_eq!(
        read("request show", &[]),
        Err(Misread::Missing { option: "request" })
    );
    let wrote = "prod".to_owned();
    assert_eq!(
        read("request show", &[("request", "prod")]),
        Err(Misread::NoNumber {
            wrote: wrote.clone()
        })
    );
    let option = "status";
    assert_eq!(
        read("request list", &[("status", "prod")]),
        Err(Misread::Unfit { option, wrote })
    );
    let typed = "request dance".to_owned();
    assert_eq!(
        read("request dance", &[]),
        Err(Misread::NoSuchCommand { typed })
    );
    // Blank is not given.
    let returned = read("request return", &[("request", "7"), ("reason", "  ")]);
    let request = RequestId(7);
    assert_eq!(
        returned,
        Ok(Slash::Return {
            request,
            reason: None
        })
    );
}

/// Goal: numbers are within what is registered. Method: below, within, above, and a text.
#[test]
fn counts_have_bounds() {
    let path = ["request".to_owned(), "list".to_owned()];
    let read = |value: Value| {
        let given = [("limit".to_owned(), value)].into();
        match Slash::read(&path, &given) {
            Ok(Slash::List { limit, .. }) => limit,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(read(Value::Number(15)), Some(Count(15)));
    for value in [
        Value::Number(0),
        Value::Number(16),
        Value::Text("5".to_owned()),
    ] {
        let given = [("limit".to_owned(), value)].into();
        assert!(Slash::read(&path, &given).is_err(), "{given:?}");
    }
}

/// Goal: help names every command and every option, in both languages, and fits into a message.
/// Method: all of it, measured.
#[test]
fn help_is_whole_and_fits() {
    for tongue in [Tongue::English, Tongue::Portuguese] {
        let all = help::all(tongue);
        assert!(all.encode_utf16().count() <= 2_000, "{}", all.len());
        for spec in Slash::ALL {
            let names = match tongue {
                Tongue::English => spec.place.path(),
                Tongue::Portuguese => spec.place.portuguese(),
            };
            assert!(all.contains(&format!("`/{}`", names.join(" "))), "{all}");
            let one = help::one(spec, tongue);
            assert!(one.encode_utf16().count() <= 2_000, "{one}");
            for field in spec.options {
                assert!(
                    one.contains(&format!("`{}`", help::named(field, tongue))),
                    "{one}"
                );
                if let Kind::Choice(choices) = field.kind {
                    assert!(!choices().is_empty());
                }
            }
        }
    }
}
