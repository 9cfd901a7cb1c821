//! A double of Discord: what a bot sees of it, on loopback.
//!
//! ```text
//!   a test, the demo ──▶ Double, Person, Channel ──▶ world ◀── REST over TLS   ◀── the bot
//!                                                      └────▶ gateway (ws, wss) ──▶ the bot
//! ```
//!
//! The bot under test is the real one with the real client: it believes that it talks to
//! `discord.com`, by an address and an authority that it was given. People type, click, choose and
//! fill in through [`Person`]; what the bot made of it stands in [`Channel`]s. Each wait is on a
//! condition, and has a deadline that says what was waited for.
//!
//! What always holds:
//! - **It refuses what Discord refuses**, with Discord's status, number and body: lengths, counts,
//!   names, deadlines, second answers, answers of the wrong type, channels that cannot be seen or
//!   written in, people who take no messages. Each request is kept, and [`Double::verdict`] fails
//!   where one was refused that no test expected, or where an answer of the double's own was not as
//!   described.
//! - Where `DISCORD_OPENAPI` names Discord's API description, every body that passes the rules and
//!   every answer is held against it too.
//! - A session outlives its socket, and RESUME replays what was missed.
//! - A person can do only what Discord's own program lets them do: click a button that is there for
//!   them and not disabled, choose what is offered, fill a modal within its limits.
//!
//! Not promised: rate limits of Discord's own accord (trouble is ordered, see [`Fault`]),
//! compression, shards, several guilds, roles, Components V2, attachments, reactions. What Discord
//! does not document and where people disagree is chosen in the file that does it, with a comment.

mod asked;
mod asking;
mod channel;
mod check;
mod fault;
mod gateway;
mod id;
mod interaction;
mod judge;
pub mod page;
mod person;
mod ping;
mod post;
mod refusal;
mod rest;
mod schema;
mod shared;
mod trouble;
mod typed;
mod wire;
mod world;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use countersign::clock::Clock;
use tokio::task::JoinHandle;

use crate::certificates;
use shared::Shared;
use world::{Account, Place};

pub use asked::Asked;
pub use channel::Channel;
pub use fault::{Fault, Trouble};
pub use id::Id;
pub use interaction::{First, Modal};
pub use judge::{Judge, would_call};
pub use person::Person;
pub use ping::Ping;
pub use post::{Author, Button, Edit, Post};
pub use refusal::{Refusal, Wrong};
pub use schema::VARIABLE as DESCRIPTION;
pub use world::{Access, Seen};

/// The host that the double answers for.
pub const HOST: &str = "discord.com";

/// A running double. Clones are the same one; it ends with the last.
#[derive(Debug, Clone)]
pub struct Double {
    shared: Shared,
    address: SocketAddr,
    gateway: String,
    authority: PathBuf,
    /// The channel that people are in when nothing else is said.
    home: Id,
    _running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    shared: Shared,
    task: JoinHandle<()>,
    /// Where it has certificates of its own.
    _directory: Option<tempfile::TempDir>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
        self.shared
            .with(|world| world.gateway.all(|| gateway::Out::Break));
    }
}

impl Double {
    /// Starts one with the certificates of a stack, which are in this directory. Its time is the
    /// clock's.
    pub async fn start(certificates: &Path, clock: Clock) -> anyhow::Result<Self> {
        Self::with(certificates, None, clock).await
    }

