//! Clicks on Approve in the double of Discord, decided by the real daemon, beside the same clicks with no
//! work behind them.
//!
//! Run by `make bench NAME=chat_click`, which starts Postgres (durable), Postfix and Dovecot. From the event
//! `INTERACTION_CREATE` to the callback that the double has taken, by the double's clock: 500 one after the
//! other, then 500 at once; first of a bot with the same client that answers each click at once, then of
//! the daemon, each of whose answers comes after the commit of a decision of its own. At the end every
//! vote has to be there. The mails and posts that the decisions owe go out meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use countersign::app::{self, Daemon};
use countersign::clock::{Clock, new_id};
use countersign::command::Command;
use countersign::config::discord::{Discord, Shown};
use countersign::config::{self, Config};
use countersign::handle::Answer;
use countersign::inbound::{Inbound, Proof, Speaker, Words};
use countersign::outbound::chat::button::Button;
use countersign::outbound::chat::rest;
use countersign::store::books;
use countersign::token::Keyring;
use countersign::workflow::act::Act;
use countersign::workflow::decide::Draft;
use countersign::workflow::ids::{Module, PersonId, RequestId};
use countersign::workflow::request::{Channel, Subject, Window};
use countersign_sandbox::Stack;
use countersign_sandbox::discord::{Asked, Double, Person, Post};
use jiff::SignedDuration;
use serenity::all::{
    ChannelId, ClientBuilder, Context, CreateActionRow, CreateButton, CreateInteractionResponse,
    CreateInteractionResponseMessage, CreateMessage, EventHandler, GatewayIntents, Http,
    Interaction, ShardManager,
};
use serenity::async_trait;
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

/// Clicks of each kind.
const CLICKS: usize = 500;
/// Buttons of one post.
const ROOM: usize = 25;
/// The longest that decisions which were answered too late are waited for.
const PATIENCE: Duration = Duration::from_mins(1);
/// Discord takes a first answer no later.
const DEADLINE: Duration = Duration::from_secs(3);

/// A bot that answers each click at once.
struct Floor;

#[async_trait]
impl EventHandler for Floor {
    async fn interaction_create(&self, context: Context, asked: Interaction) {
        let message = CreateInteractionResponseMessage::new()
            .content("ok")
            .ephemeral(true);
        let answer = CreateInteractionResponse::Message(message);
        if let Some(click) = asked.message_component() {
            // One that comes too late is counted as missed.
            let _ = click.create_response(&context.http, answer).await;
        }
    }
}

struct Bench {
    config: Config,
    pool: PgPool,
    double: Double,
    bob: Person,
    http: Http,
    keys: Keyring,
}

/// What a row of clicks came to, in milliseconds.
struct Row {
    p50: f64,
    p99: f64,
    max: f64,
    missed: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `cargo test --benches` builds and starts every bench; only `cargo bench` measures.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let bench = Bench::set_up().await?;
    let clicks = bench.offered(0).await?;
    let floor = bench.floor().await?;
    let floor_one = bench.one_by_one(&clicks).await?;
    let floor_all = bench.at_once(&clicks).await?;
    floor.shutdown_all().await;
    bench.double.until_silent().await?;

    let daemon = Daemon::start(&bench.config, Clock::system()).await?;
    bench.double.until_listening().await?;
    let [first, second] = [0, CLICKS].map(|from| bench.filed(&daemon, from));
    let (first, second) = (first.await?, second.await?);
    let one = bench.one_by_one(&first).await?;
    let all = bench.at_once(&second).await?;
    println!(
        "chat_click clicks={CLICKS} p50_ms={:.1} p99_ms={:.1} max_ms={:.1} floor_p50_ms={:.1} \
         floor_p99_ms={:.1} at_once_p50_ms={:.0} at_once_p99_ms={:.0} at_once_max_ms={:.0} \
         at_once_missed={} floor_at_once_p99_ms={:.0} floor_at_once_missed={}",
        one.p50,
        one.p99,
        one.max,
        floor_one.p50,
        floor_one.p99,
        all.p50,
        all.p99,
        all.max,
        one.missed + all.missed,
        floor_all.p99,
        floor_all.missed,
    );
    // What was answered too late was decided all the same.
    let deadline = Instant::now() + PATIENCE;
    while bench.votes().await? < 2 * CLICKS && Instant::now() < deadline {
        sleep(Duration::from_millis(100)).await;
    }
    let votes = bench.votes().await?;
    ensure!(votes == 2 * CLICKS, "{votes} votes");
    let late = daemon.stop().await;
    ensure!(late.is_empty(), "did not stop in time: {late:?}");
    Ok(())
}

