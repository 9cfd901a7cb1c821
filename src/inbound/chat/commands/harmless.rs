//! Whatever people write, everything that is sent is taken by Discord and calls nobody.
//!
//! All of Unicode, block by block, goes through posts in `sandbox/tests/discord/texts.rs`; here any text goes
//! through every kind of answer as well.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_sandbox::discord::{Judge, would_call};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseResult, TestRunner};
use serde_json::{Value, json};

use super::super::{Private, Reply, Who, form, link_words};
use super::reader::Reader;
use super::takes::Misread;
use super::tests::told_with;
use super::{asking, offer, say, show};
use crate::config::discord::Shown as Part;
use crate::outbound::chat::Readers;
use crate::outbound::chat::button::Button;
use crate::outbound::chat::payload::Payload;
use crate::render::Renderer;
use crate::store::outbox::testing::keys;
use crate::store::requests::Listed;
use crate::token::Keyring;
use crate::workflow::act::Act;
use crate::workflow::book::Book;
use crate::workflow::event::Event;
use crate::workflow::ids::Module;
use crate::workflow::post::{Over, Shown, Standing};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::Request;

/// The longest text that is tried, in characters.
const LONG: usize = 10_000;
/// Texts that are tried.
const CASES: u32 = 256;
/// The languages and states that take turns.
const LOCALES: [&str; 2] = ["en", "pt-BR"];
const STANDINGS: [Standing; 3] = [Standing::Pending, Standing::Withdrawn, Standing::Active];
/// What is likely to do something.
const LIKELY: [&str; 26] = [
    "@everyone",
    "@here",
    "<@1>",
    "<@!1234>",
    "<@&1>",
    "<#1>",
    "<t:0:R>",
    "</x:1>",
    "<:x:1>",
    "**",
    "__",
    "~~",
    "||",
    "`",
    "```",
    "\\",
    "\n",
    "\n# ",
    "\n-# ",
    "\n> ",
    "[a](http://b)",
    "https://x.test",
    "\u{202e}",
    "\u{200b}",
    "\u{301}",
    " ",
];

/// Text of any blocks, mixed with what is likely to do something, of up to [`LONG`] characters.
fn any_text() -> impl Strategy<Value = String> {
    let likely = prop::sample::select(LIKELY.to_vec());
    let part = prop_oneof![
        likely.prop_map(str::to_owned),
        any::<char>().prop_map(String::from)
    ];
    let parts = prop::collection::vec(part, 0..300).prop_map(|parts| parts.concat());
    let long = prop_oneof![3 => Just(None), 1 => (0..=LONG).prop_map(Some)];
    (parts, long).prop_map(|(text, long)| match long {
        Some(long) if !text.is_empty() => text.chars().cycle().take(long).collect(),
        _ => text,
    })
}

/// What judges, made once.
struct Press {
    judge: Judge,
    renderer: Renderer,
    keys: Keyring,
    parts: BTreeSet<Part>,
}

fn body(built: &impl serde::Serialize) -> Value {
    serde_json::to_value(built).expect("it is JSON")
}

impl Press {
    /// A post in a channel and one with somebody, as they are made, changed, and left.
    fn posts(&self, request: &Request, book: &Book, turn: usize) -> TestCaseResult {
        let mut shown = Shown {
            facts: crate::workflow::notice::Facts::of(request, book),
            standing: Standing::Pending,
            asked_for: Some(request.window),
            held: vec![request.subject.resource.clone(); 30],
            acts: Act::ALL.to_vec(),
            step: Some(0),
            over: None,
        };
        let with = (&self.renderer, &self.keys);
        let locale = LOCALES[turn % LOCALES.len()];
        shown.standing = STANDINGS[turn % STANDINGS.len()];
        for parts in [None, Some(&self.parts)] {
            let payload = Payload::of(&shown, Readers { locale, parts }, with);
            self.post(&payload.expect("our own templates"))?;
        }
        let over = Over::ALL[turn % Over::ALL.len()];
        let link = Some("https://discord.com/channels/@me/1/2");
        let payload = Payload::over(&shown, (over, link), locale, &self.renderer);
        self.post(&payload.expect("our own templates"))?;
        Ok(())
    }

    fn post(&self, payload: &Payload) -> TestCaseResult {
        let message = body(&payload.message("AAAAAAAAAAAAAAAAAAAAAA0".to_owned()));
        let change = body(&payload.edit());
        prop_assert_eq!(self.judge.message(&message), Ok(()));
        prop_assert_eq!(self.judge.change(&change), Ok(()));
        for body in [&message, &change] {
            prop_assert_eq!(&body["allowed_mentions"]["parse"], &json!([]));
            prop_assert_eq!(would_call(body), []);
        }
        Ok(())
    }

