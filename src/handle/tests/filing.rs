//! Filing: W6 above all.

use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;

use super::world::*;
use crate::handle::Answer;
use crate::workflow::request::{Decision, State, Window};
use crate::workflow::testing::{draft, hours};

/// Goal: one filing leaves a request, its first audit event, and a mail to everybody concerned.
/// Method: file, then read request, chain and deliveries.
#[sqlx::test(migrations = "./migrations")]
async fn a_filing_asks_and_tells(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let answer = world.handle(&files(draft(), None)).await;
    assert_eq!(events(&answer), ["filed"]);
    let Answer::Accepted { request, .. } = answer else {
        unreachable!("events() panics");
    };
    assert_eq!(world.state(request).await, "pending");
    assert_eq!(world.of_request(request).await.len(), 1);
    for (kind, person, times) in [
        ("ask", "ann", 1),
        ("ask", "ben", 1),
        ("ask", "cat", 0),
        ("filed", "rita", 1),
    ] {
        assert_eq!(world.owed(kind, person).await, times, "{kind} {person}");
    }
    world.check().await;
}

/// Goal: a second pending request for the same thing is refused and points at the first (W6), blanks or
/// not, and nothing is sent for a refusal on the command line.
/// Method: file twice, the second time with blanks around the name.
#[sqlx::test(migrations = "./migrations")]
async fn the_same_thing_is_pending_once(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let first = world.filed().await;
    let sent = world.count("delivery").await;
    let answer = world.handle(&files(draft_for(" prod-db-1 "), None)).await;
    assert_eq!(code(&answer), "already-pending");
    let Answer::Refused { refusal, .. } = &answer else {
        unreachable!("code() panics");
    };
    assert!(
        refusal.to_string().contains(&first.to_string()),
        "{refusal}"
    );
    assert_eq!(world.count("request").await, 1);
    assert_eq!(world.count("delivery").await, sent);
    assert_eq!(
        world.chain("system/command_line").await.len(),
        2,
        "applied, refused"
    );
    world.check().await;
}

/// Goal: the same key files once and is answered with the first request; another text under it is
/// refused; another key is another filing (W6).
/// Method: four filings, one withdrawn in between so that only the key can tell.
#[sqlx::test(migrations = "./migrations")]
async fn a_key_files_once(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let first = world.handle(&files(draft(), Some("k"))).await;
    let Answer::Accepted { request, .. } = first else {
        panic!("{first:?}");
    };
    assert_eq!(
        events(&world.votes("ann", request, Decision::Disapprove).await)[1],
        "rejected"
    );
    let again = world.handle(&files(draft(), Some("k"))).await;
    let same = Answer::Accepted {
        request,
        events: Vec::new(),
    };
    assert_eq!(again, same);
    let other = world
        .handle(&files(draft_for("prod-db-2"), Some("k")))
        .await;
    assert_eq!(code(&other), "key-reused");
    assert_eq!(world.count("request").await, 1);
    world.handle(&files(draft(), Some("l"))).await;
    assert_eq!(world.count("request").await, 2);
    world.check().await;
}

/// Goal: a refused filing does not use up its key: mended, the same key files.
/// Method: no policy covers the first; the second says what the policy covers.
#[sqlx::test(migrations = "./migrations")]
async fn a_refusal_leaves_the_key_free(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let refused = world
        .handle(&files(draft_for("elsewhere"), Some("k")))
        .await;
    assert_eq!(code(&refused), "no-policy");
    assert_eq!(
        events(&world.handle(&files(draft(), Some("k"))).await),
        ["filed"]
    );
    let long = "k".repeat(3000);
    let answer = world
        .handle(&files(draft_for("prod-db-2"), Some(&long)))
        .await;
    assert_eq!(code(&answer), "text-too-long");
    world.check().await;
}

/// Goal: what is read back equals what was filed, to the last digit, whatever was typed.
/// Method: windows with nanoseconds and half seconds; the replay at the end compares.
#[sqlx::test(migrations = "./migrations")]
async fn times_are_kept_as_they_can_be_stored(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let mut fixed = draft();
    let start = world.handler.clock.now() + hours(1) + SignedDuration::from_nanos(1_234);
    fixed.window = Window::Fixed {
        start,
        end: start + hours(1),
    };
    let mut length = draft_for("prod-db-2");
    length.window = Window::FromApproval {
        length: SignedDuration::from_millis(90_500),
    };
    for draft in [fixed, length] {
        assert_eq!(events(&world.handle(&files(draft, None)).await), ["filed"]);
    }
    let mut nothing = draft_for("prod-db-3");
    nothing.window = Window::FromApproval {
        length: SignedDuration::from_millis(500),
    };
    assert_eq!(
        code(&world.handle(&files(nothing, None)).await),
        "window-empty"
    );
    world.check().await;
}

/// Goal: an overdue pending request does not stand in the way of a new one: its time is over, whether or
/// not the timer has come (W6, W18).
/// Method: file, let the time pass without a timer, file the same.
#[sqlx::test(migrations = "./migrations")]
async fn a_new_filing_expires_an_overdue_one(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let first = world.filed().await;
    let due = world.request(first).await.pending_until;
    world.advance(25);
    let second = world.filed().await;
    assert_ne!(first, second);
    let State::Expired { at, .. } = world.request(first).await.state else {
        panic!("not expired");
    };
    assert_eq!(at, due, "expired when it was due, not when it was noticed");
    assert_eq!(world.owed("expired", "rita").await, 1);
    assert_eq!(world.owed("settled", "ann").await, 1);
    assert_eq!(world.owed("ask", "ann").await, 2);
    world.check().await;
}

/// Goal: no book, no access (W3); somebody whom the book does not know, or a disabled one, files nothing.
/// Method: an empty book, then a stranger and a disabled person.
#[sqlx::test(migrations = "./migrations")]
async fn strangers_file_nothing(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    for (name, said) in [("zoe", "unknown-person"), ("eve", "not-active")] {
        let mut filing = files(draft(), None);
        filing.speaker = crate::inbound::Speaker::Person(person(name));
        assert_eq!(code(&world.handle(&filing).await), said, "{name}");
    }
    world.apply(crate::workflow::book::Book::default()).await;
    assert_eq!(
        code(&world.handle(&files(draft(), None)).await),
        "unknown-person"
    );
    assert_eq!(world.count("request").await, 0);
    assert_eq!(world.count("delivery").await, 0);
    let told: Vec<Timestamp> = world
        .chain("system/command_line")
        .await
        .iter()
        .map(|e| e.at)
        .collect();
    assert_eq!(told.len(), 5, "two books, three refusals");
    world.check().await;
}
