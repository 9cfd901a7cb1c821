//! Deliveries to try things on, for tests here and of the courier.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::types::Json;
use sqlx::{PgPool, Row};

use super::*;
use crate::config::TokenKeys;
use crate::inbound::Proof;
use crate::store::audit::{self, Entry};
use crate::store::requests::{self, Saved};
use crate::workflow::book::Person;
use crate::workflow::notice::Facts;
use crate::workflow::notice::Kind;
use crate::workflow::request::Channel;
use crate::workflow::testing::{step, terms};

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_795_255_200).expect("a time")
}

pub(crate) fn later(seconds: i64) -> Timestamp {
    now()
        .saturating_add(jiff::SignedDuration::from_secs(seconds))
        .expect("a time")
}

pub(crate) fn keys() -> Keyring {
    let key = data_encoding::BASE64.encode(&[1; 32]);
    Keyring::new(&TokenKeys {
        current: "k".into(),
        keys: vec![("k".into(), key.into())],
    })
    .expect("a good key")
}

fn book() -> Book {
    let ana = Person {
        id: "ana".into(),
        name: "Ana Alves".into(),
        email: "ana@example.test".into(),
        zone: "Europe/Lisbon".into(),
        locale: "en".into(),
        active: true,
        roles: BTreeSet::new(),
        modules: BTreeSet::new(),
        digest: BTreeSet::new(),
        digest_at: None,
        os_user: None,
        accounts: std::collections::BTreeMap::new(),
    };
    Book {
        people: BTreeMap::from([(ana.id.clone(), ana)]),
        ..Book::default()
    }
}

pub(crate) fn facts() -> Facts {
    let sample = crate::render::samples();
    let ask = sample.into_iter().find(|sample| sample.kind == Kind::Ask);
    ask.expect("there is a sample ask").facts
}

/// A request to hang deliveries on; its own columns do not matter here.
pub(crate) async fn request(pool: &PgPool) -> RequestId {
    sqlx::query(
        "INSERT INTO policy_book (applied_at, applied_by, source, book)
         VALUES (now(), 'test', '', '{}')",
    )
    .execute(pool)
    .await
    .expect("a book");
    sqlx::query(
        "INSERT INTO request (id, requester, module, resource, window_seconds, policy, policy_version,
                              mode, terms, filed_at, pending_until, state, step, outcome)
         VALUES (42, 'bob', 'credential', 'prod-db-1', 60, 'p', 1, 'approval', $1, now(), now(),
                 'pending', 1, '{\"state\": \"pending\", \"step\": 1}')",
    )
    .bind(Json(terms(vec![
        step("First", &["ana"], 1, 1),
        step("Last", &["ana"], 1, 1),
    ])))
    .execute(pool)
    .await
    .expect("a request");
    RequestId(42)
}

/// Ends the asks of these steps as a command does that changes nothing else.
pub(crate) async fn cancel(pool: &PgPool, steps: &[usize], now: Timestamp) {
    let mut tx = pool.begin().await.expect("begins");
    let locked = requests::lock(&mut tx, RequestId(42)).await.expect("reads");
    let locked = locked.expect("is there");
    let entry = Entry::new(now, Channel::CommandLine, audit::Outcome::Accepted);
    let link = audit::link("request/42", locked.head(), &entry).expect("links");
    let proof = Proof {
        method: String::new(),
        details: serde_json::Value::Null,
    };
    let after = locked.request().clone();
    let saved = Saved {
        after: &after,
        proof: &proof,
        link: &link,
        next_due: None,
        cancel: steps,
        key: None,
    };
    let done = requests::save(&mut tx, locked, &saved).await;
    done.expect("writes");
    tx.commit().await.expect("commits");
}

pub(crate) async fn owe(pool: &PgPool, kind: Kind, count: usize) {
    owe_at(pool, kind, count, now()).await;
}

pub(crate) async fn owe_at(pool: &PgPool, kind: Kind, count: usize, now: Timestamp) {
    let notice = Notice {
        kind,
        to: "ana".into(),
        facts: facts(),
        may_wait: false,
    };
    let notices = vec![notice; count];
    let mut conn = pool.acquire().await.expect("a connection");
    let written = enqueue(
        &mut conn,
        &Enqueue {
            notices: &notices,
            book: &book(),
            keys: &keys(),
            now,
            in_reply_to: Some("<their@mail>"),
            offers: Offers {
                reply: true,
                link: true,
            },
        },
    )
    .await
    .expect("enqueued");
    assert_eq!(written, count);
}

/// As [`owe`], to somebody who has this kind in their digest.
pub(crate) async fn owe_waiting(pool: &PgPool, kind: Kind, now: Timestamp) {
    let mut book = book();
    for person in book.people.values_mut() {
        person.digest = BTreeSet::from([kind]);
    }
    let notice = Notice {
        kind,
        to: "ana".into(),
        facts: facts(),
        may_wait: true,
    };
    let mut conn = pool.acquire().await.expect("a connection");
    let owed = Enqueue {
        notices: &[notice],
        book: &book,
        keys: &keys(),
        now,
        in_reply_to: None,
        offers: Offers::default(),
    };
    let enqueued = enqueue(&mut conn, &owed);
    assert_eq!(enqueued.await.expect("enqueued"), 1);
}

/// Puts the book of these tests in force, with somebody who can switch a digest off.
pub(crate) async fn apply_book(pool: &PgPool, active: bool) {
    let mut book = book();
    let mut ada = book.people.values().next().expect("ana").clone();
    ada.id = "ada".into();
    ada.name = "Ada Adler".into();
    ada.email = "ada@example.test".into();
    ada.roles = BTreeSet::from([crate::workflow::book::Role::AccessAdmin]);
    for person in book.people.values_mut() {
        person.active = active;
    }
    book.people.insert(ada.id.clone(), ada);
    let mut tx = pool.begin().await.expect("begins");
    let version = crate::store::books::version(&mut tx).await.expect("reads");
    crate::store::books::apply(
        &mut tx,
        ("", &book),
        version,
        &crate::store::books::Applier::named("test"),
        now(),
    )
    .await
    .expect("applies")
    .expect("nobody else does");
    tx.commit().await.expect("commits");
}

pub(crate) async fn state(pool: &PgPool, id: Uuid) -> String {
    sqlx::query("SELECT state FROM delivery WHERE id = $1")
        .bind(id)
        .fetch_one(pool)
        .await
        .expect("the delivery")
        .get(0)
}