impl Bench {
    async fn votes(&self) -> anyhow::Result<usize> {
        let votes: i64 = sqlx::query_scalar("SELECT count(*) FROM vote WHERE channel = 'chat'")
            .fetch_one(&self.pool)
            .await?;
        Ok(usize::try_from(votes)?)
    }

    async fn set_up() -> anyhow::Result<Self> {
        let stack = Stack::from_env()?;
        let suffix = new_id().simple().to_string()[20..].to_owned();
        let double = stack.discord(Clock::system()).await?;
        let bob = double.person("bob", "en-US");
        let url = stack.new_database().await?;
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("bot.toml");
        std::fs::write(&file, stack.bot_toml(&url, &format!("bot-{suffix}")))?;
        let mut config = config::load(&file).map_err(|problems| anyhow::anyhow!("{problems}"))?;
        let address = double.address();
        let discord = Discord {
            token: double.token().into(),
            application_id: double.application().get(),
            guild_id: double.guild().get(),
            channels: BTreeMap::new(),
            api_base: Some((address.ip().to_string(), address.port())),
            ca_file: Some(double.ca_file().to_owned()),
            self_link: true,
            locale: "en".to_owned(),
            channel_shows: Shown::usual(),
        };
        let http = rest::client(&discord)?;
        config.discord = Some(discord);
        let pool = app::connect(&config.database).await?.pool;
        app::migrate(&pool).await?;
        let policies = policies(&suffix, bob.id().get());
        let checked = config::policies::read("policies.toml", &policies)
            .map_err(|problems| anyhow::anyhow!("{problems}"))?;
        let mut tx = pool.begin().await?;
        let now = Clock::system().now();
        let by = books::Applier::named("bench");
        books::apply(&mut tx, (&policies, &checked.book), 0, &by, now).await?;
        tx.commit().await?;
        let keys = Keyring::new(&config.tokens)?;
        Ok(Self {
            config,
            pool,
            double,
            bob,
            http,
            keys,
        })
    }

    /// Starts the bot that answers at once.
    async fn floor(&self) -> anyhow::Result<Arc<ShardManager>> {
        let config = self.config.discord.as_ref().context("[discord]")?;
        let http = rest::client(config)?;
        let mut client = ClientBuilder::new_with_http(http, GatewayIntents::GUILDS)
            .event_handler(Floor)
            .await?;
        let shards = Arc::clone(&client.shard_manager);
        tokio::spawn(async move {
            if let Err(error) = client.start().await {
                eprintln!("the bot ended: {error}");
            }
        });
        self.double.until_listening().await?;
        Ok(shards)
    }

    /// Files requests, and a button for each.
    async fn filed(&self, daemon: &Daemon, from: usize) -> anyhow::Result<Vec<(Post, String)>> {
        let mut requests = Vec::new();
        for number in from..from + CLICKS {
            match daemon.handler().handle(&filing(number)).await? {
                Answer::Accepted { request, .. } => requests.push(request),
                other => bail!("not filed: {other:?}"),
            }
        }
        self.posted(&requests).await
    }

    /// As many buttons, of requests that there are not.
    async fn offered(&self, from: i64) -> anyhow::Result<Vec<(Post, String)>> {
        let count = i64::try_from(CLICKS)?;
        let requests: Vec<RequestId> = (from + 1..=from + count).map(RequestId).collect();
        self.posted(&requests).await
    }

