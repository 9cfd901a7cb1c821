//! The clock as a channel: what it brings about in order, after a restart and a jump, set back, by two
//! daemons at once, and among a hundred thousand that are not due (W18-W26).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool, Row};

use super::world::*;
use crate::command::Command;
use crate::handle::Answer;
use crate::workflow::book::Role;
use crate::workflow::ids::RequestId;
use crate::workflow::policy::{EmergencyBlock, Escalation, Reminders, Terms};
use crate::workflow::request::{Decision, Window};
use crate::workflow::testing::{self, who};

/// Pending requests of which few are due.
const MANY: i64 = 100_000;
/// And so many are.
const DUE: i64 = 7;

/// Both of ann and ben; reminders after 2, 4 and 6 hours, escalation to cat after 5; over after 24.
fn timed() -> Terms {
    let mut terms = one_step(&["ann", "ben"], 2, 1);
    let step = &mut terms.steps[0];
    step.reminders = Some(Reminders {
        after: SignedDuration::from_hours(2),
        most: 3,
    });
    step.escalation = Some(Escalation {
        after: SignedDuration::from_hours(5),
        to: vec![who("cat")],
    });
    terms
}

impl World {
    /// What happened to a request by the clock, with the minutes from `start` at which it was due.
    async fn story(&self, id: RequestId, start: Timestamp) -> Vec<(String, i64)> {
        let entries = self.of_request(id).await;
        let events = entries.iter().filter(|entry| entry.actor.is_none());
        let events = events.flat_map(|entry| &entry.events).map(|event| {
            let json = serde_json::to_value(event).expect("JSON");
            let at: Timestamp = json["at"].as_str().expect("a time").parse().expect("one");
            (event.as_str().to_owned(), (at - start).get_seconds() / 60)
        });
        events.collect()
    }

    async fn passes(&self) -> usize {
        passes(&self.handler).await
    }

    fn advance_minutes(&self, minutes: i64) {
        let by = SignedDuration::from_mins(minutes);
        self.handler.clock.advance(by);
    }

    async fn filed_within(&self, resource: &str, (from, until): (i64, i64)) -> RequestId {
        let at = |minutes| self.handler.clock.now() + SignedDuration::from_mins(minutes);
        let mut draft = draft_for(resource);
        draft.window = Window::Fixed {
            start: at(from),
            end: at(until),
        };
        match self.handle(&files(draft, None)).await {
            Answer::Accepted { request, .. } => request,
            other => panic!("not filed: {other:?}"),
        }
    }
}

fn story(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    let owned = expected.iter().map(|(name, at)| ((*name).to_owned(), *at));
    owned.collect()
}

/// Goal: reminders, escalation and expiry come each at their time, once, to those who can still vote (W18,
/// W19).
/// Method: an hour at a time for a day; ann votes after three hours and is reminded no more.
#[sqlx::test(migrations = "./migrations")]
async fn a_day_hour_by_hour(pool: PgPool) {
    let world = World::new(pool, timed()).await;
    let start = world.handler.clock.now();
    let request = world.filed().await;
    for hour in 1..=25 {
        world.advance(1);
        world.passes().await;
        if hour == 3 {
            let voted = world.votes("ann", request, Decision::Approve).await;
            assert_eq!(events(&voted), ["voted"]);
        }
    }
    assert_eq!(
        world.story(request, start).await,
        story(&[
            ("reminded", 120),
            ("reminded", 240),
            ("escalated", 300),
            ("reminded", 360),
            ("expired", 1440),
        ])
    );
    assert_eq!(world.owed("reminder", "ann").await, 1);
    assert_eq!(world.owed("reminder", "ben").await, 3);
    assert_eq!(world.owed("ask", "cat").await, 1);
    assert!(world.chain("system/timer").await.is_empty());
    world.check().await;
}

