//! What a command needs of the world: the database, the clock, the book in force, the handler.
//!
//! The one file of the command line that knows how the parts are put together.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::Notify;

use super::Failure;
use super::print::put;
use super::strand::Shifted;
use crate::app::{self, Connected, StartError};
use crate::clock::Clock;
use crate::config::{self, Config, Database, Looking};
use crate::embedded;
use crate::handle::Handler;
use crate::look;
use crate::reach;
use crate::store::audit::{self, Entry};
use crate::store::books::{self, Applier};
use crate::store::requests::{self, Listed, Sought};
use crate::store::unreachable::{self, End};
use crate::store::{bell, roles, web};
use crate::token::Keyring;
use crate::workflow::book::{Book, same_address};
use crate::workflow::decide::Sight;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::request::Request;

/// The largest file that a database's url is read from, in bytes.
const MAX_URL_BYTES: u64 = 4096;

/// The parts of one command.
pub(super) struct Office {
    /// Connections.
    pub pool: PgPool,
    /// The clock.
    pub clock: Clock,
    connected: Connected,
}

/// A book that is to come into force.
#[derive(Clone, Copy)]
pub(super) struct Applying<'a> {
    /// The file as it was read.
    pub source: &'a str,
    /// What it means.
    pub book: &'a Book,
    /// What was in force when the change was shown.
    pub before: &'a Book,
    /// Who applies.
    pub by: &'a Applier,
    /// Even where that strands requests.
    pub force: bool,
}

impl Office {
    /// Connects to the database of the configuration.
    async fn open(config: &Config) -> Result<Self, Failure> {
        let connected = connect(&config.database).await?;
        if connected.server.is_some() {
            // A command may be the first to see an embedded database, e.g. `policy apply` before `serve`. A
            // given one is migrated by `serve` and `migrate` only.
            app::migrate(&connected.pool).await?;
        }
        Ok(Self {
            pool: connected.pool.clone(),
            clock: Clock::system(),
            connected,
        })
    }

    /// Connects, does some work, and ends the connections in order, whatever came of it.
    pub async fn with<T>(
        config: &Config,
        work: impl AsyncFnOnce(&Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let office = Self::open(config).await?;
        let done = work(&office).await;
        office.connected.close().await;
        done
    }

    /// As [`Office::with`], for what only looks: makes no database, and changes the schema of none.
    pub async fn look<T>(
        looking: &Looking,
        work: impl AsyncFnOnce(&Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if let Database::Embedded { directory } = &looking.database
            && !embedded::is_there(directory)
        {
            return Err(Failure::Usage(format!(
                "there is no database in {} yet; mend: `countersign serve` or `countersign policy apply` \
                 makes it",
                directory.display()
            )));
        }
        let connected = connect(&looking.database).await?;
        let office = Self {
            pool: connected.pool.clone(),
            clock: Clock::system(),
            connected,
        };
        let done = match app::pending(&office.pool).await {
            Ok(0) => work(&office).await,
            Ok(_) => Err(Failure::Usage(
                "the database has not this version's schema; mend: countersign migrate".to_owned(),
            )),
            Err(error) => Err(error.into()),
        };
        office.connected.close().await;
        done
    }

    /// The book in force.
    pub async fn book(&self) -> Result<Book, Failure> {
        self.book_if_any().await?.ok_or_else(|| {
            let what = "no policies are in force; mend: countersign policy apply policies.toml";
            Failure::Usage(what.to_owned())
        })
    }

    /// The book in force, if there is one.
    pub async fn book_if_any(&self) -> Result<Option<Book>, Failure> {
        let mut conn = self.pool.acquire().await?;
        let book = books::current(&mut conn).await?;
        Ok((book.version > 0).then_some(book))
    }

    /// The newest requests of a kind, and whether there are more; all of one state of the database. Fails
    /// where there is no request to go on after.
    pub async fn requests(
        &self,
        sought: &Sought,
        limit: usize,
        (book, now): (&Book, Timestamp),
    ) -> Result<Listed, Failure> {
        let listed = look::requests(&self.pool, sought, limit, (book, now)).await?;
        listed.ok_or_else(|| {
            let after = sought.after.map_or_else(String::new, |it| it.to_string());
            Failure::Usage(format!(
                "--after: there is no request {after}; mend: write the last number of the page before"
            ))
        })
    }

    /// One request, if it may be shown to whoever sees this much.
    pub async fn request(
        &self,
        sight: &Sight,
        id: RequestId,
        at: (&Book, Timestamp),
    ) -> Result<Option<Request>, Failure> {
        let mut conn = self.pool.acquire().await?;
        Ok(look::request(&mut conn, sight, id, at).await?)
    }

    /// Whether some request is by this person, or has them in it.
    pub async fn is_named(&self, person: &PersonId) -> Result<bool, Failure> {
        let mut conn = self.pool.acquire().await?;
        Ok(requests::is_named(&mut conn, person).await?)
    }

    /// The audit entries of one request, in order.
    pub async fn history(&self, id: RequestId) -> Result<Vec<Entry>, Failure> {
        let mut conn = self.pool.acquire().await?;
        Ok(audit::entries(&mut conn, &audit::request_chain(id)).await?)
    }

    /// What a new book would change for the requests that are pending.
    pub async fn shifted(&self, old: &Book, new: &Book) -> Result<Shifted, Failure> {
        let mut conn = self.pool.acquire().await?;
        Ok(Shifted::find(&mut conn, old, new, self.clock.now()).await?)
    }

    /// Puts a book in force if `before` still is, and has the clock look at every request whose approvers
    /// changed; the new version, and what it strands.
    pub async fn apply(&self, applying: &Applying<'_>) -> Result<(i64, Shifted), Failure> {
        let Applying {
            source,
            book,
            before,
            by,
            force,
        } = *applying;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let version = books::apply(&mut tx, (source, book), before.version, by, now).await?;
        let Some(version) = version else {
            return Err(Failure::Refused {
                code: "applied-meanwhile".to_owned(),
                rule: None,
                sentence: "Somebody else applied policies meanwhile; nothing was changed."
                    .to_owned(),
                next: "Apply again and look at what would change now.".to_owned(),
            });
        };
        // Looked at again: while somebody was asked, others filed and voted.
        let shifted = Shifted::find(&mut tx, before, book, now).await?;
        shifted.allowed(force)?;
        shifted.look_again(&mut tx, now).await?;
        reach::warn_of_unreviewable(&mut tx, &shifted.unreviewable, book, now).await?;
        unreachable::end(&mut tx, &moved(before, book), End::Address, now).await?;
        web::disown(
            &mut tx,
            &[moved(before, book), retired(before, book)].concat(),
        )
        .await?;
        tx.commit().await?;
        self.ring().await;
        Ok((version, shifted))
    }

    /// Tells the daemons that something was written. One that is not told finds it when it next looks.
    pub async fn ring(&self) {
        if let Err(error) = bell::ring(&self.pool, "command line").await {
            tracing::debug!(%error, "the daemons could not be told: {error}");
        }
    }

    /// What judges the command.
    pub fn handler(&self, config: &Config) -> Result<Handler, Failure> {
        let keys = Keyring::new(&config.tokens)
            .map_err(|error| Failure::Usage(format!("[tokens]: {error}")))?;
        // The daemon's courier is told by [`Office::ring`].
        let wake = Arc::new(Notify::new());
        let (pool, clock) = (self.pool.clone(), self.clock.clone());
        let offers_reply = config.imap.is_some();
        let mut handler = Handler::new(pool, clock, Arc::new(keys), wake, offers_reply)
            .with_links(config.web.is_some());
        handler.posting = app::posting(config);
        Ok(handler)
    }
}

/// Whose address changes.
fn moved<'b>(before: &Book, book: &'b Book) -> Vec<&'b PersonId> {
    let moved = book.people.values().filter(|person| {
        let old = before.people.get(&person.id);
        old.is_some_and(|old| !same_address(&old.email, &person.email))
    });
    moved.map(|person| &person.id).collect()
}

