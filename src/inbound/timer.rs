//! Time is a channel too: what is due takes the same locked road as a click (W18).
//!
//! The loop asks the database for what is due, hands each to [`Handler::handle`], and waits until the
//! next thing is due, at most [`LOOK_EVERY`]. It keeps nothing in memory: right after a restart, and
//! after the clock jumped, it does what has become due, the earliest first. Several daemons may run it;
//! the key of each due instant is applied once.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Inbound, Proof, Speaker, Words};
use crate::command::Command;
use crate::handle::Handler;
use crate::store::requests;
use crate::workflow::ids::RequestId;
use crate::workflow::request::Channel;

/// The loop looks at least this often: a clock may jump, another daemon may file.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What is taken at once.
const BATCH: i64 = 100;

/// Runs until cancelled; `look` says that the clock was moved. An error is the database's.
pub async fn run(
    handler: Handler,
    look: Arc<Notify>,
    cancel: CancellationToken,
) -> Result<(), sqlx::Error> {
    while !cancel.is_cancelled() {
        // Registered before the pass, so that a move during it is not missed.
        let moved = look.notified();
        while pass(&handler).await? == BATCH && !cancel.is_cancelled() {}
        let wait = until_next(&handler).await?;
        tokio::select! {
            () = cancel.cancelled() => {}
            () = moved => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    Ok(())
}

/// Does what is due now, at most one batch; how many.
pub async fn pass(handler: &Handler) -> Result<i64, sqlx::Error> {
    let mut conn = handler.pool.acquire().await?;
    let due = requests::due(&mut conn, handler.clock.now(), BATCH).await?;
    drop(conn);
    let mut done = 0;
    for (request, at) in due {
        handler.handle(&expire(request, at)).await?;
        done += 1;
    }
    Ok(done)
}

fn expire(request: RequestId, at: Timestamp) -> Inbound {
    Inbound {
        channel: Channel::Timer,
        // With the instant: should a request become due later than it was, that is another event.
        dedupe_key: format!("timer/expire/{}/{}", request.0, at.as_microsecond()),
        speaker: Speaker::Clock,
        proof: Proof {
            method: "clock".to_owned(),
            details: serde_json::json!({ "due": at.to_string() }),
        },
        words: Words::Said(Command::Expire { request }),
    }
}

async fn until_next(handler: &Handler) -> Result<Duration, sqlx::Error> {
    let mut conn = handler.pool.acquire().await?;
    let next = requests::next_due(&mut conn).await?;
    let wait = next.map_or(LOOK_EVERY, |at| {
        let left = at.duration_since(handler.clock.now());
        Duration::try_from(left).unwrap_or_default()
    });
    Ok(wait.min(LOOK_EVERY))
}
