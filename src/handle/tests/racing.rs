//! Many at once: W6, W17, and the same thing arriving twice at the same instant.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use sqlx::PgPool;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::world::*;
use crate::command::{Command, Target};
use crate::handle::{Answer, Handler};
use crate::inbound::Inbound;
use crate::workflow::book::Book;
use crate::workflow::ids::{GroupId, PersonId, RequestId};
use crate::workflow::policy::{EmergencyBlock, Who};
use crate::workflow::request::{Decision, State};
use crate::workflow::testing::{self, draft};

/// Rounds of each race in a normal run.
const ROUNDS: usize = 8;

/// The environment variable that asks for more rounds of every race than a normal run makes
/// (`make races`).
const MORE_ROUNDS: &str = "COUNTERSIGN_RACE_ROUNDS";

/// How many rounds a race has. A round looks only at what is its own, so that the thousandth costs what
/// the first does.
pub fn rounds() -> usize {
    let asked = std::env::var(MORE_ROUNDS).ok();
    asked.map_or(ROUNDS, |rounds| rounds.parse().expect("a number of rounds"))
}

/// Hands in all of them behind one barrier; the answers in the order of the things.
pub async fn at_once(handlers: &[Handler], inbound: Vec<Inbound>) -> Vec<Answer> {
    let barrier = Arc::new(Barrier::new(inbound.len()));
    let mut set = JoinSet::new();
    for (index, inbound) in inbound.into_iter().enumerate() {
        let handler = handlers[index % handlers.len()].clone();
        let barrier = barrier.clone();
        set.spawn(async move {
            barrier.wait().await;
            (index, handler.handle(&inbound).await.expect("an answer"))
        });
    }
    let answers: BTreeMap<usize, Answer> = set.join_all().await.into_iter().collect();
    answers.into_values().collect()
}

pub fn accepted(answers: &[Answer]) -> usize {
    let is = |answer: &&Answer| matches!(answer, Answer::Accepted { .. });
    answers.iter().filter(is).count()
}

/// Goal: two votes at the same instant are two votes, and the request is decided once (W17).
/// Method: a step that needs both; two connections of two daemons behind a barrier, some rounds.
#[sqlx::test(migrations = "./migrations")]
async fn two_votes_at_the_same_instant_are_two(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 2, 1)).await;
    let handlers = [world.handler.clone(), world.another_handler()];
    let rounds = rounds();
    for _ in 0..rounds {
        let request = world.filed().await;
        let votes = vec![
            reply(world.token(request, "ann").await, "ann", Decision::Approve),
            reply(world.token(request, "ben").await, "ben", Decision::Approve),
        ];
        let answers = at_once(&handlers, votes).await;
        assert_eq!(accepted(&answers), 2, "{answers:?}");
        let found = world.request(request).await;
        assert_eq!(found.votes.len(), 2);
        assert!(matches!(found.state, State::Approved { .. }));
    }
    let rounds = i64::try_from(rounds).expect("few");
    assert_eq!(world.count("access_grant").await, rounds);
    assert_eq!(world.owed("approved", "rita").await, rounds);
    assert_eq!(world.owed("recorded", "ann").await, rounds);
    world.check().await;
}

/// Goal: an approval against a disapproval that would each decide: one decides, the other is told (W12, W14).
/// Method: as above, with one approval and one disapproval enough.
#[sqlx::test(migrations = "./migrations")]
async fn one_of_two_contrary_votes_decides(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 1, 1)).await;
    let handlers = [world.handler.clone(), world.another_handler()];
    let rounds = rounds();
    for _ in 0..rounds {
        let request = world.filed().await;
        let votes = vec![
            reply(world.token(request, "ann").await, "ann", Decision::Approve),
            reply(
                world.token(request, "ben").await,
                "ben",
                Decision::Disapprove,
            ),
        ];
        let answers = at_once(&handlers, votes).await;
        assert_eq!(accepted(&answers), 1, "{answers:?}");
        let late = answers
            .iter()
            .find(|answer| accepted(std::slice::from_ref(answer)) == 0);
        assert_eq!(code(late.expect("one of the two")), "settled");
        let approved = matches!(world.request(request).await.state, State::Approved { .. });
        assert_eq!(world.granted(request).await, i64::from(approved));
    }
    world.check().await;
}

/// A book with 64 approvers, and the policy's step.
pub async fn crowd(pool: PgPool, approvals: usize, disapprovals: usize) -> (World, Vec<String>) {
    let names: Vec<String> = (0..64).map(|n| format!("p{n}")).collect();
    let terms = one_step(&["group:crowd"], approvals, disapprovals);
    let mut book = testing::book(vec![testing::policy(terms)]);
    let pattern = book.people[&testing::id("ann")].clone();
    for name in &names {
        let mut one = pattern.clone();
        one.id = PersonId::new(name.clone());
        one.email = format!("{name}@example.com");
        book.people.insert(one.id.clone(), one);
    }
    let members = names
        .iter()
        .map(|name| PersonId::new(name.clone()))
        .collect();
    book.groups.insert(GroupId::from("crowd"), members);
    (World::with(pool, book).await, names)
}

