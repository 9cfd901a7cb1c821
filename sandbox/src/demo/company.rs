//! The company: its files, the daemon that serves it, and its command line.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use countersign::clock::Clock;
use countersign::embedded::Postgres;
use nix::unistd::{Uid, User};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::discord::{self, Channel, Double};
use crate::process::Process;
use crate::{DOMAIN, Dns, Mail, Mailbox, Signer, Stack, ports};

/// Who is who; the daemon reads it as any `policies.toml`.
const POLICIES: &str = include_str!("policies.toml");
/// The longest that one command may take.
const COMMAND_PATIENCE: Duration = Duration::from_mins(1);
/// The channel that the policy names.
const CHANNEL: &str = "prod-approvals";
/// The name of the daemon's own mailbox.
const BOT: &str = "countersign";

/// Somebody with a mailbox in the demo.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// Short name, as `policies.toml` and the mailbox have it.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// What they are in the story.
    pub part: &'static str,
    /// Where they are.
    pub place: &'static str,
}

/// Everybody of `policies.toml`.
pub const PEOPLE: [Person; 4] = [
    Person {
        id: "rita",
        name: "Rita Rossi",
        part: "engineer, asks for access",
        place: "Rome",
    },
    Person {
        id: "alice",
        name: "Alice Almeida",
        part: "manager, decides the first step",
        place: "Lisbon",
    },
    Person {
        id: "bob",
        name: "Bob Barbosa",
        part: "security, decides the second step",
        place: "São Paulo",
    },
    Person {
        id: "carol",
        name: "Carol Castellano",
        part: "security, decides the second step",
        place: "Tokyo",
    },
];

/// The person with this short name.
pub fn person(id: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.id == id)
}

/// What a command said.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Said {
    /// As it would be typed.
    pub command: String,
    /// Whether it ended with 0.
    pub done: bool,
    /// Standard output, then standard error.
    pub text: String,
}

/// The company's server at Discord.
#[derive(Debug, Clone)]
pub struct Chat {
    /// Discord.
    pub double: Double,
    /// Where requests are shown.
    pub channel: Channel,
    /// Everybody's account, in the order of [`PEOPLE`].
    pub accounts: Vec<discord::Person>,
}

impl Chat {
    async fn open(stack: &Stack) -> anyhow::Result<Self> {
        let double = stack.discord(Clock::system()).await?;
        let channel = double.channel(CHANNEL);
        let accounts = PEOPLE.map(|person| double.person(person.name, "en-US"));
        Ok(Self {
            double,
            channel,
            accounts: accounts.to_vec(),
        })
    }

    /// Somebody's account.
    pub fn account(&self, id: &str) -> anyhow::Result<&discord::Person> {
        let place = PEOPLE.iter().position(|person| person.id == id);
        let account = place.and_then(|place| self.accounts.get(place));
        account.with_context(|| format!("{id} has no account"))
    }

    /// The company's policies, with everybody's account beside their name, as an operator writes it.
    fn policies(&self) -> String {
        let people = PEOPLE.iter().zip(&self.accounts);
        people.fold(POLICIES.to_owned(), |text, (person, account)| {
            let id = format!("id = \"{}\"\n", person.id);
            let with = format!("{id}discord = {}\n", account.id().get());
            text.replace(&id, &with)
        })
    }

    fn bot_toml(&self) -> String {
        let double = &self.double;
        format!(
            "[discord]\ntoken = \"{}\"\napplication_id = {}\nguild_id = {}\n\
             channels = {{ \"{CHANNEL}\" = {} }}\napi_base = \"https://{}\"\nca_file = \"{}\"\n",
            double.token(),
            double.application().get(),
            double.guild().get(),
            self.channel.id().get(),
            double.address(),
            double.ca_file().display()
        )
    }
}

/// The company, open for business. Clones are the same company.
#[derive(Debug, Clone)]
pub struct Company {
    stack: Stack,
    program: PathBuf,
    config: PathBuf,
    log: PathBuf,
    pool: PgPool,
    /// What the company's domain publishes: the key that its people's mails are signed with.
    dns: Arc<Dns>,
    signer: Signer,
    chat: Chat,
    running: Arc<Mutex<Option<(Process, Postgres)>>>,
}

