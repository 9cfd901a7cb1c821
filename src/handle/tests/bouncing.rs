//! Bounces: which count, what they leave, what ends it.

use jiff::Timestamp;
use sqlx::PgPool;
use uuid::Uuid;

use super::world::*;
use crate::config::Answers;
use crate::handle::Answer;
use crate::inbound::{Bounce, Failed, Named};
use crate::reach;
use crate::store::unreachable::{self, End};
use crate::token::TokenHash;
use crate::workflow::book::Role;
use crate::workflow::ids::RequestId;
use crate::workflow::request::Decision;

/// A request that ann and ben must both approve, their asks sent; cat is access admin.
async fn asked(pool: PgPool) -> (World, RequestId) {
    let world = World::new(pool, one_step(&["ann", "ben"], 2, 1)).await;
    world
        .amend(|book| {
            let cat = book.people.get_mut(&person("cat")).expect("cat");
            cat.roles.insert(Role::AccessAdmin);
        })
        .await;
    let request = world.filed().await;
    world.sends_all().await;
    (world, request)
}

impl World {
    async fn sends_all(&self) {
        sqlx::query(
            "UPDATE delivery SET state = 'sent', next_try_at = NULL, finished_at = created_at
             WHERE state = 'pending'",
        )
        .execute(&self.pool)
        .await
        .expect("sent");
    }

    async fn ask_of(&self, request: RequestId, person: &str) -> Uuid {
        sqlx::query_scalar(
            "SELECT id FROM delivery WHERE request_id = $1 AND person = $2 AND kind = 'ask'
             ORDER BY id DESC LIMIT 1",
        )
        .bind(request.0)
        .bind(person)
        .fetch_one(&self.pool)
        .await
        .expect("an ask")
    }

    /// A bounce comes in; the reason that is stored with it.
    async fn bounces(&self, bounce: &Bounce) -> String {
        let sha256: [u8; 16] = *crate::clock::new_id().as_bytes();
        let mail: i64 = sqlx::query_scalar(
            "INSERT INTO inbound_mail (sha256, size, recorded_at) VALUES ($1, 1, now()) RETURNING id",
        )
        .bind(&sha256[..])
        .fetch_one(&self.pool)
        .await
        .expect("a mail");
        let mut conn = self.pool.acquire().await.expect("a connection");
        let why = reach::bounced(&mut conn, mail, bounce, self.handler.clock.now()).await;
        why.expect("the database is there")
    }

    async fn marked(&self) -> Vec<String> {
        let mut conn = self.pool.acquire().await.expect("a connection");
        let standing = unreachable::standing(&mut conn).await.expect("reads");
        standing
            .into_iter()
            .map(|mark| mark.person.to_string())
            .collect()
    }

    /// The mails of the system's own to a person, newest first.
    async fn told(&self, person: &str) -> Vec<String> {
        let mails = self.system_mails(person).await.into_iter().rev();
        mails.map(|mail| mail.text).collect()
    }
}

fn bounce(delivery: Uuid, token: Option<TokenHash>, address: &str) -> Bounce {
    Bounce {
        named: vec![Named { delivery, token }],
        failed: vec![Failed {
            address: address.to_owned(),
            status: "5.1.1".to_owned(),
        }],
    }
}

/// Goal: a true bounce marks the person once, and tells the access admins once, with what waits.
/// Method: the bounce of ann's ask twice; cat's mails are read.
#[sqlx::test(migrations = "./migrations")]
async fn a_true_bounce_marks_once(pool: PgPool) {
    let (world, request) = asked(pool).await;
    let (ask, token) = (
        world.ask_of(request, "ann").await,
        world.token(request, "ann").await,
    );
    let came = bounce(ask, Some(token), "ANN@example.com");
    let why = world.bounces(&came).await;
    assert!(why.contains("ann") && why.contains("5.1.1"), "{why}");
    assert!(!why.contains('@'), "{why}");
    assert_eq!(world.marked().await, ["ann"]);
    let why = world.bounces(&came).await;
    assert!(why.contains("known"), "{why}");
    let told = world.told("cat").await;
    let [told] = told.as_slice() else {
        panic!("{told:?}");
    };
    let expected = format!("{request}, step Review: lacks 2 approvals, 1 person besides");
    assert!(
        told.contains(&expected) && told.contains("too few others"),
        "{told}"
    );
    assert_eq!(world.state(request).await, "pending");
    world.check().await;
}

/// Goal: nobody without the very id of a mail that was sent to that very address silences anybody.
/// Method: a table of bounces, each wrong in one point.
#[sqlx::test(migrations = "./migrations")]
async fn a_forged_bounce_marks_nobody(pool: PgPool) {
    let (world, request) = asked(pool).await;
    let ask = world.ask_of(request, "ann").await;
    let token = world.token(request, "ann").await;
    let other = world.token(request, "ben").await;
    let ann = "ann@example.com";
    let guessed = crate::clock::new_id();
    for (what, forged) in [
        ("without the token", bounce(ask, None, ann)),
        ("with another's token", bounce(ask, Some(other), ann)),
        (
            "another's address",
            bounce(ask, Some(token), "ben@example.com"),
        ),
        ("a guessed delivery", bounce(guessed, Some(token), ann)),
        (
            "a guessed delivery without token",
            bounce(guessed, None, ann),
        ),
    ] {
        let why = world.bounces(&forged).await;
        assert!(why.contains("not of a mail that we sent"), "{what}: {why}");
    }
    sqlx::query("UPDATE delivery SET state = 'given_up', last_error = 'x' WHERE id = $1")
        .bind(ask)
        .execute(&world.pool)
        .await
        .expect("as if it never went out");
    world.bounces(&bounce(ask, Some(token), ann)).await;
    assert_eq!(world.marked().await, Vec::<String>::new());
    assert_eq!(world.told("cat").await.len(), 0);
    world.check().await;
}

