//! Votes that are counted in one transaction: the same as alone, or nothing.

use sqlx::PgPool;

use super::world::*;
use crate::handle::Answer;
use crate::inbound::Inbound;
use crate::store::audit::Entry;
use crate::workflow::event::Event;
use crate::workflow::ids::RequestId;
use crate::workflow::request::Decision;

/// Requests `0..n` of `rita`, with `ann`'s approval of each.
async fn approvals(world: &World, n: usize) -> (Vec<RequestId>, Vec<Inbound>) {
    let (mut requests, mut votes) = (Vec::new(), Vec::new());
    for number in 0..n {
        let request = world.filed_for(&format!("prod-db-{number}")).await;
        let token = world.token(request, "ann").await;
        requests.push(request);
        votes.push(reply(token, "ann", Decision::Approve));
    }
    (requests, votes)
}

async fn together(world: &World, votes: &[Inbound]) -> Vec<Option<Answer>> {
    let votes: Vec<&Inbound> = votes.iter().collect();
    let answers = world.handler.together(&votes).await;
    answers.expect("the database is there")
}

/// Goal: votes that are counted together leave what they leave alone: state, audit event, grant, notices
/// and key of each (W28), and each counts once. Method: three together and one alone; the same again.
#[sqlx::test(migrations = "./migrations")]
async fn together_is_as_alone(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 1, 1)).await;
    let (requests, votes) = approvals(&world, 4).await;
    let (set, alone) = votes.split_at(3);
    let expected = world.handle(&alone[0]).await;
    let answers = together(&world, set).await;
    for (answer, request) in answers.iter().zip(&requests) {
        let Some(Answer::Accepted {
            request: of,
            events: happened,
        }) = answer
        else {
            panic!("not applied: {answer:?}");
        };
        assert_eq!(of, request);
        assert_eq!(happened.len(), events(&expected).len());
        let (one, other) = (
            world.of_request(*request).await,
            world.of_request(requests[3]).await,
        );
        let said = |entries: &[Entry]| -> Vec<_> {
            let names = |entry: &Entry| {
                let names: Vec<_> = entry.events.iter().map(Event::as_str).collect();
                (
                    entry.actor.clone(),
                    entry.outcome,
                    entry.command.clone(),
                    names,
                )
            };
            entries.iter().skip(1).map(names).collect()
        };
        assert_eq!(said(&one), said(&other));
    }
    assert_eq!(world.count("access_grant").await, 4);
    assert_eq!(world.owed("approved", "rita").await, 4);
    assert_eq!(world.owed("recorded", "ann").await, 4);
    let mark = world.mark().await;
    assert!(together(&world, set).await.iter().all(Option::is_none));
    for vote in &votes {
        assert_eq!(world.handle(vote).await, Answer::Duplicate);
    }
    assert_eq!(world.mark().await, mark, "a second time leaves nothing");
    world.check().await;
}

/// Goal: what is no plain vote is left alone and takes no other with it.
/// Method: beside a good vote an unknown token, a foreign address, an unclear mail, a vote that is refused,
/// and a second vote on the same request; then each alone.
#[sqlx::test(migrations = "./migrations")]
async fn only_plain_votes_are_applied_together(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 2, 1)).await;
    let (requests, votes) = approvals(&world, 3).await;
    world.votes("ann", requests[1], Decision::Disapprove).await;
    let tokens = [
        world.token(requests[0], "ben").await,
        world.token(requests[2], "ben").await,
        world.token(requests[1], "ben").await,
    ];
    let set = [
        votes[0].clone(),
        reply(crate::token::TokenHash([7; 32]), "ann", Decision::Approve),
        reply(tokens[2], "ann", Decision::Approve),
        mail(vec![tokens[1]], "ben@example.com", unclear()),
        votes[1].clone(),
        reply(tokens[0], "ben", Decision::Approve),
    ];
    let before = world.mark().await;
    let answers = together(&world, &set).await;
    let applied: Vec<bool> = answers.iter().map(Option::is_some).collect();
    assert_eq!(applied, [true, false, false, false, false, false]);
    let after = world.mark().await;
    let more: Vec<i64> = after.iter().zip(&before).map(|(a, b)| a - b).collect();
    // request, vote, access_grant, delivery, inbound, audit_event
    assert_eq!((more[1], more[2], more[4], more[5]), (1, 0, 1, 1));
    for (inbound, expected) in set.iter().skip(1).zip([
        "unidentified",
        "unidentified",
        "unclear",
        "refused",
        "accepted",
    ]) {
        let answer = match world.handle(inbound).await {
            Answer::Unidentified(_) | Answer::Alarm(_) => "unidentified",
            Answer::Unclear => "unclear",
            Answer::Refused { .. } => "refused",
            Answer::Accepted { .. } => "accepted",
            Answer::Duplicate => "duplicate",
            Answer::Delegated { .. } => "delegated",
        };
        assert_eq!(answer, expected);
    }
    assert_eq!(world.state(requests[0]).await, "approved");
    world.check().await;
}

