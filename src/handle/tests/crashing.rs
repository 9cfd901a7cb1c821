//! A crash before the commit leaves nothing (W28); what is handed in again is then applied.

use sqlx::PgPool;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};

use super::world::*;
use crate::handle::Answer;
use crate::inbound::Inbound;
use crate::workflow::book::Book;
use crate::workflow::request::Decision;
use crate::workflow::testing::{draft, id};

const LOCK: &str = "SELECT id FROM request WHERE id = $1::bigint FOR UPDATE";

/// A connection that holds something which the handler must wait for.
async fn holding(world: &World, sql: &'static str, with: &str) -> PgConnection {
    let mut held = PgConnection::connect_with(&world.pool.connect_options())
        .await
        .expect("connects");
    held.execute("BEGIN").await.expect("begins");
    let done = sqlx::query(sql).bind(with).execute(&mut held).await;
    done.expect("holds");
    held
}

const CLAIM: &str = "INSERT INTO inbound (key, channel, received_at, outcome)
                     VALUES ($1, 'mail', now(), 'accepted')";

/// Stops the handler where it enters the key, all or nearly all else written, and ends it there.
async fn ends_before_its_commit(world: &World, inbound: &Inbound, by_killing: bool) {
    let before = world.mark().await;
    let held = holding(world, CLAIM, &inbound.dedupe_key).await;
    let handler = world.another_handler();
    let thing = inbound.clone();
    let under_way = tokio::spawn(async move { handler.handle(&thing).await });
    until("it waits", || async { world.waiting().await == 1 }).await;
    if by_killing {
        let killed: Vec<bool> = sqlx::query_scalar(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_all(&world.pool)
        .await
        .expect("kills");
        assert_eq!(killed, [true]);
        let ended = under_way.await.expect("no panic");
        assert!(ended.is_err(), "{ended:?}");
    } else {
        under_way.abort();
        assert!(under_way.await.expect_err("aborted").is_cancelled());
    }
    held.close().await.expect("closes");
    until("its connection is gone", || async {
        world.waiting().await == 0
    })
    .await;
    assert_eq!(world.mark().await, before, "nothing is left");
}

/// Goal: a process or a connection that ends before the commit leaves neither state, audit event, notice
/// nor key, and the same thing handed in again is applied (W28).
/// Method: a filing, a deciding vote, an unclear mail and an unknown token, each ended where the key is
/// entered, once by dropping the transaction and once by killing its connection.
#[sqlx::test(migrations = "./migrations")]
async fn a_crash_before_the_commit_leaves_nothing(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 1, 1)).await;
    for by_killing in [false, true] {
        let filing = files(draft(), Some(if by_killing { "a" } else { "b" }));
        ends_before_its_commit(&world, &filing, by_killing).await;
        let Answer::Accepted { request, .. } = world.handle(&filing).await else {
            panic!("not filed");
        };
        let token = world.token(request, "ann").await;
        let mails = [
            mail(Vec::new(), "ann@example.com", unclear()),
            mail(vec![token], "ann@example.com", unclear()),
            reply(token, "ann", Decision::Approve),
        ];
        for inbound in &mails {
            ends_before_its_commit(&world, inbound, by_killing).await;
        }
        assert_eq!(world.state(request).await, "pending");
        assert_eq!(
            events(&world.handle(&mails[2]).await),
            ["voted", "approved"]
        );
    }
    assert_eq!(world.count("access_grant").await, 2);
    world.check().await;
}

/// Goal: what is read before the lock decides nothing: a removal that commits while a vote waits for its
/// request counts for that vote (W7), and the times of one request do not run backwards.
/// Method: hold the request's row, let a vote wait, disable its voter, let go.
#[sqlx::test(migrations = "./migrations")]
async fn a_vote_is_judged_by_the_book_after_the_wait(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let request = world.filed().await;
    let token = world.token(request, "ann").await;
    let held = holding(&world, LOCK, &request.0.to_string()).await;
    let handler = world.handler.clone();
    let vote = reply(token, "ann", Decision::Approve);
    let under_way = tokio::spawn(async move { handler.handle(&vote).await });
    until("it waits", || async { world.waiting().await == 1 }).await;
    let disable = |book: &mut Book| book.people.get_mut(&id("ann")).expect("known").active = false;
    world.amend(disable).await;
    let amended = world.handler.clock.now();
    held.close().await.expect("closes");
    let answer = under_way.await.expect("no panic").expect("an answer");
    assert_eq!(code(&answer), "not-active");
    let last = world.of_request(request).await.pop().expect("an event");
    assert!(last.at >= amended, "its time is when it was judged");
    world.check().await;
}

