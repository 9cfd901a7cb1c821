//! Decisions a second, on one connection and on eight, beside the smallest transactions that could carry
//! them; filing with 10,000 policies in force; and what a decision costs when a million requests are stored.
//!
//! Run by `make bench NAME=decisions`, which starts Postgres (durable). A decision is one approval by the
//! command line that settles its request: state, vote, grant, audit event, two notices with their
//! deliveries, ledger key, in one transaction. The floor is as many transactions that insert one row and
//! update another, on the same server in the same run. What a decision could come near to at best is printed
//! beside it: the same rows of the same tables, copied from another decision by one call of a function in the
//! database, without anything being decided or hashed.

mod shared;

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use countersign::command::{Command, Target};
use countersign::handle::{Answer, Handler};
use countersign::workflow::ids::RequestId;
use countersign::workflow::request::Decision;
use sqlx::{Connection as _, PgPool};

/// Decisions, and floor transactions, of one measurement.
const COUNT: usize = 1_000;
/// How many connections the wide measurements use.
const WIDE: usize = 8;
/// Policies in force while filing is measured.
const POLICIES: usize = 10_000;
/// Requests stored before the first and before the second measurement of what a decision costs.
const FEW: i64 = 1_000;
const MANY: i64 = 1_000_000;
/// Requests copied by one statement.
const BATCH: i64 = 50_000;

