//! Posts: what a chat shows of a request, and where.
//!
//! A post is one message at one place, a channel or the direct messages with one person, that always
//! shows the request as it is now: it is made once and changed whenever what it shows changes. This file
//! knows nothing of any service; it says which posts a command makes or changes, and what each shows.
//!
//! ```text
//! a command ─▶ events ─┬─▶ notices: who is asked ──▶ a post to each who has an account, once
//!                      ├─▶ filed under a policy that names a channel ──▶ a post there
//!                      └─▶ anything that can be seen ──▶ every post of the request changes
//! ```
//!
//! A change calls nobody. Who is asked again, or reminded, while their post waits for them gets it as a new
//! message ([`Post::anew`]); a channel never does.
//!
//! What always holds: what a post shows is a function of the request as it is, of the book and of the
//! reader, so that two posts of one request never differ but by their reader; nobody gets a post before
//! their step is current (W9), since posts follow the notices; a button is there exactly where
//! [`decide`] would accept the act of that reader, in a channel where it would accept it of somebody.
//!
//! What is *not* promised: that a change of the book shows before the next change of the request, and that
//! somebody whose account is linked later gets a post before they are asked again.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::act::Act;
use super::decide::{Action, Actor, Scene, Shown as Saw, can_still_approve, decide};
use super::event::Event;
use super::ids::PersonId;
use super::notice::{Change, Facts, Kind, Notice};
use super::request::{Channel, Decision, GrantState, State, Window};

/// Stands for a reason that somebody will give.
const REASON: &str = "-";

/// Where a post stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the channel of this name.
    Channel(String),
    /// In the direct messages with this person.
    Direct(PersonId),
}

/// What there is before a command.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The channel in which requests under its policy are shown, if any.
    pub channel: Option<&'a str>,
    /// Where posts of the request stand.
    pub posts: &'a BTreeSet<Place>,
    /// Who of those who are told something has an account that takes direct messages.
    pub linked: &'a BTreeSet<PersonId>,
}

/// Where a request stands, as its readers say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It can be decided.
    Pending,
    /// Turned down.
    Rejected,
    /// Taken back.
    Withdrawn,
    /// Not decided in time.
    Expired,
    /// Granted, and yet to begin.
    Scheduled,
    /// Granted, and open.
    Active,
    /// Granted, and over.
    Ended,
    /// Granted, and taken back.
    Revoked,
    /// Granted, and given back.
    Returned,
}

/// Why a message shows its request no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Its account is not its reader's any more.
    Unlinked,
    /// Its reader is disabled, or not in the book any more.
    Disabled,
    /// A newer message shows it.
    Moved,
}

impl Over {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unlinked, Self::Disabled, Self::Moved];
}

/// All that a post shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The request; its `step` is the current one.
    pub facts: Facts,
    /// Where it stands.
    pub standing: Standing,
    /// The window that was asked for first, where it was changed since (W16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_for: Option<Window>,
    /// Whose votes wait for a confirmation by mail, as people call them (W30).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<String>,
    /// What can be done with it, in the order of [`Act::ALL`].
    pub acts: Vec<Act>,
    /// The step that is meant by them, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// It shows nothing of this any more but why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
}

impl Shown {
    /// Whether its reader can vote.
    pub fn waits(&self) -> bool {
        let votes = |act: &Act| matches!(act, Act::Approve | Act::Disapprove);
        self.over.is_none() && self.standing == Standing::Pending && self.acts.iter().any(votes)
    }
}

/// A post to make or to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Where.
    pub place: Place,
    /// What it shows from now on.
    pub shown: Shown,
    /// Whether it is to be noticed: it stands already, and becomes a new message.
    pub anew: bool,
}

/// The posts that a command makes or changes.
pub fn due(change: &Change<'_>, notices: &[Notice], known: Known<'_>) -> Vec<Post> {
    let mut places = BTreeSet::new();
    if change.events.iter().any(is_seen) {
        places.extend(known.posts.iter().cloned());
    }
    let request = change.after;
    if change.before.is_none() {
        let channel = known.channel.map(str::to_owned);
        places.extend(channel.map(Place::Channel));
    }
    let mut again = BTreeSet::new();
    for notice in notices.iter().filter(|notice| makes_post(notice.kind)) {
        let place = Place::Direct(notice.to.clone());
        let stands = known.posts.contains(&place);
        if known.linked.contains(&notice.to) && !stands {
            places.insert(place);
        } else if stands && matches!(notice.kind, Kind::Ask | Kind::Reminder) {
            // What is new stands in it; that it is new has to be noticed.
            places.insert(place.clone());
            again.insert(place);
        }
    }
    let scene = Scene {
        request,
        book: change.book,
        around: change.around,
        now: change.now,
    };
    places
        .into_iter()
        .map(|place| {
            let shown = shown(&scene, &place);
            Post {
                anew: again.contains(&place) && shown.waits(),
                shown,
                place,
            }
        })
        .collect()
}

/// Whether somebody who is told this by mail gets a post as well: it is about what they can do.
pub fn makes_post(kind: Kind) -> bool {
    match kind {
        Kind::Ask | Kind::Reminder | Kind::Emergency | Kind::ReviewReminder => true,
        Kind::Confirm
        | Kind::Filed
        | Kind::Progress
        | Kind::Reopened
        | Kind::WindowChanged
        | Kind::Voided
        | Kind::Approved
        | Kind::Rejected
        | Kind::Expired
        | Kind::GrantStarted
        | Kind::GrantWarning
        | Kind::GrantEnded
        | Kind::Reviewed
        | Kind::Stranded
        | Kind::Unstranded
        | Kind::Settled
        | Kind::Recorded
        | Kind::Refused
        | Kind::Unclear => false,
    }
}

