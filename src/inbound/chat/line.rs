//! The line to the gateway: one connection of the library, whose end is its end.
//!
//! The library connects, beats, resumes and identifies by itself, in tasks of its own that nothing can
//! end while it is connecting. So it runs in a runtime of its own: with the [`Line`] goes the runtime, and
//! with it every task, and no second bot of ours lives on after a lease was lost.
//!
//! What it cannot read it drops without a word; as raw events those come out here ([`News::Strange`]).

use std::sync::Arc;
use std::time::Duration;

use serenity::all::{
    Client, ConnectionStage, Context, Event, GatewayIntents, Interaction, RawEventHandler, ShardId,
};
use serenity::gateway::GatewayError;
use serenity::{Error, async_trait};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::config::discord::Discord;
use crate::outbound::chat::rest::{self, said};

/// Events that wait to be looked at; what comes beyond them is dropped, and its maker told by the service
/// that nobody answered.
const WAITING_MAX: usize = 4096;
/// How often the state of the connection is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// No message contents, no members: what interactions bring along is enough.
const INTENTS: GatewayIntents = GatewayIntents::GUILDS;

/// What came of the line.
#[derive(Debug)]
pub(super) enum News {
    /// We are identified; the guilds that we are in.
    Ready(Vec<u64>),
    /// Somebody did something.
    Asked(Box<Interaction>),
    /// Somebody did something that the library cannot read.
    Strange(serde_json::Value),
    /// We were invited to a guild, or it is within reach again.
    GuildThere(u64),
    /// A guild is gone: out of reach, or we were thrown out.
    GuildGone {
        /// Which.
        guild: u64,
        /// It comes back.
        unavailable: bool,
    },
    /// Whether the connection stands.
    Up(bool),
    /// The library gave up.
    Over(Ended),
}

/// Why it gave up.
#[derive(Debug)]
pub(super) struct Ended {
    /// One sentence.
    pub why: String,
    /// It will not be better in a moment: the token, or what the bot may hear.
    pub refused: bool,
}

/// A connection. Ends when dropped.
pub(super) struct Line {
    news: Receiver<News>,
    runtime: Option<Runtime>,
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct Ears(Sender<News>);

#[async_trait]
impl RawEventHandler for Ears {
    async fn raw_event(&self, _: Context, event: Event) {
        let news = match event {
            Event::InteractionCreate(it) => News::Asked(Box::new(it.interaction)),
            Event::Ready(it) => {
                let guilds = it.ready.guilds.iter().map(|guild| guild.id.get());
                News::Ready(guilds.collect())
            }
            Event::GuildCreate(it) => News::GuildThere(it.guild.id.get()),
            Event::GuildDelete(it) => News::GuildGone {
                guild: it.guild.id.get(),
                unavailable: it.guild.unavailable,
            },
            Event::Unknown(it) if it.kind == "INTERACTION_CREATE" => News::Strange(it.value),
            _ => return,
        };
        if self.0.try_send(news).is_err() {
            tracing::error!("an event of the chat was dropped: {WAITING_MAX} wait already");
        }
    }
}

impl Line {
    /// Begins to connect to this gateway.
    pub fn open(config: &Discord, gateway: String) -> Result<Self, String> {
        let http = rest::client(config).map_err(|error| error.to_string())?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("chat-line")
            .enable_all()
            .build()
            .map_err(|error| format!("no thread for the gateway: {error}"))?;
        let (tell, news) = channel(WAITING_MAX);
        runtime.spawn(async move {
            let ended = connect(http, gateway, &tell).await;
            let _ = tell.send(News::Over(ended)).await;
        });
        Ok(Self {
            news,
            runtime: Some(runtime),
        })
    }

    /// What happens next.
    pub async fn next(&mut self) -> News {
        let gone = || Ended {
            why: "the connection ended without a word".to_owned(),
            refused: false,
        };
        self.news.recv().await.unwrap_or_else(|| News::Over(gone()))
    }
}

async fn connect(http: serenity::all::Http, gateway: String, tell: &Sender<News>) -> Ended {
    let builder = serenity::all::ClientBuilder::new_with_http(http, INTENTS);
    let mut client: Client = match builder.raw_event_handler(Ears(tell.clone())).await {
        Ok(client) => client,
        Err(error) => return ended(&error),
    };
    // The library asks by itself, and takes an address of its own making where nobody answers.
    *client.ws_url.lock().await = gateway;
    let runners = Arc::clone(&client.shard_manager.runners);
    let looking = tell.clone();
    let look = tokio::spawn(async move {
        loop {
            let runner = runners.lock().await;
            let stage = runner.get(&ShardId(0)).map(|runner| runner.stage);
            drop(runner);
            let up = stage == Some(ConnectionStage::Connected);
            if looking.send(News::Up(up)).await.is_err() {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    });
    let outcome = client.start().await;
    look.abort();
    match outcome {
        Ok(()) => Ended {
            why: "the connection was ended".to_owned(),
            refused: false,
        },
        Err(error) => ended(&error),
    }
}

fn ended(error: &Error) -> Ended {
    let (why, refused) = match error {
        Error::Gateway(GatewayError::InvalidAuthentication) => (
            "Discord does not know the token (4004); mend: write the bot's present token at [discord] \
             token, and start again"
                .to_owned(),
            true,
        ),
        Error::Gateway(
            GatewayError::DisallowedGatewayIntents | GatewayError::InvalidGatewayIntents,
        ) => (
            "Discord does not let the bot hear what it asks for (4013 or 4014); mend: look at the bot's \
             page of the developer portal"
                .to_owned(),
            true,
        ),
        other => (said(other), false),
    };
    Ended { why, refused }
}
