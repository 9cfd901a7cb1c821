//! From the events of one command to the messages that they owe.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::book::{Book, Electorate, Role};
use super::super::decide::{Around, can_still_approve, emergency_offered};
use super::super::event::Event;
use super::super::ids::PersonId;
use super::super::request::{Channel, Decision, EndCause, Request};
use super::actor::{answered, ender, vote, voter};
use super::table::{Audience, Offers, TABLE, When};
use super::{AnswerFacts, ChangedFacts, Facts, Kind, Notice};

/// One accepted command, as the handler has it before its commit.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The request before; `None` for a filing.
    pub before: Option<&'a Request>,
    /// The request with the events applied.
    pub after: &'a Request,
    /// What happened, in order.
    pub events: &'a [Event],
    /// The book in force.
    pub book: &'a Book,
    /// What else there is; `asked` as it stood before this command.
    pub around: &'a Around,
    /// The way that the command came.
    pub channel: Channel,
    /// When.
    pub now: Timestamp,
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

/// Somebody to tell, and the step that the message is about.
pub(super) type Told = (PersonId, Option<usize>);

/// The messages that follow from one accepted command, by [`TABLE`].
pub fn owed(change: &Change<'_>) -> Owed {
    let happened = happened(change);
    let facts = facts(change);
    let mut to: BTreeMap<PersonId, Notice> = BTreeMap::new();
    let silent = answered(change);
    for row in TABLE.iter().filter(|row| happened.contains(&row.when)) {
        for (person, step) in audience(change, row.when, row.who) {
            let answered = silent.contains(&person) && !row.kind.asks();
            if answered || !change.book.is_active(&person) || to.contains_key(&person) {
                continue;
            }
            let notice = Notice {
                kind: row.kind,
                to: person.clone(),
                facts: Facts {
                    step,
                    ..facts_for(row.kind, &facts)
                },
                may_wait: row.may_wait,
            };
            to.insert(person, notice);
        }
    }
    let mut notices: Vec<Notice> = to.into_values().collect();
    notices.sort_by_key(|notice| notice.kind);
    Owed {
        notices,
        cancel_asks: cancelled(change, &happened),
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
        may_wait: false,
    }
}

/// What the events of one command come to.
fn happened(change: &Change<'_>) -> BTreeSet<When> {
    let pending = change.after.current_step().is_some();
    let mut happened = BTreeSet::new();
    for event in change.events {
        let whens: &[When] = match event {
            Event::Filed(_) if pending => &[When::Filed, When::BecameCurrent],
            Event::Voted { .. } => &[When::Counted],
            Event::VoteHeld { .. } => &[When::Held],
            Event::StepCompleted { .. } if pending => &[When::StepCompleted, When::BecameCurrent],
            Event::StepReopened { .. } => &[When::StepReopened, When::BecameCurrent],
            Event::WindowChanged { voids: true, .. } if pending => &[When::Changed, When::Widened],
            Event::WindowChanged { voids: true, .. } => &[When::Widened],
            Event::WindowChanged { .. } if pending => &[When::Changed],
            Event::Reminded { .. } if pending => &[When::Reminded],
            Event::Escalated { .. } | Event::AskedAlso { .. } if pending => &[When::MoreCanDecide],
            Event::Stranded { .. } => &[When::Stranded],
            Event::Unstranded { .. } => &[When::Unstranded],
            Event::Approved { .. } => &[When::Approved],
            Event::Expired { .. } => &[When::Expired],
            Event::Rejected { .. }
            | Event::BaseCut {
                cause: EndCause::Revoked,
                ..
            } => &[When::Rejected],
            Event::BaseCut { .. } => &[When::BaseReturned],
            Event::EmergencyConfirmed { .. } => &[When::EmergencyTaken],
            Event::Reviewed { .. } => &[When::Reviewed],
            Event::ReviewReminded { .. } => &[When::ReviewReminded],
            Event::GrantStarted { .. } => &[When::GrantStarted],
            Event::GrantWarned {
                continued_by: None, ..
            } if change.after.grant_stands(change.now) => &[When::GrantWarned],
            Event::GrantEnded { .. } => &[When::GrantOver],
            Event::GrantCut { .. } => &[When::GrantCut],
            // Of a request that was settled in the same breath nothing else is told; who withdraws has
            // the answer before them, and a grant that goes on needs no warning.
            Event::Filed(_)
            | Event::StepCompleted { .. }
            | Event::WindowChanged { .. }
            | Event::Reminded { .. }
            | Event::Escalated { .. }
            | Event::AskedAlso { .. }
            | Event::Withdrawn { .. }
            | Event::GrantWarned { .. } => &[],
        };
        happened.extend(whens);
    }
    let was_pending = change
        .before
        .is_some_and(|before| before.current_step().is_some());
    if was_pending && !pending {
        happened.insert(When::Settled);
    }
    happened
}

