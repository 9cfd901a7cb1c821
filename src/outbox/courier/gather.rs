//! Digests that are due, made into deliveries before the next claim.

use jiff::Timestamp;
use sqlx::PgConnection;

use crate::store::books;
use crate::store::outbox::{self, Gathered};

/// Digests gathered before mails are claimed again: at eight in the morning many may be due.
const GATHERED_AT_ONCE: usize = 50;

pub(super) async fn gather(conn: &mut PgConnection, now: Timestamp) -> Result<(), sqlx::Error> {
    let people = outbox::due_digests(conn, now, GATHERED_AT_ONCE).await?;
    if people.is_empty() {
        return Ok(());
    }
    let book = books::current(conn).await?;
    for person in people {
        let gathered = outbox::gather(conn, &person, &book, now).await?;
        if let Gathered::Into(id) = gathered {
            tracing::info!(delivery.id = %id, person = %person, "the digest {id} is due");
        }
    }
    Ok(())
}
