//! Whole chains that are removed or renamed; damage within one is in `store::tests`.

use sqlx::PgPool;

use super::*;
use crate::store::books;
use crate::workflow::book::Book;

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

/// Goal: whoever changes the policies in force behind the record's back is found (W27).
/// Method: change what was read, then its text, add a version by hand, remove one.
#[sqlx::test(migrations = "./migrations")]
async fn policies_that_nobody_applied_are_found(pool: PgPool) {
    let mut tx = pool.begin().await.expect("begins");
    let at = "2026-03-02T09:00:00Z".parse().expect("a timestamp");
    let by = books::Applier::named("ada");
    let applied = books::apply(&mut tx, ("# one", &Book::default()), 0, &by, at).await;
    assert_eq!(applied.expect("applies"), Some(1));
    tx.commit().await.expect("commits");
    check_replay(&pool).await.expect("whole");
    for (sql, undo, what) in [
        (
            "UPDATE policy_book SET book = jsonb_set(book, '{version}', '7')",
            "UPDATE policy_book SET book = jsonb_set(book, '{version}', '0')",
            "policies version 1: what is in force was changed after it was applied",
        ),
        (
            "UPDATE policy_book SET source = '# two'",
            "UPDATE policy_book SET source = '# one'",
            "policies version 1: its text was changed after it was applied",
        ),
        (
            "INSERT INTO policy_book (applied_at, applied_by, source, book)
             SELECT applied_at, applied_by, source, book FROM policy_book",
            "DELETE FROM policy_book WHERE version > 1",
            "policies version 2: the record does not know of it",
        ),
        (
            "DELETE FROM policy_book",
            "SELECT 1",
            "policies version 1: it was removed",
        ),
    ] {
        sqlx::query(sql).execute(&pool).await.expect(sql);
        let found = check_replay(&pool).await.expect_err(sql);
        assert_eq!(found.to_string(), what, "{sql}");
        sqlx::query(undo).execute(&pool).await.expect(undo);
    }
}
