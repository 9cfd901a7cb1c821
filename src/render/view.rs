//! What templates see: facts turned into words, every word of another person made safe.

mod answer;
mod digest;
mod more;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::human::{Say, Tongue, cut, lines, one_line, percent};
use super::{Reader, Reply};
use crate::config::locales::Locale;
use crate::workflow::notice::{Facts, Kind, StepFacts, VoteFacts};
use crate::workflow::request::{Channel, Decision, ExpiryCause, State, Subject, Window};
use answer::AnswerWords;
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
    cut_by: Option<String>,
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
    say: SayWords,
    #[serde(skip)]
    tongue: Tongue,
}

/// The words that decide, as a reader is told to write them.
#[derive(Debug, Clone, Serialize)]
struct SayWords {
    approve: String,
    disapprove: String,
    revoke: String,
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

    /// The same, naming the words of the reader's own language that decide as well.
    pub(super) fn saying(self, own: Option<&Locale>) -> Self {
        Self {
            say: SayWords::of(own, self.tongue),
            ..self
        }
    }
}

impl SayWords {
    fn of(own: Option<&Locale>, tongue: Tongue) -> Self {
        let both = |english: &str, own: Option<&[&str]>| {
            let own = own.and_then(<[&str]>::first);
            match (own, tongue) {
                (None, _) => english.to_owned(),
                (Some(own), Tongue::English) => format!("{english} (or {own})"),
                (Some(own), Tongue::Portuguese) => format!("{own} (ou {english})"),
            }
        };
        Self {
            approve: both("APPROVE", own.map(|own| own.approve)),
            disapprove: both("DISAPPROVE", own.map(|own| own.disapprove)),
            revoke: both("REVOKE", own.map(|own| own.revoke)),
        }
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

impl Say {
    pub(super) fn to(reader: &Reader) -> Self {
        Self {
            zone: TimeZone::get(&reader.zone).unwrap_or(TimeZone::UTC),
            tongue: Tongue::of(&reader.locale),
        }
    }
}

pub(super) fn short(text: &str) -> String {
    cut(&one_line(text), MAX_NAME)
}

/// What was asked for, in one breath.
fn thing(subject: &Subject, tongue: Tongue) -> String {
    let resource = short(&subject.resource);
    let account = subject.account.as_deref().map(short);
    match (account, tongue) {
        (Some(account), Tongue::English) => format!("{resource} as {account}"),
        (Some(account), Tongue::Portuguese) => format!("{resource} como {account}"),
        (None, _) => resource,
    }
}

pub(super) fn words(kind: Kind, facts: &Facts, reader: &Reader) -> Words {
    let say = Say::to(reader);
    let count = facts.steps.len();
    let steps: Vec<StepWords> = facts
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| StepWords::of(index, count, step, &say))
        .collect();
    let step = facts.step.and_then(|index| steps.get(index).cloned());
    let votes = facts
        .steps
        .iter()
        .flat_map(|step| &step.votes)
        .map(|vote| VoteWords::of(vote, &say))
        .collect();
    let resource = short(&facts.subject.resource);
    let account = facts.subject.account.as_deref().map(short);
    let (window, length) = window_words(&facts.window, &say);
    let (ended, expiry) = ending(&facts.state, &say);
    Words {
        request: facts.request.to_string(),
        revision: facts.revision,
        reader: short(&reader.name),
        requester: short(&facts.requester_name),
        requester_id: short(facts.requester.as_str()),
        module: short(facts.subject.module.as_str()),
        thing: thing(&facts.subject, say.tongue),
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
        filed: say.instant(facts.filed_at),
        until: say.instant(facts.pending_until),
        steps,
        step,
        state: facts.state.as_str(),
        ended,
        expiry,
        grant: facts.grant.map(|grant| GrantWords {
            window: say.window(grant.start, grant.end),
            length: say.duration(grant.end.duration_since(grant.start)),
            start: say.instant(grant.start),
            end: say.instant(grant.end),
            later: facts.state.settled_at().is_some_and(|at| grant.start > at),
        }),
        votes,
        decision: facts.decision.map(past),
        comment: facts.comment.as_deref().map(lines).unwrap_or_default(),
        answer: facts
            .answer
            .as_ref()
            .filter(|_| kind.is_answer())
            .map(|answer| AnswerWords::of(answer, &say)),
        comment_required: facts.comment_required,
        open: matches!(facts.state, State::Pending { .. }),
        mine: reader.id == facts.requester,
        extends: facts.extends.map(|base| base.to_string()),
        cut_by: facts.cut_by.as_deref().map(short),
        emergency: EmergencyWords::of(facts, &say),
        emergency_offered: facts.emergency_offered,
        early: EndingWords::of(facts, &say),
        others: facts.others.iter().map(ToString::to_string).collect(),
        changed: ChangedWords::of(facts, &say),
        sets: facts.sets.as_ref().map(|sets| more::told(sets, &say)),
        narrower: more::narrower(&facts.window, &say),
        reminder: facts.reminder,
        reply: None,
        link: reader.link.clone(),
        say: SayWords::of(None, say.tongue),
        tongue: say.tongue,
    }
}

impl StepWords {
    fn of(index: usize, of: usize, step: &StepFacts, say: &Say) -> Self {
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
                .map(|vote| VoteWords::of(vote, say))
                .collect(),
        }
    }
}

