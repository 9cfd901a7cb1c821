//! What lists give, held against the workflow's own word on every request that is stored.

use jiff::{SignedDuration, ToSpan as _};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgPool};

use super::*;
use crate::inbound::Proof;
use crate::store::audit::{self, Entry, Head, Outcome};
use crate::store::books;
use crate::store::requests::{Saved, insert, lock, save};
use crate::workflow::book::{Book, Delegation};
use crate::workflow::decide::{Action, Actor};
use crate::workflow::ids::GroupId;
use crate::workflow::policy::{EmergencyBlock, Escalation, Policy, Step};
use crate::workflow::request::{Channel, EndCause};
use crate::workflow::testing::{World, book, draft, hours, id, policy, start, step, terms, who};

/// How many requests one run stores, and how many lists it asks for.
const STORED: i64 = 150;
const ASKED: usize = 400;

const PEOPLE: [&str; 6] = ["rita", "ann", "ben", "cat", "dan", "eve"];

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    /// One of `0..sides`.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("small") % sides
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())].clone()
    }

    /// One in so many times.
    fn one_in(&mut self, many: usize) -> bool {
        self.roll(many) == 0
    }
}

/// A policy of one to three steps, with escalation, self-approval and an emergency block at times.
fn any_policy(dice: &mut Dice) -> Policy {
    let steps: Vec<Step> = (0..=dice.roll(3))
        .map(|index| {
            let named = [
                ["ann", "ben"],
                ["group:team", "cat"],
                ["group:everyone", "ann"],
                ["cat", "rita"],
            ];
            let mut step = step(
                &format!("S{index}"),
                &dice.one(&named),
                1 + dice.roll(2),
                1 + dice.roll(2),
            );
            step.escalation = dice.one_in(3).then(|| Escalation {
                after: hours(2),
                to: vec![who(dice.one(&["ben", "group:team", "cat"]))],
            });
            step
        })
        .collect();
    let mut terms = terms(steps);
    terms.allow_self_approval = dice.one_in(4);
    terms.distinct_approvers = !dice.one_in(3);
    terms.confirm_by_mail = dice.one_in(5);
    let mut policy = policy(terms);
    policy.requesters = vec![who("group:everyone")];
    policy.resource = Some(Glob::new("*").expect("a glob"));
    policy.emergency = Some(EmergencyBlock {
        allowed: vec![who("rita"), who("ben")],
        max_duration: hours(1),
        block_until_reviewed: false,
        remind_review_after: hours(24),
    });
    policy
}

/// Something that somebody does; most of it is refused.
fn any_deed(dice: &mut Dice, world: &mut World) {
    let person = dice.one(&PEOPLE);
    let _ = match dice.roll(12) {
        0..=5 => world.approves(person),
        6 => world.disapproves(person),
        7 => {
            world.now += hours(3);
            world.act(&Actor::Clock, &Action::Tick)
        }
        8 => world.withdraws(person, "not needed"),
        9 => world.takes(person, "the primary is down"),
        10 => world
            .reviews(person, "it was needed")
            .or_else(|_| world.revokes(person, "enough")),
        _ => world.returns(person),
    };
}

/// Stores what becomes of one request, change by change, as commands do.
async fn store(conn: &mut PgConnection, world: &mut World, dice: &mut Dice) {
    let chain = audit::request_chain(world.request.id);
    let mut tx = conn.begin().await.expect("begins");
    let entry = Entry::new(world.now, Channel::CommandLine, Outcome::Accepted);
    let link = audit::link(&chain, &Head::default(), &entry).expect("links");
    let written = insert(&mut tx, &world.request, None, &link, None).await;
    written.expect("writes");
    let proof = Proof {
        method: String::new(),
        details: Value::Null,
    };
    for _ in 0..dice.roll(8) {
        let before = world.request.clone();
        any_deed(dice, world);
        if world.request == before {
            continue;
        }
        let locked = lock(&mut tx, world.request.id).await.expect("reads");
        let locked = locked.expect("is there");
        let link = audit::link(&chain, locked.head(), &entry).expect("links");
        let saved = Saved {
            after: &world.request,
            proof: &proof,
            link: &link,
            next_due: None,
            cancel: &[],
            key: None,
        };
        save(&mut tx, locked, &saved).await.expect("writes");
    }
    tx.commit().await.expect("commits");
}

