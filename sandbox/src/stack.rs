//! The stack: starts the servers in order, says where they are, ends them.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use countersign::embedded::Postgres;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::certificates::{self, Certificates};
use crate::describe::Description;
use crate::discord::Double;
use crate::mailbox::Mailbox;
use crate::process::{Account, Process};
use crate::{DOMAIN, MAIL_HOST, PASSWORD, VARIABLE, dovecot, maildir, ports, postfix};

/// How much the stack cares.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Whether what is committed survives a loss of power: for measurements and the demo. Tests are
    /// faster without.
    pub durable: bool,
}

/// A running stack: started here, or joined.
#[derive(Debug, Clone)]
pub struct Stack {
    about: Arc<Description>,
    /// Set where this process started it.
    running: Arc<tokio::sync::Mutex<Option<Running>>>,
}

/// What we started. The processes end with us, whether or not they are stopped.
#[derive(Debug)]
struct Running {
    postgres: Postgres,
    /// In the order in which they are ended.
    servers: Vec<Process>,
}

impl Stack {
    /// Starts everything in this directory, which has to be empty or an earlier stack's, and which
    /// other users must be able to reach where we are root. Returns when every port answers.
    pub async fn start(directory: &Path, options: Options) -> anyhow::Result<Self> {
        let directory = std::path::absolute(directory)?;
        std::fs::create_dir_all(&directory)?;
        std::fs::set_permissions(&directory, Permissions::from_mode(0o755))?;
        let certificates = certificates::make(&directory.join("tls"))?;
        let [smtp, submission, lmtp, imaps, imap, auth, expired_imaps] = ports::free()?;
        let mailboxes = dovecot::Ports {
            lmtp,
            imaps,
            imap,
            auth,
        };
        let doors = postfix::Ports {
            smtp,
            submission,
            lmtp,
            auth,
        };
        let (dovecot_in, postfix_in) = (directory.join("dovecot"), directory.join("postfix"));
        let (postgres, postfix, dovecot, expired) = tokio::try_join!(
            start_postgres(&directory, options),
            postfix::start(&postfix_in, &certificates, doors),
            dovecot::start(&dovecot_in, &certificates, mailboxes, options.durable),
            start_expired(&directory, &certificates, expired_imaps),
        )?;
        let about = Description {
            postgres: postgres.socket_directory().to_owned(),
            directory,
            smtp,
            submission,
            lmtp,
            imaps,
            imap,
            expired_imaps,
            authority: certificates.authority,
        };
        let running = Running {
            postgres,
            servers: vec![postfix, dovecot, expired],
        };
        Ok(Self {
            about: Arc::new(about),
            running: Arc::new(tokio::sync::Mutex::new(Some(running))),
        })
    }

    /// The stack that this command was started in by `countersign-sandbox with`.
    pub fn from_env() -> anyhow::Result<Self> {
        let json = std::env::var(VARIABLE).ok().with_context(|| {
            format!(
                "{VARIABLE} is not set: this needs a running mail server and database. Run the \
                 tests through `make test`, or one command with `countersign-sandbox with -- COMMAND`"
            )
        })?;
        let about =
            serde_json::from_str(&json).with_context(|| format!("understand {VARIABLE}"))?;
        Ok(Self {
            about: Arc::new(about),
            running: Arc::default(),
        })
    }

    /// Ends what this process started, and removes what only root of Postfix's namespace may.
    /// Without effect on a stack that was joined.
    pub async fn stop(self) {
        let Some(Running { postgres, servers }) = self.running.lock().await.take() else {
            return;
        };
        for server in servers {
            server.stop().await;
        }
        postgres.stop().await;
        if let Err(error) = postfix::remove(&self.about.directory.join("postfix")) {
            tracing::warn!("cannot remove the queue of Postfix: {error:#}");
        }
    }

    /// Where everything is.
    pub fn describe(&self) -> &Description {
        &self.about
    }

    /// The superuser's connection string of a database of the private Postgres.
    fn url_of(&self, database: &str) -> String {
        let socket = self
            .about
            .postgres
            .display()
            .to_string()
            .replace('%', "%25")
            .replace('/', "%2F");
        format!("postgres://postgres@localhost:5432/{database}?host={socket}")
    }

    /// The superuser's connection string of the database `countersign`.
    pub fn postgres_url(&self) -> String {
        self.url_of("countersign")
    }

    /// Makes an empty database, and returns its connection string.
    pub async fn new_database(&self) -> anyhow::Result<String> {
        let name = format!("t{}", countersign::clock::new_id().simple());
        let options: sqlx::postgres::PgConnectOptions = self.url_of("postgres").parse()?;
        let mut connection = options
            .connect()
            .await
            .context("connect to the stack's Postgres")?;
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(self.url_of(&name))
    }