/// Goal: what came due while nobody looked is done once, what is over is not reminded, and a clock that is
/// set back undoes and repeats nothing (W18, W19).
/// Method: a daemon that starts seven hours late; its clock six hours back and forth; then past the end.
#[sqlx::test(migrations = "./migrations")]
async fn a_clock_that_jumps(pool: PgPool) {
    let world = World::new(pool, timed()).await;
    let start = world.handler.clock.now();
    let request = world.filed().await;
    world.advance(7);
    assert_eq!(passes(&world.another_handler()).await, 1);
    let late = story(&[("reminded", 120), ("escalated", 300)]);
    assert_eq!(world.story(request, start).await, late);
    assert_eq!(world.owed("reminder", "ann").await, 1);

    let mark = world.mark().await;
    for hours in [-6, 3, 3] {
        world.advance(hours);
        assert_eq!(world.passes().await, 0, "{hours}");
    }
    assert_eq!(world.mark().await, mark);

    let second = world.filed_for("prod-db-2").await;
    world.advance(30);
    assert_eq!(world.passes().await, 2);
    assert_eq!(
        world.story(second, start).await,
        story(&[("expired", 31 * 60)])
    );
    assert_eq!(world.owed("reminder", "ann").await, 1);
    assert_eq!(world.state(request).await, "expired");
    world.check().await;
}

/// Goal: a grant's edges and its warning come at their instants; of one that is over nobody is warned (W21,
/// W23).
/// Method: two windows of two hours; one minute by minute around its edges, one slept through.
#[sqlx::test(migrations = "./migrations")]
async fn a_grant_begins_warns_and_ends(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann"], 1, 1)).await;
    let start = world.handler.clock.now();
    let request = world.filed_within("prod-db-1", (120, 240)).await;
    world.votes("ann", request, Decision::Approve).await;
    for (minutes, done) in [(119, 0), (2, 1), (108, 0), (2, 1), (8, 0), (2, 1), (600, 0)] {
        world.advance_minutes(minutes);
        assert_eq!(world.passes().await, done, "after {minutes} more minutes");
    }
    assert_eq!(
        world.story(request, start).await,
        story(&[
            ("grant_started", 120),
            ("grant_warned", 230),
            ("grant_ended", 240)
        ])
    );
    let slept = world.handler.clock.now();
    let second = world.filed_within("prod-db-2", (120, 240)).await;
    world.votes("ann", second, Decision::Approve).await;
    world.advance(10);
    assert_eq!(passes(&world.another_handler()).await, 1);
    assert_eq!(
        world.story(second, slept).await,
        story(&[("grant_ended", 240)])
    );
    for (kind, owed) in [
        ("grant_started", 1),
        ("grant_warning", 1),
        ("grant_ended", 2),
    ] {
        assert_eq!(world.owed(kind, "rita").await, owed, "{kind}");
    }
    world.check().await;
}

/// Goal: an emergency that nobody reviews is reminded of, by whichever daemon runs, until it is reviewed
/// (W26).
/// Method: an hour's emergency, a daemon that starts nine hours later, another after the next reminder.
#[sqlx::test(migrations = "./migrations")]
async fn an_emergency_is_reminded_of_until_reviewed(pool: PgPool) {
    let mut policy = testing::policy(one_step(&["ann", "ben"], 2, 1));
    policy.emergency = Some(EmergencyBlock {
        allowed: vec![who("rita")],
        max_duration: SignedDuration::from_hours(1),
        block_until_reviewed: true,
        remind_review_after: SignedDuration::from_hours(4),
    });
    let world = World::with(pool, testing::book(vec![policy])).await;
    let request = world.filed().await;
    let start = world.handler.clock.now();
    let reason = "the whole site is down".to_owned();
    let taken = says("rita", Command::Emergency { request, reason });
    assert_eq!(events(&world.handle(&taken).await), ["emergency_confirmed"]);
    world.advance(9);
    assert_eq!(passes(&world.another_handler()).await, 1);
    assert_eq!(world.owed("review_reminder", "ben").await, 1);
    world.advance(4);
    assert_eq!(passes(&world.another_handler()).await, 1);
    assert_eq!(
        world.story(request, start).await,
        story(&[
            ("grant_ended", 60),
            ("review_reminded", 240),
            ("review_reminded", 720)
        ])
    );
    let finding = "it was down".to_owned();
    let reviewed = says("ann", Command::Review { request, finding });
    assert_eq!(events(&world.handle(&reviewed).await), ["reviewed"]);
    world.advance(100);
    assert_eq!(world.passes().await, 0);
    world.check().await;
}