/// A list that somebody may ask for.
fn any_question(dice: &mut Dice, numbers: i64) -> Sought {
    let person = |dice: &mut Dice| id(dice.one(&PEOPLE));
    let mut sought = Sought::default();
    for _ in 0..=dice.roll(3) {
        match dice.roll(12) {
            0 | 1 => sought.waiting_for = Some(person(dice)),
            2 => sought.status = Some(dice.one(&Status::ALL)),
            3 => sought.grant = Some(dice.one(&GrantState::ALL)),
            4 => {
                sought.emergency =
                    Some(dice.one(&[Emergencies::Yes, Emergencies::No, Emergencies::Unreviewed]));
            }
            5 => sought.requester = Some(person(dice)),
            6 => sought.decided_by = Some(person(dice)),
            7 => sought.decision = Some(dice.one(&[Decision::Approve, Decision::Disapprove])),
            8 => {
                sought.module = Some(Module::from(dice.one(&[
                    "credential",
                    "certificate",
                    "none",
                ])));
            }
            9 => {
                let patterns = [
                    "*",
                    "prod-*",
                    "*%*",
                    "a_*",
                    "?_?",
                    "a\\\\*",
                    "{prod,a}*[0-4]",
                    "*7",
                    "prod-1",
                    "[ab]*",
                    "none*",
                ];
                sought.resource = Some(Glob::new(dice.one(&patterns)).expect("a pattern"));
            }
            10 => {
                sought.since = Some(
                    start()
                        + SignedDuration::from_mins(i64::try_from(dice.roll(60)).expect("small")),
                );
            }
            _ => {
                sought.until = Some(
                    start()
                        + SignedDuration::from_mins(i64::try_from(dice.roll(60)).expect("small")),
                );
            }
        }
    }
    if dice.one_in(5) {
        let number = i64::try_from(dice.roll(100)).expect("small");
        sought.after = Some(RequestId(1 + number.min(numbers - 1)));
    }
    sought
}

/// Whether a request is one of those, by what the workflow says of it alone.
fn belongs(
    request: &Request,
    sought: &Sought,
    all: &[Request],
    book: &Book,
    now: Timestamp,
) -> bool {
    let parts = request.parts();
    let place = |of: &Request| (of.filed_at, of.id);
    let behind = |after: RequestId| {
        let after = all.iter().find(|it| it.id == after).expect("is there");
        place(request) < place(after)
    };
    let part = |person| parts.get(person).copied().unwrap_or_default();
    let has = |decision, part: crate::workflow::request::Part| match decision {
        Decision::Approve => part.approved,
        Decision::Disapprove => part.disapproved,
    };
    let voted = |decision| match &sought.decided_by {
        Some(person) => has(decision, part(person)),
        None => parts.values().any(|part| has(decision, *part)),
    };
    let emergency = |which| match which {
        Emergencies::Yes => request.emergency.is_some(),
        Emergencies::No => request.emergency.is_none(),
        Emergencies::Unreviewed => request.review_is_open(),
    };
    let waits = |person: &PersonId| waits_for(request, book, person, now);
    let open = sought.waiting_for.is_none() || request.status(now) == Status::Open;
    open && sought.waiting_for.as_ref().is_none_or(waits)
        && (sought.waiting_for.is_some()
            || sought.status.is_none_or(|it| it == request.status(now)))
        && sought
            .grant
            .is_none_or(|it| Some(it) == request.grant_state(now))
        && sought.emergency.is_none_or(emergency)
        && sought
            .requester
            .as_ref()
            .is_none_or(|it| *it == request.requester)
        && sought.decided_by.as_ref().is_none_or(|it| part(it).decided)
        && sought.decision.is_none_or(voted)
        && sought
            .module
            .as_ref()
            .is_none_or(|it| *it == request.subject.module)
        && sought
            .resource
            .as_ref()
            .is_none_or(|it| it.matches(&request.subject.resource))
        && sought.since.is_none_or(|it| request.filed_at >= it)
        && sought.until.is_none_or(|it| request.filed_at < it)
        && sought.after.is_none_or(behind)
}

