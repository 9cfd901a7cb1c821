//! What the tables of requests and of the record refuse, what the audit chain notices, and what the
//! migrations do to rows that are there. How commands use them is tested beside [`crate::handle`].

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection as _, PgPool};
use tokio::sync::Barrier;

use super::audit::{self, Entry, Outcome};
use super::requests::Sought;
use super::{books, inbound, requests};
use crate::workflow::book::Book;
use crate::workflow::ids::RequestId;
use crate::workflow::request::Channel;

/// The samples of `migrations/sample`, as the migrations' README describes them.
const SAMPLES: [(i64, &str); 28] = [
    (
        20_261_121_000_001,
        include_str!("../../migrations/sample/20261121000001.sql"),
    ),
    (
        20_261_121_000_002,
        include_str!("../../migrations/sample/20261121000002.sql"),
    ),
    (
        20_261_121_000_003,
        include_str!("../../migrations/sample/20261121000003.sql"),
    ),
    (
        20_261_121_000_004,
        include_str!("../../migrations/sample/20261121000004.sql"),
    ),
    (
        20_261_121_000_005,
        include_str!("../../migrations/sample/20261121000005.sql"),
    ),
    (
        20_261_121_000_006,
        include_str!("../../migrations/sample/20261121000006.sql"),
    ),
    (
        20_261_121_000_007,
        include_str!("../../migrations/sample/20261121000007.sql"),
    ),
    (
        20_261_121_000_008,
        include_str!("../../migrations/sample/20261121000008.sql"),
    ),
    (
        20_261_121_000_009,
        include_str!("../../migrations/sample/20261121000009.sql"),
    ),
    (
        20_261_121_000_010,
        include_str!("../../migrations/sample/20261121000010.sql"),
    ),
    (
        20_261_121_000_011,
        include_str!("../../migrations/sample/20261121000011.sql"),
    ),
    (
        20_261_121_000_012,
        include_str!("../../migrations/sample/20261121000012.sql"),
    ),
    (
        20_261_121_000_013,
        include_str!("../../migrations/sample/20261121000013.sql"),
    ),
    (
        20_261_121_000_014,
        include_str!("../../migrations/sample/20261121000014.sql"),
    ),
    (
        20_261_121_000_018,
        include_str!("../../migrations/sample/20261121000018.sql"),
    ),
    (
        20_261_121_000_019,
        include_str!("../../migrations/sample/20261121000019.sql"),
    ),
    (
        20_261_121_000_020,
        include_str!("../../migrations/sample/20261121000020.sql"),
    ),
    (
        20_261_121_000_021,
        include_str!("../../migrations/sample/20261121000021.sql"),
    ),
    (
        20_261_121_000_022,
        include_str!("../../migrations/sample/20261121000022.sql"),
    ),
    (
        20_261_121_000_023,
        include_str!("../../migrations/sample/20261121000023.sql"),
    ),
    (
        20_261_121_000_024,
        include_str!("../../migrations/sample/20261121000024.sql"),
    ),
    (
        20_261_121_000_025,
        include_str!("../../migrations/sample/20261121000025.sql"),
    ),
    (
        20_261_121_000_026,
        include_str!("../../migrations/sample/20261121000026.sql"),
    ),
    (
        20_261_121_000_027,
        include_str!("../../migrations/sample/20261121000027.sql"),
    ),
    (
        20_261_121_000_029,
        include_str!("../../migrations/sample/20261121000029.sql"),
    ),
    (
        20_261_121_000_030,
        include_str!("../../migrations/sample/20261121000030.sql"),
    ),
    (
        20_261_121_000_031,
        include_str!("../../migrations/sample/20261121000031.sql"),
    ),
    (
        20_261_121_000_032,
        include_str!("../../migrations/sample/20261121000032.sql"),
    ),
];

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().expect("a time")
}

/// The name of the constraint that refuses a statement.
async fn refused_by(pool: &PgPool, statement: &'static str) -> String {
    let error = sqlx::raw_sql(statement)
        .execute(pool)
        .await
        .expect_err(statement);
    let error = error.into_database_error().expect(statement);
    error.constraint().expect(statement).to_owned()
}

