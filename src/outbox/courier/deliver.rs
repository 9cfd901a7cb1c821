//! One delivery: carried, acknowledged by its lease.

use jiff::Timestamp;

use super::carrier::{Carrier, Desk};
use super::{Courier, Reached, chance};
use crate::outbound::Sending;
use crate::outbox::retry::{self, Next};
use crate::store::outbox::{self, Ack, Acked, Claimed, Outcome};

impl<C: Carrier> Courier<C> {
    pub(super) async fn deliver(&self, claimed: &Claimed) -> Result<Reached, sqlx::Error> {
        let desk = Desk {
            pool: &self.pool,
            clock: &self.clock,
        };
        let sending = self.carrier.carry(claimed, desk).await?;
        let now = self.clock.now();
        let no_such_reader = matches!(sending, Sending::NoSuchReader(_));
        let outcome = match sending {
            Sending::Sent(answer) => Outcome::Sent(answer),
            Sending::GiveUp(why) | Sending::NoSuchReader(why) => Outcome::GiveUp(why),
            Sending::Moot(why) => Outcome::Moot(why),
            Sending::Retry(why) => again(claimed, now, why),
            Sending::Later(why, wait) => {
                match retry::put_off(wait, claimed.tried_since, now, chance()) {
                    Next::At(until) => return self.put_off(claimed, (now, until), &why).await,
                    Next::GiveUp(limit) => Outcome::GiveUp(format!("{why} ({limit})")),
                }
            }
            Sending::Unreachable(why) => {
                let mut conn = self.pool.acquire().await?;
                let mine = [(claimed.id, claimed.lease)];
                outbox::release(&mut conn, &mine, now, Some(&why)).await?;
                return Ok(Reached::No);
            }
        };
        let acked = self.acknowledge(claimed, &outcome, now).await?;
        if let (true, Acked::Done, Outcome::GiveUp(why)) = (no_such_reader, acked, &outcome) {
            self.remember(claimed, why, desk).await;
        }
        Ok(Reached::Yes)
    }

    /// Gives it back until then: the server is well, and wants no more of us now.
    async fn put_off(
        &self,
        claimed: &Claimed,
        times: (Timestamp, Timestamp),
        why: &str,
    ) -> Result<Reached, sqlx::Error> {
        let mut conn = self.pool.acquire().await?;
        outbox::put_off(&mut conn, (claimed.id, claimed.lease), times, why).await?;
        let (id, until) = (claimed.id, times.1);
        tracing::debug!(delivery.id = %id, "delivery {id} is put off until {until}: {why}");
        Ok(Reached::Yes)
    }

    /// Remembers whom this road does not reach. That the delivery gave up stands already, and is not put
    /// at risk by this.
    async fn remember(&self, claimed: &Claimed, why: &str, desk: Desk<'_>) {
        match self.carrier.unreached(claimed, why, desk).await {
            Ok(true) => self.wake.notify_waiters(),
            Ok(false) => {}
            Err(error) => {
                let id = claimed.id;
                tracing::error!(
                    delivery.id = %id,
                    %error,
                    "delivery {id} was refused by its reader's server, which cannot be remembered: {error}"
                );
            }
        }
    }

    async fn acknowledge(
        &self,
        claimed: &Claimed,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<Acked, sqlx::Error> {
        let ack = Ack {
            id: claimed.id,
            lease: claimed.lease,
            attempt: claimed.attempt,
            outcome,
            now,
        };
        let mut conn = self.pool.acquire().await?;
        let acked = outbox::ack(&mut conn, &ack).await?;
        let (id, kind) = (claimed.id, claimed.content.name());
        match (acked, outcome) {
            (Acked::Done, Outcome::Sent(_)) => {
                tracing::info!(delivery.id = %id, kind, "delivery {id} sent");
            }
            (Acked::Done, Outcome::Retry { at, why }) => {
                tracing::info!(delivery.id = %id, kind, "delivery {id} is tried again at {at}: {why}");
            }
            (Acked::Done, Outcome::GiveUp(why)) => {
                tracing::warn!(
                    delivery.id = %id,
                    kind,
                    "delivery {id} gave up: {why}; `countersign outbox retry {id}` tries it again"
                );
            }
            (Acked::Cancelled, _) | (Acked::Done, Outcome::Moot(_)) => {
                tracing::info!(delivery.id = %id, kind, "delivery {id} is not needed any more");
            }
            (Acked::LeaseLost, _) => {
                tracing::warn!(
                    delivery.id = %id,
                    kind,
                    "delivery {id} took longer than its lease; it may be sent twice under one name"
                );
            }
        }
        Ok(acked)
    }
}

/// Tried again by the table of waits.
fn again(claimed: &Claimed, now: Timestamp, why: String) -> Outcome {
    match retry::after(claimed.counted, claimed.tried_since, now, chance()) {
        Next::At(at) => Outcome::Retry { at, why },
        Next::GiveUp(limit) => Outcome::GiveUp(format!("{why} ({limit})")),
    }
}