/// Goal: one vote that fails in the database leaves nothing of the set, and alone fails for itself only.
/// Method: a grant that stands in the way of the one that the second of three votes makes.
#[sqlx::test(migrations = "./migrations")]
async fn a_failure_leaves_nothing_of_the_set(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 1, 1)).await;
    let (requests, votes) = approvals(&world, 3).await;
    sqlx::query(
        "INSERT INTO access_grant (request_id, person, module, resource, starts_at, ends_at, filed_at)
         SELECT id, 'rita', 'credential', 'x', now(), now() + interval '1 hour', filed_at
         FROM request WHERE id = $1",
    )
    .bind(requests[1].0)
    .execute(&world.pool)
    .await
    .expect("stands in the way");
    let before = world.mark().await;
    let set: Vec<&Inbound> = votes.iter().collect();
    assert!(world.handler.together(&set).await.is_err());
    assert_eq!(world.mark().await, before);
    let mut failed = Vec::new();
    for vote in &votes {
        failed.push(world.handler.handle(vote).await.is_err());
    }
    assert_eq!(failed, [false, true, false]);
    assert_eq!(world.state(requests[1]).await, "pending");
    world.takes_forged_grants_away().await;
    world.check().await;
}

/// Goal: the same votes in two sets of two daemons at the same instant, in contrary order, count once, and
/// neither set waits for ever (W17). Method: some rounds of both behind one start; then what is left alone.
#[sqlx::test(migrations = "./migrations")]
async fn the_same_set_twice_at_the_same_instant_counts_once(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 1, 1)).await;
    let other = world.another_handler();
    let mut grants = 0;
    for round in 0..8 {
        let mut votes = Vec::new();
        for number in 0..8 {
            let request = world.filed_for(&format!("prod-db-{round}-{number}")).await;
            let token = world.token(request, "ann").await;
            votes.push(reply(token, "ann", Decision::Approve));
        }
        let there: Vec<&Inbound> = votes.iter().collect();
        let back: Vec<&Inbound> = votes.iter().rev().collect();
        let (one, two) = tokio::join!(world.handler.together(&there), other.together(&back));
        let count = |answers: &Vec<Option<Answer>>| answers.iter().flatten().count();
        let applied = one.as_ref().map_or(0, count) + two.as_ref().map_or(0, count);
        assert_eq!(applied, 8, "{one:?} {two:?}");
        for vote in &votes {
            assert_eq!(world.handle(vote).await, Answer::Duplicate);
        }
        grants += 8;
        assert_eq!(world.count("access_grant").await, grants);
    }
    assert_eq!(world.owed("approved", "rita").await, grants);
    world.check().await;
}

/// Goal: a set whose process or connection ends before the commit leaves nothing (W28), and is then applied.
/// Method: the last key is held by another connection, so that the set waits with all else written.
#[sqlx::test(migrations = "./migrations")]
async fn a_set_that_ends_before_its_commit_leaves_nothing(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 1, 1)).await;
    let (_, votes) = approvals(&world, 3).await;
    let before = world.mark().await;
    let keys = votes.iter().map(|vote| vote.dedupe_key.as_str());
    let last = keys.max().expect("three").to_owned();
    let mut held = world.pool.begin().await.expect("begins");
    sqlx::query(
        "INSERT INTO inbound (key, channel, received_at, outcome)
         VALUES ($1, 'mail', now(), 'accepted')",
    )
    .bind(last)
    .execute(&mut *held)
    .await
    .expect("holds");
    let (handler, set) = (world.another_handler(), votes.clone());
    let under_way = tokio::spawn(async move {
        let set: Vec<&Inbound> = set.iter().collect();
        handler.together(&set).await
    });
    until("it waits", || async { world.waiting().await == 1 }).await;
    under_way.abort();
    assert!(under_way.await.expect_err("aborted").is_cancelled());
    held.rollback().await.expect("lets go");
    until("its connection is gone", || async {
        world.waiting().await == 0
    })
    .await;
    assert_eq!(world.mark().await, before, "nothing is left");
    assert!(together(&world, &votes).await.iter().all(Option::is_some));
    world.check().await;
}