async fn crowd_decides(world: &World, names: &[String], request: RequestId) -> Vec<Answer> {
    let tokens = world.tokens(request).await;
    let votes = names.iter().enumerate().map(|(n, name)| {
        let decision = [Decision::Approve, Decision::Disapprove][n % 2];
        reply(tokens[name], name, decision)
    });
    let handlers = [world.handler.clone(), world.another_handler()];
    at_once(&handlers, votes.collect()).await
}

/// That a request which nine votes of either kind decide was decided once, by as many votes as were
/// accepted, and that every other was told so.
pub async fn one_outcome(world: &World, request: RequestId, answers: &[Answer]) {
    let found = world.request(request).await;
    assert!(found.state.settled_at().is_some(), "{:?}", found.state);
    assert_eq!(accepted(answers), found.votes.len());
    assert!(
        (9..=17).contains(&found.votes.len()),
        "{}",
        found.votes.len()
    );
    for answer in answers {
        assert!(accepted(std::slice::from_ref(answer)) == 1 || code(answer) == "settled");
    }
    let trail = world.of_request(request).await;
    let all = trail.iter().flat_map(|entry| &entry.events);
    let ends = all.filter(|event| matches!(event.as_str(), "approved" | "rejected"));
    assert_eq!(ends.count(), 1);
}

/// Goal: 64 people decide at once: one outcome, every vote until then counted once, and every one of
/// them gets exactly one answer (W14, W17).
/// Method: 32 approve and 32 disapprove, any of several counts deciding; answers and mails are counted. A
/// day lies between the rounds, so that the quotas of answers, which are the usual ones, give them all.
#[sqlx::test(migrations = "./migrations")]
async fn sixty_four_decide_at_once(pool: PgPool) {
    let (world, names) = crowd(pool, 9, 9).await;
    for _ in 0..rounds() {
        let request = world.filed().await;
        let answers = crowd_decides(&world, &names, request).await;
        one_outcome(&world, request, &answers).await;
        let told = world.told_of(request, &["recorded", "refused"]).await;
        assert!(names.iter().all(|name| told[name] == 1), "{told:?}");
        world.advance(25);
    }
    world.check().await;
}

/// Goal: the same thing arriving twice is applied once, whether one after the other or at the same
/// instant.
/// Method: one key on two connections: a vote, a filing, an unknown token.
#[sqlx::test(migrations = "./migrations")]
async fn a_key_counts_once(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 2, 1)).await;
    let handlers = [world.handler.clone(), world.another_handler()];
    for n in 0..ROUNDS {
        let request = world.filed_for(&format!("prod-{n}")).await;
        let token = world.token(request, "ann").await;
        for inbound in [
            reply(token, "ann", Decision::Approve),
            files(draft_for(&format!("prod-other-{n}")), None),
            mail(Vec::new(), "ann@example.com", unclear()),
        ] {
            let answers = at_once(&handlers, vec![inbound.clone(), inbound.clone()]).await;
            let twice = |answer: &&Answer| **answer == Answer::Duplicate;
            assert_eq!(answers.iter().filter(twice).count(), 1, "{answers:?}");
            let before = world.mark().await;
            assert_eq!(world.handle(&inbound).await, Answer::Duplicate);
            assert_eq!(world.mark().await, before, "a third time leaves nothing");
        }
    }
    let rounds = i64::try_from(ROUNDS).expect("few");
    assert_eq!(world.count("vote").await, rounds);
    assert_eq!(world.count("request").await, 2 * rounds);
    assert_eq!(world.chain("system/mail").await.len(), ROUNDS);
    world.check().await;
}

/// Goal: votes on different requests that arrive at once are counted in sets, and each is answered as if it
/// had come alone: those that count, one that is refused, one about nothing, and one that came before.
/// Method: forty votes on forty requests behind one barrier, with the odd ones among them.
#[sqlx::test(migrations = "./migrations")]
async fn votes_at_once_are_answered_as_alone(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 1, 1)).await;
    let before = world.filed_for("prod-db-before").await;
    let said = says("ann", vote(Target::Request(before), Decision::Approve));
    world.handle(&said).await;
    let mut votes = vec![
        said,
        says("ben", vote(Target::Request(before), Decision::Approve)),
        says(
            "ann",
            vote(Target::Request(RequestId(999)), Decision::Approve),
        ),
    ];
    for number in 0..40 {
        let request = world.filed_for(&format!("prod-db-{number}")).await;
        votes.push(says(
            "ann",
            vote(Target::Request(request), Decision::Approve),
        ));
    }
    let answers = at_once(std::slice::from_ref(&world.handler), votes).await;
    assert_eq!(answers[0], Answer::Duplicate);
    assert_eq!(code(&answers[1]), "settled");
    assert_eq!(code(&answers[2]), "unknown-request");
    assert_eq!(accepted(&answers), 40, "{answers:?}");
    assert_eq!(world.count("access_grant").await, 41);
    assert_eq!(world.owed("approved", "rita").await, 41);
    world.check().await;
}

