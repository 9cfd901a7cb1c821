//! Builds the parts, starts the loops, and stops everything in order.
//!
//! Start: database (embedded or given) → migrations → status page → courier, timer, inbox → ready.
//! Stop: the loops hear it together; the inbox finishes the batch that it holds, the courier the sends
//! under way; then the connections, then the embedded database. What was accepted is in Postgres before
//! anybody was told, so a stop at any point loses nothing.
//!
//! An SMTP or IMAP server that cannot be reached does not keep the daemon from starting: its loop
//! retries, `/readyz` says what is wrong. A database that cannot be reached does.

mod chat;
mod database;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, new_id};
use crate::config::Config;
use crate::embedded::{EmbeddedError, Postgres};
use crate::handle::Handler;
use crate::inbound::mail::Rules;
use crate::inbound::mail::mailbox::{self, Watcher};
use crate::inbound::mail::resolve::{ResolveError, Resolver};
use crate::inbound::timer;
use crate::inbound::web::{self, Web};
use crate::outbound::chat::rest::RestError;
use crate::outbound::mail::{Mailer, Sender};
use crate::outbox::bell::{self, Bell};
use crate::outbox::courier::{self, Courier};
use crate::render::{Renderer, TemplateError};
use crate::seal::SealKey;
use crate::seal::key::BadKey;
use crate::sealer::{self, Sealer};
use crate::status::{self, Probe, Status};
use crate::supervise::Supervisor;
use crate::token::{KeyError, Keyring};

pub use chat::posting;
pub use database::{
    CONNECT_PATIENCE, Connected, MAX_CONNECTIONS, OWNER_PATIENCE, connect, migrate, pending,
};
use database::{connect_as_owner, is_ours_to_mend, words};

