//! The record as an auditor meets it: sealed by the daemon, verified, exported, damaged.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;

use super::Desk;
use crate::office::until;

const AUDIT: &str = "[audit]\nkey = \"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=\"\n\
                     interval = \"1s\"\nseal_file = \"seals\"\n";

/// Lets a daemon run until it has written so many seals.
async fn sealed(desk: &Desk, seals: usize) {
    let log = fs::File::create(desk.path("log")).expect("a log");
    let mut serve = desk.program();
    serve.arg("serve").stdout(Stdio::null()).stderr(log);
    let mut daemon = serve.spawn().expect("the program runs");
    until("the seals are written", async || {
        let text = fs::read_to_string(desk.path("seals")).unwrap_or_default();
        (text.matches("-----END").count() >= seals).then_some(())
    })
    .await;
    let id = Pid::from_raw(i32::try_from(daemon.id()).expect("a process id"));
    kill(id, Signal::SIGTERM).expect("the signal is sent");
    let status = daemon.wait().expect("it ends");
    let log = fs::read_to_string(desk.path("log")).expect("the log");
    assert_eq!(status.code(), Some(0), "{log}");
}

/// The desk once its record has two seals, the second made by a daemon that was started again, and one event
/// that is not sealed.
pub(super) async fn desk_with_seals(desk: Desk) -> Desk {
    desk.reconfigures("[tokens]", &format!("{AUDIT}[tokens]"));
    desk.types("audit verify")
        .done()
        .says(&["Nothing is sealed", "The record is whole."]);
    desk.files("--resource db-1 --account admin --for 1h --reason x");
    sealed(&desk, 1).await;
    desk.types("approve R-1 --as bob").done();
    desk.types("approve R-99999 --as bob")
        .refused("unknown-request", "W27");
    sealed(&desk, 2).await;
    desk.types("approve R-1 --as carol").done();
    desk
}

async fn run(pool: &PgPool, sql: &'static str) {
    sqlx::raw_sql(sql).execute(pool).await.expect(sql);
}

/// Goal: a record that is whole is said to be, with and without the posted seals, from the beginning and
/// from a seal on; damage is named, ends with 1, and is not mended.
/// Method: an auditor's day, with a daemon that seals every second.
#[sqlx::test(migrations = "./migrations")]
async fn a_record_is_verified(pool: PgPool) {
    let desk = desk_with_seals(Desk::furnished(&pool)).await;
    desk.types("audit verify").done().says(&[
        "2 seals read",
        "1 event came after",
        "No posted seal",
        "The record is whole.",
    ]);
    desk.types("audit verify --seal seals").done().says(&[
        "2 posted seals were held against it.",
        "The record is whole.",
    ]);
    desk.types("audit export --format jsonl --chain nosuch/1")
        .ended(2)
        .complains(&["--chain: there is no chain nosuch/1; mend: write it like request/42"]);
    let later = desk
        .types("audit verify --from-seal 2 --seal seals --json")
        .done();
    let later = later.json();
    assert_eq!(
        (&later["whole"], &later["unsealed"]),
        (&Value::Bool(true), &1.into())
    );

    let key = fs::read_to_string(desk.path("bot.toml")).expect("bot.toml");
    desk.reconfigures("QUJD", "QUJE");
    desk.types("audit verify")
        .ended(1)
        .says(&["wrong: seal 1 is signed under a key", "older"]);
    let seals = fs::read_to_string(desk.path("seals")).expect("seals");
    let public = seals
        .lines()
        .find_map(|line| line.strip_prefix("key "))
        .expect("a key");
    desk.reconfigures("interval", &format!("older = [\"{public}\"]\ninterval"));
    desk.types("audit verify --seal seals").done();
    desk.configures(&key);

    run(
        &pool,
        "DELETE FROM seal_leaf WHERE seal = 2; DELETE FROM seal WHERE number = 2",
    )
    .await;
    desk.types("audit verify").done();
    desk.types("audit verify --from-seal 2")
        .ended(1)
        .says(&["wrong: seal 2 is not there; the newest is 1"]);
    desk.types("audit verify --from-seal 1")
        .done()
        .says(&["The record is whole from seal 1 on; what came before was not read."]);
    desk.types("audit verify --seal seals")
        .ended(1)
        .says(&[
            "wrong: seal 2 was posted at ",
            "the tail of the record was cut off",
            "is damaged",
        ])
        .complains(&["refused: record-damaged (W27)"]);

    run(
        &pool,
        "UPDATE audit_event SET body = replace(body, 'bob', 'rob') WHERE seq = 2",
    )
    .await;
    for _ in 0..2 {
        let said = desk.types("audit verify --json").ended(1);
        let said = said.json();
        assert_eq!(said["whole"], false);
        let first = &said["findings"][0];
        assert_eq!(
            (&first["chain"], &first["seq"], &first["what"]),
            (&"request/1".into(), &2.into(), &"was changed".into())
        );
    }
}