/// Who was active and is not, or is no longer in the book.
fn retired<'b>(before: &'b Book, book: &Book) -> Vec<&'b PersonId> {
    let active = before.people.values().filter(|person| person.active);
    let retired = active.filter(|person| !book.is_active(&person.id));
    retired.map(|person| &person.id).collect()
}

/// The database, the embedded one included: joined where the daemon runs it, else started for the
/// length of the command.
async fn connect(database: &Database) -> Result<Connected, Failure> {
    Ok(app::connect(database).await?)
}

/// `countersign migrate`.
pub(super) async fn migrate(config: &Config, url_file: Option<&Path>) -> Result<(), Failure> {
    let owner = url_file.map(owner_of).transpose()?;
    let connected = connect(owner.as_ref().unwrap_or(&config.database)).await?;
    let migrated = app::migrate(&connected.pool).await;
    connected.close().await;
    migrated?;
    put!("The database has this version's schema.");
    Ok(())
}

/// The database as the owner of its tables reaches it: a url that the daemon cannot read.
fn owner_of(file: &Path) -> Result<Database, Failure> {
    let mend = "name a readable file that holds the owner's url";
    let text = config::read_file(file, MAX_URL_BYTES, mend)?;
    let url = text.trim();
    if url.starts_with("postgres") && url.parse::<PgConnectOptions>().is_ok() {
        return Ok(Database::Url(url.to_owned().into()));
    }
    Err(Failure::Usage(format!(
        "--url-file: {} holds no address of a Postgres database; mend: write \
         postgres://user:password@host:5432/database into it",
        file.display()
    )))
}

/// `countersign migrate --roles`.
pub(super) fn roles(owner: &str, daemon: &str) -> Result<(), Failure> {
    let sql = roles::statements(owner, daemon)
        .map_err(|error| Failure::Usage(format!("--owner, --daemon: {error}")))?;
    put!("{}", sql.trim_end());
    Ok(())
}

/// `countersign serve`.
pub(super) async fn serve(config: &Config, clock: Clock) -> Result<(), Failure> {
    if app::serve(config, clock).await? {
        Ok(())
    } else {
        let what = "not everything stopped in time; see the log";
        Err(Failure::Usage(what.to_owned()))
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        if error.is_unreachable() {
            Self::Unreachable(error.to_string())
        } else {
            Self::Usage(error.to_string())
        }
    }
}