/// Goal: a proven reply ends the mark, and what was sent before cannot make it again; an operator's word
/// ends it as well; a bounce of an address that the person no longer has is nobody's.
/// Method: each in turn.
#[sqlx::test(migrations = "./migrations")]
async fn a_mark_ends(pool: PgPool) {
    let (world, request) = asked(pool).await;
    let (ask, token) = (
        world.ask_of(request, "ann").await,
        world.token(request, "ann").await,
    );
    let came = bounce(ask, Some(token), "ann@example.com");
    world.bounces(&came).await;
    let answer = world.handle(&reply(token, "ann", Decision::Approve)).await;
    assert_eq!(events(&answer), ["voted"]);
    assert_eq!(world.marked().await, Vec::<String>::new());
    let why = world.bounces(&came).await;
    assert!(why.contains("known"), "{why}");
    assert_eq!(world.marked().await, Vec::<String>::new());
    let (ask, token) = (
        world.ask_of(request, "ben").await,
        world.token(request, "ben").await,
    );
    let of_ben = bounce(ask, Some(token), "ben@example.com");
    world.bounces(&of_ben).await;
    let mut conn = world.pool.acquire().await.expect("a connection");
    let now: Timestamp = world.handler.clock.now();
    let ended = unreachable::end(&mut conn, &[&person("ben")], End::Operator, now).await;
    assert_eq!(ended.expect("ends"), [person("ben")]);
    drop(conn);
    world
        .amend(|book| {
            let ben = book.people.get_mut(&person("ben")).expect("ben");
            ben.email = "benjamin@example.com".to_owned();
        })
        .await;
    let why = world.bounces(&of_ben).await;
    assert!(why.contains("not ben's any more"), "{why}");
    world.check().await;
}

/// Goal: a step that asks people of whom too few are reached is told to the access admins when it asks,
/// and one that can do without them is not.
/// Method: ann is marked; a request that needs both, then one that needs one.
#[sqlx::test(migrations = "./migrations")]
async fn a_step_that_too_few_hear_of_is_told(pool: PgPool) {
    let (world, request) = asked(pool).await;
    let (ask, token) = (
        world.ask_of(request, "ann").await,
        world.token(request, "ann").await,
    );
    world
        .bounces(&bounce(ask, Some(token), "ann@example.com"))
        .await;
    let second = world.filed_for("prod-db-2").await;
    let told = world.told("cat").await;
    assert_eq!(told.len(), 2, "{told:?}");
    let newest = told.first().expect("a mail");
    assert!(
        newest.starts_with(&format!("{second}, step Review: it lacks 2 approvals")),
        "{newest}"
    );
    assert_eq!(
        world.owed("ask", "ann").await,
        2,
        "she is asked nevertheless"
    );
    world
        .amend(|book| {
            for policy in &mut book.policies {
                policy.terms.steps[0].approvals = 1;
            }
        })
        .await;
    world.filed_for("prod-db-3").await;
    assert_eq!(world.told("cat").await.len(), 2);
    world.check().await;
}

/// Goal: two machines that answer each other stop, each quota by itself, also over a restart and in
/// another daemon; what is held back is recorded, and a decision is confirmed nevertheless.
/// Method: unclear replies past each quota through two handlers; a clear one; the time passes.
#[sqlx::test(migrations = "./migrations")]
async fn answers_have_quotas(pool: PgPool) {
    let (mut world, request) = asked(pool).await;
    world.handler.answers = Answers {
        per_request: 2,
        per_person: 3,
        in_all: 4,
    };
    let second = world.filed_for("prod-db-2").await;
    let mut other = world.another_handler();
    other.answers = world.handler.answers;
    let say = async |request, who: &str| {
        let token = world.token(request, who).await;
        let nonsense = mail(vec![token], &format!("{who}@example.com"), unclear());
        other
            .handle(&nonsense)
            .await
            .expect("the database is there")
    };
    for (request, who, answered) in [
        (request, "ann", 1),
        (request, "ann", 2),
        (request, "ann", 2),
        (second, "ann", 3),
        (second, "ann", 3),
        (request, "ben", 1),
        (request, "ben", 1),
    ] {
        assert_eq!(say(request, who).await, Answer::Unclear);
        assert_eq!(
            world.owed("unclear", who).await,
            answered,
            "{request} {who}"
        );
    }
    let quotas: Vec<String> = sqlx::query_scalar("SELECT quota FROM answer_withheld ORDER BY id")
        .fetch_all(&world.pool)
        .await
        .expect("reads");
    assert_eq!(
        quotas,
        [
            "answers_per_request",
            "answers_per_person",
            "answers_in_all"
        ]
    );
    let last = world.of_request(request).await.pop().expect("an entry");
    assert_eq!(
        last.why.as_deref(),
        Some("not answered: answers_in_all is used up")
    );
    let token = world.token(request, "ben").await;
    world.handle(&reply(token, "ben", Decision::Approve)).await;
    assert_eq!(world.owed("recorded", "ben").await, 1);
    world.advance(2);
    say(second, "ben").await;
    assert_eq!(world.owed("unclear", "ben").await, 2);
    world.check().await;
}