/// Why the daemon, or a command, could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The private Postgres.
    #[error("the embedded database did not start: {0}")]
    Embedded(#[from] EmbeddedError),
    /// The given one.
    #[error("[database] url: {}", words(.place, .source))]
    Database {
        /// Host and port, without user and password.
        place: String,
        /// Why not.
        source: sqlx::Error,
    },
    /// Its schema.
    #[error("cannot bring the database to this version's schema: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A role that may not change it.
    #[error(
        "the database has an older schema, and the role of [database] url may not change it; mend: run \
         `countersign migrate --url-file FILE`, where FILE holds the owner's url"
    )]
    NotOwner,
    /// The key that seals.
    #[error("[audit] key: {0}")]
    SealKey(#[from] BadKey),
    /// Somebody else's.
    #[error(
        "the embedded database in {} is run by another process; mend: stop the other daemon, or give both \
         the same [database] url", .0.display()
    )]
    EmbeddedInUse(PathBuf),
    /// The operating system.
    #[error("cannot listen for signals: {0}")]
    Signals(#[source] std::io::Error),
    /// The token keys.
    #[error("[tokens]: {0}")]
    Keys(#[from] KeyError),
    /// The name servers.
    #[error(transparent)]
    Resolver(#[from] ResolveError),
    /// The way to Discord.
    #[error(transparent)]
    Chat(#[from] RestError),
    /// The templates.
    #[error("[templates] directory: {0}")]
    Templates(#[from] TemplateError),
}

impl StartError {
    /// Whether a server is away, rather than something written wrong.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Database { source, .. } => !is_ours_to_mend(source),
            Self::Migrate(_) => true,
            _ => false,
        }
    }
}

/// A running daemon.
pub struct Daemon {
    handler: Handler,
    supervisor: Supervisor,
    status: Status,
    server: Option<Postgres>,
    stop_timeout: Duration,
    look: Arc<Notify>,
}

impl Daemon {
    /// Builds the parts and starts the loops. Returns when everything that has to be there is there; a
    /// mail server that is not only shows in [`Daemon::complaints`].
    pub async fn start(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let Connected { pool, server } = connect_as_owner(&config.database).await?;
        migrate(&pool).await?;
        let keys = Arc::new(Keyring::new(&config.tokens)?);
        let wake = Arc::new(Notify::new());
        let mut handler = Handler::new(
            pool.clone(),
            clock.clone(),
            keys,
            wake,
            config.imap.is_some(),
        )
        .with_links(config.web.is_some());
        handler.answers = config.answers;
        handler.posting = chat::posting(config);
        let supervisor = Supervisor::new(clock, CancellationToken::new());
        let look = Arc::new(Notify::new());
        let mut probes = BTreeMap::new();
        let renderer = Renderer::new(config.templates.as_deref())?;
        let renderer = renderer.with_words(&config.mail.approve_words);
        let renderer = Arc::new(renderer.with_chat(config.discord.is_some()));
        start_courier(config, &handler, (&supervisor, &renderer), &mut probes);
        start_web(config, &handler, (&supervisor, &renderer));
        start_inbox(config, &handler, &supervisor, &mut probes)?;
        chat::start(config, &handler, (&supervisor, &renderer), &mut probes)?;
        start_timer(&handler, &look, &supervisor);
        start_bell(&handler, &look, &supervisor);
        start_sealer(config, &handler, &supervisor)?;
        let status = Status {
            pool,
            supervisor: supervisor.clone(),
            clock: handler.clock.clone(),
            probes,
        };
        if let Some(address) = config.status {
            let status = status.clone();
            supervisor.spawn("status", move |cancel| {
                status::run(address, status.clone(), cancel)
            });
        }
        Ok(Self {
            handler,
            supervisor,
            status,
            server,
            stop_timeout: config.stop_timeout,
            look,
        })
    }

    /// Everything that is not well, by name; empty means ready.
    pub async fn complaints(&self) -> BTreeMap<&'static str, String> {
        self.status.complaints().await
    }

    /// What judges inbound things; the command line of tests and demo uses it.
    pub fn handler(&self) -> &Handler {
        &self.handler
    }

    /// Tells the timer that the clock was moved; it looks by itself every so often.
    pub fn look_at_the_clock(&self) {
        self.look.notify_one();
        self.handler.wake.notify_waiters();
    }

    /// Stops the loops, then the connections, then the embedded database. Returns the names of the loops
    /// that did not stop in time.
    pub async fn stop(self) -> Vec<&'static str> {
        let late = self.supervisor.stop(self.stop_timeout).await;
        for name in &late {
            tracing::error!(loop.name = name, "the loop `{name}` did not stop in time");
        }
        Connected {
            pool: self.status.pool,
            server: self.server,
        }
        .close()
        .await;
        late
    }
}

/// `countersign serve`: runs until SIGTERM or SIGINT. `false`: something did not stop in time.
pub async fn serve(config: &Config, clock: Clock) -> Result<bool, StartError> {
    use tokio::signal::unix::{SignalKind, signal};
    // Before the start, so that a stop during it is not lost.
    let listen = |kind| signal(kind).map_err(StartError::Signals);
    let (mut term, mut int) = (
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
    );
    let daemon = tokio::select! {
        started = Daemon::start(config, clock) => started?,
        _ = term.recv() => return Ok(true),
        _ = int.recv() => return Ok(true),
    };
    // systemd may not be there; then nobody needs to be told.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!("ready");
    let ping = sd_notify::watchdog_enabled().map_or(Duration::from_hours(1), |every| every / 3);
    let mut watchdog = tokio::time::interval(ping);
    let signal = loop {
        tokio::select! {
            _ = term.recv() => break "SIGTERM",
            _ = int.recv() => break "SIGINT",
            _ = watchdog.tick() => {
                let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
            }
        }
    };
    tracing::info!(signal, "stopping on {signal}");
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    Ok(daemon.stop().await.is_empty())
}