/// What all messages of this command show.
fn facts(change: &Change<'_>) -> Facts {
    let request = change.after;
    let book = change.book;
    let mut facts = Facts::of(request, book);
    facts.others = change
        .around
        .others
        .iter()
        .map(|other| other.request)
        .collect();
    if let Some(vote) = vote(change) {
        facts.decision = Some(vote.decision);
        facts.by_link = matches!(vote.channel, Channel::Link | Channel::Chat);
        facts.comment.clone_from(&vote.comment);
    }
    for event in change.events {
        match event {
            Event::Filed(filed) => {
                let unreviewed = &change.around.unreviewed;
                let offered = emergency_offered(book, &filed.subject, &filed.requester, unreviewed);
                facts.emergency_offered =
                    offered.is_ok() && filed.extends.is_none() && request.current_step().is_some();
            }
            Event::WindowChanged { by, .. } => {
                if let Some(before) = request.past_windows.last() {
                    facts.changed = Some(ChangedFacts {
                        by: book.name_of(by),
                        before: *before,
                    });
                }
            }
            Event::VoteHeld { held } => facts.sets = held.window,
            Event::Withdrawn { reason, .. } => facts.comment = Some(reason.clone()),
            Event::BaseCut { reason, .. } => facts.comment.clone_from(reason),
            Event::Reminded { number, .. } | Event::ReviewReminded { number, .. } => {
                facts.reminder = Some(*number);
            }
            _ => {}
        }
    }
    facts
}

/// An ask shows the request, not the vote that made its step current.
fn facts_for(kind: Kind, facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    if matches!(kind, Kind::Ask | Kind::Reminder) {
        facts.decision = None;
        facts.comment = None;
    }
    facts
}

/// The persons that a row means, with the step that their message is about.
fn audience(change: &Change<'_>, when: When, who: Audience) -> Vec<Told> {
    let current = change.after.current_step();
    let at_current = |persons: BTreeSet<PersonId>| -> Vec<Told> {
        persons
            .into_iter()
            .map(|person| (person, current))
            .collect()
    };
    match who {
        Audience::Requester => vec![(change.after.requester.clone(), about(change, when))],
        Audience::CanDecide => at_current(can_decide(change)),
        Audience::NeverAsked => {
            let asked = &change.around.asked;
            let mut persons = can_decide(change);
            persons.retain(|person| {
                !current.is_some_and(|step| asked.contains(&(step, person.clone())))
            });
            at_current(persons)
        }
        Audience::Voter => voter(change, when),
        Audience::Voided => voided(change),
        Audience::Asked => change
            .around
            .asked
            .iter()
            .map(|(step, person)| (person.clone(), Some(*step)))
            .collect(),
        Audience::Ender => ender(change),
        Audience::AskedInVain => asked_in_vain(change),
        Audience::AllApprovers => electors(change, true),
        Audience::Reviewers => electors(change, false),
        Audience::WhoAgreed if change.after.emergency.is_some() => electors(change, true),
        Audience::WhoAgreed => change
            .after
            .deciders()
            .into_iter()
            .map(|vote| (vote.person.clone(), Some(vote.step)))
            .collect(),
        Audience::AccessAdmins => {
            let people = change.book.people.values();
            people
                .filter(|person| person.has(Role::AccessAdmin))
                .map(|person| (person.id.clone(), stranded_at(change)))
                .collect()
        }
    }
}

