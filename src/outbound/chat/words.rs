//! What the templates of posts see: a request as it is, in words, every word of another person made safe.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::text;
use crate::config::discord::Shown as Part;
use crate::render::{self, Tongue};
use crate::workflow::notice::{EmergencyFacts, EndingFacts, Facts, StepFacts, VoteFacts};
use crate::workflow::post::{Shown, Standing};
use crate::workflow::request::{Decision, State, Window};

/// The longest name of a person, a step or a policy, in UTF-16 units.
const MAX_NAME: usize = 80;
/// The longest name of what is asked for.
const MAX_THING: usize = 180;
/// The longest reason.
const MAX_REASON: usize = 900;
/// The longest comment beside a vote, and finding of a review.
const MAX_COMMENT: usize = 200;
/// Names that are listed; the others are counted.
const MAX_NAMES: usize = 10;

/// Who reads a post, as far as it makes a difference.
#[derive(Debug, Clone, Copy)]
pub struct Readers<'a> {
    /// The language.
    pub locale: &'a str,
    /// Which parts are shown; `None`: all.
    pub parts: Option<&'a BTreeSet<Part>>,
}

impl Readers<'_> {
    fn see(self, part: Part) -> bool {
        self.parts.is_none_or(|parts| parts.contains(&part))
    }
}

/// Everything that a template may use.
#[derive(Debug, Serialize)]
pub(super) struct Words {
    request: String,
    standing: Standing,
    thing: Option<String>,
    requester: Option<RequesterWords>,
    window: Option<WindowWords>,
    asked_for: Option<String>,
    extends: Option<String>,
    cut_by: Option<String>,
    reason: Option<String>,
    policy: String,
    until: Option<TimeWords>,
    step: Option<StepWords>,
    steps: Vec<StepWords>,
    held: Option<String>,
    decider: Option<VoteWords>,
    settled: Option<TimeWords>,
    grant: Option<GrantWords>,
    early: Option<EarlyWords>,
    emergency: Option<EmergencyWords>,
    ending: Option<String>,
}

#[derive(Debug, Serialize)]
struct RequesterWords {
    id: String,
    name: String,
}

#[derive(Debug, Serialize)]
struct WindowWords {
    said: String,
}

/// An instant as the service shows it to each reader in their own zone: the whole, and how long from now.
#[derive(Debug, Clone, Serialize)]
struct TimeWords {
    at: String,
    ago: String,
}

#[derive(Debug, Clone, Serialize)]
struct StepWords {
    number: usize,
    of: usize,
    name: String,
    given: usize,
    needed: usize,
    is_done: bool,
    is_current: bool,
    votes: Vec<VoteWords>,
}

#[derive(Debug, Clone, Serialize)]
struct VoteWords {
    name: String,
    behalf: Option<String>,
    approves: bool,
    road: &'static str,
    ago: String,
    comment: Option<String>,
}

#[derive(Debug, Serialize)]
struct GrantWords {
    start: TimeWords,
    end: TimeWords,
}

#[derive(Debug, Serialize)]
struct EarlyWords {
    by: Option<String>,
    at: String,
    ago: String,
}

#[derive(Debug, Serialize)]
struct EmergencyWords {
    reason: Option<String>,
    reviewed: Option<String>,
    reviewer: Option<String>,
    finding: Option<String>,
}

impl Words {
    pub(super) fn of(shown: &Shown, readers: Readers<'_>) -> Self {
        let sees = |part| readers.see(part);
        let facts = &shown.facts;
        let steps: Vec<StepWords> = (0..facts.steps.len())
            .filter_map(|index| StepWords::of(shown, index, sees(Part::Comments)))
            .collect();
        let progress = sees(Part::Progress);
        let step = steps.iter().find(|step| step.is_current).cloned();
        let window = |window: &Window| said(window, readers.locale);
        // Then until when it can be decided says when the window ends.
        let ends_with_window = facts.window.end() == Some(facts.pending_until);
        // Who gave their access back is who asked for it.
        let may_be_named =
            |ending: &EndingFacts| sees(Part::Requester) || ending.by != facts.requester_name;
        Self {
            request: facts.request.to_string(),
            standing: shown.standing,
            thing: sees(Part::Subject).then(|| thing(facts)),
            requester: sees(Part::Requester).then(|| RequesterWords {
                id: name(facts.requester.as_str()),
                name: name(&facts.requester_name),
            }),
            window: sees(Part::Window).then(|| WindowWords {
                said: window(&facts.window),
            }),
            asked_for: shown
                .asked_for
                .as_ref()
                .filter(|_| sees(Part::Window))
                .map(window),
            extends: facts.extends.map(|base| base.to_string()),
            cut_by: facts.cut_by.as_deref().filter(|_| progress).map(name),
            reason: facts
                .justification
                .as_deref()
                .filter(|_| sees(Part::Justification))
                .map(reason),
            policy: name(&facts.policy),
            until: (!ends_with_window || sees(Part::Window))
                .then(|| TimeWords::of(facts.pending_until)),
            step: step.filter(|_| progress),
            decider: decider(facts).filter(|_| progress),
            steps: if progress { steps } else { Vec::new() },
            held: (progress && !shown.held.is_empty()).then(|| names(&shown.held)),
            settled: facts
                .state
                .settled_at()
                .filter(|_| {
                    let expired = matches!(facts.state, State::Expired { .. });
                    sees(Part::Window) || !(expired && ends_with_window)
                })
                .map(TimeWords::of),
            grant: facts
                .grant
                .filter(|_| sees(Part::Window))
                .map(|grant| GrantWords {
                    start: TimeWords::of(grant.start),
                    end: TimeWords::of(grant.end),
                }),
            early: facts.ending.as_ref().map(|ending| {
                let time = TimeWords::of(ending.at);
                EarlyWords {
                    by: (progress && may_be_named(ending)).then(|| name(&ending.by)),
                    at: time.at,
                    ago: time.ago,
                }
            }),
            emergency: facts
                .emergency
                .as_ref()
                .map(|emergency| EmergencyWords::of(emergency, readers)),
            ending: ending(facts, readers),
        }
    }
}

