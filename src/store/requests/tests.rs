//! What a lock promises; what the tables themselves refuse is in `store::tests`.

use serde_json::Value;
use sqlx::{Connection, PgPool};

use super::*;
use crate::inbound::Proof;
use crate::store::audit::{self, Entry, Head, Link, Outcome};
use crate::store::{books, inbound};
use crate::workflow::request::Channel;
use crate::workflow::testing::{World, book, policy, start, step, subject, terms};

/// Request 42 of [`World::filed`], stored under the first book.
async fn stored(conn: &mut PgConnection) -> World {
    let mut tx = conn.begin().await.expect("begins");
    let terms = terms(vec![step("Review", &["ann", "ben"], 2, 1)]);
    let book = book(vec![policy(terms.clone())]);
    let version = books::apply(
        &mut tx,
        ("", &book),
        0,
        &books::Applier::named("test"),
        start(),
    )
    .await;
    let version = version.expect("applies").expect("the first");
    let mut world = World::filed(terms);
    world.request.terms.version = version;
    let entry = Entry {
        events: world.events.clone(),
        ..Entry::new(start(), Channel::CommandLine, Outcome::Accepted)
    };
    let link = audit::link("request/42", &Head::default(), &entry).expect("links");
    let written = insert(&mut tx, &world.request, Some("k"), &link, Some(start())).await;
    written.expect("writes");
    tx.commit().await.expect("commits");
    world
}

fn next(locked: &Locked) -> Link {
    let entry = Entry::new(start(), Channel::CommandLine, Outcome::Accepted);
    audit::link("request/42", locked.head(), &entry).expect("links")
}

static PROOF: Proof = Proof {
    method: String::new(),
    details: Value::Null,
};

fn saving<'a>(after: &'a Request, link: &'a Link) -> Saved<'a> {
    Saved {
        after,
        proof: &PROOF,
        link,
        next_due: Some(start()),
        cancel: &[],
        key: None,
    }
}

/// Goal: what is stored is read back equal, by every look-up.
/// Method: store one, vote, and look by number, thing and key.
#[sqlx::test(migrations = "./migrations")]
async fn a_request_is_read_back_equal(pool: PgPool) {
    let mut conn = pool.acquire().await.expect("a connection");
    let mut world = stored(&mut conn).await;
    let id = world.request.id;
    let locked = lock(&mut conn, id).await.expect("reads").expect("is there");
    assert_eq!(locked.request(), &world.request);
    assert_eq!(locked.versions().policies, 1);
    world.approves("ann").expect("counts");
    let link = next(&locked);
    let saved = save(&mut conn, locked, &saving(&world.request, &link)).await;
    saved.expect("writes");
    let found = find(&mut conn, id).await.expect("reads");
    assert_eq!(found.as_ref(), Some(&world.request));
    let requester = &world.request.requester;
    let pending = find_pending(&mut conn, requester, &subject()).await;
    assert_eq!(pending.expect("reads"), Some(id));
    let keyed = find_by_key(&mut conn, requester, "k").await;
    assert_eq!(keyed.expect("reads"), Some(id));
    assert_eq!(
        find_by_key(&mut conn, requester, "l").await.expect("reads"),
        None
    );
    let none = lock(&mut conn, RequestId(43)).await.expect("reads");
    assert!(none.is_none());
}

