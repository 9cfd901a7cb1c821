//! `bot.toml`: from what the file says to what it means.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use data_encoding::BASE64;
use lettre::Address;
use secrecy::{ExposeSecret, SecretString};

use super::keyfile;
use super::read::{Problems, Report, Section, parse};
use super::secret::{self, Surroundings};
use super::words::read_words;
use super::{CommandLine, Config, Database, Imap, Login, Mail, Security, Smtp, TokenKeys};

/// Largest `bot.toml` that is read, in bytes.
pub(super) const MAX_CONFIG_BYTES: u64 = 1024 * 1024;
/// The directory of the embedded database where we run as root.
const ROOT_DIRECTORY: &str = "/var/lib/countersign";
/// A token key has at least this many bytes.
const MIN_KEY_BYTES: usize = 32;

// The machinery's waits where the file says nothing.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
const SMTP_ANSWER: Duration = Duration::from_secs(30);
const IMAP_ANSWER: Duration = Duration::from_secs(30);
/// RFC 2177 asks for less than 29 minutes; middleboxes forget connections sooner.
const IDLE_RENEWAL: Duration = Duration::from_mins(9);
const POLL_EVERY: Duration = Duration::from_mins(1);

/// Reads the text of a `bot.toml`: the configuration with warnings, or everything that is wrong.
pub(super) fn read(
    file: &str,
    source: &str,
    around: &Surroundings<'_>,
) -> Result<(Config, Problems), Problems> {
    let report = Report::new(file, source);
    let table = parse(&report, source);
    if !report.is_clean() {
        return Err(report.finish(()).err().unwrap_or(Problems {
            file: file.to_owned(),
            list: Vec::new(),
        }));
    }
    let config = whole(Section::new(&report, "", table.get_ref(), 0..0), around);
    // A part is absent only where a problem was noted, so a clean report has a configuration.
    match report.finish(config)? {
        (Some(config), warnings) => Ok((config, warnings)),
        (None, warnings) => Err(warnings),
    }
}

fn whole(mut root: Section<'_, '_>, around: &Surroundings<'_>) -> Option<Config> {
    let database = database(&mut root, around);
    let smtp = smtp(&mut root, around);
    let imap_there = root.has("imap");
    let imap = root
        .section("imap", "[imap]")
        .and_then(|section| imap(section, around));
    let mail = mail(&mut root, imap_there);
    let tokens = tokens(&mut root, around, database.as_ref());
    let templates = root
        .section("templates", "[templates]")
        .and_then(|mut section| {
            let directory = directory_that_exists(&mut section, "directory");
            section.end();
            directory
        });
    let status = root.section("status", "[status]").and_then(status);
    let command_line = root
        .section("command_line", "[command_line]")
        .map(|mut section| {
            let operators = section.texts("operators");
            section.end();
            CommandLine {
                operators: operators.iter().map(|user| user.value.to_owned()).collect(),
            }
        })
        .unwrap_or_default();
    let stop_timeout = root
        .section("limits", "[limits]")
        .map_or(STOP_TIMEOUT, |mut section| {
            let wait = section.wait("stop_timeout", STOP_TIMEOUT);
            section.end();
            wait
        });
    root.end();
    Some(Config {
        database: database?,
        smtp: smtp?,
        imap,
        mail: mail?,
        tokens: tokens?,
        templates,
        status,
        command_line,
        stop_timeout,
    })
}

fn database(root: &mut Section<'_, '_>, around: &Surroundings<'_>) -> Option<Database> {
    let Some(mut section) = root.section("database", "[database]") else {
        // A `database` of another type has been noted as a problem.
        return (!root.has("database")).then(|| default_directory(around));
    };
    let directory = section.needed_if_there("directory");
    let embedded = match section.value("url").map(|url| url.get_ref().as_str()) {
        None => true,
        Some(text) => text == Some("embedded"),
    };
    let database = if embedded {
        Some(directory.map_or_else(
            || default_directory(around),
            |directory| Database::Embedded {
                directory: directory.value.into(),
            },
        ))
    } else {
        if let Some(directory) = directory {
            let mend = "take it out, or write url = \"embedded\"";
            section.wrong(
                "directory",
                &directory.span,
                "is for the embedded database only",
                mend,
            );
        }
        url(&mut section, around)
    };
    section.end();
    database
}

