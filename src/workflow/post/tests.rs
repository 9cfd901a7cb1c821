//! Posts in small worlds: which there are, what they show, what can be done with them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::policy::Terms;
use super::super::request::Channel as Road;
use super::super::testing::*;
use super::*;

/// A world and the posts that a chat shows of it.
struct Wall {
    world: World,
    linked: BTreeSet<PersonId>,
    posts: BTreeMap<Place, Shown>,
    /// What the last command made or changed.
    last: Vec<Place>,
}

const EVERYBODY: [&str; 4] = ["ann", "ben", "cat", "rita"];

fn channel() -> Place {
    Place::Channel("approvals".to_owned())
}

fn direct(name: &str) -> Place {
    Place::Direct(id(name))
}

fn two_steps() -> Terms {
    terms(vec![
        step("First", &["ann", "ben"], 1, 2),
        step("Last", &["cat"], 1, 1),
    ])
}

impl Wall {
    fn filed(terms: Terms) -> Self {
        let world = World::filed_as(&draft(), with_emergency(terms)).expect("in order");
        let mut wall = Self {
            linked: EVERYBODY.map(id).into(),
            posts: BTreeMap::new(),
            last: Vec::new(),
            world,
        };
        let events = wall.world.events.clone();
        wall.show(None, &events);
        wall
    }

    fn show(&mut self, before: Option<&super::super::request::Request>, events: &[Event]) {
        let change = Change {
            before,
            after: &self.world.request,
            events,
            book: &self.world.book,
            around: &self.world.around,
            channel: self.world.channel,
            now: self.world.now,
        };
        let known = Known {
            channel: Some("approvals"),
            posts: &self.posts.keys().cloned().collect(),
            linked: &self.linked,
        };
        let due = due(&change, &self.world.owed.notices, known);
        self.last = due.iter().map(|post| post.place.clone()).collect();
        self.posts
            .extend(due.into_iter().map(|post| (post.place, post.shown)));
    }

    /// Does something; what is refused changes no post.
    fn after(
        &mut self,
        deed: impl FnOnce(&mut World) -> Result<Vec<Event>, super::super::refusal::Refusal>,
    ) -> bool {
        let before = self.world.request.clone();
        let Ok(events) = deed(&mut self.world) else {
            return false;
        };
        self.show(Some(&before), &events);
        true
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            request: &self.world.request,
            book: &self.world.book,
            around: &self.world.around,
            now: self.world.now,
        }
    }

    /// The acts at a place, by name.
    fn acts(&self, place: &Place) -> Vec<&'static str> {
        let post = self.posts.get(place).expect("there is such a post");
        post.acts.iter().map(|act| act.as_str()).collect()
    }
}

/// Goal: a post at filing in the channel, one with each approver of the first step, none with those of the
/// second before their turn (W9); each vote changes all of them. Method: a request of two steps, told post
/// by post.
#[test]
fn w9_nobody_gets_a_post_before_their_turn() {
    let mut wall = Wall::filed(two_steps());
    assert_eq!(wall.last, [channel(), direct("ann"), direct("ben")]);
    assert_eq!(
        wall.acts(&channel()),
        ["approve", "disapprove", "times", "details", "withdraw"]
    );
    assert_eq!(
        wall.acts(&direct("ann")),
        ["approve", "disapprove", "times", "details"]
    );
    assert!(wall.after(|world| world.approves("ann")));
    assert_eq!(
        wall.last,
        [channel(), direct("ann"), direct("ben"), direct("cat")]
    );
    // Hers stands, and can be taken back; he is too late.
    assert_eq!(wall.acts(&direct("ann")), ["disapprove", "details"]);
    assert_eq!(wall.posts[&direct("ann")].step, Some(0));
    assert_eq!(wall.acts(&direct("ben")), ["details"]);
    assert_eq!(wall.posts[&direct("cat")].step, Some(1));
    assert!(wall.after(|world| world.approves("cat")));
    assert_eq!(wall.posts[&channel()].standing, Standing::Active);
    for place in [channel(), direct("ann"), direct("ben"), direct("cat")] {
        assert_eq!(wall.acts(&place), ["revoke"], "{place:?}");
    }
    assert!(wall.after(|world| world.revokes("ben", "too long")));
    assert_eq!(wall.posts[&direct("cat")].standing, Standing::Revoked);
    assert_eq!(wall.acts(&channel()), [""; 0]);
}

