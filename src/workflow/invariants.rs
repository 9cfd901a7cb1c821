//! Every state that actions can reach, and what holds in all of them.
//!
//! Over a dozen small policies, three approvers, the requester, the clock and a departure do
//! everything they can, in every order, until no new state appears: not a depth, the whole graph.
//! After every accepted action each numbered invariant is checked; after every refused one, that
//! nothing changed. The instants are few (the request's time is running, or is over), so that
//! states repeat.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::decide::{Action, Actor, Draft, Scene, Shown, decide};
use super::event::Event;
use super::ids::PersonId;
use super::notice::Kind;
use super::policy::Terms;
use super::refusal::Refusal;
use super::request::{Channel, Decision, Request, State, Window};
use super::testing::{World, book, draft, hours, id, policy, start, step, terms};

/// A policy whose graph grows beyond this is too large for a test that runs at every change.
const MAX_STATES: usize = 60_000;

const PEOPLE: [&str; 4] = ["ann", "ben", "cat", "rita"];

// ---- what always holds ----

/// 1. Nobody votes on their own request unless the policy allows it (W10).
fn i1_no_self_approval(world: &World) {
    let request = &world.request;
    if !request.terms.allow_self_approval {
        assert!(
            request
                .votes
                .iter()
                .all(|vote| vote.person != request.requester)
        );
    }
}

/// 2. One person has one vote on a step (W11).
fn i2_one_vote_per_person_and_step(world: &World) {
    let keys: BTreeSet<_> = world
        .request
        .votes
        .iter()
        .map(|vote| (vote.step, &vote.person))
        .collect();
    assert_eq!(keys.len(), world.request.votes.len());
}

/// 3. Under W11 nobody's approval counts on two steps.
fn i3_one_approval_per_request(world: &World) {
    let request = &world.request;
    if !request.terms.distinct_approvers {
        return;
    }
    let mut seen = BTreeSet::new();
    for vote in request
        .votes
        .iter()
        .filter(|vote| vote.decision == Decision::Approve)
    {
        assert!(seen.insert(&vote.person), "{} approves twice", vote.person);
    }
}

fn approvers(request: &Request, step: usize) -> BTreeSet<&PersonId> {
    request
        .votes_on(step, Decision::Approve)
        .map(|vote| &vote.person)
        .collect()
}

/// 4. Approved means that every step has its approvals from different persons, and no step its
///    disapprovals (W12).
fn i4_quorum_by_distinct_people(world: &World) {
    let request = &world.request;
    if !matches!(request.state, State::Approved { .. }) {
        return;
    }
    for (index, step) in request.terms.steps.iter().enumerate() {
        assert!(approvers(request, index).len() >= step.approvals);
        let against = request.votes_on(index, Decision::Disapprove).count();
        assert!(against < step.disapprovals);
    }
}

/// 5. The current step is the first that lacks approvals, and no step has its disapprovals (W9,
///    W12).
fn i5_current_is_the_first_open_step(world: &World) {
    let request = &world.request;
    let Some(current) = request.current_step() else {
        return;
    };
    for (index, step) in request.terms.steps.iter().enumerate() {
        let complete = approvers(request, index).len() >= step.approvals;
        match index.cmp(&current) {
            std::cmp::Ordering::Less => assert!(complete, "step {index} is behind, not complete"),
            std::cmp::Ordering::Equal => assert!(!complete, "step {index} is complete, current"),
            std::cmp::Ordering::Greater => {}
        }
        assert!(request.votes_on(index, Decision::Disapprove).count() < step.disapprovals);
    }
}

/// 6. A grant comes with an approval and only so, lies inside the window, and is not empty (W12).
fn i6_grant_only_when_approved(world: &World, accepted: &[Event]) {
    for event in accepted {
        let Event::Approved { grant, at } = event else {
            continue;
        };
        assert!(grant.start < grant.end && grant.start >= *at);
        match world.request.window {
            Window::Fixed { start, end } => assert!(start <= grant.start && grant.end == end),
            Window::FromApproval { length } => {
                assert_eq!(grant.end.duration_since(grant.start), length);
            }
        }
        assert_eq!(
            world.request.state,
            State::Approved {
                at: *at,
                grant: *grant
            }
        );
    }
}

