//! What time brings while a request is pending (W7, W18, W19).

use super::super::super::policy::{Escalation, Reminders};
use super::*;

fn minutes(minutes: i64) -> Timestamp {
    later_by(SignedDuration::from_mins(minutes))
}

/// `ann` is asked; reminded every hour, thrice; after two and a half hours `ben` and `cat` are too.
fn patient() -> Terms {
    let mut first = step("First", &["ann"], 1, 1);
    first.reminders = Some(Reminders {
        after: hours(1),
        most: 3,
    });
    first.escalation = Some(Escalation {
        after: SignedDuration::from_mins(150),
        to: vec![who("ben"), who("cat")],
    });
    terms(vec![first])
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(Event::as_str).collect()
}

/// Goal: reminders come at their instants, to those who have not voted, and not more than the policy
/// says (W19). Method: strike every half hour for eight hours.
#[test]
fn w19_reminders_come_in_time() {
    let mut policy = patient();
    policy.steps[0].escalation = None;
    let mut world = World::filed(policy);
    let mut heard = Vec::new();
    for half in 1..=16 {
        world.now = minutes(30 * half);
        if world.clock_strikes().is_ok() {
            heard.push((half, world.mail()));
        }
    }
    let reminder = || vec!["reminder ann".to_owned()];
    assert_eq!(heard, [(2, reminder()), (4, reminder()), (6, reminder())]);
}

/// Goal: what came due while nobody looked is done once, in the order in which it was due, each with the
/// instant it was due at (W18, W19). Method: look five hours late.
#[test]
fn w19_a_late_clock_catches_up() {
    let mut world = World::filed(patient());
    world.now = at(5);
    let events = world.clock_strikes().expect("due");
    assert_eq!(names(&events), ["reminded", "escalated"]);
    assert!(matches!(events[0], Event::Reminded { at: due, number: 3, .. } if due == at(1)));
    assert!(matches!(events[1], Event::Escalated { at: due, .. } if due == minutes(150)));
    assert_eq!(world.mail(), ["ask ben", "ask cat", "reminder ann"]);
    match world.clock_strikes() {
        Err(Refusal::NotDue { next, .. }) => assert_eq!(next, Some(at(24))),
        other => panic!("{other:?}"),
    }
}

/// Goal: whom the escalation names has no vote before it, and one like any other after it (W10, W19).
/// Method: vote just before and just after; the step's own approver may vote still.
#[test]
fn w19_escalation_makes_eligible() {
    let mut world = World::filed(patient());
    world.now = later_by(SignedDuration::from_mins(150) - SignedDuration::from_nanos(1));
    world.clock_strikes().expect("reminders");
    assert_eq!(code(world.approves("ben")), "not-eligible");
    world.now = minutes(150);
    world.clock_strikes().expect("due");
    assert_eq!(world.mail(), ["ask ben", "ask cat"]);
    world.clone().approves("ann").expect("still");
    world.approves("ben").expect("too");
    assert_eq!(world.request.state.as_str(), "approved");
}

/// Goal: a step has its own time: what was due for the step before is not due for it, and its reminders
/// begin anew (W19). Method: complete the first of two such steps after its first reminder.
#[test]
fn w19_each_step_has_its_own_time() {
    let mut policy = patient();
    let mut second = policy.steps[0].clone();
    second.name = "Second".to_owned();
    second.approvers = vec![who("cat")];
    second.escalation = None;
    policy.steps[0].escalation = None;
    policy.steps.push(second);
    let mut world = World::filed(policy);
    world.now = at(1);
    world.clock_strikes().expect("first reminder");
    world.now = minutes(90);
    world.approves("ann").expect("completes");
    world.now = at(2);
    assert_eq!(code(world.clock_strikes()), "not-due");
    world.now = minutes(150);
    world
        .clock_strikes()
        .expect("an hour after it became current");
    assert_eq!(world.mail(), ["reminder cat"]);
}

/// Goal: nothing of what was to come is sent for what is over (W18).
/// Method: look after the end for the first time; one event, no reminder, no escalation.
#[test]
fn w18_what_is_over_only_expires() {
    let mut world = World::filed(patient());
    world.now = at(25);
    let events = world.clock_strikes().expect("due");
    assert_eq!(names(&events), ["expired"]);
    assert_eq!(world.mail(), ["expired rita", "settled ann"]);
}

/// Goal: whoever joins later is asked, once; whoever was asked is not asked again (W7, W9).
/// Method: somebody joins the group, and strikes follow.
#[test]
fn w9_who_joins_later_is_asked() {
    let mut world = World::filed(terms(vec![step("S", &["group:team"], 1, 1)]));
    assert_eq!(code(world.clock_strikes()), "not-due");
    let team = world.book.groups.get_mut(&"team".into()).expect("known");
    team.insert(id("cat"));
    let events = world.clock_strikes().expect("somebody new");
    assert!(matches!(&events[..], [Event::AskedAlso { persons, .. }] if *persons == [id("cat")]));
    assert_eq!(world.mail(), ["ask cat"]);
    assert_eq!(code(world.clock_strikes()), "not-due");
}

/// Goal: a step that can no longer complete is said to be so once, and once that it can again; nothing is
/// decided by it (W7). Method: the only approver of the second step leaves and comes back.
#[test]
fn w7_stranded_and_back() {
    let mut world = World::filed(two_steps());
    let roles = &mut world.book.people.get_mut(&id("dan")).expect("known").roles;
    roles.insert(super::super::super::book::Role::AccessAdmin);
    world.disable("cat");
    let events = world.clock_strikes().expect("seen");
    assert!(matches!(events[..], [Event::Stranded { step: 1, .. }]));
    assert_eq!(world.mail(), ["stranded dan"]);
    assert_eq!(code(world.clock_strikes()), "not-due");
    world.enable("cat");
    assert_eq!(names(&world.clock_strikes().expect("seen")), ["unstranded"]);
    assert_eq!(world.mail(), ["unstranded dan"]);
    assert_eq!(world.request.state, State::Pending { step: 0 });
}

/// Goal: a delegate stands for whom they delegate, and a delegation that begins later is waited for (W20).
/// Method: the delegate is asked when it begins; the request says when to look.
#[test]
fn w20_delegates_are_asked_when_it_begins() {
    let mut world = World::filed(one_of(&["ann"]));
    let period = (at(3), at(6));
    let delegation = delegate(&world.book, &id("ann"), &id("cat"), period, world.now);
    world.book.delegations.push(delegation.expect("in order"));
    match world.clock_strikes() {
        Err(Refusal::NotDue { next, .. }) => assert_eq!(next, Some(at(3))),
        other => panic!("{other:?}"),
    }
    assert_eq!(code(world.approves("cat")), "not-eligible");
    world.now = at(3);
    world.clock_strikes().expect("begins");
    assert_eq!(world.mail(), ["ask cat"]);
    let mut over = world.clone();
    over.now = at(6);
    assert_eq!(code(over.replies("cat", YES, 0)), "not-eligible");
    world.approves("cat").expect("on behalf of ann");
}
