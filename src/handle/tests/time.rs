//! The timer: passes, order, jumps of the clock, restarts.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::world::*;
use crate::command::Command;
use crate::handle::Answer;
use crate::inbound::timer::{self, Pass};
use crate::inbound::{Inbound, Proof, Speaker, Words};
use crate::store::requests;
use crate::workflow::ids::RequestId;
use crate::workflow::refusal::Refusal;
use crate::workflow::request::{Channel, State};

fn done(done: usize) -> Pass {
    Pass { done, failed: 0 }
}

fn expire(request: RequestId) -> Inbound {
    Inbound {
        channel: Channel::Timer,
        dedupe_key: format!("timer/expire/{}/1", request.0),
        speaker: Speaker::Clock,
        proof: Proof {
            method: "clock".to_owned(),
            details: serde_json::Value::Null,
        },
        words: Words::Said(Command::Tick { request }),
    }
}

/// Goal: a pass expires what is due and nothing else, with the time at which it was due (W18).
/// Method: two requests an hour apart; passes before, between and after.
#[sqlx::test(migrations = "./migrations")]
async fn a_pass_does_what_is_due(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let first = world.filed().await;
    world.advance(1);
    let second = world.filed_for("prod-db-2").await;
    for (hours, expected) in [
        (0, done(0)),
        (23, done(1)),
        (0, done(0)),
        (1, done(1)),
        (48, done(0)),
    ] {
        world.advance(hours);
        let pass = timer::pass(&world.handler).await.expect("passes");
        assert_eq!(pass, expected, "after {hours} h");
    }
    for request in [first, second] {
        let found = world.request(request).await;
        let State::Expired { at, .. } = found.state else {
            panic!("{request} is {}", found.state.as_str());
        };
        assert_eq!(at, found.pending_until);
    }
    assert_eq!(world.owed("expired", "rita").await, 2);
    world.check().await;
}

/// Goal: the earliest is done first, and only so many at once.
/// Method: three requests due in the reverse order of their numbers, asked with a limit of two.
#[sqlx::test(migrations = "./migrations")]
async fn the_earliest_is_due_first(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let mut filed = Vec::new();
    for n in 0..3_i64 {
        let request = world.filed_for(&format!("prod-{n}")).await;
        sqlx::query(
            "UPDATE request SET next_due_at = filed_at - $2 * interval '1 hour' WHERE id = $1",
        )
        .bind(request.0)
        .bind(n)
        .execute(&world.pool)
        .await
        .expect("moves");
        filed.push(request);
    }
    let mut conn = world.pool.acquire().await.expect("a connection");
    let due = requests::due(&mut conn, world.handler.clock.now(), 2).await;
    let due: Vec<_> = due.expect("reads").into_iter().map(|(id, _)| id).collect();
    assert_eq!(due, [filed[2], filed[1]]);
    let next = requests::next_due(&mut conn).await.expect("reads");
    assert!(next.expect("one is pending") < world.handler.clock.now());
    drop(conn);
    world.pool.close().await;
}

/// Goal: the loop is woken when the clock jumps, does what became due meanwhile right after a restart,
/// and ends when cancelled.
/// Method: run it, jump, wait for the expiry sooner than it would look by itself; again with a new one
/// that starts after the jump.
#[sqlx::test(migrations = "./migrations")]
async fn the_loop_follows_the_clock(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let first = world.filed().await;
    let (look, cancel) = (Arc::new(Notify::new()), CancellationToken::new());
    let running = tokio::spawn(timer::run(
        world.another_handler(),
        look.clone(),
        cancel.clone(),
    ));
    world.advance(25);
    look.notify_one();
    let soon = tokio::time::timeout(
        timer::LOOK_EVERY.saturating_sub(Duration::from_secs(1)),
        until("expires", || async {
            world.state(first).await == "expired"
        }),
    );
    soon.await.expect("woken, not found by the way");
    cancel.cancel();
    running.await.expect("no panic").expect("no error");

    let second = world.filed().await;
    world.advance(25);
    let cancel = CancellationToken::new();
    let again = tokio::spawn(timer::run(world.another_handler(), look, cancel.clone()));
    until("expires", || async {
        world.state(second).await == "expired"
    })
    .await;
    cancel.cancel();
    again.await.expect("no panic").expect("no error");
    world.check().await;
}

/// Goal: a clock that asks too early is written down once for the instant that it waits for, however often
/// it asks, and its key stays free for the same question at the right time (W27); asked twice at the time,
/// it is answered once.
/// Method: the same thing and one with another key before the time; the same at and after the time.
#[sqlx::test(migrations = "./migrations")]
async fn too_early_is_written_down_once(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let request = world.filed().await;
    let state = world.request(request).await;
    for n in 0..5 {
        let mut early = expire(request);
        early.dedupe_key = format!("{}/{}", early.dedupe_key, n / 2);
        assert_eq!(code(&world.handle(&early).await), "not-due");
    }
    let written = world.chain("system/timer").await;
    let [entry] = written.as_slice() else {
        panic!("one entry: {written:?}");
    };
    let next = Some(state.pending_until);
    assert_eq!(entry.refusal, Some(Refusal::NotDue { request, next }));
    assert_eq!(world.request(request).await, state);
    assert_eq!(world.of_request(request).await.len(), 1);
    world.advance(25);
    assert_eq!(events(&world.handle(&expire(request)).await), ["expired"]);
    assert_eq!(world.handle(&expire(request)).await, Answer::Duplicate);
    assert_eq!(world.chain("system/timer").await.len(), 1);
    world.check().await;
}

/// Goal: the clock does nothing but this, and nobody else does it.
/// Method: the clock files; a person expires.
#[sqlx::test(migrations = "./migrations")]
async fn only_the_clock_expires(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let request = world.filed().await;
    world.advance(25);
    let person = says("ann", Command::Tick { request });
    assert_eq!(code(&world.handle(&person).await), "wrong-actor");
    let mut filing = files(draft_for("prod-db-2"), None);
    filing.speaker = Speaker::Clock;
    assert!(unidentified(&world.handle(&filing).await).contains("clock"));
    assert_eq!(world.count("request").await, 1);
    world.check().await;
}

/// Goal: a request whose row cannot be read keeps no other from its time.
/// Method: spoil the earliest one's terms; the pass does the next one and says that one failed.
#[sqlx::test(migrations = "./migrations")]
async fn a_damaged_request_does_not_stop_the_others(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let damaged = world.filed().await;
    let sound = world.filed_for("prod-db-2").await;
    sqlx::query("UPDATE request SET terms = '{}' WHERE id = $1")
        .bind(damaged.0)
        .execute(&world.pool)
        .await
        .expect("spoils");
    world.handler.clock.advance(SignedDuration::from_hours(25));
    let pass = timer::pass(&world.handler).await.expect("passes");
    assert_eq!(pass, Pass { done: 1, failed: 1 });
    assert_eq!(world.state(sound).await, "expired");
    world.pool.close().await;
}