/// The numbers that a list gives, read page by page.
async fn paged(
    conn: &mut PgConnection,
    sought: &Sought,
    limit: usize,
    at: (&Book, Timestamp),
) -> Vec<i64> {
    let mut sought = sought.clone();
    let mut numbers = Vec::new();
    loop {
        let mut tx = conn.begin().await.expect("begins");
        let listed = list(&mut tx, &sought, limit, at)
            .await
            .expect("reads")
            .expect("a list");
        tx.rollback().await.expect("ends");
        assert!(listed.requests.len() <= limit && (!listed.more || listed.requests.len() == limit));
        numbers.extend(listed.requests.iter().map(|request| request.id.0));
        sought.after = listed
            .requests
            .last()
            .map(|request| request.id)
            .or(sought.after);
        if !listed.more {
            return numbers;
        }
    }
}

/// People, groups, and votes in other people's hands: `dan` and `eve` are not entitled, `cat` votes for
/// `ann` and, now, for the requester; a delegation that is over and one to come count for nothing.
fn everybody() -> Book {
    let mut book = book(vec![]);
    let delegation = |from: &str, to: &str, begins: i64, ends: i64| Delegation {
        from: id(from),
        to: id(to),
        start: start() + hours(begins),
        until: start() + hours(ends),
    };
    book.delegations = vec![
        delegation("ann", "cat", 0, 100),
        delegation("rita", "cat", 0, 100),
        delegation("ben", "dan", 0, 100),
        delegation("ben", "ann", 90, 100),
        delegation("cat", "ben", 0, 1),
    ];
    book
}

/// Goal: a list has exactly the requests that the workflow says belong to it, above all those that wait for
/// a person's vote (W9 to W11, W18 to W20), in order, however its pages are cut.
/// Method: a hundred and fifty requests under random policies, to each of which random things have happened,
/// stored change by change; random questions, at two moments; every answer against the workflow's own word.
#[sqlx::test(migrations = "./migrations")]
async fn lists_say_what_the_workflow_says(pool: PgPool) {
    let mut conn = pool.acquire().await.expect("a connection");
    let mut dice = Dice(7);
    let book = everybody();
    let mut tx = conn.begin().await.expect("begins");
    let applied = books::apply(
        &mut tx,
        ("", &book),
        0,
        &books::Applier::named("test"),
        start(),
    )
    .await;
    let version = applied.expect("applies").expect("the first");
    tx.commit().await.expect("commits");
    let mut all = Vec::new();
    while i64::try_from(all.len()).expect("small") < STORED {
        let mut asked = draft();
        let name = dice.one(&["prod-", "a_", "a%", "a\\", "b"]);
        asked.subject.resource = format!("{name}{}", dice.roll(12));
        let mut within = everybody();
        within.policies = vec![any_policy(&mut dice)];
        let Ok(mut world) = World::filed_as(&asked, within) else {
            continue;
        };
        let number = i64::try_from(all.len()).expect("small") + 1;
        // Nobody asks twice for one thing (W6); two in a row are filed at one instant.
        world.request.id = RequestId(number);
        world.request.subject.account = Some(number.to_string());
        world.request.requester = id(dice.one(&["rita", "ben"]));
        world.request.subject.module =
            Module::from(dice.one(&["credential", "credential", "certificate"]));
        world.request.terms.version = version;
        let later = (number / 2 * 7 % 60).minutes();
        world.request.filed_at = start().checked_add(later).expect("in range");
        store(&mut conn, &mut world, &mut dice).await;
        all.push(world.request);
    }
    all.sort_by_key(|request| std::cmp::Reverse((request.filed_at, request.id)));
    let mut kinds = [0; 4];
    for number in 0..ASKED {
        let sought = any_question(&mut dice, STORED);
        let now = start() + hours([2, 26][number % 2]);
        let given = paged(&mut conn, &sought, 1 + dice.roll(40), (&book, now)).await;
        let wanted: Vec<i64> = all
            .iter()
            .filter(|request| belongs(request, &sought, &all, &book, now))
            .map(|request| request.id.0)
            .collect();
        assert_eq!(given, wanted, "{sought:?} at {now}");
        kinds[0] += usize::from(!wanted.is_empty());
        kinds[1] += usize::from(sought.waiting_for.is_some() && !wanted.is_empty());
        kinds[2] += usize::from(sought.grant == Some(GrantState::Revoked) && !wanted.is_empty());
        kinds[3] +=
            usize::from(sought.emergency == Some(Emergencies::Unreviewed) && !wanted.is_empty());
    }
    assert!(
        kinds.iter().all(|count| *count > 0),
        "something is never asked for: {kinds:?}"
    );
    let open = |request: &&Request| request.status(start() + hours(2)) == Status::Open;
    let delegated = all.iter().filter(open).filter(|request| {
        let waits = |person: &str| waits_for(request, &book, &id(person), start() + hours(2));
        waits("cat") && !request.named(0).concat().contains(&who("cat"))
    });
    assert!(delegated.count() > 0, "nothing waits for a delegate");
    let cut = |request: &&Request| {
        request
            .ended
            .as_ref()
            .is_some_and(|it| it.cause == EndCause::Returned)
    };
    assert!(
        all.iter().any(|request| cut(&request)),
        "nothing was given back"
    );
    drop(conn);
}

