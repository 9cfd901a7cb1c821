//! Votes in another's hands (W20): asked, counted, refused, ended; and the book that is kept of it.

use std::sync::Arc;

use jiff::SignedDuration;
use sqlx::PgPool;
use tokio::sync::Barrier;

use super::world::*;
use crate::command::{Command, Target};
use crate::handle::{Answer, Handler};
use crate::inbound::timer;
use crate::store::{books, delegations, inbound as ledger};
use crate::workflow::book::Delegation;
use crate::workflow::decide::MAX_DELEGATION;
use crate::workflow::request::Decision;

/// Rounds of the race.
const ROUNDS: usize = 12;

impl World {
    /// Delegates from `from` hours ahead until `until` hours ahead.
    async fn delegates(&self, who: &str, to: &str, (from, until): (i64, i64)) -> Answer {
        let at = |hours| self.handler.clock.now() + SignedDuration::from_hours(hours);
        let command = Command::Delegate {
            to: to.into(),
            start: (from != 0).then(|| at(from)),
            until: at(until),
        };
        self.handle(&says(who, command)).await
    }

    async fn ends(&self, who: &str) -> Answer {
        self.handle(&says(who, Command::EndDelegation)).await
    }

    async fn mails_to(&self, who: &str) -> Vec<String> {
        let mails = self.system_mails(who).await.into_iter();
        mails.map(|mail| mail.subject).collect()
    }
}

#[track_caller]
fn delegated(answer: Answer) -> Vec<Delegation> {
    match answer {
        Answer::Delegated { delegations, .. } => delegations,
        other => panic!("nothing was delegated: {other:?}"),
    }
}

/// The book as this handler's next command has it.
async fn seen_by(handler: &Handler) -> Vec<Delegation> {
    let mut conn = handler.pool.acquire().await.expect("a connection");
    let (_, versions) = ledger::look(&mut conn, "").await.expect("looks");
    let book = handler.books.get(&mut conn, versions).await;
    book.expect("reads").delegations.clone()
}

/// Goal: the delegate is asked about what lies open, votes on behalf, and both names are kept; the
/// delegator's own vote is used; both hear of it; the audit has it on the channel's chain.
/// Method: a request asked before the delegation and one after; a reply by mail and a late vote.
#[sqlx::test(migrations = "./migrations")]
async fn the_delegate_is_asked_and_votes(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 2, 1)).await;
    let open = world.filed().await;
    let made = delegated(world.delegates("ann", "cat", (0, 5)).await);
    assert_eq!((made[0].from.as_str(), made[0].to.as_str()), ("ann", "cat"));
    assert_eq!(world.owed("ask", "cat").await, 0);
    timer::pass(&world.handler).await.expect("passes");
    assert_eq!(world.owed("ask", "cat").await, 1);
    world.filed_for("prod-db-2").await;
    assert_eq!(world.owed("ask", "cat").await, 2);

    let token = world.token(open, "cat").await;
    let answer = world.handle(&reply(token, "cat", Decision::Approve)).await;
    assert_eq!(events(&answer), ["voted"]);
    let vote = world.request(open).await.votes[0].clone();
    assert_eq!(vote.person, person("cat"));
    assert_eq!(vote.on_behalf_of, Some(person("ann")));
    for decision in [Decision::Approve, Decision::Disapprove] {
        let late = world.votes("ann", open, decision).await;
        assert_eq!(code(&late), "vote-used");
    }

    let chain = world.chain("system/command_line").await;
    let entry = chain.last().expect("an entry");
    assert_eq!(entry.delegations, made);
    assert_eq!(entry.actor, Some(person("ann")));
    assert_eq!(
        world.mails_to("ann").await,
        ["Your votes are delegated to Cat"]
    );
    assert_eq!(
        world.mails_to("cat").await,
        ["Ann has delegated their votes to you"]
    );
    world.check().await;
}

