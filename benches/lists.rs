//! `request list` with 1,000,000 requests stored: by each filter, by some together, one's own, what waits
//! for one's vote; beside the floor.
//!
//! Run by `make bench NAME=lists`, which starts Postgres (durable). A few requests are filed and decided by
//! the real handler, then copied by one statement a table, so that every row is one that the program wrote;
//! who filed, for what and when differs from copy to copy. A listing is what the command does once it is
//! connected: a transaction, the page of numbers, the requests with their votes, each waited for by the
//! workflow where that is asked. Two floors in the same run: one row by its primary key, and the newest page
//! of numbers by the primary key alone.

mod shared;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use countersign::command::{Command, Target};
use countersign::handle::{Answer, Handler};
use countersign::store::books;
use countersign::store::requests::{Emergencies, Sought, list};
use countersign::workflow::book::Book;
use countersign::workflow::ids::{Module, PersonId, RequestId};
use countersign::workflow::policy::Glob;
use countersign::workflow::request::{Decision, GrantState, Status};
use jiff::{SignedDuration, Timestamp};
use sqlx::{AssertSqlSafe, PgPool};

/// Requests stored, of which so many wait for votes.
const STORED: i64 = 1_000_000;
const PENDING: i64 = 10_000;
/// Requests copied by one statement.
const BATCH: i64 = 50_000;
/// Who asks, who decides, and in how many groups.
const REQUESTERS: i64 = 2_000;
const APPROVERS: i64 = 100;
const TEAMS: i64 = 50;
/// How often each listing is read.
const ROUNDS: usize = 50;
/// Requests of one page, as the command has it if nothing is said.
const PAGE: usize = 100;
/// The most that a listing may take, in milliseconds.
const TARGET_MS: f64 = 20.0;

/// One policy of two steps. A team has two approvers and the chief, who is in all of them.
fn policies() -> String {
    let mut text = String::from(
        "[[person]]\nid = \"rita\"\nemail = \"rita@example.test\"\n\
         [[person]]\nid = \"audrey\"\nemail = \"audrey@example.test\"\nroles = [\"auditor\"]\n",
    );
    let bosses = (0..APPROVERS).map(|number| format!("boss{number}"));
    for boss in bosses.chain(["chief".to_owned()]) {
        let _ = write!(
            text,
            "[[person]]\nid = \"{boss}\"\nemail = \"{boss}@example.test\"\nroles = [\"approver\"]\n\
             modules = [\"*\"]\n"
        );
    }
    for team in 0..TEAMS {
        let other = team + TEAMS;
        let _ = write!(
            text,
            "[group.team{team}]\nmembers = [\"boss{team}\", \"boss{other}\", \"chief\"]\n"
        );
    }
    text.push_str(
        "[[policy]]\nname = \"bench\"\nmodules = [\"credential\"]\nrequesters = [\"rita\"]\n\
         resource = \"*\"\nmode = \"approval\"\n\
         steps = [{ name = \"Owner\", approvers = [\"group:team7\"] },\n\
                  { name = \"Security\", approvers = [\"boss8\"] }]\n\
         emergency = { allowed = [\"rita\"], max_duration = \"1h\", block_until_reviewed = false }\n",
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
    let models = models(&handler).await?;
    let began = Instant::now();
    grow(&pool, &models).await?;
    println!(
        "stored {STORED} requests in {:.0} s",
        began.elapsed().as_secs_f64()
    );
    let mut conn = pool.acquire().await?;
    let book = books::current(&mut conn).await?;
    drop(conn);
    let now = handler.clock.now();

    let row = floor(&pool, "SELECT id FROM request WHERE id = 500000").await?;
    let page = floor(&pool, "SELECT id FROM request ORDER BY id DESC LIMIT 101").await?;
    println!(
        "floor: one row by its key p50 {:.2} ms, a page by the key p50 {:.2} ms",
        row.p50, page.p50
    );
    let mut worst = 0.0_f64;
    let mut missed = 0;
    for (name, asks) in LISTINGS {
        let mut sought = Sought::default();
        asks(&mut sought, now);
        let (took, found) = measured(&pool, &sought, (&book, now)).await?;
        worst = worst.max(took.p50);
        missed += usize::from(took.p50 > TARGET_MS);
        println!(
            "{name:<34} p50 {:>7.2} ms  worst {:>7.2} ms  {:>6.1} pages by the key  {found:>3} requests{}",
            took.p50,
            took.worst,
            took.p50 / page.p50,
            if took.p50 > TARGET_MS {
                "  over 20 ms"
            } else {
                ""
            }
        );
    }
    println!(
        "lists stored={STORED} page={PAGE} floor_row_ms={:.2} floor_page_ms={:.2} slowest_p50_ms={worst:.2} \
         over_target={missed}",
        row.p50, page.p50
    );
    Ok(())
}

/// How long something took, in milliseconds.
struct Took {
    p50: f64,
    worst: f64,
}

impl Took {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let ms = |at: usize| times.get(at).map_or(f64::NAN, |it| it.as_secs_f64() * 1e3);
        Self {
            p50: ms(times.len() / 2),
            worst: ms(times.len().saturating_sub(1)),
        }
    }
}

