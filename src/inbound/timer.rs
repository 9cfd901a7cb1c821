//! Time is a channel too: what is due takes the same locked road as a click (W18-W23, W26).
//!
//! The loop asks the database for what is due, hands each to [`Handler::handle`], and waits until the
//! next thing is due, between [`LOOK_AT_MOST_EVERY`] and [`LOOK_EVERY`]. It keeps nothing in memory: right after a restart, and
//! after the clock jumped, it does what has become due, the earliest first. Several daemons may run it;
//! the key of each due instant is applied once.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Inbound, Proof, Speaker, Words};
use crate::command::Command;
use crate::handle::{Answer, Handler};
use crate::store::requests;
use crate::workflow::ids::RequestId;
use crate::workflow::request::Channel;

/// The loop looks at least this often: a clock may jump, another daemon may file.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);
/// And at most this often, whatever is due.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(10);
/// What is taken at once.
const BATCH: i64 = 100;

/// What one pass came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pass {
    /// So many were due and are done.
    pub done: usize,
    /// So many were due and could not be done: they stay due.
    pub failed: usize,
}

/// Runs until cancelled; `look` says that the clock was moved. An error is the database's.
pub async fn run(
    handler: Handler,
    look: Arc<Notify>,
    cancel: CancellationToken,
) -> Result<(), sqlx::Error> {
    while !cancel.is_cancelled() {
        // Registered before the pass, so that a move during it is not missed.
        let moved = look.notified();
        let passed = pass(&handler).await?;
        let wait = if passed.failed > 0 {
            LOOK_EVERY
        } else {
            until_next(&handler).await?
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = moved => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    Ok(())
}

/// Does what is due now, at most one batch. A request that cannot be judged is logged and left, so that
/// it does not keep the others from their time; an error is the connection's.
pub async fn pass(handler: &Handler) -> Result<Pass, sqlx::Error> {
    let mut conn = handler.pool.acquire().await?;
    let due = requests::due(&mut conn, handler.clock.now(), BATCH).await?;
    drop(conn);
    let mut pass = Pass::default();
    for (request, at) in due {
        let mut inbound = tick(request, at);
        let mut answer = handler.handle(&inbound).await;
        if matches!(answer, Ok(Answer::Duplicate)) {
            let mut conn = handler.pool.acquire().await?;
            if !requests::is_due(&mut conn, request, handler.clock.now()).await? {
                // Another daemon was first.
                continue;
            }
            drop(conn);
            // Something else became due at an instant that was done before.
            let now = handler.clock.now().as_microsecond();
            inbound.dedupe_key = format!("{}/{now}", inbound.dedupe_key);
            answer = handler.handle(&inbound).await;
        }
        match answer {
            Ok(_) => pass.done += 1,
            Err(error) if is_about_one(&error) => {
                pass.failed += 1;
                tracing::error!(request.id = request.0, %error, "{request} is due and cannot be judged");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(pass)
}

/// Whether the error comes of this one request's rows, not of the connection to the database.
fn is_about_one(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    match error {
        // Class 57 is the server's operator, class 53 its resources, class 08 the connection.
        E::Database(error) => !error.code().is_some_and(|code| {
            ["57", "53", "08"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        E::ColumnDecode { .. } | E::Decode(_) | E::Encode(_) | E::RowNotFound | E::Protocol(_) => {
            true
        }
        _ => false,
    }
}

fn tick(request: RequestId, at: Timestamp) -> Inbound {
    Inbound {
        channel: Channel::Timer,
        // With the instant: whatever becomes due later is another event.
        dedupe_key: format!("timer/tick/{}/{}", request.0, at.as_microsecond()),
        speaker: Speaker::Clock,
        proof: Proof {
            method: "clock".to_owned(),
            details: serde_json::json!({ "due": at.to_string() }),
        },
        words: Words::Said(Command::Tick { request }),
    }
}

async fn until_next(handler: &Handler) -> Result<Duration, sqlx::Error> {
    let mut conn = handler.pool.acquire().await?;
    let next = requests::next_due(&mut conn).await?;
    let wait = next.map_or(LOOK_EVERY, |at| {
        let left = at.duration_since(handler.clock.now());
        Duration::try_from(left).unwrap_or_default()
    });
    Ok(wait.clamp(LOOK_AT_MOST_EVERY, LOOK_EVERY))
}