/// Goal: who has no account gets no post, and one who is reminded after linking it gets one; a reminder
/// alone changes nothing that is there. Method: link late, let the clock strike.
#[test]
fn who_links_late_gets_a_post_with_the_reminder() {
    let mut terms = two_steps();
    for step in &mut terms.steps {
        step.reminders = Some(super::super::policy::Reminders {
            after: hours(1),
            most: 2,
        });
    }
    let mut wall = Wall::filed(terms);
    wall.linked.clear();
    wall.posts.retain(|place, _| *place == channel());
    wall.world.now = wall.world.now.checked_add(hours(1)).expect("in range");
    assert!(wall.after(World::clock_strikes));
    assert_eq!(wall.last, []);
    wall.linked.insert(id("ben"));
    wall.world.now = wall.world.now.checked_add(hours(1)).expect("in range");
    assert!(wall.after(World::clock_strikes));
    assert_eq!(wall.last, [direct("ben")]);
}

/// Goal: a changed window shows what was asked for first, a held vote whose it is (W16, W30), an emergency
/// its mark with everybody who could decide (W25). Method: one world each.
#[test]
fn windows_held_votes_and_emergencies_are_shown() {
    let mut wall = Wall::filed(two_steps());
    let asked_for = wall.world.request.window;
    let shorter = Window::FromApproval { length: hours(1) };
    assert!(wall.after(|world| world.sets("ann", shorter)));
    assert_eq!(wall.posts[&channel()].asked_for, Some(asked_for));
    assert_eq!(wall.posts[&channel()].facts.window, shorter);
    let mut wall = Wall::filed(Terms {
        confirm_by_mail: true,
        ..two_steps()
    });
    assert!(wall.after(|world| world.approves("ann")));
    assert_eq!(wall.posts[&channel()].held, ["Ann"]);
    assert_eq!(wall.posts[&channel()].standing, Standing::Pending);
    let mut wall = Wall::filed(two_steps());
    assert!(wall.after(|world| world.takes("rita", "the site is down")));
    assert_eq!(wall.last.len(), 4, "{:?}", wall.last);
    assert!(
        wall.posts
            .values()
            .all(|shown| shown.facts.emergency.is_some())
    );
}

/// One of the things that somebody may try.
fn attempt(wall: &mut Wall, (what, who): (u8, u8)) -> bool {
    let name = EVERYBODY[usize::from(who) % EVERYBODY.len()];
    let fixed = Window::FromApproval {
        length: hours(1 + i64::from(who % 4)),
    };
    match what % 11 {
        0..=2 => wall.after(|world| world.approves(name)),
        3 => wall.after(|world| world.disapproves(name)),
        4 => wall.after(|world| world.sets(name, fixed)),
        5 => wall.after(|world| world.withdraws(name, "no need")),
        6 => wall.after(|world| world.takes(name, "the site is down")),
        7 => wall.after(|world| world.revokes(name, "too long")),
        8 => wall.after(|world| world.returns(name)),
        9 => wall.after(|world| world.reviews(name, "all in order")),
        _ => {
            wall.world.now = wall.world.now.checked_add(hours(1)).expect("in range");
            wall.after(World::clock_strikes)
        }
    }
}