impl TimeWords {
    fn of(at: Timestamp) -> Self {
        let seconds = at.as_second();
        Self {
            at: format!("<t:{seconds}:F>"),
            ago: format!("<t:{seconds}:R>"),
        }
    }
}

impl StepWords {
    fn of(shown: &Shown, index: usize, comments: bool) -> Option<Self> {
        let step: &StepFacts = shown.facts.steps.get(index)?;
        let approvals = step
            .votes
            .iter()
            .filter(|vote| vote.decision == Decision::Approve);
        let given = approvals.count();
        Some(Self {
            number: index + 1,
            of: shown.facts.steps.len(),
            name: name(&step.name),
            given,
            needed: step.approvals,
            is_done: given >= step.approvals,
            is_current: shown.facts.step == Some(index),
            votes: step
                .votes
                .iter()
                .map(|vote| VoteWords::of(vote, comments))
                .collect(),
        })
    }
}

impl VoteWords {
    fn of(vote: &VoteFacts, comments: bool) -> Self {
        let comment = vote.comment.as_deref().filter(|_| comments);
        Self {
            name: name(&vote.name),
            behalf: vote.on_behalf_of.as_deref().map(name),
            approves: vote.decision == Decision::Approve,
            road: vote.channel.as_str(),
            ago: TimeWords::of(vote.at).ago,
            comment: comment.map(|comment| text::line(comment, MAX_COMMENT)),
        }
    }
}

impl EmergencyWords {
    fn of(emergency: &EmergencyFacts, readers: Readers<'_>) -> Self {
        let shows = |part| readers.see(part);
        let review = emergency.review.as_ref();
        Self {
            reason: shows(Part::Justification).then(|| reason(&emergency.reason)),
            reviewed: review.map(|review| TimeWords::of(review.at).at),
            reviewer: review
                .filter(|_| shows(Part::Progress))
                .map(|review| name(&review.by)),
            finding: review
                .filter(|_| shows(Part::Comments))
                .map(|review| text::line(&review.finding, MAX_COMMENT)),
        }
    }
}

fn name(text: &str) -> String {
    text::line(text, MAX_NAME)
}

fn reason(words: &str) -> String {
    text::lines(words, MAX_REASON)
}

fn thing(facts: &Facts) -> String {
    text::line(&facts.subject.to_string(), MAX_THING)
}

fn names(all: &[String]) -> String {
    let listed: Vec<String> = all.iter().take(MAX_NAMES).map(|one| name(one)).collect();
    let mut text = listed.join(", ");
    if all.len() > MAX_NAMES {
        text.push_str(", …");
    }
    text
}

/// Whose vote settled it; `None` where none did, or it is not settled by a vote.
fn decider(facts: &Facts) -> Option<VoteWords> {
    let mut votes = facts
        .steps
        .iter()
        .rev()
        .flat_map(|step| step.votes.iter().rev());
    let decision = match facts.state {
        State::Approved { .. } if facts.emergency.is_none() => Decision::Approve,
        State::Rejected { cut: None, .. } => Decision::Disapprove,
        _ => return None,
    };
    let vote = votes.find(|vote| vote.decision == decision)?;
    Some(VoteWords::of(vote, false))
}

/// Why it ended as it did, in the words of whoever ended it.
fn ending(facts: &Facts, readers: Readers<'_>) -> Option<String> {
    let (said, part) = match (&facts.state, &facts.ending) {
        (State::Withdrawn { reason, .. }, _) => (Some(reason), Part::Justification),
        (_, Some(ending)) => (ending.reason.as_ref(), Part::Comments),
        _ => return None,
    };
    said.filter(|_| readers.see(part)).map(|said| reason(said))
}

fn said(window: &Window, locale: &str) -> String {
    let length = render::length_in(window.length(), Tongue::of(locale));
    match window {
        Window::Fixed { start, end } => {
            let (start, end) = (TimeWords::of(*start), TimeWords::of(*end));
            format!("{} – {} ({length})", start.at, end.at)
        }
        Window::FromApproval { .. } => length,
    }
}
