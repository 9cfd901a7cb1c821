//! A bot with the client that the product uses: what it hears comes out one by one, and the test
//! answers for it.

use std::sync::Arc;
use std::time::Duration;

use countersign::clock::Clock;
use countersign_sandbox::discord::{Double, HOST};
use serenity::all::{
    ChannelId, ClientBuilder, Context, CreateInteractionResponse, CreateInteractionResponseMessage,
    EventHandler, GatewayIntents, Guild, GuildChannel, GuildId, Http, HttpBuilder, Interaction,
    Message, Ready, ResumedEvent, UnavailableGuild,
};
use serenity::async_trait;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(15);

/// What a bot heard.
#[derive(Debug)]
pub enum Heard {
    Ready,
    Resumed,
    Guild(Guild),
    /// Whether it is only out of reach.
    GuildGone(bool),
    ChannelGone(ChannelId),
    Message(Message),
    Asked(Interaction),
    /// The client gave up.
    Over(String),
}

struct Ears(UnboundedSender<Heard>);

impl Ears {
    fn tell(&self, heard: Heard) {
        let _ = self.0.send(heard);
    }
}

#[async_trait]
impl EventHandler for Ears {
    async fn ready(&self, _: Context, _: Ready) {
        self.tell(Heard::Ready);
    }

    async fn resume(&self, _: Context, _: ResumedEvent) {
        self.tell(Heard::Resumed);
    }

    async fn guild_create(&self, _: Context, guild: Guild, _: Option<bool>) {
        self.tell(Heard::Guild(guild));
    }

    async fn guild_delete(&self, _: Context, guild: UnavailableGuild, _: Option<Guild>) {
        self.tell(Heard::GuildGone(guild.unavailable));
    }

    async fn channel_delete(&self, _: Context, channel: GuildChannel, _: Option<Vec<Message>>) {
        self.tell(Heard::ChannelGone(channel.id));
    }

    async fn message(&self, _: Context, message: Message) {
        self.tell(Heard::Message(message));
    }

    async fn interaction_create(&self, _: Context, asked: Interaction) {
        self.tell(Heard::Asked(asked));
    }
}

/// A bot that runs.
pub struct Bot {
    pub http: Arc<Http>,
    heard: UnboundedReceiver<Heard>,
    task: JoinHandle<()>,
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A double of its own, its clock, and a bot that is ready.
pub async fn start() -> (Double, Clock, Bot) {
    let clock = Clock::system();
    let double = Double::alone(clock.clone()).await.expect("a double");
    let bot = Bot::ready(&double).await;
    (double, clock, bot)
}

/// The client of the product's REST: `discord.com` is the double.
pub fn client(double: &Double) -> reqwest::Client {
    let authority = std::fs::read(double.ca_file()).expect("the authority");
    let authority = reqwest::Certificate::from_pem(&authority).expect("a certificate");
    reqwest::Client::builder()
        .resolve(HOST, double.address())
        .add_root_certificate(authority)
        .timeout(Duration::from_secs(10))
        .build()
        .expect("a client")
}

impl Bot {
    /// Starts with these intents.
    pub async fn start(double: &Double, token: &str, intents: GatewayIntents) -> Self {
        let http = HttpBuilder::new(token).client(client(double));
        let http = http
            .application_id(double.application().get().into())
            .build();
        let (tell, heard) = unbounded_channel();
        let mut client = ClientBuilder::new_with_http(http, intents)
            .event_handler(Ears(tell.clone()))
            .await
            .expect("a client");
        let http = client.http.clone();
        let task = tokio::spawn(async move {
            let outcome = client.start().await;
            let _ = tell.send(Heard::Over(format!("{outcome:?}")));
        });
        Self { http, heard, task }
    }

    /// Starts as the product does, and waits until it listens.
    pub async fn ready(double: &Double) -> Self {
        let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES;
        let mut bot = Self::start(double, &double.token(), intents).await;
        bot.until("READY", |heard| matches!(heard, Heard::Ready).then_some(()))
            .await;
        bot
    }

    /// Skips to the first thing that is like this.
    pub async fn until<T>(&mut self, what: &str, mut like: impl FnMut(Heard) -> Option<T>) -> T {
        let look = async {
            loop {
                let heard = self.heard.recv().await.expect("the bot runs");
                if let Some(found) = like(heard) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, look)
            .await
            .unwrap_or_else(|_| panic!("in vain: {what}"))
    }

    /// The next interaction.
    pub async fn asked(&mut self) -> Interaction {
        let like = |heard| match heard {
            Heard::Asked(asked) => Some(asked),
            _ => None,
        };
        self.until("an interaction", like).await
    }

    /// What the client said when it gave up.
    pub async fn over(&mut self) -> String {
        let like = |heard| match heard {
            Heard::Over(why) => Some(why),
            _ => None,
        };
        self.until("the end of the client", like).await
    }
}

/// An answer with this text.
pub fn says(text: &str) -> CreateInteractionResponse {
    CreateInteractionResponse::Message(message(text))
}

/// A message with this text.
pub fn message(text: &str) -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new().content(text)
}

/// Discord's number of a refusal.
pub fn code<T: std::fmt::Debug>(outcome: serenity::Result<T>) -> isize {
    match outcome {
        Err(serenity::Error::Http(serenity::http::HttpError::UnsuccessfulRequest(refused))) => {
            refused.error.code
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// The guild, as the client names it.
pub fn guild(double: &Double) -> GuildId {
    double.guild().get().into()
}
