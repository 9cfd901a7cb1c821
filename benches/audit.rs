//! `audit verify` over a record of 200,000 events, beside its floor in the same run.
//!
//! Run by `make bench NAME=audit`, which starts Postgres (durable). One request is filed and decided through
//! the handler; its events are copied under other numbers with hashes of their own, so that all chains
//! are real ones and every request folds. Floor: the same rows read in the same order over one
//! connection, and SHA-256 over the same bytes, nothing compared. Verify checks every event's chain, time,
//! leaf and head, folds and compares every request, and recomputes the tree of every seal.

mod shared;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use countersign::clock::Clock;
use countersign::command::{Command, Target};
use countersign::handle::Answer;
use countersign::seal::{SealKey, Signed};
use countersign::store::audit::{self, Verify};
use countersign::store::{leases, seals};
use countersign::workflow::request::Decision;
use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;

/// Requests, each with four events.
const REQUESTS: i64 = 50_000;
/// Copies that are written at once.
const BATCH: i64 = 1_000;
/// Runs of either side; the fastest counts.
const RUNS: usize = 3;

const POLICIES: &str = r#"
[[person]]
id = "rita"
name = "Rita"
email = "rita@example.test"
zone = "UTC"
[[person]]
id = "bob"
name = "Bob"
email = "bob@example.test"
zone = "UTC"
roles = ["approver"]
modules = ["credential"]
[[person]]
id = "carol"
name = "Carol"
email = "carol@example.test"
zone = "UTC"
roles = ["approver"]
modules = ["credential"]
[[policy]]
name = "bench"
modules = ["credential"]
requesters = ["rita"]
resource = "*"
mode = "approval"
steps = [{ name = "Owner", approvers = ["bob"] }, { name = "Security", approvers = ["carol"] }]
"#;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `cargo test --benches` builds and starts every bench; only `cargo bench` measures.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let pool = set_up().await?;
    copies(&pool).await?;
    sqlx::raw_sql("VACUUM ANALYZE").execute(&pool).await?;
    let key = SealKey::new(&data_encoding::BASE64.encode(&[1; 32]).into())?;
    let began = Instant::now();
    let sealed = seal(&pool, &key).await?;
    let seal_ms = began.elapsed().as_secs_f64() * 1e3;
    let began = Instant::now();
    ensure!(close(&pool, &key).await?.is_none(), "nothing moved since");
    let idle_ms = began.elapsed().as_secs_f64() * 1e3;

    let (mut floor, mut verify) = (Duration::MAX, Duration::MAX);
    let mut events = 0;
    for _ in 0..RUNS {
        let began = Instant::now();
        events = hash_all(&pool).await?;
        floor = floor.min(began.elapsed());
        let began = Instant::now();
        let wanted = Verify {
            from_seal: None,
            keys: BTreeSet::from([key.public()]),
        };
        let found = audit::verify(&pool, &wanted, || Ok::<_, sqlx::Error>(None)).await?;
        verify = verify.min(began.elapsed());
        ensure!(found.is_clean(), "{:?}", found.findings.first());
        ensure!(found.events == events, "every event was read");
        ensure!(found.requests == REQUESTS, "every request was folded");
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred thousand")]
    let rate = |took: Duration| events as f64 / took.as_secs_f64();
    println!(
        "audit events={events} requests={REQUESTS} verify_events_per_s={:.0} floor_events_per_s={:.0} \
         of_floor={:.2} seal_leaves={} seal_ms={seal_ms:.0} nothing_to_seal_ms={idle_ms:.0}",
        rate(verify),
        rate(floor),
        rate(verify) / rate(floor),
        sealed.seal.leaves,
    );
    Ok(())
}

/// A database with one request that was filed, refused once, and approved in two steps.
async fn set_up() -> anyhow::Result<PgPool> {
    let (pool, handler) = shared::open(POLICIES).await?;
    let filed = shared::files(&handler, "rita", "prod-db-1").await?;
    let Answer::Accepted { request, .. } = filed else {
        anyhow::bail!("not filed: {filed:?}");
    };
    ensure!(request.0 == 1, "the copies are made of request 1");
    for person in ["carol", "bob", "carol"] {
        let vote = Command::Vote {
            target: Target::Request(request),
            decision: Decision::Approve,
            comment: None,
            window: None,
        };
        shared::says(&handler, person, vote).await?;
    }
    Ok(pool)
}

