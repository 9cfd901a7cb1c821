//! Posts as they look, and what an operator's templates can do to them.

use std::fmt::Write as _;

use super::*;
use crate::config::discord::Shown as Part;
use crate::outbound::chat::samples;
use crate::store::outbox::testing::keys;
use crate::workflow::notice::EmergencyFacts;
use crate::workflow::request::{State, Window};

fn renderer() -> Renderer {
    Renderer::new(None).expect("our own templates")
}

fn made(shown: &Shown, locale: &str, parts: Option<&BTreeSet<Part>>) -> Payload {
    let readers = Readers { locale, parts };
    Payload::of(shown, readers, (&renderer(), &keys())).expect("our own templates")
}

/// The first sample of a state.
fn sample(standing: Standing) -> Shown {
    let like = |shown: &Shown| shown.standing == standing && shown.facts.emergency.is_none();
    let all = samples();
    let found = all.iter().find(|shown| like(shown));
    let any = all.iter().find(|shown| shown.standing == standing);
    found.or(any).expect("there is such a sample").clone()
}

/// A post as text, with its buttons and without their seals.
fn drawn(payload: &Payload) -> String {
    let mut text = format!("{}\n{}\n", payload.title, payload.lead);
    for (name, value) in &payload.fields {
        let _ = writeln!(text, "[{name}]\n{value}");
    }
    let _ = writeln!(text, "-- {} #{:06x}", payload.footer, payload.colour);
    for (_, label, id) in &payload.buttons {
        let said = id.rsplit_once(':').map_or("", |(said, _)| said);
        let _ = writeln!(text, "({label}) {said}");
    }
    text
}

/// Goal: posts read well in both languages, and a change of a template is seen.
/// Method: every state as it looks, each compared with how it looked.
#[test]
fn every_state_reads_well() {
    let mut all = String::new();
    for standing in [
        Standing::Pending,
        Standing::Rejected,
        Standing::Withdrawn,
        Standing::Expired,
        Standing::Scheduled,
        Standing::Active,
        Standing::Ended,
        Standing::Revoked,
        Standing::Returned,
    ] {
        for locale in ["en", "pt-BR"] {
            let shown = sample(standing);
            let _ = writeln!(
                all,
                "==== {standing:?} {locale}\n{}",
                drawn(&made(&shown, locale, None))
            );
        }
    }
    let mut emergency = sample(Standing::Active);
    emergency.facts.emergency = Some(EmergencyFacts {
        at: emergency.facts.filed_at,
        reason: "the site is down".into(),
        review: None,
    });
    let _ = writeln!(
        all,
        "==== Emergency\n{}",
        drawn(&made(&emergency, "en", None))
    );
    insta::assert_snapshot!("posts", all);
}

/// A request whose every word can be told apart, with the words and instants that belong to each part.
fn told_apart(mut shown: Shown) -> (Shown, Vec<(Part, String)>) {
    let facts = &mut shown.facts;
    facts.justification = Some("because of j".into());
    facts.requester_name = "Requesting Rita".into();
    facts.subject.resource = "host of s".into();
    for vote in facts.steps.iter_mut().flat_map(|step| &mut step.votes) {
        vote.name = "Voting Vera".into();
        vote.comment = Some("said with v".into());
    }
    let (start, end) = (instant(1_900_000_001), instant(1_900_000_002));
    if let Some(grant) = &mut facts.grant {
        (grant.start, grant.end) = (start, end);
    }
    facts.window = Window::Fixed { start, end };
    shown.asked_for = Some(Window::Fixed {
        start: instant(1_900_000_003),
        end: instant(1_900_000_004),
    });
    match &mut facts.state {
        State::Pending { .. } => facts.pending_until = end,
        State::Expired { at, .. } => {
            facts.pending_until = end;
            *at = end;
        }
        State::Withdrawn { reason, .. } => *reason = "because of j".into(),
        State::Approved { .. } | State::Rejected { .. } => {}
    }
    if let Some(ending) = &mut facts.ending {
        ending.reason = Some("said with v".into());
        if shown.standing == Standing::Returned {
            ending.by = "Requesting Rita".into();
        }
    }
    let words = [
        (Part::Subject, "host of s"),
        (Part::Requester, "Requesting Rita"),
        (Part::Justification, "because of j"),
        (Part::Progress, "Voting Vera"),
        (Part::Comments, "said with v"),
        (Part::Window, "<t:190000000"),
    ];
    let words = words.map(|(part, word)| (part, word.to_owned()));
    (shown, words.to_vec())
}

