//! The definition against Discord's rules, and what is read.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::definition::Slash;
use super::reader::Reader;
use super::register::{definition, hash};
use super::takes::{Count, Given, Kind, Misread, Value, Whose};
use super::{help, say, show};
use crate::render::Tongue;
use crate::store::requests::Listed;
use crate::workflow::book::Book;
use crate::workflow::ids::RequestId;
use crate::workflow::refusal::Refusal;
use crate::workflow::request::{
    Channel, Decision, Emergency, GrantState, Request, Review, State, Status, Vote,
};
use crate::workflow::testing::{World, step, terms};

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

/// Any text, and text that is likely to do something.
fn any_text() -> impl Strategy<Value = String> {
    let likely = vec![
        "@everyone",
        "@here",
        "<@1>",
        "<@&1>",
        "<t:1:R>",
        "**",
        "`",
        "```",
        "||",
        "\\",
        "\n",
        "\n# ",
        "[a](http://b)",
        "\u{202e}",
        "\u{200b}",
        "\u{301}",
        " ",
    ];
    let any = prop_oneof![
        prop::sample::select(likely).prop_map(str::to_owned),
        any::<char>().prop_map(String::from)
    ];
    prop::collection::vec(any, 0..400).prop_map(|parts| parts.concat())
}

/// A request in which everything that somebody writes is this text, told in its longest form.
pub(super) fn told_with(text: &str) -> (Request, Book) {
    let mut world = World::filed(terms(vec![
        step(text, &["ann"], 1, 1),
        step("S", &["ben"], 1, 1),
    ]));
    let request = &mut world.request;
    request.subject.resource = text.to_owned();
    request.subject.account = Some(text.to_owned());
    request.justification = Some(text.to_owned());
    request.terms.policy = text.to_owned();
    request.votes = (0..30)
        .map(|n| Vote {
            step: n % 2,
            person: "ann".into(),
            decision: Decision::Approve,
            comment: Some(text.to_owned()),
            revision: 1,
            at: world.now,
            channel: Channel::Chat,
            on_behalf_of: Some("ben".into()),
        })
        .collect();
    request.emergency = Some(Emergency {
        at: world.now,
        reason: text.to_owned(),
        remind_review_after: jiff::SignedDuration::from_hours(24),
        review: Some(Review {
            at: world.now,
            by: "ann".into(),
            finding: text.to_owned(),
        }),
    });
    request.state = State::Withdrawn {
        at: world.now,
        reason: text.to_owned(),
    };
    for person in world.book.people.values_mut() {
        person.name = text.to_owned();
    }
    (world.request, world.book)
}

/// Whether a message fits, calls nobody and hides nothing.
fn is_harmless(message: &str) -> bool {
    let turns = |letter| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    message.encode_utf16().count() <= 2_000
        && !["@everyone", "@here", "<@1", "<@&", "<#"]
            .iter()
            .any(|it| message.contains(it))
        && !message.contains(turns)
        && !message.contains("](")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Goal: whatever people wrote, an answer fits into one message and calls nobody.
    /// Method: any text in every place where somebody's text can stand, in both languages.
    #[test]
    fn answers_are_harmless(text in any_text()) {
        let (request, book) = told_with(&text);
        let now = request.filed_at;
        for locale in ["en", "pt-BR"] {
            let reader = Reader::unknown(locale);
            let one = show::one(&request, &reader, (&book, now));
            prop_assert!(is_harmless(&one), "{one}");
            let listed = Listed { requests: vec![request.clone(); 15], more: true };
            let many = show::many(&listed, &reader, (&book, now), "/request list");
            prop_assert!(is_harmless(&many), "{many}");
            prop_assert!(many.contains(&request.id.to_string()));
            let subject = request.subject.clone();
            let refusal = Refusal::NoPolicy { requester: "rita".into(), subject };
            let refused = say::refused(&refusal, &reader);
            prop_assert!(is_harmless(&refused), "{refused}");
            prop_assert!(refused.contains("no-policy, W3"), "{refused}");
            let misread = say::misread(&Misread::NoNumber { wrote: text.clone() }, &reader);
            prop_assert!(is_harmless(&misread), "{misread}");
        }
    }
}

/// Goal: what a person is told to do next can be done in chat. Method: every refusal, in both languages:
/// none names the command line, but for the one thing that only it can do.
#[test]
fn next_steps_are_of_chat() {
    for refusal in Refusal::samples() {
        for locale in ["en", "pt-BR"] {
            let said = say::refused(&refusal, &Reader::unknown(locale));
            assert!(
                said.contains(refusal.code()) && said.contains(refusal.rule()),
                "{said}"
            );
            assert!(is_harmless(&said), "{said}");
            let said = said.replace("countersign policy explain", "");
            assert!(!said.contains("countersign "), "{said}");
        }
    }
}
