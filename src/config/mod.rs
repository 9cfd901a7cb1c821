//! Configuration, read twice: what `bot.toml` says (`raw`), and what it means ([`Config`]).

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// Everything that `bot.toml` means.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the state lives.
    pub database: Database,
    /// How mail leaves; absent: nothing is sent by mail, deliveries wait.
    pub smtp: Smtp,
    /// The inbox; absent: mails offer no reply.
    pub imap: Option<Imap>,
    /// How our mails look and which replies count.
    pub mail: Mail,
    /// Keys that tokens are derived under.
    pub tokens: TokenKeys,
    /// A directory whose templates take the place of the built-in ones of the same path.
    pub templates: Option<PathBuf>,
    /// Where `/healthz` and `/readyz` are served; absent: nowhere.
    pub status: Option<SocketAddr>,
    /// Who may speak for whom on the command line.
    pub command_line: CommandLine,
    /// How long `serve` waits for work in progress when it is told to stop.
    pub stop_timeout: Duration,
}

/// Where the state lives.
#[derive(Debug, Clone)]
pub enum Database {
    /// A private Postgres that Countersign starts itself, in this directory.
    Embedded {
        /// Its own directory, mode 0700.
        directory: PathBuf,
    },
    /// Any Postgres of version 14 or later.
    Url(SecretString),
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// Plain first, TLS before anything that matters; refused if the server does not offer it.
    StartTls,
    /// None; accepted for loopback addresses only.
    None,
}

/// A name and a password.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}

/// How mail leaves.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Host name; also the name that the certificate must carry.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub security: Security,
    /// How we log in; absent: not at all.
    pub login: Option<Login>,
    /// PEM file of further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// Longest wait for one answer of the server.
    pub timeout: Duration,
    /// Connections at once.
    pub connections: u32,
}

/// The inbox.
#[derive(Debug, Clone)]
pub struct Imap {
    /// Host name; also the name that the certificate must carry.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub security: Security,
    /// How we log in.
    pub login: Login,
    /// PEM file of further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// The folder that is watched.
    pub mailbox: String,
    /// The folder that judged mails are moved to; absent: they are flagged and stay.
    pub processed: Option<String>,
    /// IDLE is renewed after this long, by an absolute timer.
    pub idle_renewal: Duration,
    /// A full look at the mailbox this often, whether or not IDLE works.
    pub poll_every: Duration,
    /// Longest wait for one answer of the server.
    pub timeout: Duration,
    /// Mails a UID FETCH asks for at once.
    pub batch: usize,
    /// Larger mails are recorded by their headers and never judged, in bytes.
    pub max_mail_bytes: u64,
}

/// How our mails look and which replies count.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Display name of the sender.
    pub from_name: String,
    /// Address of the sender; replies go to `local+TOKEN@domain` of it unless `reply_to` is set.
    pub from: String,
    /// Address that replies go to, without token.
    pub reply_to: String,
    /// The domain of our Message-IDs.
    pub message_id_domain: String,
    /// The authserv-id whose Authentication-Results are believed (RFC 8601); absent: none is.
    pub authserv_id: Option<String>,
    /// How many Received fields our own servers put above that field; more, and it is not believed.
    pub authserv_hops: usize,
    /// Domains that the operator exempts from proof, in writing; lower case.
    pub exempt_domains: BTreeSet<String>,
    /// Words that approve, upper case.
    pub approve_words: BTreeSet<String>,
    /// Words that disapprove, upper case.
    pub disapprove_words: BTreeSet<String>,
}

/// Keys that tokens are derived under; the newest is used, older ones still identify.
#[derive(Debug, Clone)]
pub struct TokenKeys {
    /// The id of the key that new tokens are derived under.
    pub current: String,
    /// Every key by id: at least 32 bytes, base64.
    pub keys: Vec<(String, SecretString)>,
}

/// Who may speak for whom on the command line.
#[derive(Debug, Clone, Default)]
pub struct CommandLine {
    /// Operating system users who may use `--as ANYBODY`.
    pub operators: BTreeSet<String>,
}
