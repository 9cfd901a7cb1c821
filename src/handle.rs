//! The only place that joins the halves: one [`Inbound`], one transaction.

use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::inbound::Inbound;
use crate::token::Keyring;
use crate::workflow::event::Event;
use crate::workflow::ids::RequestId;
use crate::workflow::refusal::Refusal;

/// What came of an inbound thing; the channel decides how to say it (mail: already enqueued).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Applied.
    Accepted {
        /// The request it was about.
        request: RequestId,
        /// What happened to it.
        events: Vec<Event>,
    },
    /// An identified person was refused.
    Refused {
        /// The request it was about, if it exists.
        request: Option<RequestId>,
        /// Why.
        refusal: Refusal,
    },
    /// An identified person was not understood.
    Unclear,
    /// Nobody identified; stored and audited with this reason, never answered.
    Unidentified(String),
    /// Seen before; nothing was done.
    Duplicate,
}

/// Judges inbound things. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handler {
    /// The database.
    pub pool: PgPool,
    /// The clock.
    pub clock: Clock,
    /// Derives the tokens of new deliveries.
    pub keys: Arc<Keyring>,
    /// Wakes the local courier after a commit that left deliveries.
    pub wake: Arc<Notify>,
}

impl Handler {
    /// Applies one inbound thing: once, in one transaction, or not at all (W28).
    pub async fn handle(&self, inbound: &Inbound) -> Result<Answer, sqlx::Error> {
        let _ = inbound;
        todo!()
    }
}
