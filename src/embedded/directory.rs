//! Where the private server lives, whose it is, and whether somebody runs it already.

use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::unistd::{Uid, User};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};

use super::binaries::Binaries;
use super::{EmbeddedError, LOOK_EVERY, PORT};

/// The longest path of a unix socket on Linux, without the closing NUL.
const MAX_SOCKET_PATH: usize = 107;
/// The superuser of the private server.
const SUPERUSER: &str = "postgres";
/// How much of initdb's complaints is kept, in characters.
const MAX_WORDS: usize = 2_000;

/// The user that the server runs as where we are root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Servant {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// A directory for a private server.
#[derive(Debug, Clone)]
pub struct Place {
    /// The configured directory, absolute.
    directory: PathBuf,
    /// The server's data directory in it.
    pub data: PathBuf,
    /// Set where we are root.
    pub servant: Option<Servant>,
}

impl Place {
    /// Makes the directory if it is missing.
    pub fn at(directory: &Path) -> Result<Self, EmbeddedError> {
        let directory = std::path::absolute(directory).map_err(failed("cannot name", directory))?;
        let data = directory.join("postgres");
        let socket = data.join(format!(".s.PGSQL.{PORT}"));
        let length = socket.as_os_str().as_bytes().len();
        if length > MAX_SOCKET_PATH {
            return Err(EmbeddedError::SocketPath {
                socket,
                length,
                most: MAX_SOCKET_PATH,
            });
        }
        if !directory.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&directory)
                .map_err(failed("cannot make the directory", &directory))?;
        }
        let servant = Uid::effective()
            .is_root()
            .then(|| servant(&data))
            .transpose()?;
        if servant.is_some() {
            // The server's user has to pass; what lies in it is still closed by its own modes.
            let mode = std::fs::metadata(&directory)
                .map_err(failed("cannot look at", &directory))?
                .permissions()
                .mode();
            std::fs::set_permissions(&directory, Permissions::from_mode(mode | 0o011))
                .map_err(failed("cannot open to its user", &directory))?;
        }
        Ok(Self {
            directory,
            data,
            servant,
        })
    }

    /// Held while somebody starts or stops the server; falls when dropped, or when we die.
    pub async fn lock(&self) -> Result<File, EmbeddedError> {
        let path = self.directory.join("postgres.lock");
        let wait = move || {
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .map_err(failed("cannot open", &path))?;
            file.lock().map_err(failed("cannot lock", &path))?;
            Ok(file)
        };
        join(tokio::task::spawn_blocking(wait).await)
    }

    /// The major version of the data; none where there is no data yet.
    pub fn version(&self) -> Result<Option<u32>, EmbeddedError> {
        let path = self.data.join("PG_VERSION");
        match std::fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().map(Some).map_err(|_| {
                let source = io::Error::other("it should hold a number, as 15");
                EmbeddedError::File {
                    what: "cannot understand",
                    path,
                    source,
                }
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("cannot read", &path)(error)),
        }
    }

    /// Makes the data directory, whole or not at all, and checks that the server's user gets to it.
    pub async fn make(&self, binaries: &Binaries) -> Result<(), EmbeddedError> {
        let place = self.clone();
        let binaries = binaries.clone();
        join(tokio::task::spawn_blocking(move || place.make_now(&binaries)).await)
    }

    fn make_now(&self, binaries: &Binaries) -> Result<(), EmbeddedError> {
        self.check_parents()?;
        if self.version()?.is_some() {
            return Ok(());
        }
        let fresh = self.directory.join("postgres.new");
        if fresh.exists() {
            std::fs::remove_dir_all(&fresh).map_err(failed("cannot remove", &fresh))?;
        }
        DirBuilder::new()
            .mode(0o700)
            .create(&fresh)
            .map_err(failed("cannot make the directory", &fresh))?;
        if let Some(Servant { uid, gid }) = self.servant {
            std::os::unix::fs::chown(&fresh, Some(uid), Some(gid))
                .map_err(failed("cannot give to its user", &fresh))?;
        }
        let made = self
            .command("KILL", &binaries.program("initdb"))
            .arg("--pgdata")
            .arg(&fresh)
            .args(["--encoding=UTF8", "--locale=C", "--username", SUPERUSER])
            .args([
                "--auth-local=trust",
                "--auth-host=reject",
                "--data-checksums",
            ])
            .output()
            .map_err(unrunnable)?;
        if !made.status.success() {
            let _ = std::fs::remove_dir_all(&fresh);
            let words = String::from_utf8_lossy(&made.stderr);
            return Err(EmbeddedError::Ended {
                program: "initdb",
                status: made.status.to_string(),
                words: words.trim().chars().take(MAX_WORDS).collect(),
            });
        }
        std::fs::rename(&fresh, &self.data).map_err(failed("cannot put in place", &self.data))
    }

    /// Names the first directory above that the server's user may not enter.
    fn check_parents(&self) -> Result<(), EmbeddedError> {
        let Some(Servant { uid, .. }) = self.servant else {
            return Ok(());
        };
        let mut above: Vec<&Path> = self.directory.ancestors().collect();
        above.reverse();
        for parent in above {
            let entered = self
                .command("KILL", Path::new("test"))
                .arg("-x")
                .arg(parent)
                .stdout(Stdio::null())
                .status()
                .map_err(unrunnable)?;
            if !entered.success() {
                return Err(EmbeddedError::Closed {
                    parent: parent.to_owned(),
                    uid,
                });
            }
        }
        Ok(())
    }

    /// A command that runs as the server's user, knows nothing of our environment, and gets this
    /// signal when the thread that starts it ends.
    pub fn command(&self, when_we_die: &str, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", when_we_die]);
        if let Some(Servant { uid, gid }) = self.servant {
            command.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string()]);
            command.arg("--clear-groups");
        }
        command.arg("--").arg(program);
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
        command.env(
            "PATH",
            std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()),
        );
        command.current_dir("/").stdin(Stdio::null());
        command
    }

    /// How to connect as the superuser, who always exists.
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.data)
            .port(PORT)
            .ssl_mode(PgSslMode::Disable)
            .username(SUPERUSER)
            .database(SUPERUSER)
    }

    /// Whether the server takes connections; else what it, or the system, said.
    pub async fn answers(&self) -> Result<(), String> {
        match self.options().connect().await {
            Ok(connection) => {
                let _ = connection.close().await;
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// The process that `postmaster.pid` names, if it does work here: after a crash the number may
    /// belong to something else.
    pub fn occupant(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.pid_file()).ok()?;
        let pid = text.lines().next()?.trim().parse().ok()?;
        let cwd = std::fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        (self.data.canonicalize().ok()? == cwd).then_some(pid)
    }

    fn pid_file(&self) -> PathBuf {
        self.data.join("postmaster.pid")
    }

    /// Waits until a server that is on its way down in this directory is gone, and clears away what
    /// a killed one left: a number that belongs to something else would keep the new server from
    /// starting.
    pub async fn wait_for_predecessor(&self, patience: Duration) -> Result<(), EmbeddedError> {
        let deadline = tokio::time::Instant::now() + patience;
        while let Some(pid) = self.occupant() {
            if tokio::time::Instant::now() >= deadline {
                let last = format!("process {pid} still works in it");
                return Err(EmbeddedError::Silent {
                    data: self.data.clone(),
                    patience,
                    last,
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let file = self.pid_file();
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("cannot remove", &file)(error))
            }
            _ => Ok(()),
        }
    }
}

/// Whoever owns the data, else `postgres`, else `nobody`; never root.
fn servant(data: &Path) -> Result<Servant, EmbeddedError> {
    if let Ok(found) = std::fs::metadata(data)
        && found.uid() != 0
    {
        return Ok(Servant {
            uid: found.uid(),
            gid: found.gid(),
        });
    }
    for name in ["postgres", "nobody"] {
        if let Ok(Some(user)) = User::from_name(name) {
            return Ok(Servant {
                uid: user.uid.as_raw(),
                gid: user.gid.as_raw(),
            });
        }
    }
    let source = io::Error::other("there is neither a user `postgres` nor `nobody`");
    Err(EmbeddedError::File {
        what: "nobody can run the server of",
        path: data.to_owned(),
        source,
    })
}

/// An error about this file.
fn failed(what: &'static str, path: &Path) -> impl Fn(io::Error) -> EmbeddedError {
    move |source| EmbeddedError::File {
        what,
        path: path.to_owned(),
        source,
    }
}

/// An error about `setpriv`, through which everything is run.
pub fn unrunnable(source: io::Error) -> EmbeddedError {
    EmbeddedError::Program {
        program: "setpriv".to_owned(),
        package: "util-linux",
        source,
    }
}

/// The outcome of a blocking step.
fn join<T>(
    outcome: Result<Result<T, EmbeddedError>, tokio::task::JoinError>,
) -> Result<T, EmbeddedError> {
    outcome.unwrap_or_else(|error| {
        let source = io::Error::other(error);
        Err(EmbeddedError::File {
            what: "gave up on",
            path: PathBuf::new(),
            source,
        })
    })
}
