//! The bell between processes: something was written that a courier or a timer should see.
//!
//! Rung on a connection of its own, *after* the commit it tells of: a transaction that carries a
//! notification holds a lock over all committing ones of its kind, for as long as its commit takes. A ring
//! that is lost costs time and nothing else: whoever listens also looks by themselves.

use sqlx::PgPool;
use sqlx::postgres::PgListener;

/// The channel's name in the database.
const CHANNEL: &str = "countersign";

/// Rings once. `from` is whoever rings, so that they can tell their own ring from another's.
pub async fn ring(pool: &PgPool, from: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_notify($1, $2)", CHANNEL, from)
        .execute(pool)
        .await?;
    Ok(())
}

/// Somebody who listens, on a connection of their own.
#[derive(Debug)]
pub struct Ear(PgListener);

impl Ear {
    /// Begins to listen: what is rung from now on is heard.
    pub async fn open(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Self(listener))
    }

    /// Waits for the next ring and says from whom it is; empty if the connection was lost, and rings with
    /// it, and it listens anew.
    pub async fn hear(&mut self) -> Result<String, sqlx::Error> {
        let heard = self.0.try_recv().await?;
        Ok(heard.map_or_else(String::new, |ring| ring.payload().to_owned()))
    }
}
