//! One request as every kind of notice shows it: what templates are checked with when they are loaded.

mod system;
mod variants;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Reader, Reply};
use crate::workflow::ids::{Module, PersonId, RequestId};
use crate::workflow::notice::digest::{Contact, Digest, Item};
use crate::workflow::notice::{
    AnswerFacts, ChangedFacts, EmergencyFacts, EndingFacts, Facts, Kind, ReviewFacts, StepFacts,
    VoteFacts,
};
use crate::workflow::policy::Mode;
use crate::workflow::refusal::Refusal;
use crate::workflow::request::{
    Channel, Decision, EndCause, ExpiryCause, Grant, State, Subject, Window,
};

pub use system::system_samples;

/// A message with its reader.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What sets it apart, e.g. `ask-no-reply`.
    pub name: &'static str,
    /// Which message.
    pub kind: Kind,
    /// What it shows.
    pub facts: Facts,
    /// To whom.
    pub reader: Reader,
}

/// Samples of every kind, and of every branch that the built-in templates have.
pub fn samples() -> Vec<Sample> {
    let mut all: Vec<Sample> = Kind::ALL
        .into_iter()
        .map(|kind| Sample {
            name: kind.as_str(),
            kind,
            facts: facts(kind),
            reader: reader(kind),
        })
        .collect();
    all.extend(variants::variants());
    all
}

/// A digest with every kind of line, and its reader.
pub fn sample_digest() -> (Digest, Reader) {
    let own = [
        Kind::Filed,
        Kind::WindowChanged,
        Kind::Progress,
        Kind::Reopened,
        Kind::GrantEnded,
    ];
    let mut items: Vec<Item> = Vec::new();
    for kind in own.into_iter().chain([Kind::Settled, Kind::Unstranded]) {
        let mut item = Item::of(kind, &facts(kind), at(0));
        if !own.contains(&kind) {
            item.requester = PersonId::new("eve");
            item.requester_name = "Eve Engel".into();
        }
        items.push(item);
    }
    let settled = variants::variants().into_iter();
    let settled = settled.filter(|sample| sample.kind == Kind::Settled);
    items.extend(settled.map(|sample| Item {
        requester: PersonId::new("eve"),
        requester_name: "Eve Engel".into(),
        ..Item::of(sample.kind, &sample.facts, at(0))
    }));
    for (item, minutes) in items.iter_mut().zip((0..).step_by(241)) {
        item.at = at(minutes);
        item.request = RequestId(item.request.0 + minutes / 241);
    }
    let contacts = vec![Contact {
        name: "Ada Adler".into(),
        address: "ada@example.test".into(),
    }];
    let digest = Digest {
        items,
        left_out: 2,
        contacts,
    };
    (digest, reader(Kind::Filed))
}

/// Minutes after the filing of the sample request, on 21 November 2026.
fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_795_255_200 + minutes * 60).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The requester, or an approver.
fn reader(kind: Kind) -> Reader {
    let (id, name, zone) = match kind {
        Kind::Filed
        | Kind::Progress
        | Kind::Reopened
        | Kind::WindowChanged
        | Kind::Approved
        | Kind::Rejected
        | Kind::Expired
        | Kind::GrantStarted
        | Kind::GrantWarning
        | Kind::GrantEnded => ("bob", "Bob Baker", "America/New_York"),
        _ => ("ana", "Ana Alves", "Europe/Lisbon"),
    };
    Reader {
        id: PersonId::new(id),
        name: name.into(),
        zone: zone.into(),
        locale: "en".into(),
        reply: kind.asks().then(|| Reply {
            address: "approvals+mfrggzdfmztwq2lknnwg23tpoa@example.test".into(),
        }),
        link: None,
    }
}

fn vote(name: &str, decision: Decision, comment: Option<&str>, minutes: i64) -> VoteFacts {
    VoteFacts {
        name: name.into(),
        decision,
        comment: comment.map(str::to_owned),
        at: at(minutes),
        channel: Channel::Mail,
        on_behalf_of: None,
    }
}

fn steps(kind: Kind) -> Vec<StepFacts> {
    let lead = vote("Lea Lind", Decision::Approve, None, 12);
    let carol = vote("Carol Chen", Decision::Approve, Some("fine by me"), 25);
    let last = match kind {
        Kind::Rejected => vote(
            "Dave Dunn",
            Decision::Disapprove,
            Some("not during the freeze"),
            40,
        ),
        _ => vote("Dave Dunn", Decision::Approve, None, 40),
    };
    let owners = match kind {
        Kind::Filed | Kind::Emergency | Kind::Reviewed | Kind::ReviewReminder | Kind::Voided => {
            vec![]
        }
        Kind::Progress
        | Kind::Approved
        | Kind::Rejected
        | Kind::Settled
        | Kind::GrantStarted
        | Kind::GrantWarning
        | Kind::GrantEnded => vec![carol, last],
        Kind::Reopened => vec![
            carol,
            vote(
                "Dave Dunn",
                Decision::Disapprove,
                Some("I misread the host"),
                44,
            ),
        ],
        _ => vec![carol],
    };
    let leads = match kind {
        Kind::Filed => vec![],
        _ => vec![lead],
    };
    let step = |name: &str, approvals, votes| StepFacts {
        name: name.into(),
        approvals,
        votes,
    };
    vec![
        step("lead", 1, leads),
        step("owners", 2, owners),
        step("security", 1, vec![]),
    ]
}