async fn floor(pool: &PgPool, sql: &'static str) -> anyhow::Result<Took> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let rows: Vec<i64> = sqlx::query_scalar(sql).fetch_all(pool).await?;
        times.push(began.elapsed());
        ensure!(!rows.is_empty(), "{sql}");
    }
    Ok(Took::of(times))
}

async fn measured(
    pool: &PgPool,
    sought: &Sought,
    at: (&Book, Timestamp),
) -> anyhow::Result<(Took, usize)> {
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let mut tx = pool
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await?;
        let listed = list(&mut tx, sought, PAGE, at).await?;
        tx.commit().await?;
        times.push(began.elapsed());
        found = listed.context("a list")?.requests.len();
    }
    Ok((Took::of(times), found))
}

/// How a listing is asked for, at this moment.
type Asks = fn(&mut Sought, Timestamp);

/// Every filter alone, in its usual and its worst case, then some together.
const LISTINGS: &[(&str, Asks)] = &[
    ("everything", |_, _| {}),
    ("everything, page 1000", |it, _| {
        it.after = Some(RequestId(STORED - 100_000));
    }),
    ("what an approver may see", |it, _| {
        it.seen_by = Some(person("boss7"));
    }),
    ("what an approver of all may see", |it, _| {
        it.seen_by = Some(person("chief"));
    }),
    ("what a requester may see", |it, _| {
        it.seen_by = Some(person("person77"));
    }),
    ("--mine", |it, _| it.requester = Some(person("person77"))),
    ("--waiting-for-me", |it, _| {
        it.waiting_for = Some(person("boss8"));
    }),
    ("--waiting-for-me, by 51 names", |it, _| {
        it.waiting_for = Some(person("chief"));
    }),
    ("--waiting-for-me, nothing", |it, _| {
        it.waiting_for = Some(person("audrey"));
    }),
    ("--decided-by", |it, _| {
        it.decided_by = Some(person("boss7"));
    }),
    ("--decided-by nobody", |it, _| {
        it.decided_by = Some(person("audrey"));
    }),
    ("--decision approve", |it, _| {
        it.decision = Some(Decision::Approve);
    }),
    ("--decision disapprove", |it, _| {
        it.decision = Some(Decision::Disapprove);
    }),
    ("--module credential", |it, _| {
        it.module = Some(Module::new("credential"));
    }),
    ("--module certificate (rare)", |it, _| {
        it.module = Some(Module::new("certificate"));
    }),
    ("--resource 'prod-*'", |it, _| it.resource = glob("prod-*")),
    ("--resource prod-db-77", |it, _| {
        it.resource = glob("prod-db-77");
    }),
    ("--resource '*-77'", |it, _| it.resource = glob("*-77")),
    ("--resource '{prod,test}-*[0-4]7'", |it, _| {
        it.resource = glob("{prod,test}-*[0-4]7");
    }),
    ("--resource '*nothing*'", |it, _| {
        it.resource = glob("*nothing*");
    }),
    ("--since yesterday", |it, now| {
        it.since = Some(days_before(now, 1));
    }),
    ("--until 200 days ago", |it, now| {
        it.until = Some(days_before(now, 200));
    }),
    ("--status open", |it, _| it.status = Some(Status::Open)),
    ("--status approved", |it, _| {
        it.status = Some(Status::Approved);
    }),
    ("--status rejected", |it, _| {
        it.status = Some(Status::Rejected);
    }),
    ("--status withdrawn", |it, _| {
        it.status = Some(Status::Withdrawn);
    }),
    ("--status expired", |it, _| {
        it.status = Some(Status::Expired);
    }),
    ("--grant scheduled", |it, _| {
        it.grant = Some(GrantState::Scheduled);
    }),
    ("--grant active", |it, _| {
        it.grant = Some(GrantState::Active);
    }),
    ("--grant ended", |it, _| it.grant = Some(GrantState::Ended)),
    ("--grant revoked", |it, _| {
        it.grant = Some(GrantState::Revoked);
    }),
    ("--grant returned", |it, _| {
        it.grant = Some(GrantState::Returned);
    }),
    ("--emergency yes", |it, _| {
        it.emergency = Some(Emergencies::Yes);
    }),
    ("--emergency no", |it, _| {
        it.emergency = Some(Emergencies::No);
    }),
    ("--emergency unreviewed", |it, _| {
        it.emergency = Some(Emergencies::Unreviewed);
    }),
    ("a requester's rejected ones", |it, _| {
        it.requester = Some(person("person77"));
        it.status = Some(Status::Rejected);
    }),
    ("an approver's disapprovals", |it, _| {
        it.decided_by = Some(person("boss7"));
        it.decision = Some(Decision::Disapprove);
    }),
    ("a month of a module", |it, now| {
        it.since = Some(days_before(now, 130));
        it.until = Some(days_before(now, 100));
        it.module = Some(Module::new("setting"));
    }),
    ("an approver's, rejected, 'prod-*'", |it, _| {
        it.seen_by = Some(person("boss7"));
        it.status = Some(Status::Rejected);
        it.resource = glob("prod-*");
    }),
];