fn url(section: &mut Section<'_, '_>, around: &Surroundings<'_>) -> Option<Database> {
    let span = section.value("url")?.span();
    let url = secret::read(section, "url", around)?;
    let text = url.expose_secret();
    let scheme = text.starts_with("postgres://") || text.starts_with("postgresql://");
    if scheme && text.parse::<sqlx::postgres::PgConnectOptions>().is_ok() {
        return Some(Database::Url(url));
    }
    let mend = "write \"embedded\", or postgres://user:password@host:5432/database";
    section.wrong("url", &span, "is no address of a Postgres database", mend);
    None
}

fn default_directory(around: &Surroundings<'_>) -> Database {
    let directory = if around.root {
        PathBuf::from(ROOT_DIRECTORY)
    } else {
        let state = (around.env)("XDG_STATE_HOME").filter(|path| path.starts_with('/'));
        let home = || PathBuf::from((around.env)("HOME").unwrap_or_default()).join(".local/state");
        state.map_or_else(home, PathBuf::from).join("countersign")
    };
    Database::Embedded { directory }
}

fn smtp(root: &mut Section<'_, '_>, around: &Surroundings<'_>) -> Option<Smtp> {
    let Some(mut section) = root.section("smtp", "[smtp]") else {
        if !root.has("smtp") {
            root.missing(
                "[smtp]",
                "say how mail leaves: [smtp] with host, security, username, password",
            );
        }
        return None;
    };
    let host = section.needed_text(
        "host",
        "name the mail server, e.g. host = \"mail.example.org\"",
    );
    let security = security(&mut section, host.as_ref().map(|host| host.value));
    let port = port(&mut section, [465, 587, 25], security);
    let login = login(&mut section, around);
    let ca_file = file_that_exists(&mut section, "ca_file");
    let timeout = section.wait("timeout", SMTP_ANSWER);
    let connections = section
        .number("connections", 1..65)
        .map_or(8, |found| found.value);
    section.end();
    Some(Smtp {
        host: host?.value.to_owned(),
        port: port?,
        security: security?,
        login: login.ok()?,
        ca_file,
        timeout,
        connections: u32::try_from(connections).ok()?,
    })
}

fn imap(mut section: Section<'_, '_>, around: &Surroundings<'_>) -> Option<Imap> {
    let host = section.needed_text(
        "host",
        "name the mail server, e.g. host = \"mail.example.org\"",
    );
    let security = security(&mut section, host.as_ref().map(|host| host.value));
    let port = port(&mut section, [993, 143, 143], security);
    let login = login(&mut section, around);
    if let Ok(None) = login {
        section.missing("username", "an inbox needs username and password");
    }
    let ca_file = file_that_exists(&mut section, "ca_file");
    let mailbox = section.needed_if_there("mailbox");
    let processed = section.needed_if_there("processed");
    let idle_renewal = section.wait("idle_renewal", IDLE_RENEWAL);
    let poll_every = section.wait("poll_every", POLL_EVERY);
    let timeout = section.wait("timeout", IMAP_ANSWER);
    let batch = section
        .number("batch", 1..10_001)
        .map_or(200, |found| found.value);
    let max_mail_bytes = section
        .number("max_mail_bytes", 10_000..1_000_000_001)
        .map_or(10 * 1024 * 1024, |found| found.value);
    section.end();
    Some(Imap {
        host: host?.value.to_owned(),
        port: port?,
        security: security?,
        login: login.ok()??,
        ca_file,
        mailbox: mailbox.map_or("INBOX", |found| found.value).to_owned(),
        processed: processed.map(|found| found.value.to_owned()),
        idle_renewal,
        poll_every,
        timeout,
        batch: usize::try_from(batch).ok()?,
        max_mail_bytes,
    })
}