/// Where the request stands when this message goes out.
fn state(kind: Kind) -> State {
    let granted = |start, end| State::Approved {
        at: at(40),
        grant: Grant { start, end },
    };
    match kind {
        Kind::Approved
        | Kind::Settled
        | Kind::GrantStarted
        | Kind::GrantWarning
        | Kind::GrantEnded => granted(at(240), at(360)),
        Kind::Emergency | Kind::Reviewed | Kind::ReviewReminder => granted(at(40), at(100)),
        Kind::Rejected => State::Rejected {
            at: at(40),
            step: 1,
            cut: None,
        },
        Kind::Expired => State::Expired {
            at: at(180),
            cause: ExpiryCause::PendingTooLong,
        },
        Kind::Progress => State::Pending { step: 2 },
        Kind::Filed => State::Pending { step: 0 },
        _ => State::Pending { step: 1 },
    }
}

fn facts(kind: Kind) -> Facts {
    let (start, end) = (at(240), at(360));
    let state = state(kind);
    let grant = match state {
        State::Approved { grant, .. } => Some(grant),
        _ => None,
    };
    let decision = match kind {
        Kind::Rejected | Kind::Reopened => Some(Decision::Disapprove),
        Kind::Recorded | Kind::Approved | Kind::Settled | Kind::Confirm => Some(Decision::Approve),
        _ => None,
    };
    Facts {
        request: RequestId(42),
        revision: 1,
        requester: PersonId::new("bob"),
        requester_name: "Bob Baker".into(),
        subject: Subject {
            module: Module::new("credential"),
            resource: "prod-db-1".into(),
            account: Some("admin".into()),
        },
        window: Window::Fixed { start, end },
        justification: Some("Rotate the replication password.\nTicket OPS-731.".into()),
        policy: "prod-databases".into(),
        mode: Mode::Approval,
        filed_at: at(0),
        pending_until: at(180),
        steps: steps(kind),
        step: match kind {
            Kind::Filed => Some(0),
            Kind::Approved | Kind::Expired => None,
            _ => Some(1),
        },
        grant,
        state,
        decision,
        comment: match kind {
            Kind::Rejected => Some("not during the freeze".to_owned()),
            Kind::Reopened => Some("I misread the host".to_owned()),
            Kind::Confirm => Some("as agreed on the phone".to_owned()),
            _ => None,
        },
        answer: answer(kind),
        comment_required: false,
        extends: None,
        emergency: matches!(
            kind,
            Kind::Emergency | Kind::Reviewed | Kind::ReviewReminder
        )
        .then(|| emergency(kind == Kind::Reviewed)),
        emergency_offered: false,
        ending: None,
        others: Vec::new(),
        changed: matches!(kind, Kind::WindowChanged | Kind::Voided).then(|| ChangedFacts {
            by: "Carol Chen".into(),
            before: Window::Fixed {
                start: at(240),
                end: at(300),
            },
        }),
        sets: None,
        reminder: match kind {
            Kind::Reminder | Kind::ReviewReminder => Some(1),
            _ => None,
        },
        by_link: false,
        cut_by: None,
    }
}

fn emergency(reviewed: bool) -> EmergencyFacts {
    EmergencyFacts {
        at: at(40),
        reason: "Replication is broken and the shop is down.".into(),
        review: reviewed.then(|| ReviewFacts {
            by: "Carol Chen".into(),
            finding: "Justified: the outage is in OPS-731.\nThe password was changed afterwards."
                .into(),
            at: at(200),
        }),
    }
}

/// Taken back before its time.
fn revoked(minutes: i64) -> EndingFacts {
    EndingFacts {
        cause: EndCause::Revoked,
        by: "Carol Chen".into(),
        reason: Some("The ticket is solved.".into()),
        at: at(minutes),
        with: None,
    }
}

fn answer(kind: Kind) -> Option<AnswerFacts> {
    match kind {
        Kind::Refused => {
            let refusal = Refusal::OnlyStricter {
                request: RequestId(42),
                step: "owners".into(),
                at: at(25),
            };
            let zone = TimeZone::get("Europe/Lisbon").unwrap_or(TimeZone::UTC);
            Some(AnswerFacts::of(&refusal, &zone, Some("APPROVE".into())))
        }
        Kind::Unclear => Some(AnswerFacts {
            code: "condition".into(),
            rule: None,
            sentence: "The line has more on it than the decision.".into(),
            next: "Reply again with the word alone on its line.".into(),
            refusal: None,
            portuguese: None,
            wrote: Some("approve, but only until noon".into()),
        }),
        _ => None,
    }
}