/// How many requests the plans are looked at with, and how many rows of one table a page may touch.
const MANY: i64 = 100_000;
const TOUCHED: f64 = 5_000.0;
/// Of these lists a page touches hardly more than it has: what is passed over is passed over in the index.
const FEW: [&str; 3] = ["active", "ended", "waiting"];

/// A year of requests: a hundredth waits, most are approved, some are not; 500 requesters, 100 approvers.
const YEAR: &str = r#"
    INSERT INTO policy_book (applied_at, applied_by, source, book)
    VALUES ('2026-01-01Z', 'test', '', '{}');
    INSERT INTO request (id, requester, module, resource, account, window_seconds, policy, policy_version,
                         mode, terms, filed_at, pending_until, state, step, settled_at, outcome, emergency,
                         reviewed, end_cause, has_approval, has_disapproval)
    SELECT n, 'person' || n * 7919 % 500, CASE WHEN n % 5000 = 0 THEN 'certificate' ELSE 'credential' END,
           (ARRAY['prod-', 'test-'])[1 + n % 2] || n * 104729 % 3000, 'admin', 3600, 'p', 1, 'approval',
           '{"distinct_approvers": true}', filed_at, filed_at + interval '1 day', state,
           CASE WHEN state = 'pending' THEN 0 END, CASE WHEN state <> 'pending' THEN filed_at END, '{}',
           state = 'approved' AND n % 1000 = 7, state = 'approved' AND n % 10000 = 7,
           CASE WHEN state = 'approved' AND n % 100 = 3 THEN 'revoked' END,
           state = 'approved', state = 'rejected'
    FROM (SELECT n, timestamptz '2026-01-01Z' + n * interval '5 minutes' AS filed_at,
                 CASE WHEN n > 99000 THEN 'pending' WHEN n % 100 < 85 THEN 'approved'
                      WHEN n % 100 < 93 THEN 'rejected' WHEN n % 100 < 96 THEN 'withdrawn'
                      ELSE 'expired' END AS state
          FROM generate_series(1, 100000::bigint) AS n) AS filed;
    INSERT INTO vote SELECT id, 0, 'boss' || id % 100, 0,
                            CASE WHEN has_approval THEN 'approve' ELSE 'disapprove' END,
                            NULL, 1, filed_at, 'mail', '{}', NULL
    FROM request WHERE has_approval OR has_disapproval;
    INSERT INTO access_grant
    SELECT id, requester, module, resource, account, filed_at, filed_at + interval '3 days', emergency, 'x',
           CASE WHEN end_cause IS NOT NULL THEN filed_at + interval '1 hour' END, end_cause, filed_at
    FROM request WHERE state = 'approved';
    INSERT INTO resource_name SELECT DISTINCT resource FROM request;
    INSERT INTO involved SELECT id, requester, filed_at FROM request;
    INSERT INTO involved SELECT id, 'boss' || id % 100, filed_at, has_approval, has_disapproval,
                                has_approval OR has_disapproval FROM request;
    INSERT INTO awaited SELECT id, 'group:team' || id % 10, filed_at FROM request WHERE state = 'pending';
    ANALYZE;