    /// A whole `bot.toml` for a daemon that keeps its state in this database and is
    /// `bot@example.test` for this value of `bot`.
    pub fn bot_toml(&self, url: &str, bot: &str) -> String {
        let Description {
            submission,
            imaps,
            authority,
            ..
        } = &*self.about;
        let authority = authority.display();
        format!(
            "[database]\nurl = \"{url}\"\n\n\
             [smtp]\nhost = \"127.0.0.1\"\nport = {submission}\nsecurity = \"starttls\"\n\
             username = \"{bot}@{DOMAIN}\"\npassword = \"{PASSWORD}\"\nca_file = \"{authority}\"\n\
             timeout = \"10s\"\n\n\
             [imap]\nhost = \"127.0.0.1\"\nport = {imaps}\nsecurity = \"tls\"\n\
             username = \"{bot}@{DOMAIN}\"\npassword = \"{PASSWORD}\"\nca_file = \"{authority}\"\n\
             processed = \"Processed\"\nidle_renewal = \"60s\"\npoll_every = \"5s\"\n\
             timeout = \"10s\"\n\n\
             [mail]\nfrom = \"{bot}@{DOMAIN}\"\nreply_to = \"{bot}@{DOMAIN}\"\n\
             authserv_id = \"{MAIL_HOST}\"\nauthserv_hops = 1\n\n\
             [tokens]\nkey = \"c2FuZGJveCBzYW5kYm94IHNhbmRib3ggc2FuZGJveCE=\"\n"
        )
    }

    /// A double of Discord with this stack's authority; its time is the clock's. It ends when it is
    /// dropped.
    pub async fn discord(&self, clock: countersign::clock::Clock) -> anyhow::Result<Double> {
        Double::start(&self.certificates(), clock).await
    }

    /// Where the authority (`ca.pem`), what `discord.com` shows (`discord.pem`) and the key of all
    /// (`server.key`) are.
    pub fn certificates(&self) -> PathBuf {
        self.about.directory.join("tls")
    }

    /// Somebody's mailbox; it comes to be with its first mail.
    pub fn mailbox(&self, name: &str) -> Mailbox {
        Mailbox::new(self.about.clone(), name)
    }

    fn maildir(&self, name: &str) -> PathBuf {
        self.mailbox(name).maildir()
    }

    /// Puts mails into somebody's inbox by the thousand, past the servers.
    pub fn seed_maildir(
        &self,
        name: &str,
        mails: impl IntoIterator<Item = Vec<u8>>,
    ) -> anyhow::Result<()> {
        maildir::seed(&self.maildir(name), mails)
    }

    /// Makes the server number somebody's mails anew. Nobody may be logged in there.
    pub fn renumber(&self, name: &str) -> anyhow::Result<()> {
        maildir::renumber(&self.maildir(name))
    }

    /// Moves the mails of somebody's processed folder back to the inbox.
    pub fn put_back(&self, name: &str) -> anyhow::Result<()> {
        maildir::put_back(&self.maildir(name))
    }

    /// IMAP, TLS from the first byte.
    pub fn imaps_port(&self) -> u16 {
        self.about.imaps
    }

    /// IMAP, STARTTLS offered.
    pub fn imap_port(&self) -> u16 {
        self.about.imap
    }

    /// TLS with an expired certificate of the same authority.
    pub fn expired_imaps_port(&self) -> u16 {
        self.about.expired_imaps
    }

    /// Delivery to the mailboxes.
    pub fn lmtp_port(&self) -> u16 {
        self.about.lmtp
    }

    /// SMTP from outside.
    pub fn smtp_port(&self) -> u16 {
        self.about.smtp
    }

    /// SMTP for who logs in.
    pub fn submission_port(&self) -> u16 {
        self.about.submission
    }

    /// The authority to trust, PEM.
    pub fn ca_file(&self) -> &Path {
        &self.about.authority
    }
}

async fn start_postgres(directory: &Path, options: Options) -> anyhow::Result<Postgres> {
    const FAST: [(&str, &str); 3] = [
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("synchronous_commit", "off"),
    ];
    let mut settings = vec![("max_connections", "300")];
    if !options.durable {
        settings.extend(FAST);
    }
    Ok(Postgres::start_with(&directory.join("db"), &settings).await?)
}

/// Something that shows an expired certificate to whoever connects; nobody should get further.
async fn start_expired(
    directory: &Path,
    certificates: &Certificates,
    port: u16,
) -> anyhow::Result<Process> {
    let account = Account::of(dovecot::USER)?;
    account.give(&certificates.key)?;
    let mut command = account.command("openssl");
    command.args(["s_server", "-www", "-accept", &format!("127.0.0.1:{port}")]);
    command
        .arg("-cert")
        .arg(&certificates.expired)
        .arg("-key")
        .arg(&certificates.key);
    let log = directory.join("expired.log");
    let process = Process::spawn("expired", command, vec![log]).await?;
    process.answers_at(port).await?;
    Ok(process)
}
