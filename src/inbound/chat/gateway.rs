//! The loop that listens: a lease, a line, and a task for each interaction.
//!
//! Of several daemons one listens; the others stand by and take over when its lease ends. A token that is
//! refused is tried again after [`REFUSED_PAUSE`], anything else by the supervisor's backoff: mail and page
//! go on meanwhile, and `/readyz` says what is wrong with `discord`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::line::{Ended, Line, News};
use super::{Desk, Heard, commands};
use crate::clock;
use crate::config::discord::Discord;
use crate::handle::Handler;
use crate::outbound::chat::rest::{self, CALL_MAX, RestError, said};
use crate::store::leases::{self, Lease};

/// How long a lease lasts; renewed at a third of it.
const LEASE_TTL: Duration = Duration::from_secs(30);
/// The wait after the service refused the bot.
pub const REFUSED_PAUSE: Duration = Duration::from_mins(5);
/// A line that is not up for this long is closed, and another one opened.
const DOWN_MAX: Duration = Duration::from_mins(1);
/// Interactions that are judged at once; what comes beyond them waits.
const AT_ONCE: usize = 512;
/// How long a stop waits for answers under way.
const STOP_MAX: Duration = Duration::from_secs(5);
/// The longest that giving the lease back may take.
const RELEASE_MAX: Duration = Duration::from_secs(2);

/// Why the loop ended.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The database.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// Our side.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// The service is away.
    #[error("Discord cannot be reached: {0}")]
    Away(String),
    /// The service does not want us.
    #[error("{0}")]
    Refused(String),
}

/// How the loop is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Not connected yet, or not at the moment.
    Connecting,
    /// Hears what people do.
    Listening,
    /// Another daemon listens.
    StandBy,
    /// We are not in the guild.
    NotInGuild,
    /// It failed, one sentence.
    Failed(String),
}

impl Status {
    /// What is wrong, for whoever watches us.
    pub fn complaint(&self) -> Option<String> {
        match self {
            Self::Listening | Self::StandBy => None,
            Self::Connecting => Some("connecting".to_owned()),
            Self::NotInGuild => Some(
                "the bot is not in the guild of [discord] guild_id; mend: invite it".to_owned(),
            ),
            Self::Failed(why) => Some(why.clone()),
        }
    }
}

/// Listens. One for each daemon.
#[derive(Debug)]
pub struct Listener {
    desk: Desk,
    holder: String,
    status: watch::Sender<Status>,
    not_before: Mutex<Option<Instant>>,
}

impl Listener {
    /// A listener for what `config` names, which applies what it hears with `handler`.
    pub fn new(handler: Handler, config: Discord) -> Result<Self, RestError> {
        let http = Arc::new(rest::client(&config)?);
        let config = Arc::new(config);
        Ok(Self {
            desk: Desk {
                handler,
                config,
                http,
                strangers: Arc::default(),
            },
            holder: clock::new_id().to_string(),
            status: watch::Sender::new(Status::Connecting),
            not_before: Mutex::default(),
        })
    }