/// Goal: two filings of one thing at the same instant make one request (W6), by the index where no
/// look-up could see it, and by the key.
/// Method: eight at once without a key: one filed, seven refused; eight under one key: all get that one.
#[sqlx::test(migrations = "./migrations")]
async fn the_same_filing_at_the_same_instant_files_once(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let handlers = [world.handler.clone(), world.another_handler()];
    let filings = (0..8).map(|_| files(draft(), None)).collect();
    let answers = at_once(&handlers, filings).await;
    assert_eq!(accepted(&answers), 1, "{answers:?}");
    let refused = answers
        .iter()
        .filter(|answer| accepted(std::slice::from_ref(answer)) == 0);
    assert!(refused.map(code).all(|code| code == "already-pending"));
    let keyed = (0..8)
        .map(|_| files(draft_for("prod-db-2"), Some("k")))
        .collect();
    let answers = at_once(&handlers, keyed).await;
    assert_eq!(accepted(&answers), 8, "{answers:?}");
    let filed =
        |answer: &&Answer| matches!(answer, Answer::Accepted { events, .. } if !events.is_empty());
    assert_eq!(answers.iter().filter(filed).count(), 1);
    assert_eq!(world.count("request").await, 2);
    world.check().await;
}

/// Goal: the timer, a new filing and a vote that meet on an overdue request expire it once, and none of
/// them waits for another in a circle.
/// Method: all at once on several overdue requests, some rounds; the trail has one expiry each.
#[sqlx::test(migrations = "./migrations")]
async fn timer_filing_and_vote_meet(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let handlers = [world.handler.clone(), world.another_handler()];
    for _ in 0..rounds() {
        let request = world.filed().await;
        world.advance(25);
        let votes = vote(Target::Request(request), Decision::Approve);
        let (answers, one, two) = tokio::join!(
            at_once(&handlers, vec![says("ann", votes), files(draft(), None)]),
            crate::inbound::timer::pass(&handlers[0]),
            crate::inbound::timer::pass(&handlers[1]),
        );
        one.expect("passes");
        two.expect("passes");
        assert_eq!(code(&answers[0]), "settled");
        assert_eq!(accepted(&answers[1..]), 1);
        let trail = world.of_request(request).await;
        let expiries = trail.iter().flat_map(|entry| &entry.events);
        assert_eq!(
            expiries.filter(|event| event.as_str() == "expired").count(),
            1
        );
        let Answer::Accepted { request: new, .. } = answers[1] else {
            unreachable!("accepted");
        };
        world.votes("ann", new, Decision::Disapprove).await;
    }
    world.check().await;
}

/// Goal: of two emergencies that one person takes in the same instant only one is given, since the other
/// has to wait for the first one's review (W26).
/// Method: two pending requests of rita's for different things, and both confirmed at once, many times.
#[sqlx::test(migrations = "./migrations")]
async fn two_emergencies_at_once(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 1, 1)).await;
    let offer = |book: &mut Book| {
        for policy in &mut book.policies {
            policy.emergency = Some(EmergencyBlock {
                allowed: vec![Who::Person("rita".into())],
                max_duration: SignedDuration::from_hours(1),
                block_until_reviewed: true,
                remind_review_after: SignedDuration::from_hours(24),
            });
        }
    };
    world.amend(offer).await;
    for round in 0..rounds() {
        let first = world.filed_for(&format!("prod-{round}-a")).await;
        let second = world.filed_for(&format!("prod-{round}-b")).await;
        let takes = |request| {
            let reason = "the shop is down".to_owned();
            says("rita", Command::Emergency { request, reason })
        };
        let (one, other) = (takes(first), takes(second));
        let (one, other) = tokio::join!(world.handle(&one), world.handle(&other));
        let taken = [&one, &other].map(|answer| matches!(answer, Answer::Accepted { .. }));
        assert!(taken[0] != taken[1], "{one:?} {other:?}");
        let request = if taken[0] { first } else { second };
        let finding = "it was".to_owned();
        let review = says("ann", Command::Review { request, finding });
        assert!(matches!(
            world.handle(&review).await,
            Answer::Accepted { .. }
        ));
    }
    world.check().await;
}
