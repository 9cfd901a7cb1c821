//! Configuration, read twice: what `bot.toml` says ([`read`]), and what it means ([`Config`]).
//!
//! The operator writes two files. `bot.toml` says how to reach things and is read at every start;
//! `policies.toml` says who may do what ([`policies`]) and is read by `policy apply` only. Both are
//! read as a whole: whatever is wrong is said at once, each with file, line, column, key and mend, and a
//! file with anything wrong in it yields nothing. Secrets come from a value, a file, the environment or
//! a systemd credential, and have no way to be printed.
//!
//! Not promised: that a server named here answers, or that a password is right; `serve` finds out.

mod answers;
mod bot;
pub mod discord;
pub mod keyfile;
pub mod locales;
pub mod policies;
pub mod proof;
pub mod read;
pub mod secret;
pub mod signing;
pub mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

pub use answers::{Answers, Quota};
use read::{Problem, Problems};
use secret::Surroundings;

/// Where `bot.toml` is looked for, in this order, where nobody names one.
pub const USUAL_PLACES: [&str; 2] = ["/etc/countersign/bot.toml", "./bot.toml"];

impl Config {
    /// Reads a `bot.toml`: the configuration with warnings, or everything that is wrong with it.
    ///
    /// With an embedded database and no key in the file this makes the key file ([`keyfile`]), if the
    /// surroundings say so.
    pub fn load(path: &Path, around: &Surroundings<'_>) -> Result<(Self, Problems), Problems> {
        let source = read_file(path, bot::MAX_CONFIG_BYTES, NAME_CONFIG)?;
        let around = self::around(path, around);
        bot::read(&path.display().to_string(), &source, &around)
    }

    /// Reads the text of a `bot.toml`; `file` is its name in problems.
    pub fn parse(
        file: &str,
        source: &str,
        around: &Surroundings<'_>,
    ) -> Result<(Self, Problems), Problems> {
        bot::read(file, source, around)
    }
}

/// Reads a `bot.toml` in the real surroundings; warnings are logged, one line each.
pub fn load(path: &Path) -> Result<Config, Problems> {
    let (config, warnings) = Config::load(path, &Surroundings::real())?;
    for warning in &warnings.list {
        tracing::warn!(
            config.file = %warnings.file,
            config.line = warning.line,
            config.key = %warning.key,
            "{}:{}: {}: {}; mend: {}",
            warnings.file, warning.line, warning.key, warning.what, warning.mend
        );
    }
    Ok(config)
}

/// Reads `[mail]` and `[dns]` of a `bot.toml` and nothing else: no secret, no key, nothing is made. For
/// looking at mails as somebody who may not be the service's user.
pub fn load_mail(path: &Path) -> Result<(Mail, proof::Dns), Problems> {
    let source = read_file(path, bot::MAX_CONFIG_BYTES, NAME_CONFIG)?;
    bot::read_mail(&path.display().to_string(), &source)
}

/// Reads what a command that only looks needs, with warnings: no secret but the database's, and nothing is
/// made.
pub fn load_looking(path: &Path) -> Result<(Looking, Problems), Problems> {
    let source = read_file(path, bot::MAX_CONFIG_BYTES, NAME_CONFIG)?;
    let around = around(path, &Surroundings::real());
    bot::read_looking(&path.display().to_string(), &source, &around)
}

/// Reads the keys that seals are checked by, with warnings; makes none.
pub fn load_seals(path: &Path) -> Result<(Seals, Problems), Problems> {
    let source = read_file(path, bot::MAX_CONFIG_BYTES, NAME_CONFIG)?;
    let around = around(path, &Surroundings::real());
    bot::read_seals(&path.display().to_string(), &source, &around)
}

/// The surroundings of a file.
fn around<'e>(path: &Path, around: &Surroundings<'e>) -> Surroundings<'e> {
    let mode = std::fs::metadata(path).map_or(0, |meta| meta.permissions().mode());
    Surroundings {
        open_file: mode & 0o004 != 0,
        ..*around
    }
}

/// The names of the channels in `[discord]` of a `bot.toml`, and nothing else: no secret, no key, nothing is
/// made. `None` where there is no such file or section, or it cannot be read.
pub fn load_channels(path: &Path) -> Option<BTreeSet<String>> {
    let source = read_file(path, bot::MAX_CONFIG_BYTES, NAME_CONFIG).ok()?;
    bot::read_channels(&path.display().to_string(), &source)
}

/// The file that is meant: the one named on the command line, or in `$COUNTERSIGN_CONFIG`, or the first
/// of [`USUAL_PLACES`] that exists, or the first of them for the error to name.
pub fn locate(named: Option<&Path>, around: &Surroundings<'_>) -> PathBuf {
    let [first, _] = USUAL_PLACES;
    named
        .map(Path::to_path_buf)
        .or_else(|| (around.env)("COUNTERSIGN_CONFIG").map(PathBuf::from))
        .or_else(|| {
            USUAL_PLACES
                .iter()
                .map(PathBuf::from)
                .find(|path| path.is_file())
        })
        .unwrap_or_else(|| PathBuf::from(first))
}

