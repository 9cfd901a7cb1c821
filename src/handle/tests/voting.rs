//! Votes, withdrawal and what follows, one after the other.

use sqlx::PgPool;

use super::world::*;
use crate::command::{Command, Target};
use crate::handle::Answer;
use crate::workflow::ids::RequestId;
use crate::workflow::request::{Decision, State};
use crate::workflow::testing::id;

/// Goal: a request goes through its steps to its grant, and each is asked when it is their turn (W9, W12).
/// Method: two votes by mail; state, grant and deliveries after each.
#[sqlx::test(migrations = "./migrations")]
async fn two_steps_lead_to_a_grant(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let request = world.filed().await;
    let ann = world.token(request, "ann").await;
    let first = world.handle(&reply(ann, "ann", Decision::Approve)).await;
    assert_eq!(events(&first), ["voted", "step_completed"]);
    assert_eq!(world.owed("ask", "cat").await, 1);
    assert_eq!(world.owed("settled", "ben").await, 1);
    assert_eq!(world.count("access_grant").await, 0);
    let cat = world.token(request, "cat").await;
    let last = world.handle(&reply(cat, "cat", Decision::Approve)).await;
    assert_eq!(events(&last), ["voted", "approved"]);
    assert_eq!(world.count("access_grant").await, 1);
    assert_eq!(world.owed("approved", "rita").await, 1);
    let active: i64 = sqlx::query_scalar("SELECT count(*) FROM active_grants")
        .fetch_one(&world.pool)
        .await
        .expect("counts");
    assert_eq!(active, 1, "right at once, by the clock alone (W21)");
    world.check().await;
}

/// Goal: asks that nobody has sent yet are not sent once the request is settled.
/// Method: withdraw before any courier came; every ask is cancelled, everybody asked is told (W29).
#[sqlx::test(migrations = "./migrations")]
async fn a_withdrawal_cancels_the_asks(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let request = world.filed().await;
    let withdraw = |person: &str, reason: &str| {
        let reason = reason.to_owned();
        says(person, Command::Withdraw { request, reason })
    };
    for (who, reason, said) in [
        ("ann", "mine?", "not-the-requester"),
        ("rita", " ", "reason-required"),
    ] {
        let answer = world.handle(&withdraw(who, reason)).await;
        assert_eq!(code(&answer), said);
    }
    assert_eq!(
        events(&world.handle(&withdraw("rita", "solved")).await),
        ["withdrawn"]
    );
    let State::Withdrawn { reason, .. } = world.request(request).await.state else {
        panic!("not withdrawn");
    };
    assert_eq!(reason, "solved");
    let open: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM delivery WHERE kind = 'ask' AND state <> 'cancelled'",
    )
    .fetch_one(&world.pool)
    .await
    .expect("counts");
    assert_eq!(open, 0);
    assert_eq!(world.owed("settled", "ann").await, 1);
    assert_eq!(
        world.owed("settled", "rita").await,
        0,
        "the command answered her"
    );
    world.check().await;
}

/// Goal: a stricter vote of the same person replaces theirs where it stands (W13), and
/// the stored votes stay in the order of counting.
/// Method: approve, approve, then the first one disapproves; the replay compares order and content.
#[sqlx::test(migrations = "./migrations")]
async fn a_stricter_vote_replaces(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben", "cat"], 3, 2)).await;
    let request = world.filed().await;
    world.votes("ann", request, Decision::Approve).await;
    world.votes("ben", request, Decision::Approve).await;
    assert_eq!(
        code(&world.votes("ann", request, Decision::Approve).await),
        "already-recorded"
    );
    let stricter = world.votes("ann", request, Decision::Disapprove).await;
    assert_eq!(events(&stricter)[0], "voted");
    assert_eq!(world.count("vote").await, 2);
    let votes = world.request(request).await.votes;
    let order: Vec<_> = votes.iter().map(|vote| vote.person.clone()).collect();
    assert_eq!(order, [id("ann"), id("ben")]);
    world.check().await;
}

/// Goal: a removal from the book bites at once (W7), for whoever has the old book in memory too.
/// Method: ann is disabled after the filing; a handler that has read the old book judges her vote.
#[sqlx::test(migrations = "./migrations")]
async fn a_removal_bites_at_once(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let request = world.filed().await;
    world
        .amend(|book| book.people.get_mut(&id("ann")).expect("known").active = false)
        .await;
    assert_eq!(
        code(&world.votes("ann", request, Decision::Approve).await),
        "not-active"
    );
    assert_eq!(world.count("vote").await, 0);
    world.check().await;
}

/// Goal: a command on no request is refused and audited by its source, not by a chain that is nobody's.
/// Method: vote, withdraw and expire on a number that was never given.
#[sqlx::test(migrations = "./migrations")]
async fn an_unknown_request_is_refused(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let request = RequestId(4711);
    let reason = "x".to_owned();
    for command in [
        vote(Target::Request(request), Decision::Approve),
        Command::Withdraw { request, reason },
        Command::Tick { request },
    ] {
        let answer = world.handle(&says("ann", command)).await;
        assert_eq!(code(&answer), "unknown-request");
        assert!(matches!(answer, Answer::Refused { request: None, .. }));
    }
    assert_eq!(world.chain("system/command_line").await.len(), 4);
    assert_eq!(world.chain("request/4711").await.len(), 0);
    world.check().await;
}
