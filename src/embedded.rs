//! A private Postgres, started from the system's binaries: `database.url = "embedded"`.
//!
//! Whoever comes first starts the server in its own directory; who comes later joins it through its
//! socket ([`Postgres::start_or_join`]). `serve` keeps it running as long as itself, a command of
//! the command line for the duration of the command.
//!
//! ```text
//!  DIRECTORY/           0700, or 0711 where root keeps it for the server's user
//!    postgres.lock      held while somebody starts or stops the server
//!    postgres/          0700: the data, and the socket .s.PGSQL.5432
//! ```
//!
//! What always holds:
//! - The server listens on its unix socket only. Who may enter its 0700 directory may connect, that
//!   is its owner and root; there are no passwords.
//! - It never runs as root: it runs as whoever owns its data, at first `postgres`, else `nobody`.
//! - It does not outlive the process that started it, even when that is killed with SIGKILL: the
//!   kernel then sends it SIGINT, a fast shutdown (`setpriv --pdeathsig`). That signal goes by the
//!   thread that started it, so a thread of its own starts it and waits for it ([`server`]).
//! - Who holds a [`Postgres`] has a server: when the process that started it ends, or the server
//!   itself does, one of those who had joined starts it again ([`keep`]). Connections break then,
//!   and the pool makes new ones.
//! - A data directory is either whole or absent: it is made beside its place and renamed.
//! - Its log goes to `tracing`, without statements and values.
//!
//! Not promised: that the server stops when a process is killed in the instant between starting it
//! and asking the kernel for the signal; the next start then joins it.

mod binaries;
mod directory;
mod server;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use directory::Place;
use server::Server;

/// The role that Countersign connects as, and its database.
pub const ROLE: &str = "countersign";
/// Names the socket; nothing listens on it as a TCP port.
const PORT: u16 = 5432;
/// How long a start may take, recovery after a crash included.
const START_PATIENCE: Duration = Duration::from_mins(1);
/// How long a fast shutdown may take before we say that it did not end.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks whether the server answers.
const LOOK_EVERY: Duration = Duration::from_millis(15);
/// Between two looks whether the server is still there.
const KEEP_EVERY: Duration = Duration::from_millis(200);
/// After a start again that failed; the helpers of a killed server take a moment to end.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Whether there is a database in this directory, running or not. Makes nothing; where it cannot be seen,
/// whoever connects is told why.
pub fn is_there(directory: &Path) -> bool {
    directory
        .join("postgres/PG_VERSION")
        .try_exists()
        .unwrap_or(true)
}

/// Why there is no private Postgres. For the operator: what, where, and the mend.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No binaries at all.
    #[error(
        "there is no PostgreSQL on this machine (looked in {looked}); install it with \
         `sudo apt-get install postgresql`, name its bin directory in COUNTERSIGN_PG_BIN, or set \
         [database] url to a server that runs already"
    )]
    Missing {
        /// Where.
        looked: String,
    },
    /// Binaries of other versions only.
    #[error(
        "the data in {} was made by PostgreSQL {wanted}, but only {installed} is installed; run \
         `sudo apt-get install postgresql-{wanted}`, or carry the data over with pg_upgrade",
        .data.display()
    )]
    Version {
        /// The data directory.
        data: PathBuf,
        /// Its major version.
        wanted: u32,
        /// What there is.
        installed: String,
    },
    /// The socket's path does not fit into the kernel's structure.
    #[error(
        "the socket {} would have a name of {length} bytes, and the system allows {most}; choose a \
         shorter [database] directory",
        .socket.display()
    )]
    SocketPath {
        /// The socket.
        socket: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// The longest.
        most: usize,
    },
    /// A directory above ours is closed to the user that the server runs as.
    #[error(
        "the user with id {uid}, which PostgreSQL runs as, may not enter {}; run \
         `chmod o+x {}` or choose another [database] directory",
        .parent.display(), .parent.display()
    )]
    Closed {
        /// The first directory that is closed.
        parent: PathBuf,
        /// The user.
        uid: u32,
    },
    /// Something about a file.
    #[error("{what} {}: {source}", .path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A program could not be run.
    #[error("cannot run {program}: {source}; it is part of the package {package}")]
    Program {
        /// Which.
        program: String,
        /// What it comes with.
        package: &'static str,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The server ended, or initdb failed.
    #[error("{program} ended with {status}; its last words: {words}")]
    Ended {
        /// Which.
        program: &'static str,
        /// How.
        status: String,
        /// The end of what it wrote.
        words: String,
    },
    /// It runs and does not answer.
    #[error(
        "PostgreSQL in {} did not answer within {} s: {last}", .data.display(), .patience.as_secs()
    )]
    Silent {
        /// The data directory.
        data: PathBuf,
        /// How long.
        patience: Duration,
        /// The last answer.
        last: String,
    },
    /// Its role and database could not be made.
    #[error("cannot make role and database `countersign`: {0}")]
    SetUp(#[source] sqlx::Error),
}

/// A private Postgres that answers. Dropping it sends the server a fast shutdown, if this process
/// started it, and does not wait.
#[derive(Debug)]
pub struct Postgres {
    kept: Arc<Kept>,
    keeper: JoinHandle<()>,
    /// Ends the keeper.
    guard: DropGuard,
}