/// Migrates, each migration followed by its sample; the versions.
async fn samples(pool: &PgPool) -> Vec<i64> {
    let all = Migrator::new(Path::new("./migrations"))
        .await
        .expect("reads");
    for (migration, (version, sample)) in all.iter().zip(SAMPLES) {
        let sql = AssertSqlSafe(migration.sql.as_str().to_owned());
        sqlx::raw_sql(sql).execute(pool).await.expect("migrates");
        let loaded = sqlx::raw_sql(sample).execute(pool).await;
        loaded.unwrap_or_else(|error| panic!("sample {version}: {error}"));
    }
    all.iter().map(|migration| migration.version).collect()
}

/// Entries of `system/mail`, told apart by their reason.
fn entries(count: usize) -> Vec<Entry> {
    let entry = |n: usize| Entry {
        why: Some(format!("number {n}")),
        ..Entry::new(now(), Channel::Mail, Outcome::Unidentified)
    };
    (1..=count).map(entry).collect()
}

async fn verified(pool: &PgPool) -> Result<i64, audit::Broken> {
    let checked = audit::verify_chain(pool, "system/mail").await;
    checked.expect("reads")
}

/// Goal: every migration works on a database with rows in it, and has a sample that later ones meet.
/// Method: one by one, each followed by its sample; then the sample requests are read as values.
#[sqlx::test(migrations = false)]
async fn migrations_meet_rows(pool: PgPool) {
    let versions = samples(&pool).await;
    let sampled: Vec<i64> = SAMPLES.iter().map(|(version, _)| *version).collect();
    assert_eq!(versions, sampled, "each migration has its sample");
    let mut conn = pool.acquire().await.expect("a connection");
    let book = books::current(&mut conn).await.expect("reads");
    let mut tx = conn.begin().await.expect("begins");
    let everything = Sought::default();
    let read = requests::list(&mut tx, &everything, 9, (&book, now())).await;
    let listed = read.expect("reads").expect("a list");
    let seen: Vec<_> = listed
        .requests
        .iter()
        .map(|request| (request.id.0, request.state.as_str(), request.votes.len()))
        .collect();
    assert_eq!(seen, [(2, "approved", 0), (1, "pending", 1)]);
    tx.rollback().await.expect("ends");
    let kept = requests::many(&mut conn, &[1, 2]).await.expect("reads");
    let listed = |id| {
        let kept: &Result<requests::Kept, String> = &kept[&id];
        kept.as_ref().expect("reads").listed_wrongly
    };
    // What was there before is as a new request would write it, but for the sample's own group.
    assert_eq!((listed(1), listed(2)), (Some("awaited"), None));
}