/// Whether a post can look otherwise because of it.
fn is_seen(event: &Event) -> bool {
    match event {
        Event::Reminded { .. }
        | Event::ReviewReminded { .. }
        | Event::GrantWarned { .. }
        | Event::AskedAlso { .. } => false,
        Event::Filed(_)
        | Event::Voted { .. }
        | Event::StepCompleted { .. }
        | Event::StepReopened { .. }
        | Event::VoteHeld { .. }
        | Event::WindowChanged { .. }
        | Event::Escalated { .. }
        | Event::Stranded { .. }
        | Event::Unstranded { .. }
        | Event::Approved { .. }
        | Event::Rejected { .. }
        | Event::Withdrawn { .. }
        | Event::Expired { .. }
        | Event::BaseCut { .. }
        | Event::EmergencyConfirmed { .. }
        | Event::Reviewed { .. }
        | Event::GrantStarted { .. }
        | Event::GrantEnded { .. }
        | Event::GrantCut { .. } => true,
    }
}

/// What a post at a place shows of the request as it is.
pub fn shown(scene: &Scene<'_>, place: &Place) -> Shown {
    let request = scene.request;
    let facts = Facts {
        step: request.current_step(),
        ..Facts::of(request, scene.book)
    };
    let held = request.held.iter();
    let (acts, step) = acts(scene, place);
    Shown {
        facts,
        standing: standing(scene),
        asked_for: request.past_windows.first().copied(),
        held: held
            .map(|held| scene.book.name_of(&held.vote.person))
            .collect(),
        acts,
        step,
        over: None,
    }
}

fn standing(scene: &Scene<'_>) -> Standing {
    match scene.request.state {
        State::Pending { .. } => Standing::Pending,
        State::Rejected { .. } => Standing::Rejected,
        State::Withdrawn { .. } => Standing::Withdrawn,
        State::Expired { .. } => Standing::Expired,
        State::Approved { .. } => match scene.request.grant_state(scene.now) {
            Some(GrantState::Scheduled) => Standing::Scheduled,
            Some(GrantState::Active) => Standing::Active,
            Some(GrantState::Revoked) => Standing::Revoked,
            Some(GrantState::Returned) => Standing::Returned,
            Some(GrantState::Ended) | None => Standing::Ended,
        },
    }
}

/// What somebody who reads there can do, and the step that they mean by it: the current one, for who
/// stands in an earlier one only that.
fn acts(scene: &Scene<'_>, place: &Place) -> (Vec<Act>, Option<usize>) {
    let current = scene.request.current_step();
    let all = Act::ALL.into_iter();
    let person = match place {
        Place::Channel(_) => {
            return (
                all.filter(|act| anybody_may(scene, *act)).collect(),
                current,
            );
        }
        Place::Direct(person) => person,
    };
    let earlier = scene.request.votes.iter().rev();
    let earlier = earlier
        .filter(|vote| vote.person == *person)
        .map(|vote| vote.step);
    let steps = current
        .into_iter()
        .chain(earlier.filter(|_| current.is_some()));
    let votes = |step: &usize| {
        let may = |act| person_may(scene, person, act, Some(*step));
        may(Act::Approve) || may(Act::Disapprove)
    };
    let step = steps.into_iter().find(votes).or(current);
    let acts = all.filter(|act| person_may(scene, person, *act, step));
    (acts.collect(), step)
}

/// Whether there is somebody of whom the act would be accepted.
fn anybody_may(scene: &Scene<'_>, act: Act) -> bool {
    let request = scene.request;
    let current = request.current_step();
    let may = |person: &PersonId| person_may(scene, person, act, current);
    match act {
        Act::Details => current.is_some(),
        Act::Withdraw => may(&request.requester),
        Act::Approve | Act::OtherTimes | Act::Disapprove => {
            let Some(step) = current else {
                return false;
            };
            let voted = request.votes_on(step, Decision::Approve);
            can_still_approve(request, scene.book, step, scene.now)
                .into_iter()
                .chain(voted.map(|vote| &vote.person))
                .any(may)
        }
        Act::Revoke => {
            let mut people = scene.book.people.values();
            request.grant_stands(scene.now) && people.any(|person| may(&person.id))
        }
    }
}

/// Whether the act would be accepted of this person now, a vote on this step.
fn person_may(scene: &Scene<'_>, person: &PersonId, act: Act, step: Option<usize>) -> bool {
    let revision = scene.request.revision;
    let vote = |decision| Action::Vote {
        decision,
        // Where a reason must be given it is asked for.
        comment: Some(REASON.to_owned()),
        window: None,
        shown: step.map(|step| Saw {
            step,
            revision,
            confirms: None,
        }),
        channel: Channel::Chat,
    };
    let reason = REASON.to_owned();
    let action = match act {
        Act::Details => return scene.request.current_step().is_some(),
        Act::Approve | Act::OtherTimes => vote(Decision::Approve),
        Act::Disapprove => vote(Decision::Disapprove),
        Act::Withdraw => Action::Withdraw { reason },
        Act::Revoke => Action::Revoke { reason },
    };
    decide(scene, &Actor::Person(person.clone()), &action).is_ok()
}

#[cfg(test)]
mod tests;