/// `None` where a problem has been noted.
fn security(section: &mut Section<'_, '_>, host: Option<&str>) -> Option<Security> {
    let Some(found) = section.text("security") else {
        return (!section.has("security")).then_some(Security::Tls);
    };
    let mend = "write \"tls\", \"starttls\", or for a server on this machine \"none\"";
    match found.value {
        "tls" => Some(Security::Tls),
        "starttls" => Some(Security::StartTls),
        "none" if host.is_some_and(is_loopback) => Some(Security::None),
        "none" => {
            let what = "`none` is for a server on this machine only (localhost, 127.0.0.1, ::1)";
            section.wrong(
                "security",
                &found.span,
                what,
                "write \"tls\" or \"starttls\"",
            );
            None
        }
        other => {
            section.wrong(
                "security",
                &found.span,
                format!("`{other}` is no protection"),
                mend,
            );
            None
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The port, or the usual one for tls, starttls and none.
fn port(section: &mut Section<'_, '_>, usual: [u16; 3], security: Option<Security>) -> Option<u16> {
    let [tls, starttls, none] = usual;
    if section.has("port") {
        let found = section.number("port", 1..65_536)?;
        return u16::try_from(found.value).ok();
    }
    Some(match security {
        Some(Security::StartTls) => starttls,
        Some(Security::None) => none,
        Some(Security::Tls) | None => tls,
    })
}

/// Both or neither; `Err` where a problem has been noted.
fn login(section: &mut Section<'_, '_>, around: &Surroundings<'_>) -> Result<Option<Login>, ()> {
    let (username_there, password_there) = (section.has("username"), section.has("password"));
    let username = section.needed_if_there("username");
    let password = secret::read(section, "password", around);
    match (username_there, password_there) {
        (false, false) => Ok(None),
        (true, false) => {
            section.missing(
                "password",
                "write password = { file = \"/path\" }, or take username out",
            );
            Err(())
        }
        (false, true) => {
            section.missing("username", "write username, or take password out");
            Err(())
        }
        (true, true) => match (username, password) {
            (Some(username), Some(password)) => Ok(Some(Login {
                username: username.value.to_owned(),
                password,
            })),
            _ => Err(()),
        },
    }
}

fn mail(root: &mut Section<'_, '_>, replies: bool) -> Option<Mail> {
    let Some(mut section) = root.section("mail", "[mail]") else {
        if !root.has("mail") {
            root.missing(
                "[mail]",
                "say how our mails look: [mail] with from = \"bot@example.org\"",
            );
        }
        return None;
    };
    let from = section.needed_text(
        "from",
        "write the sender's address, e.g. \"bot@example.org\"",
    );
    let from = from.and_then(|_| address(&mut section, "from"));
    let reply_to = if section.has("reply_to") {
        address(&mut section, "reply_to")
    } else {
        from.clone()
    };
    let message_id_domain = if section.has("message_id_domain") {
        domain(&mut section, "message_id_domain")
    } else {
        from.as_ref().map(|from| from.domain().to_lowercase())
    };
    let from_name = section.needed_if_there("from_name");
    let authserv_id = section.needed_if_there("authserv_id");
    let authserv_hops = section
        .number("authserv_hops", 0..21)
        .map_or(1, |found| found.value);
    let exempt_domains = exempt_domains(&mut section);
    let words = read_words(&mut section);
    if replies && authserv_id.is_none() && exempt_domains.is_empty() {
        section.report.warn(
            &section.span,
            section.key("authserv_id"),
            "no sender can be proven, so no reply will decide anything",
            "name the authserv-id that your mail server writes into Authentication-Results",
        );
    }
    section.end();
    let from = from?;
    let (approve_words, disapprove_words) = words?;
    Some(Mail {
        from_name: from_name
            .map_or("Countersign", |found| found.value)
            .to_owned(),
        from: from.to_string(),
        reply_to: reply_to?.to_string(),
        message_id_domain: message_id_domain?,
        authserv_id: authserv_id.map(|found| found.value.to_owned()),
        authserv_hops: usize::try_from(authserv_hops).ok()?,
        exempt_domains,
        approve_words,
        disapprove_words,
    })
}

fn address(section: &mut Section<'_, '_>, key: &'static str) -> Option<Address> {
    let found = section.text(key)?;
    let address = found.value.parse::<Address>().ok();
    if address.is_none() {
        let what = format!("`{}` is no e-mail address", found.value);
        section.wrong(
            key,
            &found.span,
            what,
            "write the bare address, e.g. \"bot@example.org\"",
        );
    }
    address
}

fn domain(section: &mut Section<'_, '_>, key: &'static str) -> Option<String> {
    let found = section.text(key)?;
    if is_domain(found.value) {
        return Some(found.value.to_lowercase());
    }
    let what = format!("`{}` is no domain", found.value);
    section.wrong(key, &found.span, what, "write it like \"example.org\"");
    None
}

fn is_domain(text: &str) -> bool {
    format!("x@{text}").parse::<Address>().is_ok() && !text.contains('@')
}

fn exempt_domains(section: &mut Section<'_, '_>) -> BTreeSet<String> {
    let mut domains = BTreeSet::new();
    for found in section.texts("exempt_domains") {
        if is_domain(found.value) {
            section.report.warn(
                &found.span,
                section.key("exempt_domains"),
                format!(
                    "anybody who can write `{}` into From may decide",
                    found.value
                ),
                "keep it only where every mail of this domain reaches you from your own servers",
            );
            domains.insert(found.value.to_lowercase());
        } else {
            let what = format!("`{}` is no domain", found.value);
            section.wrong(
                "exempt_domains",
                &found.span,
                what,
                "write it like \"example.org\"",
            );
        }
    }
    domains
}

fn tokens(
    root: &mut Section<'_, '_>,
    around: &Surroundings<'_>,
    database: Option<&Database>,
) -> Option<TokenKeys> {
    let mend = "write key = { file = \"/path\" }; make one with: openssl rand -base64 32";
    let section = root.section("tokens", "[tokens]");
    if section.is_none() && root.has("tokens") {
        return None;
    }
    let Some(mut section) = section else {
        return match database? {
            Database::Embedded { directory } => generated(root, directory),
            Database::Url(_) => {
                root.missing("[tokens] key", mend);
                None
            }
        };
    };
    let id = section
        .needed_if_there("key_id")
        .map_or("1", |found| found.value);
    let mut keys = match (section.has("key"), database) {
        (false, Some(Database::Embedded { directory })) => generated(&section, directory),
        (false, _) => {
            section.missing("key", mend);
            None
        }
        (true, _) => key(&mut section, "key", around).map(|key| TokenKeys {
            current: id.to_owned(),
            keys: vec![(id.to_owned(), key)],
        }),
    };
    for mut older in section.sections("older", "{ id = \"…\", key = { file = \"…\" } }") {
        let id = older.needed_text("id", "write the key_id that it had");
        let key = key(&mut older, "key", around);
        let Some((id, key, keys)) = id.zip(key).zip(keys.as_mut()).map(|((a, b), c)| (a, b, c))
        else {
            continue;
        };
        if keys.keys.iter().any(|(known, _)| known == id.value) {
            older.wrong(
                "id",
                &id.span,
                "names two keys",
                "give each key an id of its own",
            );
        }
        keys.keys.push((id.value.to_owned(), key));
        older.end();
    }
    section.end();
    keys
}

fn generated(section: &Section<'_, '_>, directory: &std::path::Path) -> Option<TokenKeys> {
    match keyfile::read_or_make(directory) {
        Ok(key) => Some(TokenKeys {
            current: keyfile::KEY_ID.to_owned(),
            keys: vec![(keyfile::KEY_ID.to_owned(), key)],
        }),
        Err(error) => {
            let what = format!(
                "the key in {} can be neither read nor made: {error}",
                directory.display()
            );
            let mend = "run as the service's user, or set [database] directory";
            section
                .report
                .problem(&section.span, "[tokens] key", what, mend);
            None
        }
    }
}

fn key(
    section: &mut Section<'_, '_>,
    name: &'static str,
    around: &Surroundings<'_>,
) -> Option<SecretString> {
    let Some(span) = section.value(name).map(toml::Spanned::span) else {
        section.missing(name, "write key = { file = \"/path\" }");
        return None;
    };
    let key = secret::read(section, name, around)?;
    let bytes = BASE64.decode(key.expose_secret().trim().as_bytes());
    if bytes.is_ok_and(|bytes| bytes.len() >= MIN_KEY_BYTES) {
        return Some(key);
    }
    let what = format!("is not at least {MIN_KEY_BYTES} bytes in base64");
    section.wrong(name, &span, what, "make one with: openssl rand -base64 32");
    None
}

fn status(mut section: Section<'_, '_>) -> Option<SocketAddr> {
    let mend = "write it like \"127.0.0.1:8980\"";
    let found = section.needed_text("listen", mend);
    let address = found.and_then(|found| {
        let address = found.value.parse().ok();
        if address.is_none() {
            let what = format!("`{}` is no address with a port", found.value);
            section.wrong("listen", &found.span, what, mend);
        }
        address
    });
    section.end();
    address
}

fn file_that_exists(section: &mut Section<'_, '_>, key: &'static str) -> Option<PathBuf> {
    let found = section.needed_if_there(key)?;
    let path = PathBuf::from(found.value);
    if !path.is_file() {
        let what = format!("there is no file {}", path.display());
        section.wrong(
            key,
            &found.span,
            what,
            "name an existing file, or take the line out",
        );
    }
    Some(path)
}

fn directory_that_exists(section: &mut Section<'_, '_>, key: &'static str) -> Option<PathBuf> {
    let found = section.needed_text(key, "name the directory")?;
    let path = PathBuf::from(found.value);
    if !path.is_dir() {
        let what = format!("there is no directory {}", path.display());
        section.wrong(key, &found.span, what, "create it, or take the section out");
    }
    Some(path)
}