/// What to do where a `bot.toml` cannot be read.
const NAME_CONFIG: &str = "name a readable file with --config or $COUNTERSIGN_CONFIG";

/// A text file of at most so many bytes; `mend` is what to do where it is not there.
pub fn read_file(path: &Path, most: u64, mend: &str) -> Result<String, Problems> {
    let refuse = |what: String, mend: &str| Problems {
        file: path.display().to_string(),
        list: vec![Problem {
            line: 0,
            column: 0,
            key: String::new(),
            what,
            mend: mend.to_owned(),
        }],
    };
    let mut text = String::new();
    let read =
        std::fs::File::open(path).and_then(|file| file.take(most + 1).read_to_string(&mut text));
    match read {
        Ok(bytes) if u64::try_from(bytes).is_ok_and(|bytes| bytes <= most) => Ok(text),
        Ok(_) => Err(refuse(
            format!("is larger than {most} bytes"),
            "split or shorten it",
        )),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(refuse(
            format!("cannot be read: {error}"),
            "run as the service's user (sudo -u countersign), or chown the file to the user who runs this",
        )),
        Err(error) => Err(refuse(format!("cannot be read: {error}"), mend)),
    }
}

/// Everything that `bot.toml` means.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the state lives.
    pub database: Database,
    /// How mail leaves.
    pub smtp: Smtp,
    /// The inbox; absent: mails offer no reply.
    pub imap: Option<Imap>,
    /// How our mails look and which replies count.
    pub mail: Mail,
    /// The page behind the link in the mails; absent: mails carry no link.
    pub web: Option<Web>,
    /// The chat in which people ask, decide and see; absent: there is none.
    pub discord: Option<discord::Discord>,
    /// Where DNS is asked for the keys of signatures.
    pub dns: proof::Dns,
    /// Keys that tokens are derived under.
    pub tokens: TokenKeys,
    /// How the record is sealed.
    pub audit: Audit,
    /// A directory whose templates take the place of the built-in ones of the same path.
    pub templates: Option<PathBuf>,
    /// Where `/healthz`, `/readyz` and `/metrics` are served; absent: nowhere.
    pub status: Option<SocketAddr>,
    /// Who may speak for whom on the command line.
    pub command_line: CommandLine,
    /// How long `serve` waits for work in progress when it is told to stop.
    pub stop_timeout: Duration,
    /// How many answers that explain are given.
    pub answers: Answers,
}

/// What a command that only looks needs to know.
#[derive(Debug, Clone)]
pub struct Looking {
    /// Where the state lives.
    pub database: Database,
    /// Who may speak for whom on the command line.
    pub command_line: CommandLine,
}

/// By which keys seals are checked.
#[derive(Debug, Clone)]
pub struct Seals {
    /// The secret half of the present one, where it can be read.
    pub key: Option<SecretString>,
    /// The public halves that the file names.
    pub older: Vec<[u8; 32]>,
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
    /// How that is proven.
    pub secret: Secret,
}

/// How a user name is proven.
#[derive(Debug, Clone)]
pub enum Secret {
    /// By a password.
    Password(SecretString),
    /// By an access token of `[oauth]`.
    Token(crate::oauth::Source),
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
    /// Our signature on what leaves; absent: the mail server signs, or nobody.
    pub dkim: Option<signing::Signing>,
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
    /// Our own check of signatures; absent: it is not made.
    pub dkim: Option<proof::Dkim>,
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
    /// Banners that the operator's gateway puts above mails, as written.
    pub banners: Vec<String>,
}

/// The page on which approvers decide by the link in their mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// Where it listens, in plain HTTP.
    pub listen: SocketAddr,
    /// Where browsers find it: `https://` (or `http://` on this machine), host and port, nothing behind.
    pub public_url: String,
    /// Whether browsers come by https.
    pub https: bool,
    /// Whether a browser that we do not know has to show a code that is mailed to the approver.
    pub ask_code: bool,
    /// How long a browser that showed a code is known.
    pub remember: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Requests that one client address may make in a minute.
    pub requests_per_minute: u32,
}

/// Keys that tokens are derived under; the newest is used, older ones still identify.
#[derive(Debug, Clone)]
pub struct TokenKeys {
    /// The id of the key that new tokens are derived under.
    pub current: String,
    /// Every key by id: at least 32 bytes, base64.
    pub keys: Vec<(String, SecretString)>,
}

/// How the record is sealed (W27).
#[derive(Debug, Clone)]
pub struct Audit {
    /// 32 random bytes in base64, the secret half of the key that seals; absent: nothing is sealed.
    pub key: Option<SecretString>,
    /// The public halves of keys that sealed before.
    pub older: Vec<[u8; 32]>,
    /// How often.
    pub interval: Duration,
    /// The address that every seal is mailed to.
    pub post_to: Option<String>,
    /// The file that every seal is appended to.
    pub seal_file: Option<PathBuf>,
}

/// Who may speak for whom on the command line.
#[derive(Debug, Clone, Default)]
pub struct CommandLine {
    /// Operating system users who may use `--as ANYBODY`.
    pub operators: BTreeSet<String>,
}
