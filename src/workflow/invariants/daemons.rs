//! Two daemons over one database: what arrives at both is applied once, and no accepted vote is lost.
//!
//! Who acts: two processes that fetch from one mailbox, lock the request, read, decide with the real
//! [`decide`], commit, and acknowledge. What fails, so often in all: a process dies at any point, or the
//! connection to the database is lost while a commit is under way, which then happened or did not. A
//! thing stays in the mailbox until it is acknowledged.
//!
//! The model is held against two systems that are wrong: one that forgets which things it has applied,
//! and one that does not hold the lock from reading to writing. It must find both out.
//!
//! What is *not* in it: the SQL that keeps keys and locks; `handle/tests` races that on Postgres.

use std::sync::Mutex;

use stateright::{Checker, HasDiscoveries, Model, Property};

use super::super::request::Channel;
use super::super::testing::{step, terms};
use super::*;

/// What arrives, each by its number.
const THINGS: u8 = 3;
/// So many crashes and lost connections in one story.
const FAULTS: u8 = 2;

/// Where a daemon is with what it fetched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Fetched(u8),
    /// In a transaction, with what had been applied when it read.
    Read(u8, Vec<u8>),
    Committed(u8),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct System {
    /// What the database has applied, in order: the request is the fold of it.
    applied: Vec<u8>,
    /// Whose sender may have heard that it is applied.
    told: BTreeSet<u8>,
    mailbox: BTreeSet<u8>,
    daemons: [Phase; 2],
    /// Who holds the request's lock.
    lock: Option<usize>,
    faults: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Move {
    Fetch(usize, u8),
    Lock(usize),
    Commit(usize),
    Acknowledge(usize),
    Crash(usize),
    /// The connection is lost under way: it was committed, or not.
    Lose(usize, bool),
}

#[derive(Debug, Clone, Copy)]
struct Daemons {
    /// Whether what was applied is remembered by its key.
    keys: bool,
    /// Whether the lock is held from reading to writing.
    locks: bool,
}

const SOUND: Daemons = Daemons {
    keys: true,
    locks: true,
};

/// The request after these things, in this order; what is refused changes nothing.
fn world(applied: &[u8]) -> World {
    let policy = terms(vec![step("S", &["ann", "ben"], 1, 1)]);
    let mut world = World::filed(policy);
    for thing in applied {
        let (name, decision) = match thing {
            0 => ("ann", Decision::Approve),
            1 => ("ben", Decision::Disapprove),
            _ => {
                world.now = world.request.pending_until;
                if let Some(after) = act(&world, &Actor::Clock, &Action::Tick) {
                    world = after;
                }
                continue;
            }
        };
        let vote = Action::Vote {
            decision,
            comment: None,
            window: None,
            shown: None,
            channel: Channel::Mail,
        };
        if let Some(after) = act(&world, &Actor::Person(id(name)), &vote) {
            world = after;
        }
    }
    world
}

/// How the request ends after these things, and how often it does. Remembered, since many states have
/// the same things applied.
fn end(applied: &[u8]) -> (&'static str, usize) {
    static KNOWN: Mutex<BTreeMap<Vec<u8>, (&str, usize)>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().expect("nobody panics with it");
    *known.entry(applied.to_vec()).or_insert_with(|| {
        let world = world(applied);
        let ends = ["approved", "rejected", "expired"];
        let events = world.events.iter();
        let ends = events.filter(|event| ends.contains(&event.as_str()));
        (world.request.state.as_str(), ends.count())
    })
}

impl Daemons {
    fn commit(self, system: &mut System, daemon: usize) -> bool {
        let Phase::Read(thing, read) = system.daemons[daemon].clone() else {
            return false;
        };
        if !(self.keys && read.contains(&thing)) {
            // What was decided on what was read is what is written.
            system.applied = read;
            system.applied.push(thing);
            system.told.insert(thing);
        }
        system.daemons[daemon] = Phase::Committed(thing);
        Self::release(system, daemon);
        true
    }

    fn release(system: &mut System, daemon: usize) {
        if system.lock == Some(daemon) {
            system.lock = None;
        }
    }

    fn forget(system: &mut System, daemon: usize) {
        Self::release(system, daemon);
        system.daemons[daemon] = Phase::Idle;
        system.faults += 1;
    }
}

impl Model for Daemons {
    type State = System;
    type Action = Move;

    fn init_states(&self) -> Vec<System> {
        vec![System {
            applied: Vec::new(),
            told: BTreeSet::new(),
            mailbox: (0..THINGS).collect(),
            daemons: [Phase::Idle, Phase::Idle],
            lock: None,
            faults: 0,
        }]
    }

    fn actions(&self, system: &System, moves: &mut Vec<Move>) {
        for (daemon, phase) in system.daemons.iter().enumerate() {
            let broken = system.faults < FAULTS;
            match phase {
                Phase::Idle => {
                    let waiting = system.mailbox.iter();
                    moves.extend(waiting.map(|thing| Move::Fetch(daemon, *thing)));
                    continue;
                }
                Phase::Fetched(_) if system.lock.is_none() => moves.push(Move::Lock(daemon)),
                Phase::Fetched(_) => {}
                Phase::Read(..) => {
                    moves.push(Move::Commit(daemon));
                    if broken {
                        moves.extend([Move::Lose(daemon, true), Move::Lose(daemon, false)]);
                    }
                }
                Phase::Committed(_) => moves.push(Move::Acknowledge(daemon)),
            }
            if broken {
                moves.push(Move::Crash(daemon));
            }
        }
    }

    fn next_state(&self, before: &System, next: Move) -> Option<System> {
        let mut system = before.clone();
        match next {
            Move::Fetch(daemon, thing) => system.daemons[daemon] = Phase::Fetched(thing),
            Move::Lock(daemon) => {
                let Phase::Fetched(thing) = system.daemons[daemon] else {
                    return None;
                };
                system.lock = self.locks.then_some(daemon);
                system.daemons[daemon] = Phase::Read(thing, system.applied.clone());
            }
            Move::Commit(daemon) => {
                self.commit(&mut system, daemon);
            }
            Move::Acknowledge(daemon) => {
                let Phase::Committed(thing) = system.daemons[daemon] else {
                    return None;
                };
                system.mailbox.remove(&thing);
                system.daemons[daemon] = Phase::Idle;
            }
            Move::Crash(daemon) => Self::forget(&mut system, daemon),
            Move::Lose(daemon, committed) => {
                if committed {
                    self.commit(&mut system, daemon);
                }
                Self::forget(&mut system, daemon);
            }
        }
        Some(system)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always("applied once", |_, system| {
                let distinct: BTreeSet<_> = system.applied.iter().collect();
                distinct.len() == system.applied.len()
            }),
            Property::<Self>::always("nothing accepted is lost", |_, system| {
                system
                    .told
                    .iter()
                    .all(|thing| system.applied.contains(thing))
            }),
            // A vote that was counted is in the fold of what was applied, and the fold keeps every
            // invariant: each thing is decided by the real core on the way.
            Property::<Self>::always("decided once", |_, system| end(&system.applied).1 <= 1),
            Property::<Self>::eventually("everything is applied", |_, system| {
                system.mailbox.is_empty() && system.applied.len() == usize::from(THINGS)
            }),
            Property::<Self>::sometimes("approved", |_, system| {
                end(&system.applied).0 == "approved"
            }),
            Property::<Self>::sometimes("rejected", |_, system| {
                end(&system.applied).0 == "rejected"
            }),
            Property::<Self>::sometimes("expired", |_, system| end(&system.applied).0 == "expired"),
        ]
    }
}

/// Goal: two daemons, crashes and lost connections apply each thing once and lose no accepted vote (W14,
/// W17, W28). Method: all interleavings, checked by a model checker, around the real decision.
#[test]
fn two_daemons_apply_each_thing_once() {
    let checker = SOUND.checker().spawn_bfs().join();
    println!("two daemons: {} states", checker.unique_state_count());
    assert!(
        checker.unique_state_count() > 1_000,
        "hardly anything was tried"
    );
    checker.assert_properties();
}

/// Goal: the model would notice. Method: without keys something is applied twice; without the lock an
/// accepted vote is lost.
#[test]
fn systems_that_are_wrong_are_found_out() {
    let keyless = Daemons {
        keys: false,
        ..SOUND
    };
    let found = keyless
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    assert!(found.discovery("applied once").is_some());
    let lockless = Daemons {
        locks: false,
        ..SOUND
    };
    let found = lockless
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    assert!(found.discovery("nothing accepted is lost").is_some());
}