/// Goal: of an emergency that nobody can review the access admins hear when it is taken, and again whenever
/// its reviewers would be reminded (W26).
/// Method: a step that has nobody besides the requester, and a reminder every hour.
#[sqlx::test(migrations = "./migrations")]
async fn an_emergency_without_reviewers_is_not_forgotten(pool: PgPool) {
    let mut terms = one_step(&["rita"], 1, 1);
    terms.allow_self_approval = true;
    let mut policy = testing::policy(terms);
    policy.emergency = Some(EmergencyBlock {
        allowed: vec![who("rita")],
        max_duration: SignedDuration::from_hours(1),
        block_until_reviewed: true,
        remind_review_after: SignedDuration::from_hours(1),
    });
    let mut book = testing::book(vec![policy]);
    let cat = book.people.get_mut(&"cat".into()).expect("cat");
    cat.roles.insert(Role::AccessAdmin);
    let world = World::with(pool, book).await;
    let request = world.filed().await;
    let reason = "the whole site is down".to_owned();
    let taken = says("rita", Command::Emergency { request, reason });
    assert_eq!(events(&world.handle(&taken).await), ["emergency_confirmed"]);
    let told = format!("{request} was taken in an emergency that nobody can review");
    for hours in 1..=3 {
        let mails = world.system_mails("cat").await;
        let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(subjects, vec![told.as_str(); hours]);
        world.advance(1);
        world.passes().await;
    }
    world.check().await;
}

/// Goal: two daemons do each thing once between them, and whoever was second leaves nothing.
/// Method: both pass at the same time over some requests: first reminders, which leave them pending, then
/// their end.
#[sqlx::test(migrations = "./migrations")]
async fn two_daemons_do_each_thing_once(pool: PgPool) {
    let world = World::new(pool, timed()).await;
    let mut filed = Vec::new();
    for n in 0..8 {
        filed.push(world.filed_for(&format!("prod-{n}")).await);
    }
    let two = [world.another_handler(), world.another_handler()];
    for (hours, kind) in [(2, "reminder"), (2, "reminder"), (22, "settled")] {
        world.advance(hours);
        let before = world.owed(kind, "ann").await;
        let mut done = 0;
        let [a, b] = two
            .clone()
            .map(|daemon| tokio::spawn(async move { passes(&daemon).await }));
        for daemon in [a, b] {
            done += daemon.await.expect("no panic");
        }
        assert_eq!(done, filed.len(), "after {hours} h");
        let more = world.owed(kind, "ann").await - before;
        assert_eq!(usize::try_from(more).ok(), Some(filed.len()), "{kind}");
    }
    assert_eq!(world.owed("expired", "rita").await, 8);
    assert!(world.chain("system/timer").await.is_empty());
    world.check().await;
}

/// Goal: a daemon that is late does what is due in the order in which it was due.
/// Method: windows that end in the reverse order of filing, within a minute; the pass comes after all.
#[sqlx::test(migrations = "./migrations")]
async fn who_is_late_goes_in_order_of_time(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann"], 1, 1)).await;
    let now = world.handler.clock.now();
    let mut filed = Vec::new();
    for n in 0..5_i64 {
        let mut draft = draft_for(&format!("prod-{n}"));
        draft.window = Window::Fixed {
            start: now,
            end: now + SignedDuration::from_secs(3600 - 10 * n),
        };
        match world.handle(&files(draft, None)).await {
            Answer::Accepted { request, .. } => filed.push(request.0),
            other => panic!("not filed: {other:?}"),
        }
    }
    world.advance_minutes(61);
    assert_eq!(world.passes().await, filed.len());
    let sql = "SELECT request_id FROM notice WHERE kind = 'expired' ORDER BY id";
    let told: Vec<i64> = sqlx::query_scalar(sql)
        .fetch_all(&world.pool)
        .await
        .expect("reads");
    filed.reverse();
    assert_eq!(told, filed);
    world.check().await;
}