/// Goal: an export has every event once, in order, the same each time; whoever has it can recompute every
/// hash; filters leave out what they say.
/// Method: both formats of a small record; the chain of hashes made anew from the lines alone.
#[sqlx::test(migrations = "./migrations")]
async fn a_record_is_exported(pool: PgPool) {
    let desk = desk_with_seals(Desk::furnished(&pool)).await;
    let lines = desk.types("audit export --format jsonl").done().out;
    assert_eq!(lines, desk.types("audit export --format jsonl").done().out);
    let mut ends: BTreeMap<String, String> = BTreeMap::new();
    for line in lines.lines() {
        let event: Value = serde_json::from_str(line).expect("an object");
        let chain = event["chain"].as_str().expect("a chain").to_owned();
        let prev = ends.get(&chain).cloned().unwrap_or_default();
        assert_eq!(event["prev_hash"], prev.as_str());
        let body = line.split_once("\"body\":").expect("a body").1;
        let body = body.strip_suffix('}').expect("the end of the line");
        let prev = data_encoding::HEXLOWER
            .decode(prev.as_bytes())
            .expect("hex");
        let seq = event["seq"].as_i64().expect("a number").to_be_bytes();
        let mut sha = Sha256::new();
        for part in [chain.as_bytes(), &seq, &prev, body.as_bytes()] {
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part);
        }
        let hash = data_encoding::HEXLOWER.encode(&sha.finalize());
        assert_eq!(event["hash"], hash.as_str());
        ends.insert(chain, hash);
    }
    assert_eq!(ends.len(), 2, "{ends:?}");

    let one = desk
        .types("audit export --format cef --chain request/1")
        .done()
        .out;
    assert_eq!(one.lines().count(), 3);
    let version = env!("CARGO_PKG_VERSION");
    for (line, name) in one.lines().zip([
        "filed|Filed",
        "step_completed|Step completed",
        "approved|Approved",
    ]) {
        let head = format!("CEF:0|Countersign|Countersign|{version}|{name}|3|rt=");
        assert!(line.starts_with(&head), "{line}");
    }
    let none = desk
        .types("audit export --format cef --until '2020-01-01 00:00'")
        .done();
    assert_eq!(none.out, "");
    let all = desk
        .types("audit export --format jsonl --since 2020-01-01T00:00:00Z")
        .done();
    assert_eq!(all.out, lines);
}

/// Goal: what is typed wrong is said with its mend, and ends with 2.
/// Method: one mistake at a time.
#[sqlx::test(migrations = "./migrations")]
async fn mistakes_about_the_record(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    desk.writes("empty", "hello\n");
    desk.writes("cut", "-----BEGIN COUNTERSIGN SEAL-----\nnumber 1\n");
    for (line, complaint) in [
        ("audit verify --seal nowhere", "nowhere cannot be read"),
        (
            "audit verify --seal empty",
            "there is no seal in this file; mend: ",
        ),
        (
            "audit verify --seal cut",
            "cut: line 2: the seal is cut off; mend: ",
        ),
        ("audit verify --from-seal 0", "0 is not in 1.."),
        ("audit export", "--format"),
        ("audit export --format xml", "jsonl"),
        (
            "audit export --format cef --since monday",
            "--since: `monday` is no time; write it like",
        ),
    ] {
        desk.types(line).ended(2).complains(&[complaint]);
    }
}

/// Goal: what `docs/OPERATIONS.md` lets be deleted leaves the record whole, and does what it says.
/// Method: a day of mails that are made to be sent; its statements, each without its patience; verify.
#[sqlx::test(migrations = "./migrations")]
async fn what_may_be_deleted(pool: PgPool) {
    let desk = desk_with_seals(Desk::furnished(&pool)).await;
    let mail = "INSERT INTO inbound_mail (sha256, size, raw, recorded_at, judged_at, verdict, why)
                VALUES (sha256('x'), 1, 'x', now(), now() - interval '1 hour', 'silent', 'test');
                UPDATE delivery SET state = 'sent', next_try_at = NULL, lease = NULL, lease_until = NULL,
                                    finished_at = now() - interval '1 hour', attempts = 1
                WHERE state NOT IN ('cancelled', 'dropped');
                INSERT INTO attempt (delivery_id, number, started_at) SELECT id, 7, now() FROM delivery";
    run(&pool, mail).await;
    let count = async |table: &str| -> i64 {
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar(sql)
            .fetch_one(&pool)
            .await
            .expect("counts")
    };
    assert!(count("attempt").await > 0 && count("delivery").await > 0);
    let document = include_str!("../../../../docs/OPERATIONS.md");
    let blocks: Vec<&str> = document
        .split("```sql\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert_eq!(blocks.len(), 4);
    for block in blocks {
        let patience = ["90 days", "1 year", "1 day"];
        let now = patience.iter().fold(block.to_owned(), |sql, patience| {
            sql.replace(&format!("interval '{patience}'"), "interval '-1 hour'")
        });
        let ran = sqlx::raw_sql(sqlx::AssertSqlSafe(now)).execute(&pool).await;
        ran.unwrap_or_else(|error| panic!("{block}: {error}"));
    }
    for table in [
        "attempt",
        "token",
        "delivery",
        "inbound_mail WHERE raw IS NOT NULL",
    ] {
        assert_eq!(count(table).await, 0, "{table}");
    }
    desk.types("audit verify")
        .done()
        .says(&["The record is whole."]);
    desk.types("request show R-1")
        .done()
        .says(&["R-1 approved"]);
}