    /// A private answer, as the first one and in the place of one that said "wait".
    fn says(&self, text: String) -> TestCaseResult {
        let answer = body(&Reply::from(text.clone()).first());
        prop_assert_eq!(self.judge.answer(&answer), Ok(()), "{}", text);
        let data = &answer["data"];
        prop_assert_eq!(&data["flags"], &json!(64), "not private");
        prop_assert_eq!(&data["allowed_mentions"]["parse"], &json!([]));
        prop_assert_eq!(would_call(data), [], "{}", text);
        let rows = Vec::new();
        let later = body(&Private { text, rows }.later());
        prop_assert_eq!(self.judge.change(&later), Ok(()));
        prop_assert_eq!(&later["allowed_mentions"]["parse"], &json!([]));
        Ok(())
    }

    /// A form, or what is offered while somebody types: no message, so that it calls nobody.
    fn takes(&self, reply: Reply) -> TestCaseResult {
        let answer = body(&reply.first());
        prop_assert_eq!(self.judge.answer(&answer), Ok(()), "{}", answer);
        Ok(())
    }

    /// What is answered about a request in which everything is this text.
    fn answers(
        &self,
        text: &str,
        (request, book): (&Request, &Book),
        locale: &str,
    ) -> TestCaseResult {
        let now = request.filed_at;
        let reader = Reader::unknown(locale);
        self.says(show::one(request, &reader, (book, now)))?;
        let listed = Listed {
            requests: vec![request.clone(); 15],
            more: true,
        };
        self.says(show::many(&listed, &reader, (book, now), "/request list"))?;
        let subject = request.subject.clone();
        let module = || Module::new(text);
        for refusal in [
            Refusal::NoPolicy {
                requester: "rita".into(),
                subject,
            },
            Refusal::UnknownModule {
                module: module(),
                known: vec![module(); 30],
            },
        ] {
            self.says(say::refused(&refusal, &reader))?;
        }
        let wrote = || text.to_owned();
        for misread in [
            Misread::NoNumber { wrote: wrote() },
            Misread::NoSuchCommand { typed: wrote() },
            Misread::Unfit {
                option: "limit",
                wrote: wrote(),
            },
        ] {
            self.says(say::misread(&misread, &reader))?;
        }
        let events: Vec<Event> = request
            .votes
            .iter()
            .map(|vote| Event::Voted { vote: vote.clone() })
            .collect();
        self.says(say::accepted(request.id, &events, &reader, book))?;
        let person = book.people.values().next().expect("somebody");
        self.says(link_words::linked(locale, person))?;
        Ok(())
    }

    /// Forms with what was typed in them, and what is offered.
    fn forms(
        &self,
        text: &str,
        (request, book): (&Request, &Book),
        locale: &str,
    ) -> TestCaseResult {
        let now = request.filed_at;
        let reader = Reader::unknown(locale);
        let typed = [text, text, text, text];
        self.takes(Reply::Form(asking::form_of(&reader, typed)))?;
        let label = offer::label(request, &reader, (book, now));
        prop_assert!(!label.contains(['\u{202e}', '\u{200b}', '\n']), "{label}");
        self.takes(Reply::Choices(vec![(label, request.id.to_string())]))?;
        let names = [text.to_owned(), text.chars().take(100).collect()];
        self.takes(Reply::Choices(offer::chosen(names.into_iter(), "")))?;
        let mut person = book.people.values().next().expect("somebody").clone();
        person.name = text.to_owned();
        let who = Who {
            person,
            book: Arc::new(book.clone()),
        };
        for act in Act::ALL {
            let button = Button {
                act,
                request: request.id,
                step: 0,
                revision: request.revision,
            };
            let name = button.write(&self.keys).expect("a key");
            self.takes(Reply::Form(form::of(button, &name, request, &who)))?;
        }
        Ok(())
    }
}

/// Goal: any text of any person, wherever it can stand, yields bodies that Discord takes and that call nobody:
/// posts, answers, forms and what is offered. Method: 256 texts of any blocks and marks, up to 10,000
/// characters; the double's rules, and `DISCORD_OPENAPI`'s description where it is named.
#[test]
fn any_text_does_nothing() {
    let press = Press {
        judge: Judge::from_env().expect("the API description"),
        renderer: Renderer::new(None).expect("our own templates"),
        keys: keys(),
        parts: BTreeSet::from(Part::ALL),
    };
    let config = ProptestConfig {
        cases: CASES,
        ..ProptestConfig::default()
    };
    let texts = (any_text(), 0..6_usize);
    let tried = TestRunner::new(config).run(&texts, |(text, turn)| {
        let (request, book) = told_with(&text);
        let locale = LOCALES[turn % LOCALES.len()];
        press.posts(&request, &book, turn)?;
        press.answers(&text, (&request, &book), locale)?;
        press.forms(&text, (&request, &book), locale)
    });
    tried.unwrap_or_else(|failed| panic!("{failed}"));
}
