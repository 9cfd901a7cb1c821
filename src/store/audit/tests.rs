//! Whole chains that are removed or renamed; damage within one is in `store::tests`.

use sqlx::PgPool;

use super::*;

fn entry(why: &str) -> Entry {
    Entry {
        why: Some(why.to_owned()),
        ..Entry::new(
            "2026-03-02T09:00:00Z".parse().expect("a timestamp"),
            Channel::Mail,
            Outcome::Unidentified,
        )
    }
}

/// Five events in `system/mail`, by two statements.
async fn five(conn: &mut PgConnection) {
    for batch in [&["a", "b", "c"][..], &["d", "e"]] {
        let entries: Vec<Entry> = batch.iter().map(|why| entry(why)).collect();
        append_system(conn, Channel::Mail, &entries)
            .await
            .expect("appends");
    }
}

/// Goal: a system chain that is removed whole is missed, for its head is still there (W27).
/// Method: remove every event of the only chain.
#[sqlx::test(migrations = "./migrations")]
async fn a_removed_chain_is_missed(pool: PgPool) {
    let mut conn = pool.acquire().await.expect("a connection");
    five(&mut conn).await;
    check_replay(&pool).await.expect("whole");
    sqlx::query("DELETE FROM audit_event")
        .execute(&mut *conn)
        .await
        .expect("removes");
    let error = check_replay(&pool).await.expect_err("the chain is gone");
    assert!(error.to_string().contains("system/mail"), "{error}");
}

/// Goal: an event cannot be moved to another chain: its hash covers the chain's name.
/// Method: rename the chain and its head.
#[sqlx::test(migrations = "./migrations")]
async fn a_chain_cannot_be_renamed(pool: PgPool) {
    let mut conn = pool.acquire().await.expect("a connection");
    five(&mut conn).await;
    for sql in [
        "UPDATE audit_event SET chain = 'system/timer'",
        "UPDATE audit_chain SET chain = 'system/timer'",
    ] {
        sqlx::query(sql).execute(&mut *conn).await.expect("renames");
    }
    drop(conn);
    let found = verify_chain(&pool, "system/timer").await.expect("reads");
    assert_eq!(found.expect_err("moved").seq, 1);
}
