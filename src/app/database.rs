//! The database: given or embedded, reached, and brought to this version's schema.

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};

use super::StartError;
use crate::config::Database;
use crate::embedded::Postgres;

/// Database connections of one daemon: eight judges, the courier's acknowledgements, timer, leases.
pub const MAX_CONNECTIONS: u32 = 20;
/// How long to wait for a connection before the database counts as unreachable.
pub const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// How long the daemon waits for a command that runs the embedded database.
pub const OWNER_PATIENCE: Duration = Duration::from_secs(20);
/// How often it looks.
const OWNER_LOOK: Duration = Duration::from_millis(300);
/// What Postgres answers to somebody who may not.
const NOT_ALLOWED: &str = "42501";

/// Whether the server is there and wants another user, password or database than is written.
pub(super) fn is_ours_to_mend(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Configuration(_) => true,
        // Class 28: who we are; 3D: which database.
        sqlx::Error::Database(answer) => answer
            .code()
            .is_some_and(|code| code.starts_with("28") || code.starts_with("3D")),
        _ => false,
    }
}

/// What an operator reads of a connection that was not made.
pub(super) fn words(place: &str, error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(answer) if is_ours_to_mend(error) => format!(
            "the database server at {place} answered: {}; mend: check user, password and database \
             in the url",
            answer.message()
        ),
        sqlx::Error::Database(answer) => {
            format!(
                "the database server at {place} answered: {}",
                answer.message()
            )
        }
        sqlx::Error::Io(why) => format!(
            "no database server can be reached at {place}: {why}; mend: check host and port, and \
             whether it runs"
        ),
        other => format!("no connection to the database server at {place}: {other}"),
    }
}

/// The database as the configuration gives it, and the private server if it is ours.
pub struct Connected {
    /// Connections.
    pub pool: PgPool,
    /// Set where `database.url = "embedded"`; stop it last.
    pub server: Option<Postgres>,
}

impl Connected {
    /// Ends the connections, then the private server if it was started here.
    pub async fn close(self) {
        let _ = tokio::time::timeout(CONNECT_PATIENCE, self.pool.close()).await;
        if let Some(server) = self.server {
            server.stop().await;
        }
    }
}

/// Connects to the database, starting the embedded one where it is configured and not running.
pub async fn connect(database: &Database) -> Result<Connected, StartError> {
    let (options, server) = match database {
        Database::Embedded { directory } => {
            let server = Postgres::start_or_join(directory).await?;
            (server.options(), Some(server))
        }
        Database::Url(url) => (reachable(url.expose_secret()).await?, None),
    };
    let pool = PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(CONNECT_PATIENCE)
        // A connection that broke shows at its next statement; asking first costs every command a trip.
        .test_before_acquire(false)
        .connect_with(options.clone().application_name("countersign"))
        .await
        .map_err(|source| StartError::Database {
            place: place_of(&options),
            source,
        })?;
    Ok(Connected { pool, server })
}

/// The options of a url at which a server answers. A pool would go on asking at a dead port for as long
/// as its patience lasts, and then not say why.
async fn reachable(url: &str) -> Result<PgConnectOptions, StartError> {
    let options: PgConnectOptions = url.parse().map_err(|source| StartError::Database {
        place: "?".to_owned(),
        source,
    })?;
    let asked = tokio::time::timeout(CONNECT_PATIENCE, async {
        options.connect().await?.close().await
    });
    let answered = asked.await.unwrap_or_else(|_| {
        let what = format!("no answer within {} s", CONNECT_PATIENCE.as_secs());
        Err(std::io::Error::new(std::io::ErrorKind::TimedOut, what).into())
    });
    answered.map_err(|source| StartError::Database {
        place: place_of(&options),
        source,
    })?;
    Ok(options)
}

fn place_of(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

/// As [`connect`], for the daemon: an embedded database must be its own, for whoever started it also ends
/// it. A command that happens to run it is waited for.
pub(super) async fn connect_as_owner(database: &Database) -> Result<Connected, StartError> {
    let deadline = tokio::time::Instant::now() + OWNER_PATIENCE;
    loop {
        let connected = connect(database).await?;
        match (&connected.server, database) {
            (Some(server), Database::Embedded { directory }) if !server.is_ours() => {
                connected.pool.close().await;
                if tokio::time::Instant::now() >= deadline {
                    return Err(StartError::EmbeddedInUse(directory.clone()));
                }
                tokio::time::sleep(OWNER_LOOK).await;
            }
            _ => return Ok(connected),
        }
    }
}

/// Brings the schema up to date; safe to repeat, and when two daemons start at once.
///
/// A schema that has everything is left alone: the daemon may run under a role that may not change it.
pub async fn migrate(pool: &PgPool) -> Result<(), StartError> {
    let all = sqlx::migrate!();
    // Whatever is wrong, the migrator says it better.
    if pending(pool).await.is_ok_and(|pending| pending == 0) {
        return Ok(());
    }
    match all.run(pool).await {
        Err(error) if is_forbidden(&error) => Err(StartError::NotOwner),
        done => Ok(done?),
    }
}

/// How many of this version's migrations have not been run as they are, or are unknown to it.
pub async fn pending(pool: &PgPool) -> Result<usize, sqlx::Error> {
    let all: Migrator = sqlx::migrate!();
    let ours: BTreeSet<_> = all
        .iter()
        .map(|it| (it.version, it.checksum.to_vec()))
        .collect();
    let there = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    if !sqlx::query_scalar(there).fetch_one(pool).await? {
        return Ok(ours.len());
    }
    let sql = "SELECT version, checksum FROM _sqlx_migrations WHERE success";
    let run: Vec<(i64, Vec<u8>)> = sqlx::query_as(sql).fetch_all(pool).await?;
    Ok(ours
        .symmetric_difference(&run.into_iter().collect())
        .count())
}

/// Whether the role may not change the schema.
fn is_forbidden(error: &MigrateError) -> bool {
    use MigrateError as E;
    let (E::Execute(source) | E::ExecuteMigration(source, _)) = error else {
        return false;
    };
    let code = source
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == NOT_ALLOWED)
}
