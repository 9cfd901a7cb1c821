//! Two database roles: the daemon's may add to the record, and not change it.

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgPool};

use super::Desk;
use super::record::desk_with_seals;

/// What somebody with the daemon's password may try.
const FORBIDDEN: &[&str] = &[
    "UPDATE audit_event SET body = body",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
    "UPDATE seal SET events = events + 1",
    "DELETE FROM seal",
    "TRUNCATE seal CASCADE",
    "UPDATE seal_leaf SET seq = seq",
    "DELETE FROM seal_leaf",
    "UPDATE seal_key SET public_key = public_key",
    "DELETE FROM seal_key",
    "DELETE FROM request",
    "DELETE FROM audit_chain",
    "DELETE FROM policy_book",
    "DROP TABLE audit_event CASCADE",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "ALTER TABLE audit_event RENAME TO other",
    "ALTER TABLE seal_leaf DROP CONSTRAINT seal_leaf_seal_fkey",
    "SET session_replication_role = replica",
    "CREATE RULE no_events AS ON INSERT TO audit_event DO INSTEAD NOTHING",
    "CREATE TABLE mine (x integer)",
    "CREATE OR REPLACE FUNCTION countersign_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
    "DROP SCHEMA public CASCADE",
    "ALTER TABLE audit_event OWNER TO current_user",
    "UPDATE _sqlx_migrations SET success = true",
];

/// A name that no other test has: roles belong to the whole server.
fn role(of: &str) -> String {
    format!(
        "{of}_{}",
        &countersign::clock::new_id().simple().to_string()[20..]
    )
}

/// Splits the roles of a test's database; its url under the daemon's role, and that role's connections.
async fn split(pool: &PgPool, desk: &Desk) -> (String, PgPool) {
    let (owner, daemon) = (role("owner"), role("daemon"));
    let line = format!("migrate --roles --owner {owner} --daemon {daemon}");
    for _ in 0..2 {
        let sql = desk.types(&line).done().out;
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(pool)
            .await
            .expect("splits, and again");
    }
    let options = pool.connect_options().as_ref().clone().username(&daemon);
    let url = options.to_url_lossy().to_string();
    let theirs = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await;
    (url, theirs.expect("the daemon's role gets in"))
}

/// Goal: under its own role the daemon and every command work, and none of them can change, remove or
/// disable what guards the record; `doctor` sees the difference.
/// Method: a day's work and two seals under the role; then each forbidden statement, refused by right.
#[sqlx::test(migrations = "./migrations")]
async fn the_daemon_cannot_change_the_record(pool: PgPool) {
    let owners = Desk::furnished(&pool);
    owners
        .types("doctor")
        .ended(3)
        .says(&["hint   roles      our role is a superuser"]);
    let (url, theirs) = split(&pool, &owners).await;
    let desk = Desk::at(&url);
    desk.types("policy apply policies.toml --yes").done();
    let desk = desk_with_seals(desk).await;
    desk.types("audit verify --seal seals")
        .done()
        .says(&["The record is whole."]);
    desk.types("migrate").done();
    desk.types("doctor")
        .ended(3)
        .says(&["ok     roles", "not change it"]);
    for statement in FORBIDDEN {
        let refused = sqlx::raw_sql(*statement).execute(&theirs).await;
        let error = refused
            .expect_err(statement)
            .into_database_error()
            .expect(statement);
        assert_eq!(
            error.code().as_deref(),
            Some("42501"),
            "{statement}: {error}"
        );
    }
    // What it must be able to change, the heads among it, it can; `audit verify` is what finds that.
    let moved = "UPDATE request SET chain_head = '' WHERE id = 1";
    sqlx::raw_sql(moved)
        .execute(&theirs)
        .await
        .expect("allowed");
    desk.types("audit verify")
        .ended(1)
        .says(&["request/1: event 3 is not the one that the head of its chain names"]);
    theirs.close().await;
}

/// Goal: a daemon whose schema is too old says who must bring it up to date, and how.
/// Method: forget the newest migration; run commands under each role.
#[sqlx::test(migrations = "./migrations")]
async fn only_the_owner_migrates(pool: PgPool) {
    let owners = Desk::furnished(&pool);
    let (url, theirs) = split(&pool, &owners).await;
    let desk = Desk::at(&url);
    let forget =
        "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    sqlx::raw_sql(forget).execute(&pool).await.expect("forgets");
    for command in ["migrate", "serve"] {
        desk.types(command)
            .ended(2)
            .complains(&["may not change it; mend: ", "--url-file FILE"]);
    }
    desk.types("doctor")
        .ended(2)
        .says(&["wrong  schema     1 migrations have not been run"]);
    desk.writes("owner", "mysql://nobody");
    desk.types("migrate --url-file owner")
        .ended(2)
        .complains(&["holds no address", "mend: write"]);
    desk.types("migrate --roles --owner A --daemon b")
        .ended(2)
        .complains(&["`A` is no plain name"]);
    theirs.close().await;
}
