//! The road of posts in a chat.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::PgConnection;

use super::carrier::{Carrier, Desk};
use crate::outbound::Sending;
use crate::outbound::chat::poster::Poster;
use crate::store::outbox::{Claimed, Road};

impl Carrier for Poster {
    const ROAD: Road = Road::Chat;

    fn connections(&self) -> usize {
        self.connections()
    }

    fn longest_send(&self) -> Duration {
        self.longest_send()
    }

    async fn probe(&self) -> Result<(), String> {
        self.probe().await
    }

    async fn watch(&self, conn: &mut PgConnection, now: Timestamp) -> Result<bool, sqlx::Error> {
        self.watch(conn, now).await
    }

    async fn carry(&self, claimed: &Claimed, desk: Desk<'_>) -> Result<Sending, sqlx::Error> {
        self.send(claimed, (desk.pool, desk.clock)).await
    }

    async fn close(&self) {}
}
