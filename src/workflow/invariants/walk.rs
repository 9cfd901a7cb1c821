//! The whole graph: everything that can be done is done, in every order, until no new state appears.
//!
//! The instants are few, so that states repeat. A window is changed at most twice; of three steps nobody leaves. Where the graph would
//! grow beyond what a test at every change can take, the walk ends after six deeds, and says so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::decide::Shown;
use super::super::request::Channel;
use super::plots::{Plot, accessed, plot, policies, timed, windowed, windows};
use super::*;

/// A policy whose graph grows beyond this is too large for a test that runs at every change.
const MAX_STATES: usize = 60_000;

const PEOPLE: [&str; 4] = ["ann", "ben", "cat", "rita"];

/// Whether somebody leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Moves {
    Stays,
    #[default]
    Leaves,
    LeavesAndReturns,
}

/// What is done beside votes, a withdrawal, a departure, and what the clock does at the end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Can {
    /// Approvers set other windows, and replies carry older revisions.
    pub windows: bool,
    /// Hours at which somebody looks.
    pub hours: &'static [i64],
    /// Who delegates to whom.
    pub delegates: &'static [(&'static str, &'static str)],
    /// Emergency, review, revocation, return.
    pub access: bool,
    /// Whether `ann` leaves.
    pub moves: Moves,
}

/// 14. Without departures, whatever has been voted, a pending request can still be approved: a dead one
///     is not left to wait (W5, W11, W12). Checked backwards over the whole graph.
fn i14_pending_can_still_be_approved(graph: &Graph) {
    let approved = |node: &Node| {
        let request = &node.world.request;
        matches!(request.state, State::Approved { .. }) && request.emergency.is_none()
    };
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        for next in &node.next {
            before[*next].push(index);
        }
    }
    let mut queue: Vec<usize> = (0..graph.nodes.len())
        .filter(|index| approved(&graph.nodes[*index]))
        .collect();
    let mut alive: BTreeSet<usize> = queue.iter().copied().collect();
    while let Some(index) = queue.pop() {
        queue.extend(before[index].iter().filter(|from| alive.insert(**from)));
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        let world = &node.world;
        let whole = PEOPLE.iter().all(|name| world.book.is_active(&id(name)))
            && world.now < world.request.pending_until;
        if whole && world.request.current_step().is_some() {
            assert!(alive.contains(&index), "stuck: {:#?}", world.request.votes);
        }
    }
}

fn vote(decision: Decision, window: Option<Window>, shown: Option<Shown>) -> Action {
    let channel = match shown {
        Some(_) => Channel::Mail,
        None => Channel::CommandLine,
    };
    Action::Vote {
        decision,
        comment: Some("because".to_owned()),
        window,
        shown,
        channel,
    }
}

/// What one person may say about their vote.
fn votes(world: &World, can: Can) -> Vec<Action> {
    let request = &world.request;
    // Once nothing can count, what the voter was shown makes no difference worth the time.
    let over = request.current_step().is_none() || world.now >= request.pending_until;
    if over {
        let plain = |decision| vote(decision, None, None);
        return vec![plain(Decision::Approve), plain(Decision::Disapprove)];
    }
    let mut all = Vec::new();
    let revisions: BTreeSet<u32> = [1, request.revision].into();
    let steps = 0..request.terms.steps.len();
    let shown: Vec<Option<Shown>> = steps
        .flat_map(|step| {
            let revisions = revisions.iter();
            revisions.map(move |revision| {
                Some(Shown {
                    step,
                    revision: *revision,
                    confirms: None,
                })
            })
        })
        .chain([None])
        .collect();
    for decision in [Decision::Approve, Decision::Disapprove] {
        all.extend(shown.iter().map(|shown| vote(decision, None, *shown)));
    }
    if can.windows && request.revision < 3 {
        let set = |window| vote(Decision::Approve, Some(window), None);
        all.extend(windows().map(set));
    }
    all
}

