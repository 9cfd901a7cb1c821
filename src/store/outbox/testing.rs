//! Deliveries to try things on, for tests here and of the courier.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{PgPool, Row};

use super::*;
use crate::config::TokenKeys;
use crate::workflow::book::Person;
use crate::workflow::notice::Facts;
use crate::workflow::notice::Kind;

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
        os_user: None,
    };
    Book {
        people: BTreeMap::from([(ana.id.clone(), ana)]),
        ..Book::default()
    }
}

fn facts() -> Facts {
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
         VALUES (42, 'bob', 'credential', 'prod-db-1', 60, 'p', 1, 'approval', '{}', now(), now(),
                 'pending', 1, '{}')",
    )
    .execute(pool)
    .await
    .expect("a request");
    RequestId(42)
}

pub(crate) async fn owe(pool: &PgPool, kind: Kind, count: usize) {
    owe_at(pool, kind, count, now()).await;
}

pub(crate) async fn owe_at(pool: &PgPool, kind: Kind, count: usize, now: Timestamp) {
    let notice = Notice {
        kind,
        to: "ana".into(),
        facts: facts(),
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

pub(crate) async fn state(pool: &PgPool, id: Uuid) -> String {
    sqlx::query("SELECT state FROM delivery WHERE id = $1")
        .bind(id)
        .fetch_one(pool)
        .await
        .expect("the delivery")
        .get(0)
}
