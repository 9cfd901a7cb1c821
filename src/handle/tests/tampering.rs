//! Damage to the record, of every kind that somebody with the database's password can do, and what
//! `audit verify` says of it. The record is a real one: requests of every outcome, refusals, sealed twice,
//! with a tail that no seal covers yet.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use sqlx::{AssertSqlSafe, PgPool};

use super::world::{World, one_step, says};
use crate::clock::Clock;
use crate::command::Command;
use crate::seal::{SealKey, Signed};
use crate::store::audit::{self, Verified, Verify};
use crate::store::{leases, seals};
use crate::workflow::ids::RequestId;
use crate::workflow::request::Decision;

/// The tables that damage is done to, in the order in which they can be filled.
const TABLES: [&str; 10] = [
    "seal_key",
    "seal",
    "seal_leaf",
    "audit_chain",
    "audit_event",
    "vote",
    "involved",
    "awaited",
    "request",
    "access_grant",
];

fn key(byte: u8) -> SealKey {
    let secret = data_encoding::BASE64.encode(&[byte; 32]);
    SealKey::new(&secret.into()).expect("a key")
}

/// A record that can be damaged and put right again.
struct Record {
    pool: PgPool,
    /// What was posted outside.
    posted: Vec<Signed>,
}

async fn seal(pool: &PgPool, key: &SealKey) -> Option<Signed> {
    let mut tx = seals::snapshot(pool).await.expect("begins");
    let ttl = Duration::from_mins(10);
    let lease = leases::acquire(&mut tx, seals::LEASE, "test", ttl).await;
    let lease = lease.expect("sql").expect("free");
    let now = Clock::system().now();
    let made = seals::close(&mut tx, key, &lease, now)
        .await
        .expect("seals");
    tx.commit().await.expect("commits");
    made
}

impl Record {
    /// `request/1` approved, `request/2` rejected, `request/3` with refusals, `system/command_line`;
    /// seal 1 after the first half, seal 2 after the second, one event more.
    async fn kept(pool: PgPool) -> Self {
        let world = World::new(pool.clone(), one_step(&["ann", "ben"], 2, 1)).await;
        let mut posted = Vec::new();
        let one = world.filed_for("prod-db-1").await;
        let two = world.filed_for("prod-db-2").await;
        world.votes("ann", one, Decision::Approve).await;
        let unknown = RequestId(999);
        world.votes("ann", unknown, Decision::Approve).await;
        posted.extend(seal(&pool, &key(1)).await);
        world.votes("ben", one, Decision::Approve).await;
        world.votes("ann", two, Decision::Disapprove).await;
        let three = world.filed_for("prod-db-3").await;
        world.votes("rita", three, Decision::Approve).await;
        world.votes("ann", unknown, Decision::Approve).await;
        posted.extend(seal(&pool, &key(1)).await);
        world.votes("ann", three, Decision::Approve).await;
        let withdraw = Command::Withdraw {
            request: three,
            reason: "done otherwise".to_owned(),
        };
        world.handle(&says("cat", withdraw)).await;
        assert_eq!(
            (one.0, two.0, three.0),
            (1, 2, 3),
            "numbers as damage names them"
        );
        world.check().await;
        for table in TABLES {
            let copy = format!("CREATE TABLE kept_{table} AS TABLE {table}");
            run(&pool, &copy).await;
        }
        Self { pool, posted }
    }

    async fn restore(&self) {
        let mut sql = "SET LOCAL session_replication_role = replica;".to_owned();
        for table in TABLES.iter().rev() {
            let _ = write!(sql, "DELETE FROM {table};");
        }
        for table in TABLES {
            let _ = write!(sql, "INSERT INTO {table} SELECT * FROM kept_{table};");
        }
        let mut tx = self.pool.begin().await.expect("begins");
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await;
        done.expect("restores");
        tx.commit().await.expect("commits");
    }

    /// Does damage as somebody whom no constraint stops.
    async fn harm(&self, sql: &str) {
        let mut tx = self.pool.begin().await.expect("begins");
        let sql = format!("SET LOCAL session_replication_role = replica; {sql}");
        let done = sqlx::raw_sql(AssertSqlSafe(sql.clone()))
            .execute(&mut *tx)
            .await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
        tx.commit().await.expect("commits");
    }

