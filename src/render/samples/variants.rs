//! What else a kind may have to say: every branch that the built-in templates have.

use jiff::SignedDuration;

use super::{Sample, at, emergency, facts, reader, revoked, vote};
use crate::render::Reader;
use crate::workflow::ids::RequestId;
use crate::workflow::notice::{ChangedFacts, Facts, Kind};
use crate::workflow::policy::Mode;
use crate::workflow::request::{Decision, EndCause, ExpiryCause, State, Window};

/// Every variant.
pub(super) fn variants() -> Vec<Sample> {
    [asking(), settled(), changed(), access(), emergencies()]
        .into_iter()
        .flatten()
        .collect()
}

fn sample(name: &'static str, kind: Kind, facts: Facts) -> Sample {
    to(name, kind, facts, reader(kind))
}

fn to(name: &'static str, kind: Kind, facts: Facts, reader: Reader) -> Sample {
    Sample {
        name,
        kind,
        facts,
        reader,
    }
}

/// Where no reply is offered.
fn no_reply(kind: Kind) -> Reader {
    Reader {
        reply: None,
        ..reader(kind)
    }
}

/// Where the page behind a link can decide as well.
fn with_link(kind: Kind, reply: bool) -> Reader {
    let reader = if reply { reader(kind) } else { no_reply(kind) };
    Reader {
        link: Some("https://decide.example.test/d/mfrggzdfmztwq2lknnwg23tpob".into()),
        ..reader
    }
}

fn ana() -> Reader {
    reader(Kind::Settled)
}

fn bob() -> Reader {
    reader(Kind::Filed)
}

fn from_approval(minutes: i64) -> Window {
    Window::FromApproval {
        length: SignedDuration::from_mins(minutes),
    }
}

fn asking() -> Vec<Sample> {
    let mut short = facts(Kind::Ask);
    short.window = from_approval(90);
    short.subject.account = None;
    short.justification = None;
    short.comment_required = true;
    let mut extension = facts(Kind::Ask);
    extension.extends = Some(RequestId(41));
    extension.justification = None;
    let mut second = facts(Kind::Reminder);
    second.reminder = Some(2);
    let mut refuses = facts(Kind::Confirm);
    refuses.decision = Some(Decision::Disapprove);
    refuses.comment = Some("not during the freeze".into());
    let mut narrows = facts(Kind::Confirm);
    narrows.comment = None;
    narrows.sets = Some(Window::Fixed {
        start: at(240),
        end: at(300),
    });
    let mut behalf = facts(Kind::Recorded);
    let mut given = vote("Ana Alves", Decision::Approve, None, 31);
    given.on_behalf_of = Some("Ben Bell".into());
    if let Some(step) = behalf.steps.get_mut(1) {
        step.votes = vec![given];
    }
    let mut disapproved = facts(Kind::Recorded);
    disapproved.decision = Some(Decision::Disapprove);
    disapproved.comment = Some("not during the freeze".into());
    disapproved.state = State::Rejected {
        at: at(40),
        step: 1,
        cut: None,
    };
    let mut by_link = facts(Kind::Recorded);
    by_link.by_link = true;
    let revocable = Reader {
        reply: reader(Kind::Ask).reply,
        ..reader(Kind::Recorded)
    };
    let ask = Kind::Ask;
    vec![
        to("ask-no-reply", ask, short.clone(), no_reply(ask)),
        sample("ask-short", ask, short.clone()),
        to("ask-link", ask, short.clone(), with_link(ask, true)),
        to("ask-link-only", ask, short, with_link(ask, false)),
        to(
            "unclear-link",
            Kind::Unclear,
            facts(Kind::Unclear),
            with_link(Kind::Unclear, false),
        ),
        to(
            "ask-own-words",
            ask,
            facts(ask),
            Reader {
                locale: "de".into(),
                ..with_link(ask, true)
            },
        ),
        sample("ask-extension", ask, extension),
        to(
            "reminder-no-reply",
            Kind::Reminder,
            second.clone(),
            no_reply(ask),
        ),
        sample("reminder-second", Kind::Reminder, second),
        sample("confirm-disapproval", Kind::Confirm, refuses),
        to(
            "confirm-no-reply",
            Kind::Confirm,
            narrows.clone(),
            no_reply(ask),
        ),
        sample("confirm-window", Kind::Confirm, narrows),
        sample("recorded-on-behalf", Kind::Recorded, behalf),
        sample("recorded-disapproved", Kind::Recorded, disapproved),
        to("recorded-by-link", Kind::Recorded, by_link, revocable),
    ]
}