fn start_courier(
    config: &Config,
    handler: &Handler,
    (supervisor, renderer): (&Supervisor, &Arc<Renderer>),
    probes: &mut BTreeMap<&'static str, Probe>,
) {
    let mailer = Arc::new(Mailer::new(config.smtp.clone(), Sender::from(&config.mail)));
    let link = mailer.link();
    probes.insert("smtp", Arc::new(move || link.borrow().complaint()));
    let mail = courier::Mail {
        keys: handler.keys.clone(),
        renderer: renderer.clone(),
        mailer,
        reply_to: config.mail.reply_to.clone(),
        public_url: config.web.as_ref().map(|web| web.public_url.clone()),
    };
    let courier = Courier {
        pool: handler.pool.clone(),
        clock: handler.clock.clone(),
        carrier: Arc::new(mail),
        wake: handler.wake.clone(),
        backlog: handler.backlog.clone(),
        period: courier::PERIOD,
    };
    supervisor.spawn("courier", move |cancel| {
        let courier = courier.clone();
        async move {
            // An operator learns of a server that is away before the first mail is due.
            let _ = courier.carrier.mailer.probe().await;
            courier::run(courier, cancel).await
        }
    });
}

fn start_web(
    config: &Config,
    handler: &Handler,
    (supervisor, renderer): (&Supervisor, &Arc<Renderer>),
) {
    let Some(config) = config.web.clone() else {
        return;
    };
    let web = Web::new(handler.clone(), renderer.clone(), config);
    supervisor.spawn("web", move |cancel| web::run(web.clone(), cancel));
}

fn start_inbox(
    config: &Config,
    handler: &Handler,
    supervisor: &Supervisor,
    probes: &mut BTreeMap<&'static str, Probe>,
) -> Result<(), StartError> {
    let Some(imap) = config.imap.clone() else {
        return Ok(());
    };
    let dkim = config.mail.dkim.is_some();
    let resolver = dkim.then(|| Resolver::new(&config.dns)).transpose()?;
    let watcher = Arc::new(Watcher::new(
        imap,
        Rules::new(&config.mail),
        handler.clone(),
        resolver,
    ));
    let doing = watcher.status();
    probes.insert(
        "imap",
        Arc::new(move || match &*doing.borrow() {
            mailbox::Status::Failed(why) => Some(why.clone()),
            mailbox::Status::Connecting => Some("connecting".to_owned()),
            mailbox::Status::Watching(_) | mailbox::Status::StandBy => None,
        }),
    );
    supervisor.spawn("inbox", move |cancel| {
        let watcher = watcher.clone();
        async move { watcher.run(cancel).await }
    });
    Ok(())
}

fn start_timer(handler: &Handler, look: &Arc<Notify>, supervisor: &Supervisor) {
    let (handler, look) = (handler.clone(), look.clone());
    supervisor.spawn("timer", move |cancel| {
        timer::run(handler.clone(), look.clone(), cancel)
    });
}

fn start_bell(handler: &Handler, look: &Arc<Notify>, supervisor: &Supervisor) {
    let bell = Bell {
        pool: handler.pool.clone(),
        me: new_id().to_string(),
        committed: handler.committed.clone(),
        wake: handler.wake.clone(),
        look: look.clone(),
    };
    let ear = bell.clone();
    supervisor.spawn("bell", move |cancel| bell::tell(bell.clone(), cancel));
    supervisor.spawn("ear", move |cancel| bell::hear(ear.clone(), cancel));
}

fn start_sealer(
    config: &Config,
    handler: &Handler,
    supervisor: &Supervisor,
) -> Result<(), StartError> {
    let Some(key) = &config.audit.key else {
        tracing::warn!(
            "[audit] has no key: the record is not sealed, and who may write to the database can rewrite it"
        );
        return Ok(());
    };
    let sealer = Sealer {
        pool: handler.pool.clone(),
        clock: handler.clock.clone(),
        key: Arc::new(SealKey::new(key)?),
        interval: config.audit.interval,
        post_to: config.audit.post_to.clone(),
        wake: handler.wake.clone(),
        file: config.audit.seal_file.clone(),
        holder: new_id().to_string(),
    };
    supervisor.spawn("sealer", move |cancel| sealer::run(sealer.clone(), cancel));
    Ok(())
}
