//! Builds the parts, starts the loops, and stops everything in order.
//!
//! Start: database (embedded or given) → migrations → status page → courier, timer, inbox → ready.
//! Stop: the loops hear it together; the inbox finishes the batch that it holds, the courier the sends
//! under way; then the connections, then the embedded database. What was accepted is in Postgres before
//! anybody was told, so a stop at any point loses nothing.
//!
//! An SMTP or IMAP server that cannot be reached does not keep the daemon from starting: its loop
//! retries, `/readyz` says what is wrong. A database that cannot be reached does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::embedded::{EmbeddedError, Postgres};
use crate::handle::Handler;
use crate::status::{Probe, Status};
use crate::supervise::Supervisor;
use crate::token::Keyring;

/// Database connections of one daemon: eight judges, the courier's acknowledgements, timer, leases.
pub const MAX_CONNECTIONS: u32 = 20;
/// How long to wait for a connection before the database counts as unreachable.
pub const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// Why the daemon, or a command, could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The private Postgres.
    #[error("the embedded database did not start: {0}")]
    Embedded(#[from] EmbeddedError),
    /// The given one.
    #[error("cannot reach the database of [database] url: {0}; check host, port and password")]
    Database(#[source] sqlx::Error),
    /// Its schema.
    #[error("cannot bring the database to this version's schema: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The token keys.
    #[error("[tokens]: {0}")]
    Keys(String),
    /// The templates.
    #[error("[templates]: {0}")]
    Templates(String),
    /// A certificate file.
    #[error("{0}")]
    Connections(String),
}