/// What the handle and its keeper share.
#[derive(Debug)]
struct Kept {
    place: Place,
    settings: Vec<(String, String)>,
    /// Set where this process started it.
    server: Mutex<Option<Server>>,
}

impl Postgres {
    /// Joins the server that runs in this directory, or starts it; makes what is missing:
    /// directory, data, role and database `countersign`.
    pub async fn start_or_join(directory: &Path) -> Result<Self, EmbeddedError> {
        Self::start_with(directory, &[]).await
    }

    /// As [`Postgres::start_or_join`]; `settings` are given to the server if it is started here.
    /// For the sandbox.
    pub async fn start_with(
        directory: &Path,
        settings: &[(&str, &str)],
    ) -> Result<Self, EmbeddedError> {
        let settings = settings
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        let kept = Arc::new(Kept {
            place: Place::at(directory)?,
            settings: settings.collect(),
            server: Mutex::default(),
        });
        kept.start_or_join().await?;
        let cancel = CancellationToken::new();
        let keeper = tokio::spawn(keep(kept.clone(), cancel.clone()));
        Ok(Self {
            kept,
            keeper,
            guard: cancel.drop_guard(),
        })
    }

    /// How Countersign connects: its own role and database.
    pub fn options(&self) -> PgConnectOptions {
        self.kept.place.options().username(ROLE).database(ROLE)
    }

    /// How the sandbox connects: as the superuser, who may make databases.
    pub fn superuser(&self) -> PgConnectOptions {
        self.kept.place.options()
    }

    /// The directory of the server's socket, for connection strings.
    pub fn socket_directory(&self) -> &Path {
        &self.kept.place.data
    }

    /// Whether this process started the server, and so ends it.
    pub fn is_ours(&self) -> bool {
        self.kept.server().is_some()
    }

    /// Ends the server if this process started it; returns when it is gone, or says in the log that
    /// it would not go. What others had open is rolled back.
    pub async fn stop(self) {
        self.guard.disarm().cancel();
        let _ = self.keeper.await;
        let server = self.kept.server().take();
        if let Some(server) = server {
            let _lock = self.kept.place.lock().await;
            server.stop(STOP_PATIENCE).await;
        }
    }
}

impl Kept {
    fn server(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn start_or_join(&self) -> Result<(), EmbeddedError> {
        let _lock = self.place.lock().await?;
        if self.place.answers().await.is_ok() {
            return Ok(());
        }
        let server = self.start().await?;
        if let Err(error) = set_up(&self.place).await {
            server.stop(STOP_PATIENCE).await;
            return Err(error);
        }
        *self.server() = Some(server);
        Ok(())
    }

    /// Whether nobody runs the server: ours ended, or there is none.
    fn is_gone(&self) -> bool {
        match &*self.server() {
            Some(server) => server.ended().is_some(),
            None => self.place.occupant().is_none(),
        }
    }

    /// Starts it and waits until it answers. The caller holds the lock.
    async fn start(&self) -> Result<Server, EmbeddedError> {
        let place = &self.place;
        let binaries =
            binaries::find(&binaries::Where::of_this_process(), place.version()?, place)?;
        place.make(&binaries).await?;
        place.wait_for_predecessor(START_PATIENCE).await?;
        let server = Server::spawn(&binaries, place, &self.settings).await?;
        let deadline = tokio::time::Instant::now() + START_PATIENCE;
        loop {
            let last = match place.answers().await {
                Ok(()) => return Ok(server),
                Err(error) => error,
            };
            if let Some(error) = server.ended() {
                return Err(error);
            }
            if tokio::time::Instant::now() >= deadline {
                server.stop(STOP_PATIENCE).await;
                let data = place.data.clone();
                return Err(EmbeddedError::Silent {
                    data,
                    patience: START_PATIENCE,
                    last,
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Starts the server again when it is gone, until it is told that nobody needs it.
async fn keep(kept: Arc<Kept>, cancel: CancellationToken) {
    let mut pause = KEEP_EVERY;
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = KEEP_EVERY;
        if !kept.is_gone() {
            continue;
        }
        match kept.start_or_join().await {
            Ok(()) => tracing::warn!("the embedded PostgreSQL had ended, and runs again"),
            Err(error) => {
                tracing::error!("the embedded PostgreSQL ended and does not start: {error}");
                pause = RETRY_AFTER;
            }
        }
    }
}

/// Makes the role and the database where they are missing. The caller holds the lock.
async fn set_up(place: &Place) -> Result<(), EmbeddedError> {
    let mut connection = place
        .options()
        .connect()
        .await
        .map_err(EmbeddedError::SetUp)?;
    let role = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)";
    let database = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
    for (present, make) in [
        (role, format!("CREATE ROLE {ROLE} LOGIN")),
        (database, format!("CREATE DATABASE {ROLE} OWNER {ROLE}")),
    ] {
        let there: bool = sqlx::query_scalar(present)
            .bind(ROLE)
            .fetch_one(&mut connection)
            .await
            .map_err(EmbeddedError::SetUp)?;
        if !there {
            sqlx::query(AssertSqlSafe(make))
                .execute(&mut connection)
                .await
                .map_err(EmbeddedError::SetUp)?;
        }
    }
    connection.close().await.map_err(EmbeddedError::SetUp)
}