/// 7. Final is final: nothing that anybody does leads back from a settled request, and of what became
///    of an approved one only the grant's own life goes on, which never gets longer (W14, W21, W22).
fn i7_final_is_final(before: &World, result: &Result<Vec<Event>, Refusal>) {
    if before.request.current_step().is_some() {
        return;
    }
    let Ok(events) = result else { return };
    let mut after = before.request.clone();
    for event in events {
        after.apply(event).expect("a decided event fits");
    }
    assert!(matches!(after.state, State::Approved { .. }), "{events:?}");
    assert_eq!(after.state, before.request.state);
    assert_eq!(after.votes, before.request.votes);
    if before.request.ended.is_some() {
        assert_eq!(after.ended, before.request.ended);
    }
}

/// 8. Nobody is asked before their step is current, nor anybody who cannot vote on it (W9, W10).
fn i8_no_ask_before_its_step(world: &World) {
    for notice in world
        .owed
        .notices
        .iter()
        .filter(|notice| notice.kind == Kind::Ask)
    {
        assert_eq!(notice.facts.step, world.request.current_step());
        let mut trial = world.clone();
        let answer = trial.disapproves(notice.to.as_str());
        let comment_missing = matches!(answer, Err(Refusal::CommentRequired { .. }));
        assert!(
            answer.is_ok() || comment_missing,
            "{} was asked, but {answer:?}",
            notice.to
        );
    }
}

/// 9. The events tell the whole story: folded, they are the state.
fn i9_replay_equals_state(world: &World) {
    assert_eq!(
        Request::replay(&world.events).as_ref(),
        Some(&world.request)
    );
}

/// 10. A refusal is a function of what was judged, and has nothing in its hands to change: asked
///     again, it is the same (W14).
fn i10_a_refusal_is_repeatable(scene: &Scene<'_>, actor: &Actor, action: &Action, first: &Refusal) {
    assert_eq!(decide(scene, actor, action).as_ref(), Err(first));
}

/// 11. A vote only becomes stricter, and none disappears (W13).
fn i11_votes_only_become_stricter(before: &World, after: &World) {
    for vote in &before.request.votes {
        let now = after
            .request
            .vote_of(vote.step, &vote.person)
            .expect("still there");
        assert!(
            now.decision >= vote.decision,
            "{} became milder",
            vote.person
        );
    }
}

/// 12. Nobody hears twice because of one command; the disabled hear nothing; once settled,
///     everybody who was asked hears, or has the answer before them (W14, W18, W29).
fn i12_everybody_hears_once(before: &World, after: &World, actor: &Actor) {
    let told: Vec<_> = after.owed.notices.iter().map(|notice| &notice.to).collect();
    let distinct: BTreeSet<_> = told.iter().collect();
    assert_eq!(told.len(), distinct.len(), "{:?}", after.mail());
    assert!(told.iter().all(|person| after.book.is_active(person)));
    let was_pending = before.request.current_step().is_some();
    if was_pending && after.request.current_step().is_none() {
        assert_eq!(
            after.owed.cancel_asks.len(),
            after.request.terms.steps.len()
        );
        for (_, person) in &before.around.asked {
            let own = *actor == Actor::Person(person.clone());
            assert!(own || told.contains(&person) || !after.book.is_active(person));
        }
    }
}

/// 13. A vote counts only from somebody entitled, by a plain reading of W10.
fn i13_only_the_entitled_vote(before: &World, accepted: &[Event]) {
    for event in accepted {
        let Event::Voted { vote } = event else {
            continue;
        };
        let request = &before.request;
        let named = before
            .book
            .means(&request.terms.steps[vote.step].approvers, &vote.person);
        let person = before.book.person(&vote.person).expect("known");
        assert!(named && person.active && person.modules.contains(&request.subject.module));
        assert!(before.now < request.pending_until, "after its time");
    }
}

/// 14. Without departures, whatever has been voted, a pending request can still be approved: a dead
///     one is not left to wait (W5, W11, W12). Checked backwards over the whole graph.
fn i14_pending_can_still_be_approved(graph: &Graph) {
    let mut alive: BTreeSet<usize> = BTreeSet::new();
    let approved = |node: &Node| matches!(node.world.request.state, State::Approved { .. });
    alive.extend((0..graph.nodes.len()).filter(|index| approved(&graph.nodes[*index])));
    loop {
        let more: Vec<usize> = (0..graph.nodes.len())
            .filter(|index| !alive.contains(index))
            .filter(|index| {
                graph.nodes[*index]
                    .next
                    .iter()
                    .any(|next| alive.contains(next))
            })
            .collect();
        if more.is_empty() {
            break;
        }
        alive.extend(more);
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        let whole = node.world.book.is_active(&id("ann")) && node.world.now == start();
        if whole && node.world.request.current_step().is_some() {
            assert!(
                alive.contains(&index),
                "stuck: {:#?}",
                node.world.request.votes
            );
        }
    }
}