    /// Starts one with an authority of its own.
    pub async fn alone(clock: Clock) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("countersign-").tempdir()?;
        let path = directory.path().to_owned();
        certificates::make(&path)?;
        Self::with(&path, Some(directory), clock).await
    }

    async fn with(
        certificates: &Path,
        directory: Option<tempfile::TempDir>,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let files = certificates::Certificates::in_directory(certificates);
        let doors = wire::Doors::open(&files.discord, &files.key).await?;
        let address = doors.tls;
        let gateway = format!("ws://{}/gateway", doors.plain);
        let shared = Shared::new(clock, schema::Schema::from_env()?);
        let home = shared.with(|world| world.new_room("general".to_owned(), Place::Text));
        let task = tokio::spawn(doors.serve(shared.clone(), gateway.clone()));
        Ok(Self {
            _running: Arc::new(Running {
                shared: shared.clone(),
                task,
                _directory: directory,
            }),
            shared,
            address,
            gateway,
            authority: files.authority,
            home,
        })
    }

    /// Where `discord.com` is: TLS.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a bot is told of the gateway; without TLS, since the client's library trusts only public
    /// authorities and those of the system.
    pub fn gateway(&self) -> &str {
        &self.gateway
    }

    /// The gateway with TLS.
    pub fn secure_gateway(&self) -> String {
        format!("wss://localhost:{}/gateway", self.address.port())
    }

    /// Bots are told the gateway with TLS from now on.
    pub fn tell_secure_gateway(&self) {
        let told = self.secure_gateway();
        self.shared.with(|world| world.gateway.told = Some(told));
    }

    /// The authority to trust, PEM.
    pub fn ca_file(&self) -> &Path {
        &self.authority
    }

    /// The bot's token, as it is now.
    pub fn token(&self) -> String {
        self.shared.read(|world| world.token.clone())
    }

    /// The bot's application, which is also its account.
    pub fn application(&self) -> Id {
        self.shared.read(|world| world.application)
    }

    /// The guild.
    pub fn guild(&self) -> Id {
        self.shared.read(|world| world.guild)
    }

    /// A new channel of the guild. A bot that listens hears of it.
    pub fn channel(&self, name: &str) -> Channel {
        let id = self.shared.with(|world| {
            let id = world.new_room(name.to_owned(), Place::Text);
            let data = world.room_json(id);
            world
                .gateway
                .dispatch("CHANNEL_CREATE", &data, Some(gateway::intent::GUILDS));
            id
        });
        Channel::new(self.shared.clone(), id)
    }

    /// The channel that people are in when nothing else is said.
    pub fn home(&self) -> Channel {
        Channel::new(self.shared.clone(), self.home)
    }

    /// Somebody new in the guild, with a language such as `pt-BR`.
    pub fn person(&self, name: &str, locale: &str) -> Person {
        let id = self.shared.with(|world| {
            let id = world.id();
            let account = Account {
                name: name.to_owned(),
                locale: locale.to_owned(),
                closed: None,
            };
            world.people.insert(id, account);
            id
        });
        Person::new(self.shared.clone(), id, self.home)
    }

    /// The room between the bot and this person, as the person sees it.
    pub fn direct(&self, person: &Person) -> Channel {
        let id = self.shared.with(|world| world.direct(person.id()));
        Channel::new(self.shared.clone(), id)
    }

    /// A post as it is now.
    pub fn post(&self, id: Id) -> Option<Post> {
        self.shared.read(|world| world.posts.get(&id).cloned())
    }

    /// Waits until a bot listens at the gateway.
    pub async fn until_listening(&self) -> anyhow::Result<()> {
        let listens = |world: &world::World| world.gateway.listening().then_some(());
        self.shared.until("a bot that listens", listens).await
    }

    /// How many bots listen at the gateway now.
    pub fn listeners(&self) -> usize {
        self.shared.read(|world| world.gateway.listeners())
    }

    /// Waits until no bot listens.
    pub async fn until_silent(&self) -> anyhow::Result<()> {
        let silent = |world: &world::World| (!world.gateway.listening()).then_some(());
        self.shared.until("that no bot listens", silent).await
    }

    /// Waits until the guild has this command.
    pub async fn until_command(&self, name: &str) -> anyhow::Result<()> {
        let what = format!("the command /{name}");
        let has = |world: &world::World| {
            let mut commands = world.commands.iter();
            commands.any(|one| one["name"] == name).then_some(())
        };
        self.shared.until(&what, has).await
    }

    /// Waits until so many requests were made whose method and path (after `/api/v10`) are like
    /// this.
    pub async fn until_requests(
        &self,
        method: &str,
        part: &str,
        count: usize,
    ) -> anyhow::Result<Vec<Seen>> {
        let what = format!("{count} requests {method} …{part}…");
        let look = |world: &world::World| {
            let like = |seen: &&Seen| seen.method == method && seen.path.contains(part);
            let found: Vec<_> = world.seen.iter().filter(like).cloned().collect();
            (found.len() >= count).then_some(found)
        };
        self.shared.until(&what, look).await
    }

    /// Everybody who was called, and by which post.
    pub fn pings(&self) -> Vec<(Id, Ping)> {
        self.shared.read(|world| {
            let posts = world.posts.values();
            posts
                .flat_map(|post| post.pings.iter().map(|ping| (post.id, *ping)))
                .collect()
        })
    }

    /// All requests so far, the oldest first.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.read(|world| world.seen.clone())
    }

    /// The requests that were refused though no test asked for it.
    pub fn refused(&self) -> Vec<Seen> {
        let mut seen = self.requests();
        seen.retain(|seen| seen.refusal.is_some() && !seen.planned);
        seen
    }

    /// Takes the refusals with this number of Discord's as expected; returns how many there were.
    pub fn expected(&self, code: u32) -> usize {
        self.shared.with(|world| {
            let with_code = world.seen.iter_mut().filter(|seen| {
                !seen.planned && seen.refusal.as_ref().is_some_and(|one| one.code == code)
            });
            with_code.map(|seen| seen.planned = true).count()
        })
    }

    /// Answers of the double's own that were not as Discord describes them; empty where
    /// `DISCORD_OPENAPI` is not set.
    pub fn wrong(&self) -> Vec<String> {
        self.shared.read(|world| world.wrong.clone())
    }

    /// Fails where a request was refused that nobody expected, or the double itself was wrong.
    pub fn verdict(&self) -> anyhow::Result<()> {
        let mut lines = self.wrong();
        for seen in self.refused() {
            if let Some(refusal) = &seen.refusal {
                lines.push(format!("{} {}: {refusal}", seen.method, seen.path));
            }
        }
        if !lines.is_empty() {
            bail!("not as Discord would have it:\n{}", lines.join("\n"));
        }
        Ok(())
    }

    /// How often a bot identified, and how often it resumed.
    pub fn sessions(&self) -> (u32, u32) {
        self.shared
            .read(|world| (world.gateway.identified, world.gateway.resumed))
    }
}
