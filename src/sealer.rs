//! The sealer: a loop that closes an interval of the record every so often, and hands the seal out.
//!
//! ```text
//! due? ─▶ lease ─▶ one snapshot: leaves, root, signature, mail ─▶ commit ─▶ seal file
//! ```
//!
//! Of all daemons on a database the one that holds the lease seals; when the next seal is due is asked of
//! the database, so that it does not matter which. What always holds: a seal is in the database before
//! anybody else hears of it; its mail is owed by the same transaction (W28); every seal is appended to the file in the order of the numbers, those that a
//! crash or another daemon left out included.
//!
//! Not promised: that seals come exactly at the interval, or that there is one while nothing happens.

use std::fs::OpenOptions;
use std::io::{BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::render::SystemFacts;
use crate::seal::block::{self, BlockError, Blocks};
use crate::seal::{SealKey, Signed};
use crate::store::outbox::{self, Addressee, SystemMail};
use crate::store::{leases, seals};

/// How often the loop looks whether a seal is due: a clock may jump, another daemon may have sealed.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a daemon that died while sealing keeps the others from it.
const LEASE_TTL: Duration = Duration::from_mins(5);
/// Who reads the mails.
const READER: &str = "auditors";
/// Seals that are written to the file at once.
const BATCH: i64 = 500;

/// What a sealer works with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sealer {
    /// The database.
    pub pool: PgPool,
    /// The clock of the seals' times.
    pub clock: Clock,
    /// What signs.
    pub key: Arc<SealKey>,
    /// How often.
    pub interval: Duration,
    /// Where every seal is mailed.
    pub post_to: Option<String>,
    /// Rung after a commit that left a mail.
    pub wake: Arc<Notify>,
    /// Where every seal is appended.
    pub file: Option<PathBuf>,
    /// This run of this daemon.
    pub holder: String,
}

/// Why the sealer stopped; it is started again.
#[derive(Debug, thiserror::Error)]
pub enum SealerError {
    /// The database.
    #[error("the record cannot be sealed: {0}")]
    Store(#[from] sqlx::Error),
    /// The file cannot be read or written.
    #[error("[audit] seal_file {}: {source}; mend: make it writable for the service's user", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds what no sealer wrote.
    #[error(
        "[audit] seal_file {}: {source}; mend: move the file away and keep it; a new one is begun with the \
         first seal", .path.display()
    )]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What.
        source: BlockError,
    },
    /// The file knows more than the database.
    #[error(
        "[audit] seal_file {} has seal {in_file}, and the database ends with {in_database}: the record may have \
         been cut off; run `countersign audit verify --seal {}`", .path.display(), .path.display()
    )]
    CutOff {
        /// Which.
        path: PathBuf,
        /// Its last seal.
        in_file: i64,
        /// The last of the database.
        in_database: i64,
    },
}

/// Runs until cancelled.
pub async fn run(sealer: Sealer, cancel: CancellationToken) -> Result<(), SealerError> {
    let mut written = sealer.catch_up(None).await?;
    while !cancel.is_cancelled() {
        let mut conn = sealer.pool.acquire().await?;
        let due = seals::until_due(&mut conn, sealer.clock.now(), sealer.interval).await?;
        drop(conn);
        let wait = if due.is_zero() {
            sealer.pass().await?;
            written = sealer.catch_up(written).await?;
            // Nothing may have moved: then the whole interval passes before the heads are compared again.
            sealer.interval
        } else {
            due.min(LOOK_EVERY)
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    Ok(())
}

impl Sealer {
    /// Closes the interval now, if this daemon gets the lease and something moved.
    pub async fn pass(&self) -> Result<Option<Signed>, SealerError> {
        let mut conn = self.pool.acquire().await?;
        let lease = leases::acquire(&mut conn, seals::LEASE, &self.holder, LEASE_TTL).await?;
        let Some(lease) = lease else { return Ok(None) };
        let mut tx = seals::snapshot(&self.pool).await?;
        let closed = seals::close(&mut tx, &self.key, &lease, self.clock.now()).await?;
        if let Some(signed) = &closed {
            if let Some(address) = &self.post_to {
                let mail = mail(signed);
                let to = Addressee::office(READER, address);
                outbox::enqueue_system(&mut tx, &mail, to, self.clock.now()).await?;
            }
            tx.commit().await?;
            self.wake.notify_waiters();
            let number = signed.seal.number;
            tracing::info!(
                seal.number = number,
                seal.leaves = signed.seal.leaves,
                seal.events = signed.seal.events,
                "seal {number} closes {} events of {} chains",
                signed.seal.events,
                signed.seal.leaves
            );
        } else {
            tx.rollback().await?;
        }
        leases::release(&mut conn, &lease).await?;
        Ok(closed)
    }

    /// Appends the seals that the file does not have; the number of its last one. `written` is what is
    /// known of it.
    async fn catch_up(&self, written: Option<i64>) -> Result<Option<i64>, SealerError> {
        let Some(path) = &self.file else {
            return Ok(None);
        };
        let mut last = match written {
            Some(last) => last,
            None => last_in(path)?,
        };
        let mut conn = self.pool.acquire().await?;
        let in_database = seals::last(&mut conn).await?.map_or(0, |(last, _, _)| last);
        if last > in_database {
            return Err(SealerError::CutOff {
                path: path.clone(),
                in_file: last,
                in_database,
            });
        }
        while last < in_database {
            let more = seals::from(&mut conn, last + 1, BATCH).await?;
            let text: String = more.iter().map(|it| block::write(&it.signed)).collect();
            let Some(newest) = more.last() else { break };
            append(path, &text).map_err(|source| SealerError::File {
                path: path.clone(),
                source,
            })?;
            last = newest.signed.seal.number;
        }
        Ok(Some(last))
    }
}

/// The mail that a seal goes out in. Plain letters and short lines, so that it is stored as it is sent.
fn mail(signed: &Signed) -> SystemMail {
    let seal = &signed.seal;
    let facts = SystemFacts::Seal {
        number: seal.number,
        events: seal.events,
        chains: seal.leaves,
        block: block::write(signed).lines().map(str::to_owned).collect(),
    };
    facts.into()
}

/// The number of the last seal in the file; 0 where it is not there yet.
fn last_in(path: &Path) -> Result<i64, SealerError> {
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        opened => opened.map_err(|source| SealerError::File {
            path: path.to_owned(),
            source,
        })?,
    };
    let mut blocks = Blocks::new(BufReader::new(file));
    let mut last = 0;
    loop {
        match blocks.next_block() {
            Ok(Some(signed)) => last = signed.seal.number,
            Ok(None) => return Ok(last),
            Err(source) => {
                return Err(SealerError::Damaged {
                    path: path.to_owned(),
                    source,
                });
            }
        }
    }
}

/// One write at the end, on the disk before anything else happens.
fn append(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o640)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

#[cfg(test)]
mod tests;