/// Goal: what was rejected with its base before its state said by whom says so after the migration, as its
/// events do. Method: a stored rejection without it, the event that made it, and the migration's statement
/// twice; a rejection by a vote stays as it is.
#[sqlx::test(migrations = false)]
async fn a_migration_names_the_revoker(pool: PgPool) {
    samples(&pool).await;
    let at = now();
    let rejected = |id: i64, extends: &str, event: &str| {
        format!(
            "UPDATE request SET state = 'rejected', step = NULL, settled_at = '{at}', end_cause = NULL,
                 extends = {extends}, outcome = '{{\"state\": \"rejected\", \"at\": \"{at}\", \"step\": 0}}'
             WHERE id = {id};
             INSERT INTO audit_event (chain, seq, at, body, prev_hash, hash)
             SELECT 'request/{id}', coalesce(max(seq), 0) + 1, '{at}',
                    '{{\"events\": [{{\"event\": \"filed\"}}, {{{event}}}]}}', '', sha256('{id}')
             FROM audit_event WHERE chain = 'request/{id}';"
        )
    };
    let cut =
        r#""event": "base_cut", "base": 1, "cause": "revoked", "by": "ann", "reason": "late""#;
    for sql in [
        rejected(2, "1", cut),
        rejected(1, "NULL", r#""event": "rejected", "step": 0"#),
    ] {
        let stored = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await;
        stored.expect("stores");
    }
    for _ in 0..2 {
        let statement = include_str!("../../migrations/20261121000026_name_revoker.sql");
        sqlx::raw_sql(statement).execute(&pool).await.expect("runs");
        let mut conn = pool.acquire().await.expect("a connection");
        let kept = requests::find(&mut conn, RequestId(2)).await;
        let kept = kept.expect("reads").expect("it is there");
        let cut = kept.base_cut().expect("named");
        assert_eq!((cut.base, cut.by.as_str()), (RequestId(1), "ann"));
        let other = requests::find(&mut conn, RequestId(1)).await;
        let other = other.expect("reads").expect("it is there");
        assert_eq!(other.base_cut(), None);
    }
}

/// Goal: the tables themselves refuse what must not be, whatever the code above them does.
/// Method: one forbidden statement per named constraint on the sample rows.
#[sqlx::test(migrations = false)]
async fn the_constraints_refuse(pool: PgPool) {
    samples(&pool).await;
    for (statement, constraint) in [
        (
            "UPDATE request SET state = 'odd', step = NULL, settled_at = now() WHERE id = 1",
            "request_state_known",
        ),
        ("UPDATE request SET mode = 'odd'", "request_mode_known"),
        (
            "UPDATE request SET window_start = now() WHERE id = 1",
            "request_window_is_one_kind",
        ),
        (
            "UPDATE request SET window_seconds = NULL WHERE id = 1",
            "request_window_is_one_kind",
        ),
        (
            "UPDATE request SET window_seconds = 0 WHERE id = 1",
            "request_window_not_empty",
        ),
        (
            "UPDATE request SET window_end = window_start WHERE id = 2",
            "request_window_not_empty",
        ),
        (
            "UPDATE request SET step = NULL WHERE id = 1",
            "request_pending_has_step",
        ),
        (
            "UPDATE request SET step = 0 WHERE id = 2",
            "request_pending_has_step",
        ),
        (
            "UPDATE request SET settled_at = NULL WHERE id = 2",
            "request_settled_has_time",
        ),
        (
            "UPDATE request SET policy_version = 99",
            "request_policy_version_fkey",
        ),
        (
            "UPDATE vote SET decision = 'perhaps'",
            "vote_decision_known",
        ),
        ("UPDATE vote SET request_id = 99", "vote_request_id_fkey"),
        ("INSERT INTO vote SELECT * FROM vote", "vote_pkey"),
        (
            "UPDATE access_grant SET ends_at = starts_at",
            "access_grant_not_empty",
        ),
        (
            "INSERT INTO access_grant SELECT * FROM access_grant",
            "access_grant_pkey",
        ),
        (
            "UPDATE request SET requester = ''",
            "request_requester_not_empty",
        ),
        ("UPDATE request SET module = ''", "request_module_not_empty"),
        (
            "UPDATE request SET resource = ''",
            "request_resource_not_empty",
        ),
        (
            "UPDATE request SET account = ''",
            "request_account_not_empty",
        ),
        (
            "UPDATE access_grant SET person = ''",
            "access_grant_person_not_empty",
        ),
        (
            "UPDATE access_grant SET module = ''",
            "access_grant_module_not_empty",
        ),
        (
            "UPDATE access_grant SET resource = ''",
            "access_grant_resource_not_empty",
        ),
        (
            "UPDATE access_grant SET account = ''",
            "access_grant_account_not_empty",
        ),
        (
            "UPDATE request SET end_cause = 'odd' WHERE id = 2",
            "request_end_cause_known",
        ),
        (
            "UPDATE request SET end_cause = 'revoked' WHERE id = 1",
            "request_ended_is_approved",
        ),
        (
            "UPDATE involved SET approved = true WHERE NOT decided",
            "involved_votes_are_decisions",
        ),
        ("UPDATE awaited SET who = ''", "awaited_who_not_empty"),
        (
            "UPDATE resource_name SET name = ''",
            "resource_name_not_empty",
        ),
        (
            "UPDATE inbound SET outcome = 'odd'",
            "inbound_outcome_known",
        ),
        ("INSERT INTO inbound SELECT * FROM inbound", "inbound_pkey"),
        (
            "INSERT INTO audit_event SELECT * FROM audit_event",
            "audit_event_pkey",
        ),
        ("UPDATE seal SET number = 0", "seal_counts_from_one"),
        ("UPDATE seal SET events = 0", "seal_covers_something"),
        ("UPDATE seal SET root = ''", "seal_hashes_are_sha256"),
        (
            "UPDATE seal SET signature = ''",
            "seal_signature_is_ed25519",
        ),
        ("UPDATE seal SET key_id = ''", "seal_key_id_fkey"),
        ("UPDATE seal_key SET public_key = ''", "seal_key_is_ed25519"),
        (
            "INSERT INTO seal_leaf SELECT * FROM seal_leaf",
            "seal_leaf_pkey",
        ),
        (
            "UPDATE seal_leaf SET seal = 9; SET CONSTRAINTS ALL IMMEDIATE",
            "seal_leaf_seal_fkey",
        ),
    ] {
        assert_eq!(
            refused_by(&pool, statement).await,
            constraint,
            "{statement}"
        );
    }
}

/// Goal: one pending request per person and thing, an absent account being one too; one per key (W6).
/// Method: copies of the sample requests that differ in one thing each.
#[sqlx::test(migrations = false)]
async fn a_second_pending_request_is_refused(pool: PgPool) {
    samples(&pool).await;
    let copy = |account: &str, key: &str| {
        AssertSqlSafe(format!(
            "INSERT INTO request (requester, module, resource, account, window_seconds, policy,
                 policy_version, mode, terms, filed_at, pending_until, filing_key, state, step, outcome)
             SELECT requester, module, resource, {account}, window_seconds, policy, policy_version, mode,
                 terms, filed_at, pending_until, {key}, state, step, outcome FROM request WHERE id = 1"
        ))
    };
    // The identity column does not know of the samples' numbers.
    sqlx::raw_sql("ALTER TABLE request ALTER COLUMN id RESTART WITH 10")
        .execute(&pool)
        .await
        .expect("restarts");
    for (account, key, refused) in [
        ("account", "NULL", Some("request_one_pending")),
        ("'root'", "'k'", None),
        ("NULL", "NULL", None),
        ("NULL", "NULL", Some("request_one_pending")),
        ("'other'", "'k'", Some("request_filing_key")),
    ] {
        let done = sqlx::raw_sql(copy(account, key)).execute(&pool).await;
        let error = done.err().and_then(sqlx::Error::into_database_error);
        let by = error.as_ref().and_then(|error| error.constraint());
        assert_eq!(by, refused, "{account} {key}");
    }
}