/// Writes for a pending request what its approval writes, as it was written for another one.
const ROWS: &str = "
CREATE FUNCTION rows_of_a_decision(this bigint, other bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  filed timestamptz;
BEGIN
  SELECT filed_at INTO filed FROM request WHERE id = this FOR UPDATE;
  INSERT INTO vote (request_id, step, person, decision, comment, revision, at, channel, on_behalf_of, evidence,
                    position)
  SELECT this, step, person, decision, comment, revision, at, channel, on_behalf_of, evidence, position
  FROM vote WHERE request_id = other;
  INSERT INTO audit_event (chain, seq, at, body, prev_hash, hash)
  SELECT 'request/' || this, seq, at, body, prev_hash, hash
  FROM audit_event WHERE chain = 'request/' || other AND seq = 2;
  INSERT INTO access_grant (request_id, filed_at, person, module, resource, account, starts_at, ends_at,
                            emergency, reason)
  SELECT this, filed, person, module, resource, account, starts_at, ends_at, emergency, reason
  FROM access_grant WHERE request_id = other;
  DELETE FROM awaited WHERE request_id = this AND who = 'bob';
  INSERT INTO involved (request_id, person, filed_at, approved, disapproved, decided)
  VALUES (this, 'bob', filed, true, false, true)
  ON CONFLICT (request_id, person) DO UPDATE
  SET (approved, disapproved, decided) = (excluded.approved, excluded.disapproved, excluded.decided);
  INSERT INTO inbound (key, channel, received_at, outcome)
  VALUES ('rows/' || this, 'command_line', filed, 'accepted');
  UPDATE request AS r
  SET state = o.state, step = o.step, settled_at = o.settled_at, outcome = o.outcome,
      chain_seq = o.chain_seq, next_due_at = o.next_due_at, has_approval = o.has_approval
  FROM request AS o WHERE r.id = this AND o.id = other AND r.chain_seq = 1;
  WITH noted AS (
    INSERT INTO notice (id, request_id, kind, person, facts, created_at)
    SELECT gen_random_uuid(), this, kind, person, facts, created_at
    FROM notice WHERE request_id = other AND kind IN ('approved', 'recorded')
    RETURNING *
  )
  INSERT INTO delivery (id, notice_id, request_id, kind, channel, person, address, name, zone, locale, state,
                        next_try_at, created_at, tried_since)
  SELECT gen_random_uuid(), id, this, kind, 'mail', person, person || '@example.test', person, 'UTC', 'en',
         'pending', created_at, created_at, created_at
  FROM noted;
END $$";

/// How many of these requests have as many rows as the other one, whose decision was real.
const AS_MANY: &str = "
SELECT count(*) FROM unnest($1::bigint[]) AS this
JOIN request AS r ON r.id = this AND r.state = 'approved'
WHERE (SELECT count(*) FROM vote WHERE request_id = this)
    = (SELECT count(*) FROM vote WHERE request_id = $2)
  AND (SELECT count(*) FROM access_grant WHERE request_id = this)
    = (SELECT count(*) FROM access_grant WHERE request_id = $2)
  AND (SELECT count(*) FROM audit_event WHERE chain = 'request/' || this)
    = (SELECT count(*) FROM audit_event WHERE chain = 'request/' || $2)
  AND (SELECT count(*) FROM awaited WHERE request_id = this)
    = (SELECT count(*) FROM awaited WHERE request_id = $2)
  AND (SELECT count(*) FROM involved WHERE request_id = this)
    = (SELECT count(*) FROM involved WHERE request_id = $2)
  AND (SELECT count(*) FROM notice WHERE request_id = this)
    = (SELECT count(*) FROM notice WHERE request_id = $2)
  AND (SELECT count(*) FROM delivery WHERE request_id = this)
    = (SELECT count(*) FROM delivery WHERE request_id = $2)";

fn policies() -> String {
    let mut text = String::from(
        r#"
[[person]]
id = "rita"
email = "rita@example.test"
[[person]]
id = "bob"
email = "bob@example.test"
roles = ["approver"]
modules = ["credential"]
"#,
    );
    for number in 1..POLICIES {
        let _ = write!(
            text,
            "[[policy]]\nname = \"other {number}\"\nmodules = [\"credential\"]\nrequesters = [\"rita\"]\n\
             resource = \"other-{number}-*\"\nmode = \"approval\"\n\
             steps = [{{ name = \"Owner\", approvers = [\"bob\"] }}]\n"
        );
    }
    text.push_str(
        "[[policy]]\nname = \"bench\"\nmodules = [\"credential\"]\nrequesters = [\"rita\"]\n\
         resource = \"db-*\"\nmode = \"approval\"\n\
         steps = [{ name = \"Owner\", approvers = [\"bob\"] }]\n",
    );
    text
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `cargo test --benches` builds and starts every bench; only `cargo bench` measures.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let (pool, handler) = shared::open(&policies()).await?;
    // The first of everything reads the book.
    file(&handler, "db-first", 1).await?;

    let began = Instant::now();
    let narrow = file(&handler, "db-a", COUNT).await?;
    let filing = rate(COUNT, began.elapsed());
    let wide = file(&handler, "db-b", COUNT).await?;
    sqlx::raw_sql(
        "CREATE TABLE floor_row (id bigint GENERATED ALWAYS AS IDENTITY, body text);
                   CREATE TABLE floor_state (id integer PRIMARY KEY, count bigint);
                   INSERT INTO floor_state SELECT n, 0 FROM generate_series(1, 100000) AS n;",
    )
    .execute(&pool)
    .await?;
    sqlx::raw_sql("VACUUM ANALYZE").execute(&pool).await?;
    let floor_1 = floor(&pool, 1).await?;
    let one = decide(&handler, narrow, 1).await?;
    let floor_8 = floor(&pool, WIDE).await?;
    let eight = decide(&handler, wide, WIDE).await?;
    let rows_1 = rows(&pool, file(&handler, "db-e", COUNT).await?, 1).await?;
    let rows_8 = rows(&pool, file(&handler, "db-f", COUNT).await?, WIDE).await?;
    println!(
        "on one connection {one:.0}/s, {:.2} of the floor; on {WIDE} {eight:.0}/s, {:.2} of the floor; \
         its rows alone {rows_1:.0}/s, {:.2} of the floor; on {WIDE} {rows_8:.0}/s, {:.2} of the floor",
        one / floor_1,
        eight / floor_8,
        rows_1 / floor_1,
        rows_8 / floor_8
    );

    grow(&pool, FEW).await?;
    let few = decide(&handler, file(&handler, "db-c", COUNT).await?, 1).await?;
    grow(&pool, MANY).await?;
    let many = decide(&handler, file(&handler, "db-d", COUNT).await?, 1).await?;
    println!(
        "decisions count={COUNT} one_per_s={one:.0} floor_one_per_s={floor_1:.0} of_floor_one={:.2} \
         eight_per_s={eight:.0} floor_eight_per_s={floor_8:.0} of_floor_eight={:.2} \
         rows_one_per_s={rows_1:.0} rows_eight_per_s={rows_8:.0} \
         filed_per_s={filing:.0} policies={POLICIES} few={FEW} few_us={:.0} many={MANY} many_us={:.0} \
         many_of_few={:.2}",
        one / floor_1,
        eight / floor_8,
        1e6 / few,
        1e6 / many,
        few / many,
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Files requests for different resources, one after the other.
async fn file(handler: &Handler, prefix: &str, count: usize) -> anyhow::Result<Vec<RequestId>> {
    let mut filed = Vec::with_capacity(count);
    for number in 0..count {
        match shared::files(handler, "rita", &format!("{prefix}-{number}")).await? {
            Answer::Accepted { request, .. } => filed.push(request),
            other => anyhow::bail!("not filed: {other:?}"),
        }
    }
    Ok(filed)
}

/// Approves them all, so many at once; decisions a second.
async fn decide(
    handler: &Handler,
    requests: Vec<RequestId>,
    at_once: usize,
) -> anyhow::Result<f64> {
    let count = requests.len();
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..at_once {
        let (handler, requests, next) = (handler.clone(), requests.clone(), next.clone());
        tasks.push(tokio::spawn(async move {
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                let vote = Command::Vote {
                    target: Target::Request(*request),
                    decision: Decision::Approve,
                    comment: Some("checked".to_owned()),
                    window: None,
                };
                let answer = shared::says(&handler, "bob", vote).await?;
                let Answer::Accepted { events, .. } = &answer else {
                    anyhow::bail!("not decided: {answer:?}");
                };
                ensure!(events.len() == 2, "voted and approved: {events:?}");
            }
            Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(rate(count, began.elapsed()))
}

/// As many transactions that insert one row and update another.
async fn floor(pool: &PgPool, at_once: usize) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut tasks = Vec::new();
    for task in 0..at_once {
        let pool = pool.clone();
        tasks.push(tokio::spawn(async move {
            let mut conn = pool.acquire().await?;
            for number in 0..COUNT / at_once {
                let mut tx = conn.begin().await?;
                sqlx::query("INSERT INTO floor_row (body) VALUES ($1)")
                    .bind("a decision")
                    .execute(&mut *tx)
                    .await?;
                let row = i32::try_from(task * COUNT + number + 1)?;
                sqlx::query("UPDATE floor_state SET count = count + 1 WHERE id = $1")
                    .bind(row)
                    .execute(&mut *tx)
                    .await?;
                tx.commit().await?;
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(rate(COUNT / at_once * at_once, began.elapsed()))
}

/// The rows of as many decisions, and nothing else that a decision takes.
async fn rows(pool: &PgPool, requests: Vec<RequestId>, at_once: usize) -> anyhow::Result<f64> {
    sqlx::raw_sql("DROP FUNCTION IF EXISTS rows_of_a_decision")
        .execute(pool)
        .await?;
    sqlx::raw_sql(ROWS).execute(pool).await?;
    let model: i64 = sqlx::query_scalar("SELECT min(id) FROM request WHERE state = 'approved'")
        .fetch_one(pool)
        .await?;
    let began = Instant::now();
    let mut tasks = Vec::new();
    for part in requests.chunks(requests.len().div_ceil(at_once)) {
        let (pool, part) = (pool.clone(), part.to_vec());
        tasks.push(tokio::spawn(async move {
            let mut conn = pool.acquire().await?;
            for request in part {
                sqlx::query("SELECT rows_of_a_decision($1, $2)")
                    .bind(request.0)
                    .bind(model)
                    .execute(&mut *conn)
                    .await?;
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    let took = began.elapsed();
    let ids: Vec<i64> = requests.iter().map(|request| request.0).collect();
    let as_many: i64 = sqlx::query_scalar(AS_MANY)
        .bind(&ids)
        .bind(model)
        .fetch_one(pool)
        .await?;
    ensure!(
        usize::try_from(as_many)? == ids.len(),
        "not the rows of a decision"
    );
    Ok(rate(requests.len(), took))
}

/// Copies a settled request, with vote, grant and event, until so many are stored.
async fn grow(pool: &PgPool, upto: i64) -> anyhow::Result<()> {
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM request")
        .fetch_one(pool)
        .await?;
    let model: i64 = sqlx::query_scalar("SELECT min(id) FROM request WHERE state = 'approved'")
        .fetch_one(pool)
        .await?;
    let mut left = upto - stored;
    while left > 0 {
        let count = left.min(BATCH);
        let from: i64 =
            sqlx::query_scalar("SELECT nextval(pg_get_serial_sequence('request', 'id'))")
                .fetch_one(pool)
                .await?;
        for (table, key) in [
            ("request", "id"),
            ("vote", "request_id"),
            ("access_grant", "request_id"),
        ] {
            copy(pool, table, key, (model, from, count)).await?;
        }
        sqlx::query(
            "INSERT INTO audit_event (chain, seq, at, body, prev_hash, hash)
             SELECT 'request/' || n, seq, at, body, prev_hash, hash FROM audit_event,
                    generate_series($2::bigint, $2 + $3 - 1) AS n
             WHERE chain = 'request/' || $1",
        )
        .bind(model)
        .bind(from)
        .bind(count)
        .execute(pool)
        .await?;
        sqlx::query("SELECT setval(pg_get_serial_sequence('request', 'id'), $1)")
            .bind(from + count)
            .execute(pool)
            .await?;
        left -= count;
    }
    for sql in ["VACUUM ANALYZE", "CHECKPOINT"] {
        sqlx::raw_sql(sql).execute(pool).await?;
    }
    Ok(())
}

/// Copies one row under so many other numbers.
async fn copy(
    pool: &PgPool,
    table: &str,
    key: &str,
    (model, from, count): (i64, i64, i64),
) -> anyhow::Result<()> {
    let columns: String = sqlx::query_scalar(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
         WHERE table_name = $1 AND column_name NOT IN ($2, 'filing_key')
           AND table_schema = current_schema()",
    )
    .bind(table)
    .bind(key)
    .fetch_one(pool)
    .await?;
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "INSERT INTO {table} ({key}, {columns}) SELECT n, {columns} FROM {table},
                generate_series($2::bigint, $2 + $3 - 1) AS n WHERE {key} = $1"
    )))
    .bind(model)
    .bind(from)
    .bind(count)
    .execute(pool)
    .await
    .with_context(|| format!("copies of {table}"))?;
    Ok(())
}
