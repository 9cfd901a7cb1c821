//! One request as every kind of notice shows it: what templates are checked with when they are loaded.

use jiff::{SignedDuration, Timestamp};

use super::{Reader, Reply};
use crate::workflow::ids::{Module, PersonId, RequestId};
use crate::workflow::notice::{AnswerFacts, Facts, Kind, StepFacts, VoteFacts};
use crate::workflow::policy::Mode;
use crate::workflow::request::{Channel, Decision, ExpiryCause, Grant, State, Subject, Window};

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
    all.extend(variants());
    all
}

fn variants() -> Vec<Sample> {
    let mut silent = facts(Kind::Ask);
    silent.window = Window::FromApproval {
        length: SignedDuration::from_mins(90),
    };
    silent.subject.account = None;
    silent.justification = None;
    silent.comment_required = true;
    let mut withdrawn = facts(Kind::Settled);
    withdrawn.state = State::Withdrawn {
        at: at(50),
        reason: "solved without it".into(),
    };
    withdrawn.grant = None;
    withdrawn.comment = Some("solved without it".into());
    let mut expired = facts(Kind::Expired);
    expired.state = State::Expired {
        at: at(180),
        cause: ExpiryCause::WindowOver,
    };
    let settled_expired = facts(Kind::Expired);
    let mut step_over = facts(Kind::Settled);
    step_over.state = State::Pending { step: 2 };
    step_over.grant = None;
    let mut granted = facts(Kind::Approved);
    granted.steps = Vec::new();
    granted.mode = Mode::Justification;
    let mut disapproved = facts(Kind::Recorded);
    disapproved.decision = Some(Decision::Disapprove);
    disapproved.comment = Some("not during the freeze".into());
    disapproved.state = State::Rejected {
        at: at(40),
        step: 1,
    };
    let plain = Reader {
        reply: None,
        ..reader(Kind::Ask)
    };
    let sample = |name, kind, facts, reader: &Reader| Sample {
        name,
        kind,
        facts,
        reader: reader.clone(),
    };
    vec![
        sample("ask-no-reply", Kind::Ask, silent.clone(), &plain),
        sample("ask-short", Kind::Ask, silent, &reader(Kind::Ask)),
        sample("settled-withdrawn", Kind::Settled, withdrawn, &plain),
        sample("settled-expired", Kind::Settled, settled_expired, &plain),
        sample("settled-step-over", Kind::Settled, step_over, &plain),
        sample("expired-window", Kind::Expired, expired, &plain),
        sample("approved-at-once", Kind::Approved, granted, &plain),
        sample("recorded-disapproved", Kind::Recorded, disapproved, &plain),
    ]
}

/// Minutes after the filing of the sample request, on 21 November 2026.
fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_795_255_200 + minutes * 60).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn reader(kind: Kind) -> Reader {
    let (name, zone) = match kind {
        Kind::Filed | Kind::Progress | Kind::Approved | Kind::Rejected | Kind::Expired => {
            ("Bob Baker", "America/New_York")
        }
        _ => ("Ana Alves", "Europe/Lisbon"),
    };
    Reader {
        name: name.into(),
        zone: zone.into(),
        locale: "en".into(),
        reply: (kind == Kind::Ask).then(|| Reply {
            address: "approvals+mfrggzdfmztwq2lknnwg23tpoa@example.test".into(),
        }),
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
        Kind::Filed => vec![],
        Kind::Progress | Kind::Approved | Kind::Rejected | Kind::Settled => vec![carol, last],
        _ => vec![carol],
    };
    let leads = if kind == Kind::Filed {
        vec![]
    } else {
        vec![lead]
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

fn facts(kind: Kind) -> Facts {
    let (start, end) = (at(240), at(360));
    let grant = Grant { start, end };
    let state = match kind {
        Kind::Approved | Kind::Settled => State::Approved { at: at(40), grant },
        Kind::Rejected => State::Rejected {
            at: at(40),
            step: 1,
        },
        Kind::Expired => State::Expired {
            at: at(180),
            cause: ExpiryCause::PendingTooLong,
        },
        Kind::Progress => State::Pending { step: 2 },
        Kind::Filed => State::Pending { step: 0 },
        _ => State::Pending { step: 1 },
    };
    let decision = match kind {
        Kind::Rejected => Some(Decision::Disapprove),
        Kind::Recorded | Kind::Approved | Kind::Settled => Some(Decision::Approve),
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
        grant: matches!(state, State::Approved { .. }).then_some(grant),
        state,
        decision,
        comment: (kind == Kind::Rejected).then(|| "not during the freeze".to_owned()),
        answer: answer(kind),
        comment_required: false,
        extends: None,
        emergency: None,
        emergency_offered: false,
        ending: None,
        others: Vec::new(),
        changed: None,
        reminder: None,
    }
}

fn answer(kind: Kind) -> Option<AnswerFacts> {
    match kind {
        Kind::Refused => Some(AnswerFacts {
            code: "only-stricter".into(),
            rule: Some("W13".into()),
            sentence:
                "You disapproved the step `owners` of R-42 at 10:25, and a disapproval cannot \
                       become an approval."
                    .into(),
            next: "Ask the requester to file a new request.".into(),
            wrote: Some("APPROVE".into()),
        }),
        Kind::Unclear => Some(AnswerFacts {
            code: "condition".into(),
            rule: None,
            sentence: "The line has more on it than the decision.".into(),
            next: "Reply again with the word alone on its line.".into(),
            wrote: Some("approve, but only until noon".into()),
        }),
        _ => None,
    }
}