impl Company {
    /// Writes its files beside the stack's, puts its policies in force, and starts the daemon; returns
    /// when the daemon answers.
    pub async fn found(stack: &Stack, program: PathBuf) -> anyhow::Result<Self> {
        let directory = stack.describe().directory.clone();
        let config = directory.join("bot.toml");
        let policies = directory.join("policies.toml");
        let database = directory.join("countersign");
        let log = directory.join("countersign.log");
        let [status, web] = ports::free()?;
        let dns = Dns::start().await?;
        let signer = Signer::ed25519(DOMAIN, "company")?;
        dns.publishes(&signer);
        let chat = Chat::open(stack).await?;
        let mut text = bot_toml(stack, &database, (status, web), &dns)?;
        text.push('\n');
        text.push_str(&chat.bot_toml());
        std::fs::write(&config, text)?;
        // It holds passwords, as an operator's does.
        std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o600))?;
        std::fs::write(&policies, chat.policies())?;
        let policies = policies.display().to_string();
        let apply = ["policy", "apply", &policies, "--yes"];
        let applied = command(&program, &config, &apply).await?;
        if !applied.done {
            bail!("{}: {}", applied.command, applied.text);
        }
        let daemon = serve(&program, &config, &log).await?;
        let (postgres, pool) = match open(&daemon, status, &database).await {
            Ok(opened) => opened,
            Err(error) => {
                daemon.stop().await;
                return Err(error);
            }
        };
        Ok(Self {
            stack: stack.clone(),
            program,
            config,
            log,
            pool,
            dns: Arc::new(dns),
            signer,
            chat,
            running: Arc::new(Mutex::new(Some((daemon, postgres)))),
        })
    }

    /// Runs `countersign …` as an operator would type it.
    pub async fn runs(&self, words: &[&str]) -> anyhow::Result<Said> {
        command(&self.program, &self.config, words).await
    }

    /// Somebody's mailbox.
    pub fn mailbox(&self, id: &str) -> Mailbox {
        self.stack.mailbox(id)
    }

    /// Somebody replies, logged in, and the company's domain signs it, as a mail server does.
    pub async fn replies(&self, id: &str, to: &Mail, text: &str) -> anyhow::Result<()> {
        let mailbox = self.mailbox(id);
        let (bot, raw) = mailbox.writes_reply(to, text)?;
        mailbox.submits(&bot, &self.signer.sign(&raw)?).await
    }

    /// Its server at Discord.
    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    /// How often the daemon asked for the company's key.
    pub fn asked_for_the_key(&self) -> usize {
        self.dns.asked(&self.signer.key_name())
    }

    /// The daemon's database.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The end of the daemon's log.
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(20);
        lines.get(from..).unwrap_or_default().join("\n")
    }

    /// Ends the daemon, and returns when it is gone.
    pub async fn close(self) {
        self.pool.close().await;
        if let Some((daemon, postgres)) = self.running.lock().await.take() {
            // First ours: who has joined would start the server again when the daemon ends it.
            postgres.stop().await;
            daemon.stop().await;
        }
    }
}

/// Starts the daemon, to end when we do.
async fn serve(program: &Path, config: &Path, log: &Path) -> anyhow::Result<Process> {
    let mut command = std::process::Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]).arg(program);
    command.arg("--config").arg(config).arg("serve");
    // An interrupt from the terminal is for us; we end the daemon in order.
    command.process_group(0);
    Process::spawn("countersign", command, vec![log.to_owned()]).await
}

/// Waits for the daemon, and joins its database, which it has started by then.
async fn open(
    daemon: &Process,
    status: u16,
    database: &Path,
) -> anyhow::Result<(Postgres, PgPool)> {
    daemon.answers_at(status).await?;
    let postgres = Postgres::start_or_join(database).await?;
    let pool = PgPoolOptions::new()
        .max_connections(4)
        .connect_with(postgres.options())
        .await?;
    Ok((postgres, pool))
}

/// The sandbox's configuration, with the database that is the default, us as its operator, and senders
/// proven by the signature of their domain.
fn bot_toml(
    stack: &Stack,
    database: &Path,
    (status, web): (u16, u16),
    dns: &Dns,
) -> anyhow::Result<String> {
    let user = User::from_uid(Uid::current())?.map(|user| user.name);
    let user = user.unwrap_or_else(|| Uid::current().to_string());
    let whole = stack.bot_toml("embedded", BOT);
    let whole = whole.replace("authserv_id = ", "proof = [\"dkim\"]\n# authserv_id = ");
    let (first, rest) = whole
        .split_once("\n\n")
        .context("the first section of bot.toml is [database]")?;
    Ok(format!(
        "{first}\ndirectory = \"{}\"\n\n{rest}\n\
         [status]\nlisten = \"127.0.0.1:{status}\"\n\n\
         [web]\nlisten = \"127.0.0.1:{web}\"\npublic_url = \"http://127.0.0.1:{web}\"\n\n\
         [command_line]\noperators = [\"{user}\"]\n\n\
         [dns]\nservers = [\"{}\"]\n\n\
         [limits]\nstop_timeout = \"5s\"\n",
        database.display(),
        dns.address()
    ))
}

async fn command(program: &Path, config: &Path, words: &[&str]) -> anyhow::Result<Said> {
    let mut command = tokio::process::Command::new(program);
    command
        .arg("--config")
        .arg(config)
        .args(words)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let typed = typed(words);
    let output = timeout(COMMAND_PATIENCE, command.output())
        .await
        .with_context(|| format!("`{typed}` takes longer than {COMMAND_PATIENCE:?}"))?
        .with_context(|| format!("run {}", program.display()))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok(Said {
        command: typed,
        done: output.status.success(),
        text,
    })
}

/// A command as one would type it in a shell.
fn typed(words: &[&str]) -> String {
    let plain = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_alphanumeric() || "-_./*:=".contains(c))
    };
    words.iter().fold("countersign".to_owned(), |line, word| {
        if plain(word) {
            line + " " + word
        } else {
            line + " '" + &word.replace('\'', "'\\''") + "'"
        }
    })
}
