//! `GET /metrics`: what there is and how late it is, in Prometheus' text format.
//!
//! Nothing is counted as it happens: the tables are the truth, also after a restart and of other daemons on
//! the same database, and are counted when somebody asks. Only loop restarts are this process's own. What is
//! named here is written in `docs/OPERATIONS.md`; no label names a person, a resource or a request.
//!
//! Not promised: an answer newer than [`KEPT_FOR`]; whoever asks more often gets the last one again, so that
//! asking cannot load the database.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics::{counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Status;
use crate::store::counts::{self, Counts};
use crate::supervise::LoopState;

/// How long an answer is given again.
pub const KEPT_FOR: Duration = Duration::from_secs(15);
/// How long counting may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The states that are shown even where nothing stands so: as the command line names them, and as they are
/// recorded.
const REQUESTS: [(&str, &str); 5] = [
    ("open", "pending"),
    ("approved", "approved"),
    ("rejected", "rejected"),
    ("withdrawn", "withdrawn"),
    ("expired", "expired"),
];
const CHANNELS: [&str; 2] = ["mail", "chat"];
const DELIVERIES: [&str; 4] = ["pending", "leased", "sent", "given_up"];

/// Each name, and what it says.
const GAUGES: [(&str, &str); 8] = [
    ("countersign_requests", "Requests by recorded state"),
    ("countersign_deliveries", "Messages by channel and state"),
    (
        "countersign_delivery_due_seconds",
        "How long the oldest message of a channel has been due and not sent",
    ),
    (
        "countersign_inbox_mails_waiting",
        "Mails that are recorded and not judged",
    ),
    (
        "countersign_inbox_lag_seconds",
        "How long the oldest of them has waited",
    ),
    (
        "countersign_decisions",
        "Votes that count, by channel and decision",
    ),
    (
        "countersign_loop_failed",
        "Whether a loop has failed and waits to be started again",
    ),
    ("countersign_ready", "Whether /readyz says so"),
];
/// The one that only grows.
const RESTARTS: &str = "countersign_loop_restarts_total";

/// The last answer.
pub(super) type Kept = Arc<Mutex<Option<(Instant, String)>>>;

/// The page, or why there is none.
pub(super) async fn page(status: &Status, kept: &Kept) -> Result<String, String> {
    // Held while counting: whoever asks meanwhile gets the same answer.
    let mut kept = kept.lock().await;
    if let Some((at, page)) = &*kept
        && at.elapsed() < KEPT_FOR
    {
        return Ok(page.clone());
    }
    let now = status.clock.now();
    let count = async {
        let mut conn = status.pool.acquire().await?;
        counts::count(&mut conn, now).await
    };
    let counted = tokio::time::timeout(PATIENCE, count).await;
    let counts = counted
        .map_err(|_| "the database does not answer".to_owned())?
        .map_err(|error| format!("the database cannot be asked: {error}"))?;
    let ready = status.complaints().await.is_empty();
    let page = rendered(status, &counts, (ready, now));
    *kept = Some((Instant::now(), page.clone()));
    Ok(page)
}

fn rendered(status: &Status, counts: &Counts, (ready, now): (bool, Timestamp)) -> String {
    // A recorder of this page alone: what was there once and is not any more does not stay in it.
    let recorder = PrometheusBuilder::new().build_recorder();
    let restarts = status.supervisor.restarts();
    metrics::with_local_recorder(&recorder, || {
        for (name, what) in GAUGES {
            describe_gauge!(name, what);
        }
        describe_counter!(
            RESTARTS,
            "How often a loop was started again by this process"
        );
        tables(counts, now);
        gauge!("countersign_ready").set(if ready { 1.0 } else { 0.0 });
        for (name, state) in status.supervisor.states() {
            let restarts = restarts.get(name).copied().unwrap_or(0);
            counter!(RESTARTS, "loop" => name).absolute(restarts);
            let down = matches!(state, LoopState::Failed { .. });
            gauge!("countersign_loop_failed", "loop" => name).set(if down { 1.0 } else { 0.0 });
        }
    });
    recorder.handle().render()
}

fn tables(counts: &Counts, now: Timestamp) {
    for (shown, recorded) in REQUESTS {
        let found = counts.requests.iter().find(|(state, _)| state == recorded);
        let many = found.map_or(0, |(_, many)| *many);
        gauge!("countersign_requests", "state" => shown).set(number(many));
    }
    for channel in CHANNELS {
        for state in DELIVERIES {
            gauge!("countersign_deliveries", "channel" => channel, "state" => state).set(0.0);
        }
        gauge!("countersign_delivery_due_seconds", "channel" => channel).set(0.0);
    }
    for (channel, state, many) in &counts.deliveries {
        let labels = [("channel", channel.clone()), ("state", state.clone())];
        gauge!("countersign_deliveries", &labels).set(number(*many));
    }
    for (channel, since) in &counts.due_since {
        let labels = [("channel", channel.clone())];
        gauge!("countersign_delivery_due_seconds", &labels).set(age(now, *since));
    }
    gauge!("countersign_inbox_mails_waiting").set(number(counts.mails_waiting));
    let lag = counts.mail_since.map_or(0.0, |since| age(now, since));
    gauge!("countersign_inbox_lag_seconds").set(lag);
    for (channel, decision, many) in &counts.votes {
        let labels = [("channel", channel.clone()), ("decision", decision.clone())];
        gauge!("countersign_decisions", &labels).set(number(*many));
    }
}

