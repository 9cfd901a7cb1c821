//! Who did what a command did, and whether they have its answer before them already.

use std::collections::BTreeSet;

use super::super::event::Event;
use super::super::ids::PersonId;
use super::super::request::Vote;
use super::owed::{Change, Told};
use super::table::When;

/// The vote that the command gave, counted or held.
pub(super) fn vote<'a>(change: &Change<'a>) -> Option<&'a Vote> {
    change.events.iter().find_map(|event| match event {
        Event::Voted { vote } => Some(vote),
        Event::VoteHeld { held } => Some(&held.vote),
        _ => None,
    })
}

/// Who voted, with the step, if they hear of it by mail.
pub(super) fn voter(change: &Change<'_>, when: When) -> Vec<Told> {
    let by_mail = |vote: &&Vote| vote.channel.confirms_by_mail() || when == When::Held;
    vote(change)
        .filter(by_mail)
        .map(|vote| (vote.person.clone(), Some(vote.step)))
        .into_iter()
        .collect()
}

/// Who ended the grant early. What ends with its base was not the doing of who ended that one.
pub(super) fn ender(change: &Change<'_>) -> Vec<Told> {
    let endings = change.events.iter().filter_map(|event| match event {
        Event::GrantCut { ending } if ending.with.is_none() => Some((ending.by.clone(), None)),
        _ => None,
    });
    endings.collect()
}

/// Who has the answer before them already: who acted by a channel that answers, and whose answer nobody
/// else can have had in their name (W31).
pub(super) fn answered(change: &Change<'_>) -> BTreeSet<PersonId> {
    let mut answered = BTreeSet::new();
    let at_hand = !change.channel.confirms_by_mail();
    for event in change.events {
        match event {
            Event::Voted { vote } if !vote.channel.confirms_by_mail() => {
                answered.insert(vote.person.clone());
            }
            Event::Withdrawn { .. } => {
                answered.insert(change.after.requester.clone());
            }
            Event::Reviewed { review } if at_hand => {
                answered.insert(review.by.clone());
            }
            _ => {}
        }
    }
    if at_hand {
        answered.extend(ender(change).into_iter().map(|(person, _)| person));
    }
    answered
}
