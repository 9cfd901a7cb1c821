//! `outbox list|retry|drop`: messages that are owed, and those that gave up.

mod table;

use jiff::Timestamp;
use serde_json::json;
use sqlx::postgres::PgTransaction;
use uuid::Uuid;

use super::Failure;
use super::args::Outbox;
use super::office::Office;
use super::policy::applier;
use super::print::{self, put};
use crate::config::Config;
use crate::store::audit;
use crate::store::books::Applier;
use crate::store::outbox::{self, DeliveryRow, Filter};
use crate::workflow::request::Channel;

/// Does it.
pub(super) async fn run(what: Outbox, config: &Config) -> Result<(), Failure> {
    Office::with(config, async |office| done(what, office, config).await).await
}

async fn done(what: Outbox, office: &Office, config: &Config) -> Result<(), Failure> {
    match what {
        Outbox::List {
            owed,
            all,
            request,
            output,
        } => {
            let filter = match (owed, all, request) {
                (_, _, Some(request)) => Filter::Request(request),
                (true, _, _) => Filter::Owed,
                (_, true, _) => Filter::All,
                _ => Filter::GivenUp,
            };
            let mut conn = office.pool.acquire().await?;
            let rows = outbox::list(&mut conn, filter).await?;
            list(&rows, matches!(filter, Filter::GivenUp), output.json)
        }
        Outbox::Retry { id, acting } => {
            let by = applier(
                &office.book_if_any().await?.unwrap_or_default(),
                &acting,
                config,
            )?;
            let now = office.clock.now();
            let mut tx = office.pool.begin().await?;
            let done = outbox::retry(&mut tx, id, now).await?;
            recorded(tx, (done, "is owed again", id), by, now).await?;
            office.ring().await;
            said(
                done,
                id,
                "will be sent by the daemon",
                "gave up, was dropped or waits",
            )
        }
        Outbox::Drop { id, acting } => {
            let by = applier(
                &office.book_if_any().await?.unwrap_or_default(),
                &acting,
                config,
            )?;
            let now = office.clock.now();
            let mut tx = office.pool.begin().await?;
            let done = outbox::drop(&mut tx, id, now).await?;
            recorded(tx, (done, "is not sent", id), by, now).await?;
            said(
                done,
                id,
                "is dropped and will not be sent",
                "gave up or waits",
            )
        }
    }
}

/// Writes down who did what to a message, with what was done: an ask that is not sent is not seen
/// otherwise.
async fn recorded(
    mut tx: PgTransaction<'_>,
    (done, what, id): (bool, &str, Uuid),
    by: Applier,
    now: Timestamp,
) -> Result<(), Failure> {
    if done {
        let entry = by.says(&format!("the delivery {id} {what}"), now);
        audit::append_system(&mut tx, Channel::CommandLine, &[entry]).await?;
    }
    Ok(tx.commit().await?)
}

fn said(done: bool, id: Uuid, what: &str, which: &str) -> Result<(), Failure> {
    if done {
        put!("The message {id} {what}.");
        return Ok(());
    }
    Err(Failure::Refused {
        code: "no-such-message".to_owned(),
        rule: None,
        sentence: format!("There is no message {id} that {which}."),
        next: "See `countersign outbox list --all`.".to_owned(),
    })
}

fn list(rows: &[DeliveryRow], given_up: bool, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({
                    "id": row.id,
                    "request": row.request,
                    "kind": row.kind,
                    "channel": row.channel,
                    "person": row.person,
                    "state": row.state,
                    "attempts": row.attempts,
                    "next_try_at": row.next_try_at,
                    "digest_at": row.digest_at,
                    "digest": row.digest,
                    "last_error": row.last_error,
                    "created_at": row.created_at,
                    "finished_at": row.finished_at,
                })
            })
            .collect();
        return print::json(&rows);
    }
    if rows.is_empty() && given_up {
        put!("No message gave up; --owed lists those that wait, --all the newest of all.");
    } else if rows.is_empty() {
        put!("No message.");
    }
    if !rows.is_empty() {
        table::print(rows);
    }
    Ok(())
}