/// Copies request 1 with its votes and events under the numbers 2 to [`REQUESTS`].
async fn copies(pool: &PgPool) -> anyhow::Result<()> {
    let bodies: Vec<String> =
        sqlx::query_scalar("SELECT body FROM audit_event WHERE chain = 'request/1' ORDER BY seq")
            .fetch_all(pool)
            .await?;
    ensure!(bodies.len() == 4, "four events: {bodies:#?}");
    let mut from = 2;
    while from <= REQUESTS {
        let to = (from + BATCH - 1).min(REQUESTS);
        batch(pool, &bodies, from, to).await.context("copies")?;
        from = to + 1;
    }
    Ok(())
}

async fn batch(pool: &PgPool, bodies: &[String], from: i64, to: i64) -> anyhow::Result<()> {
    let (mut chains, mut seqs, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut prevs, mut hashes, mut heads) = (Vec::new(), Vec::new(), Vec::new());
    for id in from..=to {
        let chain = format!("request/{id}");
        let mut head = audit::Head::default();
        for body in bodies {
            let body = body
                .replace("\"id\":1,", &format!("\"id\":{id},"))
                .replace("\"request\":1}", &format!("\"request\":{id}}}"));
            prevs.push(head.hash.clone());
            head = audit::head_of(&chain, &head, &body);
            chains.push(chain.clone());
            seqs.push(head.seq);
            hashes.push(head.hash.clone());
            texts.push(body);
        }
        heads.push(head.hash);
    }
    let ids: Vec<i64> = (from..=to).collect();
    let mut tx = pool.begin().await?;
    let columns: String = sqlx::query_scalar(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
         WHERE table_name = 'request' AND column_name NOT IN ('id', 'chain_head', 'filing_key')",
    )
    .fetch_one(&mut *tx)
    .await?;
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "INSERT INTO request (id, chain_head, {columns})
         SELECT copy.id, copy.head, {columns} FROM request,
                UNNEST($1::bigint[], $2::bytea[]) AS copy (id, head) WHERE request.id = 1"
    )))
    .bind(&ids)
    .bind(&heads)
    .execute(&mut *tx)
    .await?;
    for table in ["vote", "access_grant"] {
        let columns: String = sqlx::query_scalar(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
             WHERE table_name = $1 AND column_name <> 'request_id'",
        )
        .bind(table)
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "INSERT INTO {table} (request_id, {columns})
             SELECT copy.id, {columns} FROM {table}, UNNEST($1::bigint[]) AS copy (id)
             WHERE request_id = 1"
        )))
        .bind(&ids)
        .execute(&mut *tx)
        .await?;
    }
    sqlx::query(
        "INSERT INTO audit_event (chain, seq, at, body, prev_hash, hash)
         SELECT c.chain, c.seq, e.at, c.body, c.prev, c.hash
         FROM UNNEST($1::text[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[])
              AS c (chain, seq, body, prev, hash)
         JOIN audit_event AS e ON e.chain = 'request/1' AND e.seq = c.seq",
    )
    .bind(&chains)
    .bind(&seqs)
    .bind(&texts)
    .bind(&prevs)
    .bind(&hashes)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

async fn close(pool: &PgPool, key: &SealKey) -> anyhow::Result<Option<Signed>> {
    let mut conn = pool.acquire().await?;
    let ttl = Duration::from_mins(10);
    let lease = leases::acquire(&mut conn, seals::LEASE, "bench", ttl).await?;
    let lease = lease.context("the lease is free")?;
    let mut tx = seals::snapshot(pool).await?;
    let signed = seals::close(&mut tx, key, &lease, Clock::system().now()).await?;
    tx.commit().await?;
    Ok(signed)
}

async fn seal(pool: &PgPool, key: &SealKey) -> anyhow::Result<Signed> {
    close(pool, key).await?.context("something to seal")
}

/// The floor: as many rows, as many bytes.
async fn hash_all(pool: &PgPool) -> anyhow::Result<i64> {
    let sql = "SELECT chain, seq, body, prev_hash, hash FROM audit_event ORDER BY chain, seq";
    let mut rows = sqlx::query_as::<_, (String, i64, String, Vec<u8>, Vec<u8>)>(sql).fetch(pool);
    let (mut events, mut all) = (0, 0_u64);
    while let Some((chain, seq, body, prev, hash)) = rows.try_next().await? {
        let mut sha = Sha256::new();
        for part in [chain.as_bytes(), &seq.to_be_bytes(), &prev, body.as_bytes()] {
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part);
        }
        let digest = sha.finalize();
        // Looked at, so that nobody may leave the work out.
        all += u64::from(digest[0]) + u64::from(hash[0]);
        events += 1;
    }
    ensure!(all > 0, "hashes");
    Ok(events)
}