/// Goal: `active_grants` is right at every instant, the start in and the end out, with no job (W21).
/// Method: the view's clock set around the sample grant.
#[sqlx::test(migrations = false)]
async fn grants_are_active_by_the_clock_alone(pool: PgPool) {
    samples(&pool).await;
    for (at, active) in [
        ("09:59:59.999999", 0_i64),
        ("10:00:00", 1),
        ("10:59:59.999999", 1),
        ("11:00:00", 0),
    ] {
        let clock = format!(
            "CREATE OR REPLACE FUNCTION countersign_now() RETURNS timestamptz
             LANGUAGE sql STABLE AS 'SELECT timestamptz ''2026-03-02 {at}Z'''"
        );
        let set = sqlx::raw_sql(AssertSqlSafe(clock)).execute(&pool).await;
        set.expect("sets");
        let count = sqlx::query_scalar("SELECT count(*) FROM active_grants");
        assert_eq!(count.fetch_one(&pool).await.ok(), Some(active), "{at}");
    }
}

/// Goal: two who append to one system chain at once make one chain without gaps.
/// Method: two connections behind a barrier, some rounds, the first of them on a chain that is not there.
#[sqlx::test(migrations = "./migrations")]
async fn two_append_at_once(pool: PgPool) {
    const ROUNDS: i64 = 8;
    for _ in 0..ROUNDS {
        let barrier = Arc::new(Barrier::new(2));
        let one = |barrier: Arc<Barrier>| async {
            let mut tx = pool.begin().await.expect("begins");
            { barrier }.wait().await;
            let appended = audit::append_system(&mut tx, Channel::Mail, &entries(2)).await;
            appended.expect("appends");
            tx.commit().await.expect("commits");
        };
        tokio::join!(one(barrier.clone()), one(barrier));
    }
    assert_eq!(verified(&pool).await, Ok(4 * ROUNDS));
}