"#;

/// The statement of a page with these values: the number of the parameter and what stands for it.
fn page_with(values: &[(usize, &str)]) -> String {
    let source = include_str!("page.rs");
    let (_, rest) = source.split_once("r#\"").expect("the statement");
    let (statement, _) = rest.split_once("\"#").expect("its end");
    let mut statement = statement
        .replace(" AS \"id!\"", "")
        .replace(" AS \"filed_at!: jiff_sqlx::Timestamp\"", "");
    for parameter in (1..=21).rev() {
        let given = values.iter().find(|(number, _)| *number == parameter);
        let value = given.map_or(
            match parameter {
                1 => "NULL::bigint[]",
                7 => "timestamptz '2026-12-14Z'",
                20 => "101",
                21 => "NULL::text[]",
                _ => "NULL",
            },
            |(_, value)| value,
        );
        statement = statement.replace(&format!("${parameter}"), value);
    }
    statement
}

/// Every node of a plan that was run.
fn nodes(plan: &Value) -> Vec<Value> {
    let mut left = vec![plan[0]["Plan"].clone()];
    let mut all = Vec::new();
    while let Some(node) = left.pop() {
        left.extend(node["Plans"].as_array().into_iter().flatten().cloned());
        all.push(node);
    }
    all
}

/// Goal: what waits for somebody is found whole, in order and once, however many requests name them by
/// however many names, and however few of them fit what else is asked.
/// Method: three names in each of more requests than are read or looked at together; lists with and without
/// another filter, page by page, against the workflow's own word.
#[sqlx::test(migrations = "./migrations")]
async fn what_waits_is_found_among_many(pool: PgPool) {
    const NAMED: i64 = 5_200;
    let mut within = everybody();
    within.policies = vec![policy(terms(vec![step(
        "S",
        &["ann", "group:team", "group:leads"],
        1,
        1,
    )]))];
    for group in ["team", "leads"] {
        let members = ["ann", "ben"].map(id).into();
        within.groups.insert(GroupId::from(group), members);
    }
    let mut conn = pool.acquire().await.expect("a connection");
    let mut tx = conn.begin().await.expect("begins");
    let by = books::Applier::named("test");
    let applied = books::apply(&mut tx, ("", &within), 0, &by, start()).await;
    let version = applied.expect("applies").expect("the first");
    tx.commit().await.expect("commits");
    let mut world = World::filed_as(&draft(), within.clone()).expect("files");
    world.request.id = RequestId(1);
    world.request.terms.version = version;
    let entry = Entry::new(world.now, Channel::CommandLine, Outcome::Accepted);
    let link = audit::link("request/1", &Head::default(), &entry).expect("links");
    let written = insert(&mut conn, &world.request, None, &link, None).await;
    written.expect("writes");
    // The same request again and again, two of each instant, for other accounts.
    let copies = format!(
        "INSERT INTO request SELECT copy.* FROM request AS m, generate_series(2, {NAMED}) AS n, LATERAL
             jsonb_populate_record(m, jsonb_build_object('id', n, 'account', 'a' || n,
                 'filed_at', m.filed_at + n / 2 * interval '1 millisecond',
                 'resource', CASE WHEN n % 1700 = 9 THEN 'prod-rare' ELSE m.resource END)) AS copy
         WHERE m.id = 1;
         INSERT INTO awaited SELECT r.id, m.who, r.filed_at FROM awaited AS m, request AS r
         WHERE m.request_id = 1 AND r.id > 1;
         INSERT INTO resource_name SELECT DISTINCT resource FROM request ON CONFLICT DO NOTHING"
    );
    sqlx::raw_sql(AssertSqlSafe(copies))
        .execute(&mut *conn)
        .await
        .expect("copies");
    let at = (&within, start() + hours(1));
    let waits = |person: &str| Sought {
        waiting_for: Some(id(person)),
        ..Sought::default()
    };
    let given = paged(&mut conn, &waits("ann"), 900, at).await;
    assert_eq!(given, (1..=NAMED).rev().collect::<Vec<_>>());
    let rare = Sought {
        resource: Glob::new("prod-rare").ok(),
        ..waits("ben")
    };
    assert_eq!(paged(&mut conn, &rare, 2, at).await, [5109, 3409, 1709, 9]);
    assert!(paged(&mut conn, &waits("rita"), 5, at).await.is_empty());
    // A day later they are over for everybody.
    let later = (&within, start() + hours(26));
    assert!(paged(&mut conn, &waits("ann"), 900, later).await.is_empty());
}