/// What a reader of the state itself would say.
fn said_of(wall: &Wall) -> Standing {
    let request = &wall.world.request;
    match (&request.state, request.grant_state(wall.world.now)) {
        (State::Pending { .. }, _) => Standing::Pending,
        (State::Rejected { .. }, _) => Standing::Rejected,
        (State::Withdrawn { .. }, _) => Standing::Withdrawn,
        (State::Expired { .. }, _) => Standing::Expired,
        (_, Some(GrantState::Scheduled)) => Standing::Scheduled,
        (_, Some(GrantState::Active)) => Standing::Active,
        (_, Some(GrantState::Revoked)) => Standing::Revoked,
        (_, Some(GrantState::Returned)) => Standing::Returned,
        (_, _) => Standing::Ended,
    }
}

/// Whether somebody's act would be accepted, tried on a copy of the world.
fn is_possible(wall: &Wall, name: &str, act: Act, step: Option<usize>) -> bool {
    let mut copy = wall.world.clone();
    let revision = copy.request.revision;
    let vote = |decision| Action::Vote {
        decision,
        comment: Some("because".to_owned()),
        window: None,
        shown: step.map(|step| Saw {
            step,
            revision,
            confirms: None,
        }),
        channel: Road::Chat,
    };
    let tried = match act {
        Act::Details => return copy.request.current_step().is_some(),
        Act::Approve | Act::OtherTimes => {
            copy.act(&Actor::Person(id(name)), &vote(Decision::Approve))
        }
        Act::Disapprove => copy.act(&Actor::Person(id(name)), &vote(Decision::Disapprove)),
        Act::Withdraw => copy.withdraws(name, "no need"),
        Act::Revoke => copy.revokes(name, "too long"),
    };
    tried.is_ok()
}

fn holds(wall: &Wall) {
    let book: Vec<String> = wall
        .world
        .book
        .people
        .keys()
        .map(ToString::to_string)
        .collect();
    for (place, shown) in &wall.posts {
        // What stands there is what would be posted now: no change was forgotten.
        assert_eq!(*shown, super::shown(&wall.scene(), place), "{place:?}");
        assert_eq!(shown.standing, said_of(wall));
        assert_eq!(shown.facts.step, wall.world.request.current_step());
        for act in Act::ALL {
            let possible = match place {
                Place::Direct(person) => is_possible(wall, person.as_str(), act, shown.step),
                Place::Channel(_) => book
                    .iter()
                    .any(|name| is_possible(wall, name, act, shown.step)),
            };
            assert_eq!(shown.acts.contains(&act), possible, "{place:?} {act:?}");
        }
    }
    let over = !matches!(
        said_of(wall),
        Standing::Pending | Standing::Scheduled | Standing::Active
    );
    assert!(!over || wall.posts.values().all(|shown| shown.acts.is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Goal: after any command every post shows exactly the state, and offers exactly what would be
    /// accepted. Method: whatever people try in whichever order; each post is made anew and compared, each
    /// act tried on a copy.
    #[test]
    fn a_post_shows_exactly_the_state(
        distinct in any::<bool>(),
        approvals in 1..3usize,
        fixed in any::<bool>(),
        tries in prop::collection::vec((any::<u8>(), any::<u8>()), 1..24),
    ) {
        let mut wall = Wall::filed(Terms {
            distinct_approvers: distinct,
            steps: vec![
                step("First", &["ann", "ben"], approvals, 1),
                step("Last", if distinct { &["cat"] } else { &["ann", "cat"] }, 1, 1),
            ],
            ..terms(Vec::new())
        });
        if fixed {
            let at = |hour| start().checked_add(hours(hour)).expect("in range");
            let later = super::super::decide::Draft {
                window: Window::Fixed { start: at(2), end: at(5) },
                ..draft()
            };
            wall.world = World::filed_as(&later, with_emergency(wall.world.request.terms.clone()))
                .expect("in order");
            wall.posts.clear();
            let events = wall.world.events.clone();
            wall.show(None, &events);
        }
        holds(&wall);
        for tried in tries {
            if attempt(&mut wall, tried) {
                holds(&wall);
            }
        }
    }
}