// ---- the enumeration ----

/// What can be done to a world.
#[derive(Debug, Clone)]
enum Deed {
    Act(Actor, Action),
    /// Time passes beyond the request's end.
    TimeIsOver,
    /// `ann` is disabled.
    AnnLeaves,
}

fn deeds(world: &World) -> Vec<Deed> {
    let mut deeds = vec![
        Deed::TimeIsOver,
        Deed::AnnLeaves,
        Deed::Act(Actor::Clock, Action::Tick),
    ];
    // Once nothing can count, what the voter was shown makes no difference worth the time.
    let over = world.now >= world.request.pending_until;
    let steps = if over {
        0
    } else {
        world.request.terms.steps.len()
    };
    for name in PEOPLE {
        let actor = Actor::Person(id(name));
        deeds.push(Deed::Act(
            actor.clone(),
            Action::Withdraw {
                reason: "why".to_owned(),
            },
        ));
        for decision in [Decision::Approve, Decision::Disapprove] {
            let shown = (0..steps).map(|step| Some(Shown { step, revision: 1 }));
            for shown in shown.chain([None]) {
                let channel = if shown.is_some() {
                    Channel::Mail
                } else {
                    Channel::CommandLine
                };
                let comment = Some("because".to_owned());
                let vote = Action::Vote {
                    decision,
                    comment,
                    window: None,
                    shown,
                    channel,
                };
                deeds.push(Deed::Act(actor.clone(), vote));
            }
        }
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

/// What makes two worlds the same: everything but the way there and the last messages.
fn key(world: &World) -> String {
    // The order of votes and by which road they came make no difference to any rule.
    let votes: BTreeMap<_, _> = world
        .request
        .votes
        .iter()
        .map(|vote| ((vote.step, &vote.person), vote.decision))
        .collect();
    let ann = world.book.is_active(&id("ann"));
    format!(
        "{:?}{:?}{:?}{ann}{}",
        world.request.state, votes, world.around.asked, world.now
    )
}

/// Does one deed and checks everything that can be seen from before and after.
fn perform(before: &World, deed: &Deed) -> Option<World> {
    let (actor, action) = match deed {
        Deed::TimeIsOver => {
            let now = before.request.pending_until;
            return Some(World {
                now,
                ..before.clone()
            });
        }
        Deed::AnnLeaves => {
            let mut after = before.clone();
            after.disable("ann");
            return Some(after);
        }
        Deed::Act(actor, action) => (actor, action),
    };
    let scene = Scene {
        request: &before.request,
        book: &before.book,
        around: &before.around,
        now: before.now,
    };
    let result = decide(&scene, actor, action);
    i7_final_is_final(before, &result);
    if let Err(refusal) = &result {
        i10_a_refusal_is_repeatable(&scene, actor, action, refusal);
        return None;
    }
    let mut after = before.clone();
    let accepted = after.act(actor, action).expect("the same again");
    assert!(!accepted.is_empty(), "accepted, and nothing happened");
    i1_no_self_approval(&after);
    i2_one_vote_per_person_and_step(&after);
    i3_one_approval_per_request(&after);
    i4_quorum_by_distinct_people(&after);
    i5_current_is_the_first_open_step(&after);
    i6_grant_only_when_approved(&after, &accepted);
    i8_no_ask_before_its_step(&after);
    i9_replay_equals_state(&after);
    i11_votes_only_become_stricter(before, &after);
    i12_everybody_hears_once(before, &after, actor);
    i13_only_the_entitled_vote(before, &accepted);
    Some(after)
}

/// The whole graph from one filing.
fn explore(first: World) -> Graph {
    i8_no_ask_before_its_step(&first);
    i9_replay_equals_state(&first);
    let mut known = BTreeMap::from([(key(&first), 0)]);
    let mut graph = Graph {
        nodes: vec![Node {
            world: first,
            next: Vec::new(),
        }],
        refused: 0,
    };
    let mut queue = VecDeque::from([0]);
    while let Some(index) = queue.pop_front() {
        for deed in deeds(&graph.nodes[index].world) {
            let Some(after) = perform(&graph.nodes[index].world, &deed) else {
                graph.refused += 1;
                continue;
            };
            let fresh = graph.nodes.len();
            let next = *known.entry(key(&after)).or_insert(fresh);
            graph.nodes[index].next.push(next);
            if next == fresh {
                assert!(fresh < MAX_STATES, "the graph is too large");
                graph.nodes.push(Node {
                    world: after,
                    next: Vec::new(),
                });
                queue.push_back(fresh);
            }
        }
    }
    graph
}

/// A dozen small policies, each with something of its own.
fn policies() -> Vec<(&'static str, Terms)> {
    let all = &["ann", "ben", "cat"];
    let own = &["ann", "ben", "rita"];
    let two = |first, second| terms(vec![first, second]);
    vec![
        ("one of one", terms(vec![step("S", &["ann"], 1, 1)])),
        ("one of three", terms(vec![step("S", all, 1, 1)])),
        ("two of three", terms(vec![step("S", all, 2, 1)])),
        (
            "two of three, two against",
            terms(vec![step("S", all, 2, 2)]),
        ),
        (
            "two of three, three against",
            terms(vec![step("S", all, 2, 3)]),
        ),
        ("all of three", terms(vec![step("S", all, 3, 3)])),
        (
            "group and name",
            terms(vec![step("S", &["group:team", "ann", "cat"], 2, 2)]),
        ),
        (
            "two steps apart",
            two(step("A", &["group:team"], 1, 1), step("B", &["cat"], 1, 1)),
        ),
        (
            "two steps, the same people",
            two(step("A", all, 1, 2), step("B", all, 1, 2)),
        ),
        (
            "two steps, needed later",
            two(step("A", all, 1, 2), step("B", &["ann", "ben"], 2, 2)),
        ),
        (
            "three steps, all different",
            terms(vec![
                step("A", all, 1, 2),
                step("B", all, 1, 2),
                step("C", all, 1, 2),
            ]),
        ),
        (
            "the same person twice",
            Terms {
                distinct_approvers: false,
                ..two(step("A", all, 2, 2), step("B", &["ann", "cat"], 1, 2))
            },
        ),
        (
            "self-approval",
            Terms {
                allow_self_approval: true,
                ..two(step("A", own, 2, 2), step("B", all, 1, 1))
            },
        ),
        (
            "the requester is named in vain",
            terms(vec![step("S", own, 2, 2)]),
        ),
        (
            "a comment is required",
            Terms {
                comment_required: true,
                ..terms(vec![step("S", all, 2, 2)])
            },
        ),
    ]
}

/// Goal: the invariants hold in every state that can be reached, whoever does what in whichever
/// order. Method: walk the whole graph of each policy; the counts guard against a walk that got
/// stuck.
#[test]
fn every_reachable_state_keeps_every_invariant() {
    for (name, terms) in policies() {
        let world = World::filed(terms);
        let graph = explore(world);
        i14_pending_can_still_be_approved(&graph);
        let reached: BTreeSet<&str> = graph
            .nodes
            .iter()
            .map(|node| node.world.request.state.as_str())
            .collect();
        let every = ["approved", "expired", "pending", "rejected", "withdrawn"];
        assert!(reached.iter().eq(every.iter()), "{name}: {reached:?}");
        assert!(
            graph.refused > graph.nodes.len(),
            "{name}: hardly anything was refused"
        );
        println!(
            "{name}: {} states, {} refusals",
            graph.nodes.len(),
            graph.refused
        );
    }
}

/// Goal: the same with a fixed window that ends before the policy's time.
/// Method: one policy, the whole graph.
#[test]
fn a_fixed_window_keeps_every_invariant() {
    let end = start().checked_add(hours(4)).expect("in range");
    let draft = Draft {
        window: Window::Fixed {
            start: start(),
            end,
        },
        ..draft()
    };
    let steps = vec![step("A", &["ann", "ben"], 1, 2), step("B", &["cat"], 1, 1)];
    let world = World::filed_as(&draft, book(vec![policy(terms(steps))])).expect("sound");
    assert_eq!(world.request.pending_until, end);
    i14_pending_can_still_be_approved(&explore(world));
}
