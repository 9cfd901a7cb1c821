//! Mails of the system's own, as samples that their templates are rendered with.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::system::{SystemFacts, Taken, Waiting};
use crate::workflow::ids::RequestId;

/// The kinds of alarm that there are words for.
const ALARMS: [&str; 8] = [
    "foreign-sender",
    "tokens-disagree",
    "used-token-unproven",
    "sender-refused",
    "never-proven",
    "not-entitled",
    "guessed-tokens",
    "unknown-links",
];

/// Every message, in every form that it has, with a name for it.
pub fn system_samples() -> Vec<(String, SystemFacts)> {
    let mut all = alarms();
    all.extend(unreachable());
    all.extend(delegations());
    all.extend(in_two_forms());
    let once = once().into_iter();
    all.extend(once.map(|facts| (facts.name().replace('_', "-"), facts)));
    all
}

/// The request that they are about.
const REQUEST: RequestId = RequestId(42);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_255_200 + second).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn alarms() -> Vec<(String, SystemFacts)> {
    let mut all = Vec::new();
    let request = REQUEST;
    for kind in ALARMS {
        let alarm = SystemFacts::Alarm {
            kind: kind.into(),
            request: (kind != "unknown-links").then_some(request),
            why: "Something that the record says.".into(),
            key: "mail/<1@client.test>".into(),
            last: kind == "guessed-tokens",
        };
        all.push((format!("alarm-{kind}"), alarm));
    }
    all
}

fn unreachable() -> Vec<(String, SystemFacts)> {
    let mut all = Vec::new();
    let request = REQUEST;
    for count in [0, 1, 2] {
        let one = |number: i64| Waiting {
            request: RequestId(42 + number),
            step: "owners".into(),
            others: usize::from(number != 0),
            needed: 1 + usize::from(number != 0),
        };
        let unreachable = SystemFacts::Unreachable {
            name: "Bob".into(),
            person: "bob".into(),
            why: "550 5.1.1 no such user".into(),
            delivery: Uuid::nil(),
            request: (count > 0).then_some(request),
            waiting: (0..count).map(one).collect(),
            more: if count == 2 { 3 } else { 0 },
        };
        all.push((format!("unreachable-{count}"), unreachable));
    }
    all
}

fn delegations() -> Vec<(String, SystemFacts)> {
    let mut all = Vec::new();
    for (mine, ended) in [(true, false), (false, false), (true, true), (false, true)] {
        let name = format!(
            "delegation{}{}",
            if mine { "" } else { "-to" },
            if ended { "-ended" } else { "" }
        );
        let other = "Carol".into();
        let (start, until) = (at(0), at(90_000));
        all.push((
            name,
            SystemFacts::Delegation {
                other,
                mine,
                start,
                until,
                ended,
            },
        ));
    }
    all
}

/// Those that say something in two forms.
fn in_two_forms() -> Vec<(String, SystemFacts)> {
    let mut all: Vec<(String, SystemFacts)> = Vec::new();
    let request = REQUEST;
    for again in [true, false] {
        let name = if again {
            "foreign-answer"
        } else {
            "foreign-answer-over"
        };
        all.push((name.into(), SystemFacts::ForeignAnswer { request, again }));
    }
    for (all_of_them, more) in [(1, 0), (21, 20)] {
        let lost = SystemFacts::ReviewersLost {
            taken: vec![Taken {
                request,
                by: "Rita".into(),
            }],
            all: all_of_them,
            more,
        };
        all.push((format!("reviewers-lost-{all_of_them}"), lost));
    }
    for over in [false, true] {
        let why = || "It says no.".to_owned();
        let end = if over { "-over" } else { "" };
        let out = SystemFacts::ThrownOut { over, why: why() };
        all.push((format!("thrown-out{end}"), out));
        let refused = SystemFacts::CommandsRefused { over, why: why() };
        all.push((format!("commands-refused{end}"), refused));
    }
    let refused = SystemFacts::ChannelRefuses {
        channel: String::new(),
        person: Some("bob".into()),
        request,
        why: "Missing Access (50001)".into(),
    };
    all.push(("person-refuses".into(), refused));
    all
}

/// Those that have one form.
fn once() -> Vec<SystemFacts> {
    let request = REQUEST;
    let account = || "123456789012345678".to_owned();
    vec![
        SystemFacts::Unheard {
            request,
            step: "owners".into(),
            lacking: 2,
            names: vec!["Bob".into(), "Carol".into()],
        },
        SystemFacts::Unreviewable {
            request,
            requester: "Rita".into(),
        },
        SystemFacts::ChannelRefuses {
            channel: "approvals".into(),
            person: None,
            request,
            why: "Missing Access (50001)".into(),
        },
        SystemFacts::LinkCode {
            account: account(),
            until: at(600),
            minutes: 10,
        },
        SystemFacts::Linked {
            account: account(),
            old: Some("987654321098765432".into()),
        },
        SystemFacts::Unlinked { account: account() },
        SystemFacts::Seal {
            number: 12,
            events: 56,
            chains: 34,
            block: vec![
                "-----BEGIN COUNTERSIGN SEAL-----".into(),
                "number 12".into(),
            ],
        },
    ]
}