fn person(name: &str) -> PersonId {
    PersonId::new(name)
}

fn glob(pattern: &str) -> Option<Glob> {
    Glob::new(pattern).ok()
}

fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now - SignedDuration::from_hours(24 * days)
}

/// One request of each kind, by the real handler: open at the first step, open at the second, approved,
/// rejected, withdrawn, revoked, returned, taken in an emergency, and one of these reviewed.
async fn models(handler: &Handler) -> anyhow::Result<Vec<(i64, RequestId)>> {
    let mut models = Vec::new();
    // Of a thousand copies so many are of this kind; the pending are the newest.
    for (share, deeds) in [
        (0, ""),
        (0, "a"),
        (840, "ab"),
        (80, "d"),
        (30, "w"),
        (10, "abr"),
        (9, "abg"),
        (1, "e"),
    ] {
        let resource = format!("model-{deeds}");
        let Answer::Accepted { request, .. } = shared::files(handler, "rita", &resource).await?
        else {
            anyhow::bail!("not filed");
        };
        for deed in deeds.chars() {
            let vote = |decision| Command::Vote {
                target: Target::Request(request),
                decision,
                comment: Some("checked".to_owned()),
                window: None,
            };
            let reason = || "the primary is down".to_owned();
            let (person, said) = match deed {
                'a' => ("boss7", vote(Decision::Approve)),
                'b' => ("boss8", vote(Decision::Approve)),
                'd' => ("boss7", vote(Decision::Disapprove)),
                'w' => (
                    "rita",
                    Command::Withdraw {
                        request,
                        reason: reason(),
                    },
                ),
                'r' => (
                    "boss8",
                    Command::Revoke {
                        request,
                        reason: reason(),
                    },
                ),
                'g' => (
                    "rita",
                    Command::Return {
                        request,
                        reason: None,
                    },
                ),
                _ => (
                    "rita",
                    Command::Emergency {
                        request,
                        reason: reason(),
                    },
                ),
            };
            let answer = shared::says(handler, person, said).await?;
            ensure!(
                matches!(answer, Answer::Accepted { .. }),
                "{deed}: {answer:?}"
            );
        }
        models.push((share, request));
    }
    Ok(models)
}

/// Copies the models until so many are stored, each copy with a requester, a resource, a module and a time
/// of its own.
async fn grow(pool: &PgPool, models: &[(i64, RequestId)]) -> anyhow::Result<()> {
    // A year of filings; the newest of them wait.
    let mut from = 1_000;
    while from < STORED {
        let upto = (from + BATCH).min(STORED);
        let pending = from >= STORED - PENDING || upto > STORED - PENDING;
        let mut done = 0;
        for (index, (share, model)) in models.iter().enumerate() {
            let kind = if pending && *share == 0 {
                format!("n > {} AND n % 2 = {index}", STORED - PENDING)
            } else {
                let range = format!("n % 1000 >= {done} AND n % 1000 < {}", done + share);
                format!("n <= {} AND {range}", STORED - PENDING)
            };
            done += share;
            for statement in copies(model.0, from, upto, &kind) {
                sqlx::raw_sql(AssertSqlSafe(statement))
                    .execute(pool)
                    .await?;
            }
        }
        from = upto;
    }
    sqlx::raw_sql(AssertSqlSafe(format!(
        "INSERT INTO resource_name (name) SELECT DISTINCT resource FROM request ON CONFLICT DO NOTHING;
         SELECT setval(pg_get_serial_sequence('request', 'id'), {STORED})"
    )))
    .execute(pool)
    .await?;
    for sql in ["VACUUM ANALYZE", "CHECKPOINT"] {
        sqlx::raw_sql(sql).execute(pool).await?;
    }
    Ok(())
}