/// Goal: a delegation that begins later is waited for by what lies open, and one that is over is nobody's.
/// Method: from two hours ahead to four; passes before, at and after.
#[sqlx::test(migrations = "./migrations")]
async fn one_that_begins_later_is_waited_for(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 2, 1)).await;
    delegated(world.delegates("ann", "cat", (2, 4)).await);
    let open = world.filed().await;
    timer::pass(&world.handler).await.expect("passes");
    let early = world.votes("cat", open, Decision::Approve).await;
    assert_eq!(code(&early), "not-eligible");
    assert_eq!(world.owed("ask", "cat").await, 0);
    world.advance(2);
    timer::pass(&world.handler).await.expect("passes");
    assert_eq!(world.owed("ask", "cat").await, 1);
    world.advance(2);
    let late = world.votes("cat", open, Decision::Approve).await;
    assert_eq!(code(&late), "not-eligible");
    assert_eq!(code(&world.ends("ann").await), "no-delegation");
    world.check().await;
}

/// Goal: whoever ends it gets their votes back; votes given stand; it dies with either one's entitlement
/// and may come back with it.
/// Method: the delegate votes on one request; the delegator is disabled, enabled, ends it; more votes.
#[sqlx::test(migrations = "./migrations")]
async fn it_ends_by_its_maker_or_with_an_entitlement(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 2, 1)).await;
    let [first, second] = [world.filed().await, world.filed_for("prod-db-2").await];
    delegated(world.delegates("ann", "cat", (0, 5)).await);
    let cat = |request| world.votes("cat", request, Decision::Approve);
    assert_eq!(events(&cat(first).await), ["voted"]);
    for who in ["ann", "cat"] {
        let active = |active| {
            world.amend(move |book| {
                let person = book.people.get_mut(&person(who)).expect("known");
                person.active = active;
            })
        };
        active(false).await;
        let refused = if who == "ann" {
            "not-eligible"
        } else {
            "not-active"
        };
        assert_eq!(code(&cat(second).await), refused);
        active(true).await;
    }
    let ended = delegated(world.ends("ann").await);
    assert_eq!(ended.len(), 1);
    assert_eq!(code(&cat(second).await), "not-eligible");
    let own = world.votes("ann", second, Decision::Approve).await;
    assert_eq!(events(&own), ["voted"]);
    assert_eq!(world.request(first).await.votes.len(), 1);
    assert_eq!(
        world.mails_to("cat").await,
        [
            "Ann has delegated their votes to you",
            "Ann has ended the delegation of their votes to you"
        ]
    );
    world.check().await;
}

/// Goal: what may not be delegated is refused, written down, and changes nothing.
/// Method: each refusal; two periods side by side are two delegations, and end together.
#[sqlx::test(migrations = "./migrations")]
async fn what_may_not_be_delegated(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann"], 1, 1)).await;
    let too_long = MAX_DELEGATION.as_hours() + 1;
    for (to, period, refused) in [
        ("ann", (0, 5), "delegate-to-self"),
        ("nobody", (0, 5), "unknown-person"),
        ("eve", (0, 5), "not-active"),
        ("cat", (6, 5), "period-unfit"),
        ("cat", (0, too_long), "period-unfit"),
    ] {
        let answer = world.delegates("ann", to, period).await;
        assert_eq!(code(&answer), refused, "{to} {period:?}");
    }
    world
        .amend(|book| {
            let dan = book.people.get_mut(&person("dan")).expect("known");
            dan.modules.clear();
        })
        .await;
    let unfit = world.delegates("ann", "dan", (0, 5)).await;
    assert_eq!(code(&unfit), "not-an-approver");
    assert_eq!(code(&world.ends("ann").await), "no-delegation");
    assert!(seen_by(&world.handler).await.is_empty());

    delegated(world.delegates("ann", "cat", (0, 5)).await);
    let beside = world.delegates("ann", "ben", (4, 6)).await;
    assert_eq!(code(&beside), "delegation-overlaps");
    delegated(world.delegates("ann", "ben", (6, 7)).await);
    assert_eq!(delegated(world.ends("ann").await).len(), 2);
    let mut tick = says("ann", Command::EndDelegation);
    tick.speaker = crate::inbound::Speaker::Clock;
    assert!(unidentified(&world.handle(&tick).await).contains("clock"));
    assert!(seen_by(&world.handler).await.is_empty());
    world.check().await;
}