/// Goal: a lock that is none any more writes nothing: not over a change, not over a settled request.
/// Method: keep the lock's value while its row is changed, then save and note with it.
#[sqlx::test(migrations = "./migrations")]
async fn a_changed_row_is_not_written(pool: PgPool) {
    let mut conn = pool.acquire().await.expect("a connection");
    let mut world = stored(&mut conn).await;
    let id = world.request.id;
    let change = "UPDATE request SET chain_seq = chain_seq + 1 WHERE id = 42";
    let settle =
        "UPDATE request SET state = 'expired', step = NULL, settled_at = now() WHERE id = 42";
    world.approves("ann").expect("counts");
    for sql in [change, settle] {
        let mut tx = conn.begin().await.expect("begins");
        let locked = lock(&mut tx, id).await.expect("reads").expect("is there");
        sqlx::query(sql).execute(&mut *tx).await.expect("changes");
        let link = next(&locked);
        let saved = save(&mut tx, locked, &saving(&world.request, &link)).await;
        let error = saved.expect_err("must not write").to_string();
        assert!(error.contains("a locked request changed"), "{error}");
        tx.rollback().await.expect("rolls back");
    }
    let mut tx = conn.begin().await.expect("begins");
    let locked = lock(&mut tx, id).await.expect("reads").expect("is there");
    sqlx::query(change)
        .execute(&mut *tx)
        .await
        .expect("changes");
    let link = next(&locked);
    let noted = note(&mut tx, locked, &link).await;
    assert!(noted.is_err(), "must not write");
}

/// Goal: the second of two locks waits for the first one's transaction and sees what it wrote, votes
/// included.
/// Method: two connections; the second begins to lock before the first one votes and commits.
#[sqlx::test(migrations = "./migrations")]
async fn a_lock_waits_and_then_sees_the_votes(pool: PgPool) {
    let mut conn = pool.acquire().await.expect("a connection");
    let mut world = stored(&mut conn).await;
    drop(conn);
    let id = world.request.id;
    let mut first = pool.begin().await.expect("begins");
    let locked = lock(&mut first, id)
        .await
        .expect("reads")
        .expect("is there");
    let mut second = pool.begin().await.expect("begins");
    let waiting = tokio::spawn(async move { lock(&mut second, id).await });
    let sql = "SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waits = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while sqlx::query_scalar::<_, i64>(sql)
            .fetch_one(&pool)
            .await
            .expect("counts")
            == 0
        {}
    });
    waits.await.expect("the second one waits");
    assert!(!waiting.is_finished());
    world.approves("ann").expect("counts");
    let link = next(&locked);
    let saved = save(&mut first, locked, &saving(&world.request, &link)).await;
    saved.expect("writes");
    first.commit().await.expect("commits");
    let seen = waiting.await.expect("no panic").expect("reads");
    assert_eq!(seen.expect("is there").request(), &world.request);
}

/// Goal: a glance waits for nobody: what another holds, or what there is not, it leaves out; what it takes
/// it holds. It says which keys were applied. Method: two connections on one request, a key that is there
/// and one that is not.
#[sqlx::test(migrations = "./migrations")]
async fn a_glance_takes_only_what_is_free(pool: PgPool) {
    let mut conn = pool.acquire().await.expect("a connection");
    let world = stored(&mut conn).await;
    let id = world.request.id;
    let channel = Channel::CommandLine;
    let claimed = inbound::claim(&mut conn, "old", channel, Outcome::Accepted, start()).await;
    assert!(claimed.expect("enters"));
    drop(conn);
    let (mut first, mut second) = (
        pool.begin().await.expect("begins"),
        pool.begin().await.expect("begins"),
    );
    let ids = [id, RequestId(43)];
    let taken = glance(&mut first, &["old", "new"], &ids).await;
    let taken = taken.expect("reads");
    assert_eq!(taken.locked.keys().collect::<Vec<_>>(), [&id]);
    assert_eq!(taken.locked[&id].request(), &world.request);
    assert_eq!(taken.locked[&id].versions().policies, 1);
    assert_eq!(taken.seen.iter().collect::<Vec<_>>(), ["old"]);
    let other = glance(&mut second, &["old"], &ids).await.expect("reads");
    assert!(other.locked.is_empty() && other.seen.is_empty());
    first.rollback().await.expect("lets go");
    let after = glance(&mut second, &[], &ids).await.expect("reads");
    assert_eq!(after.locked.len(), 1);
}