fn settled() -> Vec<Sample> {
    let withdrawn_state = || State::Withdrawn {
        at: at(50),
        reason: "solved without it".into(),
    };
    let mut withdrawn = facts(Kind::Settled);
    withdrawn.state = withdrawn_state();
    withdrawn.grant = None;
    withdrawn.comment = Some("solved without it".into());
    let mut window_over = facts(Kind::Expired);
    window_over.state = State::Expired {
        at: at(180),
        cause: ExpiryCause::WindowOver,
    };
    let mut step_over = facts(Kind::Settled);
    step_over.state = State::Pending { step: 2 };
    step_over.grant = None;
    let mut base_cut = facts(Kind::Rejected);
    base_cut.extends = Some(RequestId(41));
    base_cut.steps = facts(Kind::Ask).steps;
    base_cut.decision = None;
    base_cut.step = None;
    base_cut.comment = Some("The ticket is solved.".into());
    base_cut.cut_by = Some("Carol Chen".into());
    let mut base_returned = facts(Kind::GrantEnded);
    base_returned.extends = Some(RequestId(41));
    base_returned.state = withdrawn_state();
    base_returned.grant = None;
    base_returned.steps = facts(Kind::Ask).steps;
    base_returned.comment = Some("done earlier than thought".into());
    let mut returned_settled = base_returned.clone();
    returned_settled.decision = None;
    let settled = Kind::Settled;
    vec![
        sample("settled-withdrawn", settled, withdrawn),
        sample("settled-expired", settled, facts(Kind::Expired)),
        sample("settled-step-over", settled, step_over),
        sample("settled-base-revoked", settled, base_cut.clone()),
        sample("settled-base-returned", settled, returned_settled),
        sample("expired-window", Kind::Expired, window_over),
        sample("rejected-base-revoked", Kind::Rejected, base_cut),
        sample("grant_ended-base-returned", Kind::GrantEnded, base_returned),
    ]
}

fn changed() -> Vec<Sample> {
    let by_carol = |before| {
        Some(ChangedFacts {
            by: "Carol Chen".into(),
            before,
        })
    };
    let hours = |from, to| Window::Fixed {
        start: at(from),
        end: at(to),
    };
    let mut ask = facts(Kind::Ask);
    ask.revision = 2;
    ask.changed = by_carol(hours(240, 300));
    let mut narrower = facts(Kind::WindowChanged);
    narrower.changed = by_carol(hours(240, 480));
    let mut kind = facts(Kind::WindowChanged);
    kind.changed = by_carol(from_approval(120));
    let mut approved = facts(Kind::Approved);
    approved.changed = by_carol(hours(240, 480));
    vec![
        sample("ask-window-changed", Kind::Ask, ask),
        sample("window_changed-narrower", Kind::WindowChanged, narrower),
        sample("window_changed-kind", Kind::WindowChanged, kind),
        sample("approved-window-changed", Kind::Approved, approved),
    ]
}

fn access() -> Vec<Sample> {
    let mut at_once = facts(Kind::Approved);
    at_once.steps = Vec::new();
    at_once.mode = Mode::Justification;
    let mut extension = facts(Kind::Approved);
    extension.extends = Some(RequestId(41));
    let mut revoked_early = facts(Kind::GrantEnded);
    revoked_early.ending = Some(revoked(300));
    revoked_early.others = vec![RequestId(43), RequestId(47)];
    let mut before_start = facts(Kind::GrantEnded);
    before_start.ending = Some(revoked(100));
    let mut returned = facts(Kind::GrantEnded);
    let mut ending = revoked(300);
    ending.cause = EndCause::Returned;
    ending.by = "Bob Baker".into();
    ending.reason = None;
    returned.ending = Some(ending.clone());
    let mut with_base = facts(Kind::GrantEnded);
    with_base.extends = Some(RequestId(41));
    ending.with = Some(RequestId(41));
    with_base.ending = Some(ending);
    let mut over = facts(Kind::GrantEnded);
    over.others = vec![RequestId(43)];
    let ended = Kind::GrantEnded;
    vec![
        sample("approved-at-once", Kind::Approved, at_once),
        sample("approved-extension", Kind::Approved, extension),
        sample("grant_ended-revoked", ended, revoked_early.clone()),
        to("grant_ended-revoked-approver", ended, revoked_early, ana()),
        sample("grant_ended-before-start", ended, before_start),
        to("grant_ended-returned", ended, returned, ana()),
        sample("grant_ended-with-base", ended, with_base),
        sample("grant_ended-others", ended, over),
    ]
}

fn emergencies() -> Vec<Sample> {
    let mut offered = facts(Kind::Filed);
    offered.emergency_offered = true;
    let mut approved = facts(Kind::Approved);
    approved.emergency = Some(emergency(false));
    approved.state = facts(Kind::Emergency).state;
    approved.grant = facts(Kind::Emergency).grant;
    approved.steps = facts(Kind::Emergency).steps;
    let mut ended = facts(Kind::GrantEnded);
    ended.emergency = Some(emergency(false));
    ended.ending = Some(revoked(80));
    ended.state = facts(Kind::Emergency).state;
    ended.grant = facts(Kind::Emergency).grant;
    let mut second = facts(Kind::ReviewReminder);
    second.reminder = Some(2);
    let mut refused = facts(Kind::Refused);
    refused.emergency = Some(emergency(true));
    refused.state = facts(Kind::Emergency).state;
    refused.grant = facts(Kind::Emergency).grant;
    vec![
        sample("filed-emergency-offered", Kind::Filed, offered),
        sample("approved-emergency", Kind::Approved, approved),
        to("grant_ended-emergency", Kind::GrantEnded, ended, ana()),
        to(
            "reviewed-requester",
            Kind::Reviewed,
            facts(Kind::Reviewed),
            bob(),
        ),
        sample("review_reminder-second", Kind::ReviewReminder, second),
        sample("refused-emergency", Kind::Refused, refused),
    ]
}