/// The text of a query of the store, by words that only it has.
fn query_with(words: &str) -> String {
    let source = include_str!("../../store/requests.rs");
    let queries = source
        .split("r#\"")
        .filter_map(|rest| rest.split_once("\"#"));
    let found: Vec<&str> = queries
        .map(|(query, _)| query)
        .filter(|query| query.contains(words))
        .collect();
    assert_eq!(found.len(), 1, "{words}");
    found[0].to_owned()
}

/// The nodes of the plan by which a query was run.
async fn ran(pool: &PgPool, query: &str, now: Timestamp) -> Vec<Value> {
    let query = query
        .replace("$1", &format!("'{now}'"))
        .replace("$2", "100");
    let sql = AssertSqlSafe(format!("EXPLAIN (ANALYZE, FORMAT JSON) {query}"));
    let row = sqlx::query(sql).fetch_one(pool).await.expect("explains");
    let plan: Value = row.get(0);
    let mut nodes = vec![plan[0]["Plan"].clone()];
    let mut all = Vec::new();
    while let Some(node) = nodes.pop() {
        nodes.extend(node["Plans"].as_array().into_iter().flatten().cloned());
        all.push(node);
    }
    all
}

/// Goal: what is not due costs nothing: neither looking for what is due, nor doing it, touches it.
/// Method: a hundred thousand copies of one pending request, of which few are due. The store's own queries
/// read the index alone, and no more rows than there are due, before and after statistics are gathered; a
/// pass rewrites the due rows and no other.
#[sqlx::test(migrations = "./migrations")]
async fn among_many_only_the_due_are_touched(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann"], 1, 1)).await;
    let sample = world.filed().await;
    let copied = sqlx::query(
        "INSERT INTO request
         SELECT copy.* FROM request AS r, generate_series(1, $2) AS n, LATERAL (
             SELECT CASE WHEN n % ($2 / $3) = 0 THEN r.filed_at + n * interval '1 millisecond'
                    ELSE r.pending_until END) AS due (at),
             LATERAL jsonb_populate_record(r, jsonb_build_object('id', r.id + n, 'next_due_at', due.at,
                 'resource', 'copy-' || n, 'pending_until', due.at)) AS copy
         WHERE r.id = $1",
    )
    .bind(sample.0)
    .bind(MANY)
    .bind(DUE)
    .execute(&world.pool)
    .await
    .expect("copies");
    assert_eq!(i64::try_from(copied.rows_affected()), Ok(MANY));
    world.advance(2);
    let now = world.handler.clock.now();
    let due = query_with("next_due_at <= $1 ORDER BY next_due_at");
    let next = query_with("next_due_at IS NOT NULL ORDER BY next_due_at LIMIT 1");
    for statistics in ["none", "gathered"] {
        for (query, rows) in [(&due, DUE), (&next, 1)] {
            let nodes = ran(&world.pool, query, now).await;
            let scans: Vec<&Value> = nodes
                .iter()
                .filter(|node| {
                    node["Node Type"]
                        .as_str()
                        .is_some_and(|it| it.contains("Scan"))
                })
                .collect();
            assert_eq!(scans.len(), 1, "statistics {statistics}: {nodes:#?}");
            assert_eq!(scans[0]["Index Name"], "request_next_due", "{nodes:#?}");
            assert_eq!(
                scans[0]["Actual Rows"].as_f64().map(|it| it.to_string()),
                Some(rows.to_string())
            );
            assert_eq!(scans[0]["Rows Removed by Filter"], Value::Null);
        }
        let analyze = sqlx::query("ANALYZE request").execute(&world.pool).await;
        analyze.expect("statistics");
    }
    let due = i64::try_from(world.passes().await);
    assert_eq!(due, Ok(DUE));
    let rewritten: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM request WHERE id > $1 AND xmin <> (
             SELECT xmin FROM request WHERE id = $1 + 1)",
    )
    .bind(sample.0)
    .fetch_one(&world.pool)
    .await
    .expect("counts");
    assert_eq!(rewritten, DUE);
    assert_eq!(world.owed("expired", "rita").await, DUE);
    world.pool.close().await;
}