    async fn verified(&self, from_seal: Option<i64>, posted: &[Signed]) -> Verified {
        let wanted = Verify {
            from_seal,
            keys: BTreeSet::from([key(1).public()]),
        };
        let mut posted = posted.iter().cloned();
        audit::verify(&self.pool, &wanted, || Ok::<_, sqlx::Error>(posted.next()))
            .await
            .expect("reads")
    }

    /// The first thing that is wrong, as an operator reads it.
    async fn first(&self, posted: &[Signed]) -> Option<String> {
        let verified = self.verified(None, posted).await;
        assert_eq!(verified.is_clean(), verified.findings.is_empty());
        verified.findings.first().map(ToString::to_string)
    }

    /// Writes a chain anew from this event on, consistently, its head included, as somebody does who
    /// knows how hashes are made.
    async fn rewrite(&self, chain: &str, from: i64) {
        let rows: Vec<(i64, String, Vec<u8>)> = sqlx::query_as(
            "SELECT seq, body, prev_hash FROM audit_event WHERE chain = $1 ORDER BY seq",
        )
        .bind(chain)
        .fetch_all(&self.pool)
        .await
        .expect("reads");
        let mut head = audit::Head::default();
        for (seq, body, _) in rows {
            let body = if seq == from {
                body.replacen("\"channel\":", "\"channel\" :", 1)
            } else {
                body
            };
            head = audit::head_of(chain, &head, &body);
            sqlx::query(
                "UPDATE audit_event SET body = $3, hash = $4 WHERE chain = $1 AND seq = $2",
            )
            .bind(chain)
            .bind(seq)
            .bind(&body)
            .bind(&head.hash)
            .execute(&self.pool)
            .await
            .expect("writes");
            let next = "UPDATE audit_event SET prev_hash = $3 WHERE chain = $1 AND seq = $2 + 1";
            let next = sqlx::query(next).bind(chain).bind(seq).bind(&head.hash);
            next.execute(&self.pool).await.expect("writes");
        }
        for sql in [
            "UPDATE audit_chain SET head = $2 WHERE chain = $1",
            "UPDATE request SET chain_head = $2 WHERE 'request/' || id = $1",
        ] {
            let query = sqlx::query(sql).bind(chain).bind(&head.hash);
            query.execute(&self.pool).await.expect("writes");
        }
    }
}