/// Goal: the same for words that were not understood and for a filing that is repeated under its key:
/// their times are those after the wait, so that a chain's times do not run backwards (W7).
/// Method: hold the request's row, let each wait for it, move the clock an hour on, let go.
#[sqlx::test(migrations = "./migrations")]
async fn what_waits_has_the_time_after_the_wait(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let filing = files(draft(), Some("key"));
    let Answer::Accepted { request, .. } = world.handle(&filing).await else {
        panic!("not filed");
    };
    let token = world.token(request, "ann").await;
    let waiting = [
        mail(vec![token], "ann@example.com", unclear()),
        files(draft(), Some("key")),
    ];
    for inbound in waiting {
        let held = holding(&world, LOCK, &request.0.to_string()).await;
        let handler = world.handler.clone();
        let under_way = tokio::spawn(async move { handler.handle(&inbound).await });
        until("it waits", || async { world.waiting().await == 1 }).await;
        world.advance(1);
        let moved = world.handler.clock.now();
        held.close().await.expect("closes");
        under_way.await.expect("no panic").expect("an answer");
        let last = world.of_request(request).await.pop().expect("an event");
        assert!(last.at >= moved, "its time is when it was judged");
    }
    world.check().await;
}

/// Goal: words that were not understood are answered by the book after the wait: who was removed
/// meanwhile is written to no more, and the event says that they spoke (W7).
/// Method: hold the request's row, let the reply wait, disable its writer, let go.
#[sqlx::test(migrations = "./migrations")]
async fn an_unclear_reply_is_answered_by_the_book_after_the_wait(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let request = world.filed().await;
    let token = world.token(request, "ann").await;
    let held = holding(&world, LOCK, &request.0.to_string()).await;
    let handler = world.handler.clone();
    let inbound = mail(vec![token], "ann@example.com", unclear());
    let under_way = tokio::spawn(async move { handler.handle(&inbound).await });
    until("it waits", || async { world.waiting().await == 1 }).await;
    let disable = |book: &mut Book| book.people.get_mut(&id("ann")).expect("known").active = false;
    world.amend(disable).await;
    held.close().await.expect("closes");
    let answer = under_way.await.expect("no panic").expect("an answer");
    assert_eq!(answer, Answer::Unclear);
    assert_eq!(world.owed("unclear", "ann").await, 0);
    let last = world.of_request(request).await.pop().expect("an event");
    assert_eq!(last.actor, Some(id("ann")));
    assert!(last.unclear.is_some());
    world.check().await;
}

/// Goal: a row that is there twice by a defect is an error at once, neither a race nor an endless loop.
/// Method: a grant that stands in the way of the one that the vote makes.
#[sqlx::test(migrations = "./migrations")]
async fn a_defect_is_not_tried_again(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 1, 1)).await;
    let request = world.filed().await;
    sqlx::query(
        "INSERT INTO access_grant (request_id, person, module, resource, starts_at, ends_at, filed_at)
         SELECT id, 'rita', 'credential', 'x', now(), now() + interval '1 hour', filed_at
         FROM request WHERE id = $1",
    )
    .bind(request.0)
    .execute(&world.pool)
    .await
    .expect("stands in the way");
    let before = world.mark().await;
    let token = world.token(request, "ann").await;
    let answer = world
        .handler
        .handle(&reply(token, "ann", Decision::Approve))
        .await;
    let error = answer.expect_err("a defect");
    let constraint = error.as_database_error().and_then(|e| e.constraint());
    assert_eq!(constraint, Some("access_grant_pkey"));
    assert_eq!(world.mark().await, before);
    assert_eq!(world.state(request).await, "pending");
    world.takes_forged_grants_away().await;
    world.check().await;
}
