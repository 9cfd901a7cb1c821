//! From the events of one command to the messages that they owe.

use std::collections::{BTreeMap, BTreeSet};

use super::super::book::Book;
use super::super::decide::can_still_approve;
use super::super::event::Event;
use super::super::ids::PersonId;
use super::super::request::{Channel, Decision, Request, State, Vote};
use super::{AnswerFacts, Facts, Kind, Notice};

/// One accepted command, as the handler has it before its commit.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The request with the events applied.
    pub after: &'a Request,
    /// What happened, in order.
    pub events: &'a [Event],
    /// The book in force.
    pub book: &'a Book,
    /// Every person who has a stored [`Kind::Ask`] of this request, with its step, as they stood
    /// before this command; empty for a filing.
    pub asked: &'a BTreeSet<(usize, PersonId)>,
}

/// What one accepted command owes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owed {
    /// The messages; at most one to each person.
    pub notices: Vec<Notice>,
    /// The steps whose asks no longer offer a decision: those not yet sent need not be. All steps
    /// once the request is settled. An ask among `notices` is newer than this, and never meant.
    pub cancel_asks: Vec<usize>,
}

/// The messages under way: the first one that is given to a person stays.
struct Post<'a> {
    change: &'a Change<'a>,
    facts: Facts,
    to: BTreeMap<PersonId, Notice>,
}

impl Post<'_> {
    fn give(&mut self, kind: Kind, to: &PersonId, step: Option<usize>) {
        if !self.change.book.is_active(to) {
            return;
        }
        let facts = Facts {
            step,
            ..self.facts.clone()
        };
        let notice = Notice {
            kind,
            to: to.clone(),
            facts,
        };
        self.to.entry(to.clone()).or_insert(notice);
    }

    /// Keeps somebody from being told what the channel itself answers them.
    fn give_nothing(&mut self, silent: &mut BTreeSet<PersonId>, to: &PersonId) {
        if !self.to.contains_key(to) {
            silent.insert(to.clone());
        }
    }
}

/// The messages that follow from one accepted command, by the table at the head of [`super`].
pub fn owed(change: &Change<'_>) -> Owed {
    let request = change.after;
    let mut post = Post {
        change,
        facts: Facts::of(request, change.book),
        to: BTreeMap::new(),
    };
    // In the order of weight: a person keeps the first message that they are given.
    ask(&mut post);
    let vote = change.events.iter().find_map(|event| match event {
        Event::Voted { vote } => Some(vote),
        _ => None,
    });
    if let Some(vote) = vote {
        post.facts.decision = Some(vote.decision);
        post.facts.comment.clone_from(&vote.comment);
    }
    if let State::Withdrawn { reason, .. } = &request.state {
        post.facts.comment = Some(reason.clone());
    }
    let mut silent = BTreeSet::new();
    tell_requester(&mut post, &mut silent);
    tell_voter(&mut post, &mut silent, vote);
    tell_asked(&mut post);
    let mut notices: Vec<Notice> = post
        .to
        .into_values()
        .filter(|notice| !silent.contains(&notice.to))
        .collect();
    notices.sort_by_key(|notice| notice.kind);
    Owed {
        notices,
        cancel_asks: cancelled(change),
    }
}

/// The answer to an identified person whose words changed nothing; [`Kind::Refused`] or
/// [`Kind::Unclear`].
pub fn answer(
    kind: Kind,
    to: &PersonId,
    request: &Request,
    book: &Book,
    answer: AnswerFacts,
) -> Notice {
    let step = request.current_step();
    let facts = Facts {
        step,
        answer: Some(answer),
        ..Facts::of(request, book)
    };
    Notice {
        kind,
        to: to.clone(),
        facts,
    }
}

fn tell_requester(post: &mut Post<'_>, silent: &mut BTreeSet<PersonId>) {
    let requester = &post.change.after.requester;
    let events = post.change.events;
    let completed = events.iter().rev().find_map(|event| match event {
        Event::StepCompleted { step } => Some(*step),
        _ => None,
    });
    match &post.change.after.state {
        State::Approved { .. } => post.give(Kind::Approved, requester, None),
        State::Rejected { step, .. } => post.give(Kind::Rejected, requester, Some(*step)),
        State::Expired { .. } => post.give(Kind::Expired, requester, None),
        State::Withdrawn { .. } => post.give_nothing(silent, requester),
        State::Pending { step } => {
            if matches!(events.first(), Some(Event::Filed(_))) {
                post.give(Kind::Filed, requester, Some(*step));
            } else if completed.is_some() {
                post.give(Kind::Progress, requester, completed);
            }
        }
    }
}

/// A voter by mail gets an answer; one by another channel has it before them already.
fn tell_voter(post: &mut Post<'_>, silent: &mut BTreeSet<PersonId>, vote: Option<&Vote>) {
    let Some(vote) = vote else { return };
    match vote.channel {
        Channel::Mail => post.give(Kind::Recorded, &vote.person, Some(vote.step)),
        Channel::CommandLine | Channel::Timer => post.give_nothing(silent, &vote.person),
    }
}

/// Asks everybody who can decide a step that has become current (W9). First of all, so that nothing
/// else takes the place of an ask, and before the facts show the vote that led here.
fn ask(post: &mut Post<'_>) {
    let became_current = post.change.events.iter().any(|event| {
        matches!(
            event,
            Event::Filed(_) | Event::StepCompleted { .. } | Event::StepReopened { .. }
        )
    });
    let request = post.change.after;
    let Some(step) = request.current_step().filter(|_| became_current) else {
        return;
    };
    for person in can_still_approve(request, post.change.book, step) {
        post.give(Kind::Ask, person, Some(step));
    }
}

/// Tells those who were asked that no decision of theirs is needed any more.
fn tell_asked(post: &mut Post<'_>) {
    let change = post.change;
    let settled = change.after.current_step().is_none();
    if settled {
        for (step, person) in change.asked {
            post.give(Kind::Settled, person, Some(*step));
        }
        return;
    }
    for event in change.events {
        let Event::StepCompleted { step } = event else {
            continue;
        };
        post.facts.decision = Some(Decision::Approve);
        for (asked, person) in change.asked {
            if asked == step && change.after.vote_of(*step, person).is_none() {
                post.give(Kind::Settled, person, Some(*step));
            }
        }
    }
}

fn cancelled(change: &Change<'_>) -> Vec<usize> {
    let steps = 0..change.after.terms.steps.len();
    match change.after.current_step() {
        None => steps.collect(),
        Some(current) => {
            let moved = change.events.iter().any(|event| {
                matches!(
                    event,
                    Event::StepCompleted { .. } | Event::StepReopened { .. }
                )
            });
            if moved {
                steps.filter(|step| *step != current).collect()
            } else {
                Vec::new()
            }
        }
    }
}
