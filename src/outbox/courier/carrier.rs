//! What makes one road different from another.

use std::fmt::Debug;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

use crate::clock::Clock;
use crate::outbound::Sending;
use crate::store::outbox::{Claimed, Road};

/// Makes messages of the deliveries of one road, and sends them.
pub trait Carrier: Debug + Send + Sync + 'static {
    /// Which deliveries it carries.
    const ROAD: Road;

    /// Sends at once, at least one.
    fn connections(&self) -> usize;

    /// The longest that one [`Carrier::carry`] takes.
    fn longest_send(&self) -> Duration;

    /// Looks whether the server can be reached; why not, one sentence.
    fn probe(&self) -> impl Future<Output = Result<(), String>> + Send;

    /// Done before each claim, and before each look at a server that is away. `true`: deliveries are owed
    /// because of it.
    fn watch(
        &self,
        _conn: &mut PgConnection,
        _now: Timestamp,
    ) -> impl Future<Output = Result<bool, sqlx::Error>> + Send {
        std::future::ready(Ok(false))
    }

    /// Done before each claim. `true`: deliveries of another road are owed because of it.
    fn prepare(
        &self,
        _conn: &mut PgConnection,
        _now: Timestamp,
    ) -> impl Future<Output = Result<bool, sqlx::Error>> + Send {
        std::future::ready(Ok(false))
    }

    /// Makes the message and sends it. What has to be known about it later is written down before this
    /// returns; the delivery itself is not touched.
    fn carry(
        &self,
        claimed: &Claimed,
        desk: Desk<'_>,
    ) -> impl Future<Output = Result<Sending, sqlx::Error>> + Send;

    /// Remembers, after the delivery gave up, that its reader cannot be reached by this road. `true`:
    /// somebody is to be told, and deliveries are owed because of that.
    fn unreached(
        &self,
        _claimed: &Claimed,
        _why: &str,
        _desk: Desk<'_>,
    ) -> impl Future<Output = Result<bool, sqlx::Error>> + Send {
        std::future::ready(Ok(false))
    }

    /// Says goodbye.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// What a carrier may need beside its delivery.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The database.
    pub pool: &'a PgPool,
    /// The clock.
    pub clock: &'a Clock,
}