impl VoteWords {
    fn of(vote: &VoteFacts, say: &Say) -> Self {
        Self {
            // Both who gave the vote and whose it is (W20).
            name: match (&vote.on_behalf_of, say.tongue) {
                (Some(from), Tongue::English) => {
                    format!("{} for {}", short(&vote.name), short(from))
                }
                (Some(from), Tongue::Portuguese) => {
                    format!("{}, em nome de {},", short(&vote.name), short(from))
                }
                (None, _) => short(&vote.name),
            },
            decision: past(vote.decision),
            comment: vote.comment.as_deref().map(lines).unwrap_or_default(),
            at: say.instant(vote.at),
            road: road(vote.channel, say.tongue),
        }
    }
}

/// By which way a vote came.
pub fn road(channel: Channel, tongue: Tongue) -> &'static str {
    match (channel, tongue) {
        (Channel::Mail, Tongue::English) => "by mail",
        (Channel::Mail, Tongue::Portuguese) => "por e-mail",
        (Channel::Link, Tongue::English) => "by the link",
        (Channel::Link, Tongue::Portuguese) => "pelo link",
        (Channel::Chat, Tongue::English) => "in chat",
        (Channel::Chat, Tongue::Portuguese) => "no chat",
        (Channel::CommandLine, Tongue::English) => "on the command line",
        (Channel::CommandLine, Tongue::Portuguese) => "pela linha de comando",
        (Channel::Timer, Tongue::English) => "by the clock",
        (Channel::Timer, Tongue::Portuguese) => "pelo relógio",
    }
}

pub(super) fn past(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "approved",
        Decision::Disapprove => "disapproved",
    }
}

/// The window as its reader reads it.
pub fn period(asked: &Window, zone: &TimeZone, tongue: Tongue) -> String {
    let zone = zone.clone();
    window_words(asked, &Say { zone, tongue }).0
}

fn window_words(asked: &Window, say: &Say) -> (String, String) {
    match asked {
        Window::Fixed { start, end } => (
            say.window(*start, *end),
            say.duration(end.duration_since(*start)),
        ),
        Window::FromApproval { length } => {
            let length = say.duration(*length);
            let words = match say.tongue {
                Tongue::English => format!("{length} from the final approval"),
                Tongue::Portuguese => format!("{length} a partir da aprovação final"),
            };
            (words, length)
        }
    }
}

fn ending(state: &State, say: &Say) -> (Option<String>, Option<&'static str>) {
    match state {
        State::Pending { .. } => (None, None),
        State::Approved { at, .. } | State::Rejected { at, .. } | State::Withdrawn { at, .. } => {
            (Some(say.instant(*at)), None)
        }
        State::Expired { at, cause } => {
            let why = match (cause, say.tongue) {
                (ExpiryCause::PendingTooLong, Tongue::English) => "nobody decided in time",
                (ExpiryCause::PendingTooLong, Tongue::Portuguese) => "ninguém decidiu a tempo",
                (ExpiryCause::WindowOver, Tongue::English) => {
                    "its window was over before it was decided"
                }
                (ExpiryCause::WindowOver, Tongue::Portuguese) => {
                    "o período terminou antes da decisão"
                }
            };
            (Some(say.instant(*at)), Some(why))
        }
    }
}