/// The step that the requester's message is about.
fn about(change: &Change<'_>, when: When) -> Option<usize> {
    let of_event = |event: &Event| match (when, event) {
        (When::StepCompleted, Event::StepCompleted { step, .. })
        | (When::StepReopened, Event::StepReopened { step, .. })
        | (When::Rejected, Event::Rejected { step, .. }) => Some(*step),
        _ => None,
    };
    let named = change.events.iter().rev().find_map(of_event);
    let current = change.after.current_step();
    named.or(current.filter(|_| when != When::Rejected))
}

fn can_decide(change: &Change<'_>) -> BTreeSet<PersonId> {
    let Some(step) = change.after.current_step() else {
        return BTreeSet::new();
    };
    can_still_approve(change.after, change.book, step, change.now)
        .into_iter()
        .cloned()
        .collect()
}

/// Whose approvals were there before the window changed and are not there any more.
fn voided(change: &Change<'_>) -> Vec<Told> {
    let before = change.before.map(|before| before.votes.iter());
    before
        .into_iter()
        .flatten()
        .filter(|vote| vote.decision == Decision::Approve)
        .filter(|vote| change.after.vote_of(vote.step, &vote.person).is_none())
        .map(|vote| (vote.person.clone(), Some(vote.step)))
        .collect()
}

fn asked_in_vain(change: &Change<'_>) -> Vec<Told> {
    let mut told = Vec::new();
    for event in change.events {
        let Event::StepCompleted { step, .. } = event else {
            continue;
        };
        let asked = change.around.asked.iter();
        told.extend(
            asked
                .filter(|(asked, person)| {
                    asked == step && change.after.vote_of(*step, person).is_none()
                })
                .map(|(step, person)| (person.clone(), Some(*step))),
        );
    }
    told
}

/// Everybody who could decide any of the steps, the requester never; with `asked`, also everybody who
/// was asked.
fn electors(change: &Change<'_>, asked: bool) -> Vec<Told> {
    let request = change.after;
    let electorate = Electorate {
        request,
        book: change.book,
        now: change.now,
    };
    let mut told: BTreeMap<PersonId, Option<usize>> = BTreeMap::new();
    for index in 0..request.terms.steps.len() {
        for person in electorate.of(index) {
            told.entry(person.clone()).or_insert(Some(index));
            for delegate in electorate.delegates(index, person) {
                told.entry(delegate.clone()).or_insert(Some(index));
            }
        }
    }
    for (step, person) in change.around.asked.iter().filter(|_| asked) {
        told.entry(person.clone()).or_insert(Some(*step));
    }
    told.remove(&request.requester);
    told.into_iter().collect()
}

/// The step that an alarm names.
fn stranded_at(change: &Change<'_>) -> Option<usize> {
    let named = change.events.iter().find_map(|event| match event {
        Event::Stranded { step, .. } => Some(*step),
        _ => None,
    });
    named.or_else(|| change.after.current_step())
}

/// Which offers that are not sent yet end.
fn cancelled(change: &Change<'_>, happened: &BTreeSet<When>) -> Vec<usize> {
    let ends = |offers| happened.iter().any(|when| when.offers() == offers);
    let steps = 0..change.after.terms.steps.len();
    if ends(Offers::AllEnd) {
        return steps.collect();
    }
    let current = change.after.current_step();
    if ends(Offers::OthersEnd) {
        return steps.filter(|step| Some(*step) != current).collect();
    }
    Vec::new()
}