/// Goal: one made and one ended at the same instant are both in every daemon's next book.
/// Method: two daemons behind a barrier, one delegates while the other ends another's, some rounds; a third
/// reads all the while and must never lose what it has seen.
#[sqlx::test(migrations = "./migrations")]
async fn the_book_that_is_kept_is_never_stale(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 2, 1)).await;
    let handlers = [world.another_handler(), world.another_handler()];
    let until = world.handler.clock.now() + SignedDuration::from_hours(50);
    let give = |who: &str| {
        let to = "cat".into();
        let start = None;
        says(who, Command::Delegate { to, start, until })
    };
    delegated(world.handle(&give("ben")).await);
    let (mut gives, mut ends) = ("ann", "ben");
    for round in 0..ROUNDS {
        let barrier = Arc::new(Barrier::new(3));
        let things = [give(gives), says(ends, Command::EndDelegation)];
        let both = things
            .into_iter()
            .zip(handlers.clone())
            .map(|(thing, handler)| {
                let barrier = barrier.clone();
                tokio::spawn(async move {
                    barrier.wait().await;
                    handler.handle(&thing).await.expect("an answer")
                })
            });
        let both: Vec<_> = both.collect();
        barrier.wait().await;
        let (mut given, mut ended) = (false, false);
        while !both.iter().all(tokio::task::JoinHandle::is_finished) {
            let now = seen_by(&world.handler).await;
            let has = |who: &str| now.iter().any(|it| it.from == person(who));
            assert!(has(gives) || !given, "round {round}: seen and lost");
            assert!(!has(ends) || !ended, "round {round}: gone and back");
            (given, ended) = (has(gives), !has(ends));
        }
        for task in both {
            delegated(task.await.expect("no panic"));
        }
        let mut conn = world.pool.acquire().await.expect("a connection");
        let stored = books::current(&mut conn).await.expect("reads").delegations;
        assert_eq!(stored.len(), 1);
        assert_eq!(stored[0].from, person(gives), "round {round}");
        for handler in handlers.iter().chain([&world.handler]) {
            assert_eq!(seen_by(handler).await, stored, "round {round}");
        }
        (gives, ends) = (ends, gives);
    }
    world.check().await;
}

/// Goal: what is not committed is in nobody's book, and what is rolled back never was.
/// Method: a change held open, looked at by its own daemon and another; rolled back; then a real one.
#[sqlx::test(migrations = "./migrations")]
async fn what_is_rolled_back_is_in_no_book(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 2, 1)).await;
    let other = world.another_handler();
    let now = world.handler.clock.now();
    let ours = |to: &str| Delegation {
        from: person("ann"),
        to: person(to),
        start: now,
        until: now + SignedDuration::from_hours(1),
    };
    let mut tx = world.pool.begin().await.expect("begins");
    let change = delegations::begin(&mut tx).await.expect("held");
    let written = delegations::insert(&mut tx, &ours("cat"), change, now).await;
    written.expect("written");
    assert!(seen_by(&other).await.is_empty());
    tx.rollback().await.expect("rolls back");
    assert!(seen_by(&other).await.is_empty());

    let mut tx = world.pool.begin().await.expect("begins");
    assert_eq!(delegations::begin(&mut tx).await.expect("held"), change);
    let written = delegations::insert(&mut tx, &ours("ben"), change, now).await;
    written.expect("written");
    tx.commit().await.expect("commits");
    for handler in [&other, &world.handler] {
        assert_eq!(seen_by(handler).await, [ours("ben")]);
    }
    let request = world.filed().await;
    assert_eq!(world.owed("ask", "ben").await, 1);
    let cast = vote(Target::Request(request), Decision::Approve);
    assert_eq!(events(&world.handle(&says("ben", cast)).await), ["voted"]);
    world.check().await;
}