fn age(now: Timestamp, since: Timestamp) -> f64 {
    now.duration_since(since).as_secs_f64().max(0.0)
}

/// A count as the format has it; exact up to 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "nobody has 9,000,000,000,000,000 requests"
)]
fn number(many: i64) -> f64 {
    many as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sqlx::PgPool;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::clock::Clock;
    use crate::supervise::Supervisor;

    fn status(pool: PgPool) -> Status {
        let clock = Clock::system();
        Status {
            pool,
            supervisor: Supervisor::new(clock.clone(), CancellationToken::new()),
            clock,
            probes: BTreeMap::new(),
        }
    }

    /// Goal: the page has every name with its meaning, zeroes included, and what the tables say.
    /// Method: an empty database, a loop that runs and a mail that waits.
    #[sqlx::test(migrations = "./migrations")]
    async fn the_page_says_what_there_is(pool: PgPool) {
        let status = status(pool.clone());
        status
            .supervisor
            .spawn("deaf", |_| std::future::pending::<Result<(), String>>());
        let mail = "INSERT INTO inbound_mail (sha256, size, recorded_at)
                    VALUES (sha256('x'), 1, now() - interval '90 s')";
        sqlx::raw_sql(mail).execute(&pool).await.expect("a mail");
        let kept = Kept::default();
        let page = self::page(&status, &kept).await.expect("a page");
        for (name, what) in GAUGES {
            if name != "countersign_decisions" {
                let head = format!("# HELP {name} {what}\n# TYPE {name} gauge\n");
                assert!(page.contains(&head), "{page}");
            }
        }
        for line in [
            "countersign_requests{state=\"open\"} 0\n",
            "countersign_deliveries{channel=\"mail\",state=\"given_up\"} 0\n",
            "countersign_delivery_due_seconds{channel=\"chat\"} 0\n",
            "countersign_inbox_mails_waiting 1\n",
            "countersign_loop_restarts_total{loop=\"deaf\"} 0\n",
            "countersign_loop_failed{loop=\"deaf\"} 0\n",
            "countersign_ready 1\n",
        ] {
            assert!(page.contains(line), "{line} is not in {page}");
        }
        let lag = page
            .lines()
            .find_map(|line| line.strip_prefix("countersign_inbox_lag_seconds "));
        let lag: f64 = lag.expect("a lag").parse().expect("a number");
        assert!((89.0..600.0).contains(&lag), "{lag}");
        sqlx::raw_sql("DELETE FROM inbound_mail")
            .execute(&pool)
            .await
            .expect("gone");
        let again = self::page(&status, &kept).await.expect("a page");
        assert_eq!(again, page, "asked at once, it is the same answer");
    }

    /// Goal: every name is explained to operators. Method: each of them in the document.
    #[test]
    fn every_name_is_documented() {
        let document = include_str!("../../docs/OPERATIONS.md");
        for name in GAUGES.iter().map(|(name, _)| *name).chain([RESTARTS]) {
            assert!(document.contains(&format!("`{name}")), "{name}");
        }
    }

    /// Goal: the tables' own words are shown. Method: rows of each kind, one of them a message overdue.
    #[test]
    fn tables_become_lines() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().expect("a time");
        let counts = Counts {
            requests: vec![("pending".to_owned(), 3)],
            deliveries: vec![("chat".to_owned(), "dropped".to_owned(), 2)],
            due_since: vec![(
                "mail".to_owned(),
                "2026-11-21T09:59:00Z".parse().expect("a time"),
            )],
            mails_waiting: 0,
            mail_since: None,
            votes: vec![("command_line".to_owned(), "approve".to_owned(), 7)],
        };
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || tables(&counts, now));
        let page = recorder.handle().render();
        for line in [
            "countersign_requests{state=\"open\"} 3\n",
            "countersign_deliveries{channel=\"chat\",state=\"dropped\"} 2\n",
            "countersign_delivery_due_seconds{channel=\"mail\"} 60\n",
            "countersign_inbox_lag_seconds 0\n",
            "countersign_decisions{channel=\"command_line\",decision=\"approve\"} 7\n",
        ] {
            assert!(page.contains(line), "{line} is not in {page}");
        }
    }
}