async fn run(pool: &PgPool, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(pool)
        .await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Goal: an untouched record is clean, from the beginning and from any seal on, and held against every
/// posted seal.
/// Method: verify it each way, and count.
#[sqlx::test(migrations = "./migrations")]
async fn an_untouched_record_is_clean(pool: PgPool) {
    let record = Record::kept(pool).await;
    let whole = record.verified(None, &record.posted).await;
    assert_eq!(whole.findings, []);
    assert_eq!((whole.chains, whole.requests, whole.seals), (4, 3, 2));
    assert_eq!(
        (whole.unsealed, whole.posted, whole.last_seal),
        (2, 2, Some(2))
    );
    let later = record.verified(Some(1), &record.posted).await;
    assert_eq!(later.findings, []);
    assert!(later.events < whole.events, "{later:?}");
    let last = record.verified(Some(2), &[]).await;
    assert_eq!(last.findings, []);
    assert_eq!((last.chains, last.unsealed), (1, 2), "{last:?}");
    assert_eq!(
        seal(&record.pool, &key(1)).await.map(|it| it.seal.leaves),
        Some(1)
    );
    assert_eq!(seal(&record.pool, &key(1)).await, None, "nothing moved");
}

/// Goal: each kind of damage is found, and named by the first wrong event, request or seal (W27).
/// Method: one after another on the same record, which is put right in between.
#[sqlx::test(migrations = "./migrations")]
async fn every_damage_is_named(pool: PgPool) {
    let record = Record::kept(pool).await;
    let damages: &[(&str, &str)] = &[
        (
            "UPDATE audit_event SET body = replace(body, 'ann', 'cat') WHERE chain = 'request/1' AND seq = 2",
            "request/1: event 2 was changed",
        ),
        (
            "UPDATE audit_event SET body = body || ' ' WHERE chain = 'request/3' AND seq = 4",
            "request/3: event 4 was changed",
        ),
        (
            "UPDATE audit_event SET hash = prev_hash WHERE chain = 'request/1' AND seq = 3",
            "request/1: event 3 was changed",
        ),
        (
            "UPDATE audit_event SET prev_hash = '' WHERE chain = 'request/1' AND seq = 3",
            "request/1: event 3 does not follow the one before it",
        ),
        (
            "UPDATE audit_event SET at = at + interval '1 hour' WHERE chain = 'request/2' AND seq = 1",
            "request/2: event 1 has another time than its body says",
        ),
        (
            "DELETE FROM audit_event WHERE chain = 'request/1' AND seq = 1",
            "request/1: event 1 is missing",
        ),
        (
            "DELETE FROM audit_event WHERE chain = 'request/1' AND seq = 2",
            "request/1: event 2 is missing",
        ),
        (
            "DELETE FROM audit_event WHERE chain = 'request/1' AND seq = 3",
            "request/1: event 3 is missing; seal 2 covers event 3",
        ),
        (
            "DELETE FROM audit_event WHERE chain = 'request/3' AND seq = 4",
            "request/3: event 4 is missing; the head of its chain is at event 4",
        ),
        (
            "DELETE FROM audit_event WHERE chain = 'request/1'",
            "request/1: event 1 is missing; seal 1 covers event 2",
        ),
        (
            "DELETE FROM audit_event WHERE chain = 'request/1'; DELETE FROM vote WHERE request_id = 1;
             DELETE FROM request WHERE id = 1",
            "request/1: event 1 is missing; seal 1 covers event 2",
        ),
        (
            "DELETE FROM audit_event WHERE chain = 'request/1'; DELETE FROM vote WHERE request_id = 1;
             DELETE FROM request WHERE id = 1; DELETE FROM seal_leaf WHERE chain = 'request/1'",
            "seal 1 does not fit its leaves: one of them was changed, removed or added",
        ),
        (
            "DELETE FROM audit_event WHERE chain = 'system/command_line'; DELETE FROM audit_chain",
            "system/command_line: event 1 is missing; seal 1 covers event 2",
        ),
        (
            "DELETE FROM audit_event WHERE chain = 'request/1' AND seq = 3;
             UPDATE request SET chain_seq = 2, chain_head = (SELECT hash FROM audit_event
                 WHERE chain = 'request/1' AND seq = 2) WHERE id = 1",
            "request/1: event 3 is missing; seal 2 covers event 3",
        ),
        (
            "INSERT INTO audit_event SELECT chain, seq + 1, at, body, hash, hash FROM audit_event
             WHERE chain = 'request/1' AND seq = 3",
            "request/1: event 4 stands behind the head of its chain",
        ),
        (
            "INSERT INTO audit_event SELECT 'request/77', seq, at, body, prev_hash, hash FROM audit_event
             WHERE chain = 'request/1' AND seq = 1",
            "request/77: event 1 was changed",
        ),
        (
            "UPDATE audit_event SET seq = 99 WHERE chain = 'request/1' AND seq = 2;
             UPDATE audit_event SET seq = 2 WHERE chain = 'request/1' AND seq = 3;
             UPDATE audit_event SET seq = 3 WHERE chain = 'request/1' AND seq = 99",
            "request/1: event 2 does not follow the one before it",
        ),
        (
            "UPDATE audit_event SET chain = 'request/9' WHERE chain = 'request/1';
             UPDATE request SET id = 9 WHERE id = 1",
            "request/1: event 1 is missing; seal 1 covers event 2",
        ),
        (
            "UPDATE request SET chain_head = '' WHERE id = 1",
            "request/1: event 3 is not the one that the head of its chain names",
        ),
        (
            "UPDATE request SET chain_seq = 2 WHERE id = 1",
            "request/1: event 2 is not the one that the head of its chain names",
        ),
        (
            "UPDATE audit_chain SET seq = 9",
            "system/command_line: event 4 is missing; the head of its chain is at event 9",
        ),
        (
            "DELETE FROM audit_chain",
            "system/command_line: event 4 is missing, or the head of its chain was changed or removed",
        ),
        (
            "UPDATE request SET requester = 'ann' WHERE id = 2",
            "request/2: the stored request is not as its events tell: requester",
        ),
        (
            "UPDATE request SET outcome = '{\"state\": \"odd\"}' WHERE id = 1",
            "request/1: the stored request cannot be read",
        ),
        (
            "UPDATE request SET settled_at = settled_at + interval '1 hour' WHERE id = 2",
            "request/2: the stored request says one thing in its outcome and another in `settled_at`",
        ),
        (
            "UPDATE access_grant SET ends_at = ends_at + interval '1 year'",
            "request/1: the stored request says one thing in its outcome and another in `grant`",
        ),
        (
            "INSERT INTO access_grant (request_id, person, module, resource, starts_at, ends_at, filed_at)
             SELECT 2, 'rita', g.module, g.resource, g.starts_at, g.ends_at, r.filed_at
             FROM access_grant AS g, request AS r WHERE r.id = 2",
            "request/2: the stored request says one thing in its outcome and another in `grant`",
        ),
        (
            "UPDATE access_grant SET ended_at = ends_at, end_cause = 'revoked'",
            "request/1: the stored request says one thing in its outcome and another in `grant`",
        ),
        (
            "UPDATE access_grant SET reason = 'another'",
            "request/1: the stored request says one thing in its outcome and another in `grant`",
        ),
        (
            "UPDATE access_grant SET starts_at = starts_at - interval '1 minute'",
            "request/1: the stored request says one thing in its outcome and another in `grant`",
        ),
        (
            "UPDATE access_grant SET emergency = true",
            "request/1: the stored request says one thing in its outcome and another in `grant`",
        ),
        (
            "UPDATE vote SET evidence = '{\"method\": \"os-user\", \"details\": {}}'
             WHERE request_id = 1 AND person = 'ben'",
            "request/1: the stored request is not as its events tell: evidence of its votes",
        ),
        (
            "UPDATE request SET emergency = true WHERE id = 1",
            "request/1: the stored request says one thing in its outcome and another in `emergency`",
        ),
        (
            "UPDATE request SET has_approval = NOT has_approval WHERE id = 1",
            "request/1: the stored request is not in lists as its events tell: `has_approval`",
        ),
        (
            "UPDATE involved SET approved = false, decided = false WHERE request_id = 1 AND person = 'ben'",
            "request/1: the stored request is not in lists as its events tell: `involved`",
        ),
        (
            "INSERT INTO awaited SELECT id, 'mallory', filed_at FROM request WHERE id = 1",
            "request/1: the stored request is not in lists as its events tell: `awaited`",
        ),
        (
            "UPDATE vote SET decision = 'approve' WHERE request_id = 2",
            "request/2: the stored request is not as its events tell: votes",
        ),
        (
            "DELETE FROM vote WHERE request_id = 1 AND person = 'ben'",
            "request/1: the stored request is not as its events tell: votes",
        ),
        (
            "INSERT INTO request SELECT 50, requester, module, 'secret' || id, account, window_start,
                 window_end, window_seconds, revision, justification, policy, policy_version, mode, terms,
                 filed_at, pending_until, NULL, state, step, settled_at, outcome, 0, ''
             FROM request WHERE id = 1",
            "request/50: event 1 is missing; the head of its chain is at event 0",
        ),
        (
            "UPDATE seal SET root = decode(repeat('00', 32), 'hex') WHERE number = 1",
            "seal 1 was changed: its signature does not fit what it says",
        ),
        (
            "UPDATE seal SET signature = decode(repeat('00', 64), 'hex') WHERE number = 2",
            "seal 2 was changed: its signature does not fit what it says",
        ),
        (
            "UPDATE seal SET at = at - interval '1 day' WHERE number = 1",
            "seal 1 was changed: its signature does not fit what it says",
        ),
        (
            "DELETE FROM seal WHERE number = 1; DELETE FROM seal_leaf WHERE seal = 1",
            "seal 1 is missing",
        ),
        (
            "DELETE FROM seal WHERE number = 2",
            "seal 2 is missing; its leaves are still there",
        ),
        (
            "DELETE FROM seal_leaf WHERE chain = 'request/2'",
            "seal 1 does not fit its leaves: one of them was changed, removed or added",
        ),
        (
            "INSERT INTO seal_leaf SELECT chain, seq, hash, 2 FROM audit_event
             WHERE chain = 'request/3' AND seq = 4",
            "seal 2 does not fit its leaves: one of them was changed, removed or added",
        ),
        (
            "UPDATE seal_leaf SET hash = prev_hash FROM audit_event AS e WHERE e.chain = seal_leaf.chain
             AND e.seq = seal_leaf.seq AND e.chain = 'request/1' AND e.seq = 3",
            "request/1: event 3 is not the one that seal 2 covers",
        ),
    ];
    for (damage, says) in damages {
        record.harm(damage).await;
        let first = record.first(&record.posted).await;
        assert!(
            first
                .as_deref()
                .is_some_and(|first| first.starts_with(says)),
            "{damage}\nsays {first:?}\nand should say {says}"
        );
        record.restore().await;
    }
    assert_eq!(record.first(&record.posted).await, None, "whole again");
}

/// Goal: a chain that was written anew, consistently and with its head, is found by the first seal that
/// covers what was changed.
/// Method: from each of its events on; what no seal covers cannot be told from an honest event.
#[sqlx::test(migrations = "./migrations")]
async fn a_rewritten_chain_is_found(pool: PgPool) {
    let record = Record::kept(pool).await;
    for (chain, from, says) in [
        (
            "request/1",
            1,
            Some("request/1: event 2 is not the one that seal 1 covers: it, or one after event 0"),
        ),
        (
            "request/1",
            2,
            Some("request/1: event 2 is not the one that seal 1 covers: it, or one after event 0"),
        ),
        (
            "request/1",
            3,
            Some("request/1: event 3 is not the one that seal 2 covers: it, or one after event 2"),
        ),
        (
            "system/command_line",
            3,
            Some("system/command_line: event 3 is not the one that seal 2"),
        ),
        ("request/3", 4, None),
    ] {
        record.rewrite(chain, from).await;
        let first = record.first(&record.posted).await;
        match says {
            None => assert_eq!(first, None, "{chain} from {from}"),
            Some(says) => assert!(
                first
                    .as_deref()
                    .is_some_and(|first| first.starts_with(says)),
                "{chain} from {from} says {first:?}"
            ),
        }
        record.restore().await;
    }
}

/// Goal: what was posted outside shows what no look at the database alone can: a tail that was cut off
/// with its seal, and a record that was written and sealed anew under the same key.
/// Method: each of them is clean without the posted seals and is found with them.
#[sqlx::test(migrations = "./migrations")]
async fn posted_seals_show_what_the_database_hides(pool: PgPool) {
    let record = Record::kept(pool).await;
    let drop_last = "DELETE FROM seal WHERE number = 2; DELETE FROM seal_leaf WHERE seal = 2";
    record.harm(drop_last).await;
    assert_eq!(record.first(&[]).await, None);
    let first = record.first(&record.posted).await.expect("found");
    assert!(first.starts_with("seal 2 was posted at "), "{first}");
    assert!(
        first.ends_with("the tail of the record was cut off"),
        "{first}"
    );
    record.restore().await;

    record.rewrite("request/1", 2).await;
    record.harm("DELETE FROM seal; DELETE FROM seal_leaf").await;
    seal(&record.pool, &key(1)).await.expect("sealed anew");
    assert_eq!(record.first(&[]).await, None);
    let first = record.first(&record.posted).await;
    let says = "seal 1 is not the one that was posted: the record was written anew";
    assert_eq!(first.as_deref(), Some(says));
    record.restore().await;

    let mut forged = record.posted[0].clone();
    forged.seal.events += 1;
    let first = record.first(&[forged]).await.expect("found");
    assert!(
        first.starts_with("seal 1 as it was posted is not genuine"),
        "{first}"
    );
}

/// Goal: a key that the operator does not name seals nothing; one that was changed and is named does.
/// Method: a third seal under another key; verify with one key and with both.
#[sqlx::test(migrations = "./migrations")]
async fn only_keys_that_are_named_count(pool: PgPool) {
    let record = Record::kept(pool).await;
    seal(&record.pool, &key(2)).await.expect("something moved");
    let first = record.first(&[]).await.expect("found");
    assert!(
        first.starts_with("seal 3 is signed under a key that bot.toml does not name"),
        "{first}"
    );
    assert!(first.contains(&key(2).public().to_string()), "{first}");
    let wanted = Verify {
        from_seal: None,
        keys: BTreeSet::from([key(1).public(), key(2).public()]),
    };
    let both = audit::verify(&record.pool, &wanted, || Ok::<_, sqlx::Error>(None)).await;
    assert_eq!(both.expect("reads").findings, []);
}

/// Goal: an event whose transaction began before a seal and ended after it is covered by the next one.
/// Method: hold a vote's transaction open while the interval is closed.
#[sqlx::test(migrations = "./migrations")]
async fn nothing_slips_in_behind_a_seal(pool: PgPool) {
    let record = Record::kept(pool.clone()).await;
    seal(&pool, &key(1)).await.expect("the tail is sealed");
    let mut slow = pool.begin().await.expect("begins");
    let entry = audit::Entry::new(
        Clock::system().now(),
        crate::workflow::request::Channel::Timer,
        audit::Outcome::Unidentified,
    );
    let appended = audit::append_system(&mut slow, entry.channel, std::slice::from_ref(&entry));
    appended.await.expect("appends");
    assert_eq!(seal(&pool, &key(1)).await, None, "not there to be seen yet");
    slow.commit().await.expect("commits");
    let open = record.verified(None, &[]).await;
    assert_eq!((open.unsealed, open.wrong), (1, 0));
    let next = seal(&pool, &key(1)).await.expect("moved");
    assert_eq!(
        (next.seal.number, next.seal.leaves, next.seal.events),
        (4, 1, 1)
    );
    assert_eq!(record.verified(None, &[]).await.unsealed, 0);
}

/// Goal: whatever somebody changes, removes, adds or swaps among sealed rows is found.
/// Method: 150 random damages of random rows by a seeded generator, each taken back.
#[sqlx::test(migrations = "./migrations")]
async fn random_damage_is_found(pool: PgPool) {
    const DAMAGES: usize = 150;
    let record = Record::kept(pool).await;
    seal(&record.pool, &key(1))
        .await
        .expect("the tail is sealed");
    for table in TABLES {
        let again = format!("DROP TABLE kept_{table}; CREATE TABLE kept_{table} AS TABLE {table}");
        run(&record.pool, &again).await;
    }
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT chain, seq FROM audit_event ORDER BY chain, seq")
            .fetch_all(&record.pool)
            .await
            .expect("reads");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[27; 32]);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let strategy = (0..rows.len(), 0..rows.len(), 0_usize..200, 0_u8..11);
    for _ in 0..DAMAGES {
        let drawn = strategy.new_tree(&mut runner).expect("draws").current();
        let (one, other, place, kind) = drawn;
        let here = format!("chain = '{}' AND seq = {}", rows[one].0, rows[one].1);
        let there = format!("chain = '{}' AND seq = {}", rows[other].0, rows[other].1);
        let damage = match kind {
            0 => format!("UPDATE audit_event SET body = overlay(body placing chr(1 + (ascii(substr(body,
                 1 + {place} % length(body), 1)) % 126)) from 1 + {place} % length(body) for 1) WHERE {here}"),
            1 => format!("UPDATE audit_event SET hash = set_byte(hash, {place} % 32,
                 (get_byte(hash, {place} % 32) + 1) % 256) WHERE {here}"),
            2 => format!("UPDATE audit_event SET at = at + interval '{} microseconds' WHERE {here}", place + 1),
            3 => format!("DELETE FROM audit_event WHERE {here}"),
            4 => format!("UPDATE audit_event SET seq = seq + {} WHERE {here}", 100 + place),
            5 => format!("INSERT INTO audit_event SELECT chain, seq + {}, at, body, prev_hash, hash
                 FROM audit_event WHERE {here}", 100 + place),
            6 if one != other => format!("UPDATE audit_event AS a SET body = b.body FROM audit_event AS b
                 WHERE a.{} AND b.{} AND a.body <> b.body",
                here.replace(" AND ", " AND a."), there.replace(" AND ", " AND b.")),
            7 => format!("UPDATE audit_event SET chain = 'request/{}' WHERE {here}", 500 + place),
            8 => format!("UPDATE seal SET signature = set_byte(signature, {place} % 64,
                 (get_byte(signature, {place} % 64) + 1) % 256) WHERE number = {}", 1 + one % 3),
            9 => format!("UPDATE seal_leaf SET hash = set_byte(hash, {place} % 32,
                 (get_byte(hash, {place} % 32) + 1) % 256) WHERE seal = {}", 1 + one % 3),
            _ => format!("DELETE FROM audit_event WHERE chain = '{}'", rows[one].0),
        };
        record.harm(&damage).await;
        assert!(record.first(&[]).await.is_some(), "not found: {damage}");
        record.restore().await;
    }
    assert_eq!(record.first(&[]).await, None, "whole again");
}