    /// Posts with a button for each of these, and what stands on it.
    async fn posted(&self, requests: &[RequestId]) -> anyhow::Result<Vec<(Post, String)>> {
        let home = self.double.home();
        let mut clicks = Vec::new();
        for some in requests.chunks(ROOM) {
            let mut buttons = Vec::new();
            for request in some {
                let button = Button {
                    act: Act::Approve,
                    request: *request,
                    step: 0,
                    revision: 1,
                };
                let name = button.write(&self.keys).context("a key")?;
                buttons.push(CreateButton::new(name).label(request.to_string()));
            }
            let rows = buttons
                .chunks(5)
                .map(|row| CreateActionRow::Buttons(row.to_vec()));
            let marked = new_id().to_string();
            let message = CreateMessage::new()
                .content(&marked)
                .components(rows.collect());
            let room = ChannelId::new(home.id().get());
            self.http.send_message(room, Vec::new(), &message).await?;
            let post = home.until_text(&marked).await?;
            clicks.extend(
                some.iter()
                    .map(|request| (post.clone(), request.to_string())),
            );
        }
        Ok(clicks)
    }

    async fn one_by_one(&self, clicks: &[(Post, String)]) -> anyhow::Result<Row> {
        let mut done = Vec::new();
        for (post, label) in clicks {
            let asked = self.bob.clicks(post, label)?;
            asked.first().await?;
            done.push(asked);
        }
        Row::of(&done)
    }

    async fn at_once(&self, clicks: &[(Post, String)]) -> anyhow::Result<Row> {
        let clicked = clicks
            .iter()
            .map(|(post, label)| self.bob.clicks(post, label));
        let clicked = clicked.collect::<anyhow::Result<Vec<_>>>()?;
        // One look at all of them now and then: a waiter for each would weigh on what is measured.
        let deadline = Instant::now() + DEADLINE + Duration::from_secs(1);
        while clicked.iter().any(|asked| asked.took().is_none()) {
            if Instant::now() > deadline {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        Row::of(&clicked)
    }
}

impl Row {
    fn of(clicked: &[Asked]) -> anyhow::Result<Self> {
        let mut took: Vec<f64> = clicked
            .iter()
            .filter_map(Asked::took)
            .map(|took| took.as_secs_f64() * 1e3)
            .collect();
        took.sort_by(f64::total_cmp);
        let at = |hundredths: usize| {
            let place = took.len().saturating_sub(1) * hundredths / 100;
            took.get(place).copied().context("nothing was answered")
        };
        Ok(Self {
            p50: at(50)?,
            p99: at(99)?,
            max: at(100)?,
            // The double takes no answer after the three seconds.
            missed: clicked.len() - took.len(),
        })
    }
}

/// Rita asks on the command line for an hour of one database.
fn filing(number: usize) -> Inbound {
    let draft = Draft {
        extends: None,
        subject: Subject {
            module: Module::new("credential"),
            resource: format!("db-{number}"),
            account: Some("admin".to_owned()),
        },
        window: Window::FromApproval {
            length: SignedDuration::from_hours(1),
        },
        justification: Some("bench".to_owned()),
    };
    Inbound {
        channel: Channel::CommandLine,
        dedupe_key: format!("cli/{}", new_id()),
        speaker: Speaker::Person(PersonId::new("rita")),
        proof: Proof {
            method: "os-user".to_owned(),
            details: serde_json::json!({}),
        },
        words: Words::Said(Command::File {
            draft,
            key: None,
            emergency: None,
        }),
    }
}

fn policies(suffix: &str, bob: u64) -> String {
    format!(
        "[[person]]\nid = \"rita\"\nname = \"Rita\"\nemail = \"rita-{suffix}@example.test\"\n\
         zone = \"UTC\"\n\n[[person]]\nid = \"bob\"\ndiscord = {bob}\nname = \"Bob\"\n\
         email = \"bob-{suffix}@example.test\"\nzone = \"UTC\"\nroles = [\"approver\"]\n\
         modules = [\"credential\"]\n\n[[policy]]\nname = \"bench\"\nmodules = [\"credential\"]\n\
         requesters = [\"rita\"]\nresource = \"db-*\"\nmode = \"approval\"\n\
         steps = [{{ name = \"Owner\", approvers = [\"bob\"] }}]\n"
    )
}
