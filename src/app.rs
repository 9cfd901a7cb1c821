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

/// The database as the configuration gives it, and the private server if it is ours.
pub struct Connected {
    /// Connections.
    pub pool: PgPool,
    /// Set where `database.url = "embedded"`; stop it last.
    pub server: Option<Postgres>,
}

/// Connects to the database, starting the embedded one where it is configured and not running.
pub async fn connect(database: &Database) -> Result<Connected, StartError> {
    let (options, server) = match database {
        Database::Embedded { directory } => {
            let server = Postgres::start_or_join(directory).await?;
            (server.options(), Some(server))
        }
        Database::Url(url) => {
            (url.expose_secret().parse::<PgConnectOptions>().map_err(StartError::Database)?, None)
        }
    };
    let pool = PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(CONNECT_PATIENCE)
        .connect_with(options.application_name("countersign"))
        .await
        .map_err(StartError::Database)?;
    Ok(Connected { pool, server })
}

/// Brings the schema up to date; safe to repeat, and when two daemons start at once.
pub async fn migrate(pool: &PgPool) -> Result<(), StartError> {
    Ok(sqlx::migrate!().run(pool).await?)
}