    /// How it is doing, now and whenever that changes.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Listens until `cancel`; what was heard by then is answered first. An error asks to be started
    /// again.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), ChatError> {
        if !self.rest(&cancel).await {
            return Ok(());
        }
        loop {
            let Some((lease, taken)) = self.stand_by(&cancel).await? else {
                return Ok(());
            };
            let tasks = TaskTracker::new();
            let ended = tokio::select! {
                ended = self.listen(&tasks, &cancel) => Some(ended),
                () = leases::keep(&self.desk.handler.pool, &lease, taken, LEASE_TTL) => None,
            };
            tasks.close();
            let _ = timeout(STOP_MAX, tasks.wait()).await;
            let release = async {
                let mut conn = self.desk.handler.pool.acquire().await?;
                leases::release(&mut conn, &lease).await
            };
            // If this fails the lease runs out by itself.
            let _ = timeout(RELEASE_MAX, release).await;
            match ended {
                None => {
                    tracing::warn!("the lease of the chat was lost; another daemon listens");
                    self.say(Status::StandBy);
                }
                Some(Err(error)) => {
                    self.say(Status::Failed(error.to_string()));
                    if let ChatError::Refused(_) = error {
                        self.pause(REFUSED_PAUSE);
                    }
                    return Err(error);
                }
                Some(Ok(())) => return Ok(()),
            }
        }
    }

    /// Hears and answers, as long as the line holds.
    async fn listen(
        &self,
        tasks: &TaskTracker,
        cancel: &CancellationToken,
    ) -> Result<(), ChatError> {
        self.say(Status::Connecting);
        let gateway = self.gateway().await?;
        let mut line = Line::open(&self.desk.config, gateway).map_err(ChatError::Away)?;
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let mut state = State::default();
        let mut up_at = Instant::now();
        loop {
            let news = tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                news = line.next() => news,
            };
            match news {
                News::Asked(interaction) => {
                    if let Some(heard) = Heard::of(*interaction, &self.desk.config) {
                        self.attend(heard, tasks, &room);
                    }
                }
                News::Strange(value) => self.strange(value, tasks),
                News::Over(Ended { why, refused: true }) => return Err(ChatError::Refused(why)),
                News::Over(Ended { why, .. }) => return Err(ChatError::Away(why)),
                other => {
                    let was_in = state.in_guild || matches!(other, News::Ready(_));
                    if state.hears(&other, self.desk.config.guild_id) {
                        let (desk, cancel) = (self.desk.clone(), cancel.clone());
                        tasks.spawn(async move { commands::ready(&desk, &cancel).await });
                    }
                    if was_in && !state.in_guild {
                        let desk = self.desk.clone();
                        tasks.spawn(async move { commands::forget(&desk).await });
                    }
                }
            }
            if state.up {
                up_at = Instant::now();
            } else if up_at.elapsed() > DOWN_MAX {
                let seconds = DOWN_MAX.as_secs();
                let why = format!("no connection to the gateway for {seconds} s");
                return Err(ChatError::Away(why));
            }
            self.say(state.status());
        }
    }

    fn attend(&self, heard: Heard, tasks: &TaskTracker, room: &Arc<Semaphore>) {
        let (desk, room) = (self.desk.clone(), Arc::clone(room));
        tasks.spawn(async move {
            // The semaphore is never closed.
            let _place = room.acquire_owned().await.ok();
            Box::pin(desk.attend(heard)).await;
        });
    }

    /// What the library cannot read is answered all the same, as far as it can be told to whom.
    fn strange(&self, value: serde_json::Value, tasks: &TaskTracker) {
        tracing::warn!(
            interaction.kind = value.get("type").and_then(serde_json::Value::as_u64),
            "an interaction of a kind that is not understood was pressed"
        );
        let desk = self.desk.clone();
        tasks.spawn(async move { desk.answer_strange(&value).await });
    }

    /// Where the gateway is, asked anew at each start.
    async fn gateway(&self) -> Result<String, ChatError> {
        let asked = timeout(CALL_MAX, self.desk.http.get_bot_gateway()).await;
        let found = match asked {
            Ok(Ok(found)) => found,
            Ok(Err(serenity::Error::Http(error)))
                if error.status_code().is_some_and(|code| code.as_u16() == 401) =>
            {
                let why = "Discord does not know the token (401); mend: write the bot's present token at \
                           [discord] token, and start again";
                return Err(ChatError::Refused(why.to_owned()));
            }
            Ok(Err(error)) => return Err(ChatError::Away(said(&error))),
            Err(_) => return Err(ChatError::Away("it does not answer".to_owned())),
        };
        let limit = &found.session_start_limit;
        if limit.remaining == 0 {
            self.pause(Duration::from_millis(limit.reset_after));
            let why = "the bot has used up the starts that Discord allows a day".to_owned();
            return Err(ChatError::Away(why));
        }
        Ok(found.url)
    }

    fn pause(&self, length: Duration) {
        let until = Instant::now() + length.min(Duration::from_hours(24));
        let mut not_before = self
            .not_before
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *not_before = Some(until);
    }

    /// Waits out the pause after a refusal. `false`: cancelled.
    async fn rest(&self, cancel: &CancellationToken) -> bool {
        let until = *self
            .not_before
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        tokio::select! {
            biased;
            () = cancel.cancelled() => false,
            () = async { if let Some(until) = until { sleep_until(until).await } } => true,
        }
    }

    /// Waits until nobody else holds the lease. `None`: cancelled.
    async fn stand_by(
        &self,
        cancel: &CancellationToken,
    ) -> Result<Option<(Lease, Instant)>, ChatError> {
        let name = format!(
            "chat/{}/{}",
            super::SERVICE,
            self.desk.config.application_id
        );
        loop {
            let asked = Instant::now();
            let mut conn = self.desk.handler.pool.acquire().await?;
            let lease = leases::acquire(&mut conn, &name, &self.holder, LEASE_TTL).await?;
            drop(conn);
            if let Some(lease) = lease {
                return Ok(Some((lease, asked)));
            }
            self.say(Status::StandBy);
            tokio::select! {
                () = cancel.cancelled() => return Ok(None),
                () = sleep(LEASE_TTL / 3) => {}
            }
        }
    }

    fn say(&self, status: Status) {
        self.status.send_if_modified(|present| {
            let changed = *present != status;
            *present = status;
            changed
        });
    }
}

/// What is known of the line and the guild.
#[derive(Debug, Default)]
struct State {
    up: bool,
    identified: bool,
    in_guild: bool,
}

impl State {
    /// Takes in what happened. `true`: we are identified anew, and in the guild.
    fn hears(&mut self, news: &News, ours: u64) -> bool {
        match news {
            News::Up(up) => self.up = *up,
            News::Ready(guilds) => {
                self.up = true;
                self.identified = true;
                self.in_guild = guilds.contains(&ours);
                return self.in_guild;
            }
            News::GuildThere(guild) if *guild == ours => {
                let back = !self.in_guild;
                self.in_guild = true;
                return back;
            }
            News::GuildGone { guild, unavailable } if *guild == ours && !unavailable => {
                tracing::error!("the bot was removed from the guild of [discord] guild_id");
                self.in_guild = false;
            }
            _ => {}
        }
        false
    }

    fn status(&self) -> Status {
        match (self.up && self.identified, self.in_guild) {
            (true, true) => Status::Listening,
            (true, false) => Status::NotInGuild,
            (false, _) => Status::Connecting,
        }
    }
}