/// The statements that copy one model to these numbers. What the copies of one kind differ in follows from
/// their number.
fn copies(model: i64, from: i64, upto: i64, kind: &str) -> Vec<String> {
    // A year of filings, the newest a minute ago.
    let step = 365 * 86_400 / STORED;
    let moved = format!("(interval '{step} seconds' * ({STORED} - n) + interval '1 minute')");
    let numbers = format!("generate_series({from}::bigint, {upto} - 1) AS n");
    let requester = format!("'person' || n * 7919 % {REQUESTERS}");
    let resource =
        "(ARRAY['prod-db-', 'prod-web-', 'test-', 'stage-'])[1 + n / 3 % 4] || n * 104729 % 5000";
    let module = "CASE WHEN n % 5000 = 0 THEN 'certificate' ELSE
                  (ARRAY['credential', 'proxy_session', 'remote_session', 'setting'])[1 + n % 4] END";
    let (team, security) = (
        format!("n % {TEAMS}"),
        format!("'boss' || n / 7 % {APPROVERS}"),
    );
    let person = format!(
        "CASE m.person WHEN 'rita' THEN {requester} WHEN 'boss7' THEN 'boss' || {team}
         WHEN 'boss57' THEN 'boss' || {team} + {TEAMS} WHEN 'boss8' THEN {security} ELSE m.person END"
    );
    let named = |text: &str| {
        format!("replace(replace({text}, 'team7', 'team' || {team}), 'boss8', {security})")
    };
    let (terms, who) = (named("m.terms::text"), named("m.who"));
    // Of what is granted, the newest is open for three days; some of it begins after two.
    let granted = format!("(interval '{step} seconds' * ({STORED} - {PENDING} - n))");
    let lapsed = "m.state = 'withdrawn' AND n % 2 = 0";
    vec![
        format!(
            "INSERT INTO request SELECT copy.* FROM request AS m, {numbers}, LATERAL
                 jsonb_populate_record(m, jsonb_build_object('id', n, 'requester', {requester},
                     'resource', {resource}, 'module', {module}, 'filed_at', m.filed_at - {moved},
                     'terms', {terms}::jsonb,
                     'state', CASE WHEN {lapsed} THEN 'expired' ELSE m.state END,
                     'outcome', CASE WHEN {lapsed} THEN jsonb_build_object('state', 'expired',
                         'at', m.settled_at, 'cause', 'pending_too_long') ELSE m.outcome END)) AS copy
             WHERE m.id = {model} AND {kind}"
        ),
        format!(
            "INSERT INTO vote SELECT copy.* FROM vote AS m, {numbers}, LATERAL
                 jsonb_populate_record(m, jsonb_build_object('request_id', n, 'person', {person})) AS copy
             WHERE m.request_id = {model} AND {kind}"
        ),
        format!(
            "INSERT INTO access_grant SELECT copy.* FROM access_grant AS m, {numbers}, LATERAL
                 jsonb_populate_record(m, jsonb_build_object('request_id', n, 'person', {requester},
                     'resource', {resource}, 'module', {module}, 'starts_at', m.starts_at - {granted}
                         + CASE WHEN n % 20 = 0 THEN interval '2 days' ELSE interval '0' END,
                     'ends_at', m.ends_at - {granted} + interval '3 days',
                     'ended_at', m.ended_at - {granted}, 'filed_at', m.filed_at - {moved})) AS copy
             WHERE m.request_id = {model} AND {kind}"
        ),
        format!(
            "INSERT INTO involved SELECT n, {person}, m.filed_at - {moved}, m.approved, m.disapproved,
                    m.decided
             FROM involved AS m, {numbers} WHERE m.request_id = {model} AND {kind} ON CONFLICT DO NOTHING"
        ),
        format!(
            "INSERT INTO awaited SELECT n, {who}, m.filed_at - {moved}
             FROM awaited AS m, {numbers} WHERE m.request_id = {model} AND {kind}"
        ),
    ]
}