fn instant(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(second).expect("an instant")
}

/// Goal: what the operator does not want in channels is not there, whatever the request's state; the number
/// and what it is wanted to show are.
/// Method: every sample, with words that can be told apart, with all parts but one, with nothing, with all.
#[test]
fn a_channel_shows_what_the_operator_lets_it() {
    let (renderer, keys) = (renderer(), keys());
    let made = |shown: &Shown, locale: &str, parts: &BTreeSet<Part>| {
        let parts = Some(parts);
        let readers = Readers { locale, parts };
        let payload = Payload::of(shown, readers, (&renderer, &keys));
        drawn(&payload.expect("our own templates"))
    };
    let all = BTreeSet::from(Part::ALL);
    let mut seen = BTreeSet::new();
    for shown in samples() {
        let (shown, words) = told_apart(shown);
        for locale in ["en", "pt-BR"] {
            let everything = made(&shown, locale, &all);
            let nothing = made(&shown, locale, &BTreeSet::new());
            assert!(nothing.contains("R-"), "{nothing}");
            for (part, word) in &words {
                if everything.contains(word) {
                    seen.insert(*part);
                }
                assert!(!nothing.contains(word), "{part:?}: {nothing}");
                let mut others = all.clone();
                others.remove(part);
                let others = made(&shown, locale, &others);
                assert!(!others.contains(word), "{part:?} is shown: {others}");
            }
        }
    }
    assert_eq!(seen, all, "each part is shown of some request");
}

/// Goal: an operator's template cannot break a limit, and one that is wrong is named at the start.
/// Method: a lead that repeats itself, a field of many lines, a label that is too long; then a wrong name.
#[test]
fn an_operators_template_stays_within_the_limits() {
    let directory = tempfile::tempdir().expect("a directory");
    let folder = directory.path().join("chat/post");
    std::fs::create_dir_all(&folder).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("written");
    write(
        "lead.txt",
        "{% for n in range(900) %}line {{ n }} of many\n{% endfor %}",
    );
    write(
        "reason.txt",
        "Why\n{% for n in range(900) %}x{{ n }}{% endfor %}",
    );
    write("buttons.txt", &format!("approve {}", "long ".repeat(60)));
    let renderer = Renderer::new(Some(directory.path())).expect("they can be read");
    Payload::check(&renderer, &keys()).expect("they can be rendered");
    let readers = Readers {
        locale: "en",
        parts: None,
    };
    let shown = sample(Standing::Pending);
    let payload = Payload::of(&shown, readers, (&renderer, &keys())).expect("rendered");
    assert!(units(&payload.lead) <= MAX_LEAD && payload.lead.ends_with('…'));
    let why = payload.fields.iter().find(|(name, _)| name == "Why");
    assert_eq!(units(&why.expect("a field").1), MAX_FIELD);
    let (_, label, _) = payload.buttons.first().expect("a button");
    assert_eq!(units(label), MAX_LABEL);
    write("footer.txt", "{{ no_such_word }}");
    let renderer = Renderer::new(Some(directory.path())).expect("it can be read");
    let error = Payload::check(&renderer, &keys()).expect_err("it cannot be rendered");
    let said = error.to_string();
    assert!(
        said.contains("footer.txt") && said.contains("line 1"),
        "{said}"
    );
}
