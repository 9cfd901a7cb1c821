//! What templates see: facts turned into words, every word of another person made safe.

mod digest;
mod more;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::human::{cut, duration, instant, lines, one_line, percent, window};
use super::{Reader, Reply};
use crate::workflow::notice::{Facts, Kind, StepFacts, VoteFacts};
use crate::workflow::request::{Channel, Decision, ExpiryCause, State, Subject, Window};
pub(super) use digest::DigestWords;
#[cfg(test)]
pub(super) use more::narrower;
use more::{ChangedWords, EmergencyWords, EndingWords};

/// The longest name of a person or a thing in a mail, in characters.
const MAX_NAME: usize = 120;

/// Everything that a template may use.
#[derive(Debug, Clone, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that a template asks about"
)]
pub(super) struct Words {
    request: String,
    revision: u32,
    reader: String,
    requester: String,
    requester_id: String,
    module: String,
    resource: String,
    account: Option<String>,
    thing: String,
    reason: Vec<String>,
    window: String,
    length: String,
    policy: String,
    filed: String,
    until: String,
    steps: Vec<StepWords>,
    step: Option<StepWords>,
    state: &'static str,
    ended: Option<String>,
    expiry: Option<&'static str>,
    grant: Option<GrantWords>,
    votes: Vec<VoteWords>,
    decision: Option<&'static str>,
    comment: Vec<String>,
    answer: Option<AnswerWords>,
    comment_required: bool,
    open: bool,
    mine: bool,
    extends: Option<String>,
    emergency: Option<EmergencyWords>,
    emergency_offered: bool,
    early: Option<EndingWords>,
    others: Vec<String>,
    changed: Option<ChangedWords>,
    sets: Option<String>,
    narrower: Option<String>,
    reminder: Option<u32>,
    reply: Option<Links>,
    link: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct StepWords {
    number: usize,
    of: usize,
    name: String,
    needed: usize,
    given: usize,
    votes: Vec<VoteWords>,
}

#[derive(Debug, Clone, Serialize)]
struct VoteWords {
    name: String,
    decision: &'static str,
    comment: Vec<String>,
    at: String,
    road: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct GrantWords {
    window: String,
    length: String,
    start: String,
    end: String,
    /// Whether it begins later than it was approved.
    later: bool,
}

#[derive(Debug, Clone, Serialize)]
struct AnswerWords {
    sentence: String,
    next: String,
    wrote: Option<String>,
    rule: Option<String>,
}

/// The reply, prefilled.
#[derive(Debug, Clone, Serialize)]
struct Links {
    approve: String,
    disapprove: String,
    revoke: String,
}

impl Words {
    pub(super) fn with_links(self, subject: &str, reply: Option<&Reply>) -> Self {
        let reply = reply.map(|reply| Links::of(&reply.address, subject));
        Self { reply, ..self }
    }
}

impl Links {
    /// RFC 6068: everything percent-encoded but the address's own `+` and `@`; lines end in CR LF.
    fn of(address: &str, subject: &str) -> Self {
        let to = percent(address).replace("%2B", "+").replace("%40", "@");
        let subject = percent(&format!("Re: {subject}"));
        Self {
            approve: format!("mailto:{to}?subject={subject}&body=APPROVE"),
            disapprove: format!("mailto:{to}?subject={subject}&body=DISAPPROVE%0D%0A"),
            revoke: format!("mailto:{to}?subject={subject}&body=REVOKE"),
        }
    }
}

pub(super) fn short(text: &str) -> String {
    cut(&one_line(text), MAX_NAME)
}

/// What was asked for, in one breath.
fn thing(subject: &Subject) -> String {
    let resource = short(&subject.resource);
    match subject.account.as_deref().map(short) {
        Some(account) => format!("{resource} as {account}"),
        None => resource,
    }
}

pub(super) fn words(kind: Kind, facts: &Facts, reader: &Reader) -> Words {
    let zone = TimeZone::get(&reader.zone).unwrap_or(TimeZone::UTC);
    let count = facts.steps.len();
    let steps: Vec<StepWords> = facts
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| StepWords::of(index, count, step, &zone))
        .collect();
    let step = facts.step.and_then(|index| steps.get(index).cloned());
    let votes = facts
        .steps
        .iter()
        .flat_map(|step| &step.votes)
        .map(|vote| VoteWords::of(vote, &zone))
        .collect();
    let resource = short(&facts.subject.resource);
    let account = facts.subject.account.as_deref().map(short);
    let (window, length) = window_words(&facts.window, &zone);
    let (ended, expiry) = ending(&facts.state, &zone);
    Words {
        request: facts.request.to_string(),
        revision: facts.revision,
        reader: short(&reader.name),
        requester: short(&facts.requester_name),
        requester_id: short(facts.requester.as_str()),
        module: short(facts.subject.module.as_str()),
        thing: thing(&facts.subject),
        resource,
        account,
        reason: facts
            .justification
            .as_deref()
            .map(lines)
            .unwrap_or_default(),
        window,
        length,
        policy: short(&facts.policy),
        filed: instant(facts.filed_at, &zone),
        until: instant(facts.pending_until, &zone),
        steps,
        step,
        state: facts.state.as_str(),
        ended,
        expiry,
        grant: facts.grant.map(|grant| GrantWords {
            window: self::window(grant.start, grant.end, &zone),
            length: duration(grant.end.duration_since(grant.start)),
            start: instant(grant.start, &zone),
            end: instant(grant.end, &zone),
            later: facts.state.settled_at().is_some_and(|at| grant.start > at),
        }),
        votes,
        decision: facts.decision.map(past),
        comment: facts.comment.as_deref().map(lines).unwrap_or_default(),
        answer: facts
            .answer
            .as_ref()
            .filter(|_| kind.is_answer())
            .map(|answer| AnswerWords {
                sentence: lines(&answer.sentence).join(" "),
                next: lines(&answer.next).join(" "),
                // Its own backticks would end ours.
                wrote: answer
                    .wrote
                    .as_deref()
                    .map(|wrote| cut(&one_line(wrote), 200).replace('`', "'")),
                rule: answer.rule.clone(),
            }),
        comment_required: facts.comment_required,
        open: matches!(facts.state, State::Pending { .. }),
        mine: reader.id == facts.requester,
        extends: facts.extends.map(|base| base.to_string()),
        emergency: EmergencyWords::of(facts, &zone),
        emergency_offered: facts.emergency_offered,
        early: EndingWords::of(facts, &zone),
        others: facts.others.iter().map(ToString::to_string).collect(),
        changed: ChangedWords::of(facts, &zone),
        sets: facts.sets.as_ref().map(|sets| more::told(sets, &zone)),
        narrower: more::narrower(&facts.window, &zone),
        reminder: facts.reminder,
        reply: None,
        link: reader.link.clone(),
    }
}

impl StepWords {
    fn of(index: usize, of: usize, step: &StepFacts, zone: &TimeZone) -> Self {
        Self {
            number: index + 1,
            of,
            name: short(&step.name),
            needed: step.approvals,
            given: step
                .votes
                .iter()
                .filter(|vote| vote.decision == Decision::Approve)
                .count(),
            votes: step
                .votes
                .iter()
                .map(|vote| VoteWords::of(vote, zone))
                .collect(),
        }
    }
}

impl VoteWords {
    fn of(vote: &VoteFacts, zone: &TimeZone) -> Self {
        Self {
            // Both who gave the vote and whose it is (W20).
            name: match &vote.on_behalf_of {
                Some(from) => format!("{} for {}", short(&vote.name), short(from)),
                None => short(&vote.name),
            },
            decision: past(vote.decision),
            comment: vote.comment.as_deref().map(lines).unwrap_or_default(),
            at: instant(vote.at, zone),
            road: match vote.channel {
                Channel::Mail => "by mail",
                Channel::Link => "by the link",
                Channel::CommandLine => "on the command line",
                Channel::Timer => "by the clock",
            },
        }
    }
}

pub(super) fn past(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "approved",
        Decision::Disapprove => "disapproved",
    }
}

fn window_words(asked: &Window, zone: &TimeZone) -> (String, String) {
    match asked {
        Window::Fixed { start, end } => (
            window(*start, *end, zone),
            duration(end.duration_since(*start)),
        ),
        Window::FromApproval { length } => (
            format!("{} from the final approval", duration(*length)),
            duration(*length),
        ),
    }
}

fn ending(state: &State, zone: &TimeZone) -> (Option<String>, Option<&'static str>) {
    match state {
        State::Pending { .. } => (None, None),
        State::Approved { at, .. } | State::Rejected { at, .. } | State::Withdrawn { at, .. } => {
            (Some(instant(*at, zone)), None)
        }
        State::Expired { at, cause } => (
            Some(instant(*at, zone)),
            Some(match cause {
                ExpiryCause::PendingTooLong => "nobody decided in time",
                ExpiryCause::WindowOver => "its window was over before it was decided",
            }),
        ),
    }
}