/// Goal: a key is entered once: the second waits for the first, and enters it only if that is taken back.
/// Method: two connections; the first ends each way while the second is seen to wait.
#[sqlx::test(migrations = "./migrations")]
async fn a_claim_waits_for_the_other(pool: PgPool) {
    for (key, commits) in [("mail/8", true), ("mail/9", false)] {
        let mut first = pool.begin().await.expect("begins");
        let mut second = pool.begin().await.expect("begins");
        let claimed =
            inbound::claim(&mut first, key, Channel::Mail, Outcome::Accepted, now()).await;
        assert!(claimed.expect("claims"));
        let waits = async {
            let sql = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
            while sqlx::query_scalar::<_, i64>(sql)
                .fetch_one(&pool)
                .await
                .expect("counts")
                == 0
            {
                tokio::task::yield_now().await;
            }
            let ended = if commits {
                first.commit().await
            } else {
                first.rollback().await
            };
            ended.expect("ends");
        };
        let deadline = std::time::Duration::from_secs(20);
        let claim = inbound::claim(&mut second, key, Channel::Mail, Outcome::Refused, now());
        let (other, waited) = tokio::join!(claim, tokio::time::timeout(deadline, waits));
        waited.expect("the second waits for the first");
        assert_eq!(other.expect("answers"), !commits, "{key}");
        second.commit().await.expect("commits");
        let mut conn = pool.acquire().await.expect("a connection");
        let (seen, _) = inbound::look(&mut conn, key).await.expect("looks");
        assert!(seen, "{key}");
    }
}

/// Goal: of two who apply policies to the same version one is told, and nothing of his is kept; what is
/// applied leaves an audit event, and what is kept in the process follows it.
/// Method: two connections behind a barrier; a cache that has read the version before.
#[sqlx::test(migrations = "./migrations")]
async fn one_of_two_applies_a_book(pool: PgPool) {
    let barrier = Barrier::new(2);
    let one = async |by: &str| {
        let mut tx = pool.begin().await.expect("begins");
        barrier.wait().await;
        let applied = books::apply(
            &mut tx,
            (by, &Book::default()),
            0,
            &books::Applier::named(by),
            now(),
        )
        .await;
        tx.commit().await.expect("commits");
        applied.expect("applies or says no")
    };
    let (ann, ben) = tokio::join!(one("ann"), one("ben"));
    let won = ann.or(ben).expect("one of them");
    assert!(ann.is_none() || ben.is_none(), "{ann:?} {ben:?}");

    let mut conn = pool.acquire().await.expect("a connection");
    let cache = books::BookCache::default();
    let versions = |policies| books::Versions {
        policies,
        delegations: 0,
    };
    assert_eq!(books::version(&mut conn).await.expect("reads"), won);
    assert_eq!(
        cache
            .get(&mut conn, versions(won))
            .await
            .expect("reads")
            .version,
        won
    );
    let by = if ann.is_some() { "ann" } else { "ben" };
    let source = books::source(&mut conn).await.expect("reads");
    assert_eq!(source, Some((won, by.to_owned())));
    let trail = audit::entries(&mut conn, "system/command_line")
        .await
        .expect("reads");
    assert_eq!(trail.len(), 1, "{trail:?}");

    let mut tx = pool.begin().await.expect("begins");
    let next = books::apply(
        &mut tx,
        ("", &Book::default()),
        won,
        &books::Applier::named("ann"),
        now(),
    )
    .await;
    let next = next.expect("applies").expect("nobody else applies");
    tx.commit().await.expect("commits");
    assert!(next > won);
    assert_eq!(
        cache
            .get(&mut conn, versions(next))
            .await
            .expect("reads")
            .version,
        next
    );
}