/// Everything that can be done now.
pub(super) fn deeds(world: &World, can: Can) -> Vec<Deed> {
    let mut deeds = vec![Deed::Act(Actor::Clock, Action::Tick)];
    if can.moves != Moves::Stays {
        deeds.push(Deed::Leaves("ann"));
    }
    let request = &world.request;
    let edges = request.grant().map(|grant| [grant.start, grant.end]);
    let hours = can
        .hours
        .iter()
        .map(|hour| start().checked_add(hours(*hour)).expect("in range"));
    let next = hours
        .chain([request.pending_until])
        .chain(edges.into_iter().flatten())
        .filter(|at| *at > world.now)
        .min();
    deeds.extend(next.map(Deed::Wait));
    if can.moves == Moves::LeavesAndReturns {
        deeds.push(Deed::Returns("ann"));
    }
    // Only at first: delegations that begin at other instants make other states.
    for (from, to) in can.delegates.iter().filter(|_| world.now == start()) {
        deeds.push(Deed::Delegates(from, to));
    }
    for name in PEOPLE {
        let actor = Actor::Person(id(name));
        let reason = || "because of this".to_owned();
        let mut actions = vec![Action::Withdraw { reason: reason() }];
        actions.extend(votes(world, can));
        if can.access {
            actions.push(Action::Emergency { reason: reason() });
            actions.push(Action::Review { finding: reason() });
            actions.push(Action::Revoke { reason: reason() });
            actions.push(Action::Return { reason: None });
        }
        deeds.extend(
            actions
                .into_iter()
                .map(|action| Deed::Act(actor.clone(), action)),
        );
    }
    deeds
}

struct Node {
    world: World,
    next: Vec<usize>,
}

struct Graph {
    nodes: Vec<Node>,
    refused: usize,
}

/// The graph from one filing.
fn explore(plot: &Plot) -> Graph {
    i8_no_ask_before_its_step(&plot.first);
    i9_replay_equals_state(&plot.first);
    let mut known = BTreeMap::from([(key(&plot.first), 0)]);
    let mut graph = Graph {
        nodes: vec![Node {
            world: plot.first.clone(),
            next: Vec::new(),
        }],
        refused: 0,
    };
    let mut queue = VecDeque::from([(0, 0)]);
    while let Some((index, depth)) = queue.pop_front() {
        if plot.deeds == Some(depth) {
            continue;
        }
        for deed in deeds(&graph.nodes[index].world, plot.can) {
            let Some(after) = perform(&graph.nodes[index].world, &deed) else {
                graph.refused += 1;
                continue;
            };
            let fresh = graph.nodes.len();
            let next = *known.entry(key(&after)).or_insert(fresh);
            graph.nodes[index].next.push(next);
            if next == fresh {
                assert!(fresh < MAX_STATES, "{}: the graph is too large", plot.name);
                graph.nodes.push(Node {
                    world: after,
                    next: Vec::new(),
                });
                queue.push_back((fresh, depth + 1));
            }
        }
    }
    graph
}

/// Walks each graph, checks it as a whole where it is whole, and prints how large it was; the counts
/// guard against a walk that got stuck.
fn walk(plots: &[Plot]) {
    for plot in plots {
        let graph = explore(plot);
        if plot.deeds.is_none() {
            i14_pending_can_still_be_approved(&graph);
        }
        let reached: BTreeSet<&str> = graph
            .nodes
            .iter()
            .map(|node| node.world.request.state.as_str())
            .collect();
        let every = ["approved", "expired", "pending", "rejected", "withdrawn"];
        let name = plot.name;
        assert!(reached.iter().eq(every.iter()), "{name}: {reached:?}");
        let states = graph.nodes.len();
        assert!(
            graph.refused > states,
            "{name}: hardly anything was refused"
        );
        println!("{name}: {states} states, {} refusals", graph.refused);
    }
}

/// Goal: the invariants hold in every state that votes can reach (W9-W15).
/// Method: walk the whole graph of each policy.
#[test]
fn every_state_that_votes_reach() {
    let plots: Vec<Plot> = policies()
        .into_iter()
        .map(|(name, terms)| {
            let moves = match terms.steps.len() {
                1 | 2 => Moves::Leaves,
                _ => Moves::Stays,
            };
            let can = Can {
                moves,
                ..Can::default()
            };
            plot(name, World::filed(terms), can)
        })
        .collect();
    walk(&plots);
}

/// Goal: the same while approvers change the window (W16), and with a fixed one.
/// Method: as above; two graphs end after six deeds.
#[test]
fn every_state_that_windows_reach() {
    walk(&windowed());
}

/// Goal: the same while time passes, steps escalate, and people delegate (W18-W20).
/// Method: as above, at the few instants that matter.
#[test]
fn every_state_that_time_and_delegation_reach() {
    walk(&timed());
}

/// Goal: the same with emergencies, reviews, revocations, returns and confirmations (W22-W26, W30).
/// Method: as above; the graph of everything at once ends after four deeds.
#[test]
fn every_state_that_access_reaches() {
    walk(&accessed());
}