/// Goal: however many requests are stored, a page is read off an index: by every filter, no table is
/// walked through. Method: a hundred thousand; the store's own statement with each filter's values, as the
/// planner runs it: no sequential scan of what grows with the requests, and few rows touched.
#[sqlx::test(migrations = "./migrations")]
async fn a_page_is_read_off_an_index(pool: PgPool) {
    sqlx::raw_sql(YEAR).execute(&pool).await.expect("stores");
    let stored = sqlx::query_scalar("SELECT count(*) FROM request").fetch_one(&pool);
    assert_eq!(stored.await.ok(), Some(MANY));
    let cases: [(&str, &[(usize, &str)]); 25] = [
        ("everything", &[]),
        ("what an approver may see", &[(2, "'boss7'")]),
        ("what a requester may see", &[(2, "'person7'")]),
        ("decided by", &[(3, "'boss7'")]),
        ("decided by nobody", &[(3, "'nobody'")]),
        ("disapproved by", &[(3, "'boss90'"), (14, "'disapprove'")]),
        ("approved", &[(14, "'approve'")]),
        ("disapproved", &[(14, "'disapprove'")]),
        ("open", &[(5, "'pending'"), (6, "false")]),
        ("rejected", &[(5, "'rejected'")]),
        ("withdrawn", &[(5, "'withdrawn'")]),
        ("expired", &[(5, "'expired'")]),
        ("scheduled", &[(8, "'scheduled'")]),
        ("active", &[(8, "'active'")]),
        ("ended", &[(8, "'ended'")]),
        ("revoked", &[(8, "'revoked'")]),
        ("emergencies", &[(9, "true")]),
        ("open reviews", &[(9, "true"), (10, "false")]),
        ("requester", &[(11, "'person7'")]),
        ("module", &[(12, "'certificate'")]),
        ("resources", &[(21, "ARRAY['prod-7', 'test-77']")]),
        ("many resources", &[(13, "'prod-%'")]),
        ("since", &[(15, "timestamptz '2026-12-13Z'")]),
        (
            "until",
            &[
                (16, "timestamptz '2026-02-01Z'"),
                (19, "timestamptz '2026-02-01Z'"),
            ],
        ),
        (
            "after",
            &[
                (17, "timestamptz '2026-02-01Z'"),
                (18, "8928"),
                (19, "timestamptz '2026-02-01Z'"),
            ],
        ),
    ];
    let mut cases = cases.to_vec();
    let among = format!("ARRAY{:?}::bigint[]", (99_800..100_000).collect::<Vec<_>>());
    let waiting = [(1, among.as_str()), (4, "'boss3'")];
    cases.push(("waiting", &waiting));
    let mut wrong = Vec::new();
    for (name, values) in cases {
        let sql = format!("EXPLAIN (ANALYZE, FORMAT JSON) {}", page_with(values));
        let ran = sqlx::query_scalar::<_, Value>(AssertSqlSafe(sql))
            .fetch_one(&pool)
            .await;
        let plan = ran.unwrap_or_else(|error| panic!("{name}: {error}"));
        for node in nodes(&plan) {
            let Some(table) = node["Relation Name"].as_str() else {
                continue;
            };
            let count = |key: &str| node[key].as_f64().unwrap_or(0.0);
            let touched =
                (count("Actual Rows") + count("Rows Removed by Filter")) * count("Actual Loops");
            // Only what waits stands in `awaited`, and ten pages are read as they stand.
            let walked = node["Node Type"] == "Seq Scan" && table != "awaited";
            let most = if FEW.contains(&name) { 600.0 } else { TOUCHED };
            if walked || touched > most {
                let kind = node["Node Type"].as_str().unwrap_or_default().to_owned();
                wrong.push(format!("{name}: {kind} of {touched} rows of {table}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
