//! `bot.toml`: from what the file says to what it means.

mod audit;
mod discord;
mod looking;
mod mail;
mod oauth;
mod proof;
mod servers;
mod signing;
mod tokens;
mod web;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret;

pub(super) use self::looking::{read_looking, read_seals};

use self::audit::{audit, with_key};
use self::mail::mail;
use self::oauth::oauth;
use self::proof::dns;
use self::servers::{Means, imap, smtp};
use self::tokens::tokens;
use self::web::web;
use super::proof::Dns;
use super::read::{Problems, Report, Section, parse};
use super::secret::{self, SERVICE_DIRECTORY, Surroundings};
use super::{Answers, CommandLine, Config, Database, Mail, Quota};

/// Largest `bot.toml` that is read, in bytes.
pub(super) const MAX_CONFIG_BYTES: u64 = 1024 * 1024;
/// How long `serve` waits for work in progress where the file says nothing.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

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

/// Reads `[mail]` and `[dns]` alone; what else stands in the file is not looked at, beyond being TOML.
pub(super) fn read_mail(file: &str, source: &str) -> Result<(Mail, Dns), Problems> {
    let report = Report::new(file, source);
    let table = parse(&report, source);
    let found = if report.is_clean() {
        let mut root = Section::new(&report, "", table.get_ref(), 0..0);
        let imap_there = root.has("imap");
        let mail = mail(&mut root, imap_there);
        mail.zip(dns(&mut root))
    } else {
        None
    };
    match report.finish(found)? {
        (Some(found), _) => Ok(found),
        (None, warnings) => Err(warnings),
    }
}

/// Reads the names of the channels in `[discord]` alone; `None` where there are none to be known.
pub(super) fn read_channels(file: &str, source: &str) -> Option<BTreeSet<String>> {
    let report = Report::new(file, source);
    let table = parse(&report, source);
    let mut root = Section::new(&report, "", table.get_ref(), 0..0);
    let names = discord::names(root.section("discord", "[discord]")?)?;
    report.is_clean().then_some(names)
}

fn whole(mut root: Section<'_, '_>, around: &Surroundings<'_>) -> Option<Config> {
    let database = database(&mut root, around);
    let oauth = oauth(&mut root, around);
    let means = Means {
        around,
        tokens: oauth.as_ref().ok().and_then(Option::as_ref),
    };
    let smtp = smtp(&mut root, means);
    let imap_there = root.has("imap");
    let imap = root
        .section("imap", "[imap]")
        .and_then(|section| imap(section, means));
    let mail = mail(&mut root, imap_there);
    let dns = dns(&mut root);
    let templates = root
        .section("templates", "[templates]")
        .and_then(|mut section| {
            let directory = directory_that_exists(&mut section, "directory");
            section.end();
            directory
        });
    let status = root.section("status", "[status]").and_then(status);
    let web = root.section("web", "[web]").and_then(web);
    let discord = root
        .section("discord", "[discord]")
        .and_then(|section| discord::discord(section, around));
    let command_line = command_line(&mut root);
    let (stop_timeout, answers) = root
        .section("limits", "[limits]")
        .map_or((STOP_TIMEOUT, Answers::default()), limits);
    let audit = audit(&mut root, around, database.as_ref());
    // Last, because they may make a file: nothing is made for a configuration that is refused.
    let tokens = tokens(&mut root, around, database.as_ref());
    let audit = audit
        .zip(database.as_ref())
        .map(|(audit, database)| with_key(&root, audit, (database, around)));
    root.end();
    oauth.ok()?;
    Some(Config {
        database: database?,
        smtp: smtp?,
        imap,
        mail: mail?,
        web,
        discord,
        dns: dns?,
        tokens: tokens?,
        audit: audit?,
        templates,
        status,
        command_line,
        stop_timeout,
        answers,
    })
}

fn command_line(root: &mut Section<'_, '_>) -> CommandLine {
    let Some(mut section) = root.section("command_line", "[command_line]") else {
        return CommandLine::default();
    };
    let operators = section.texts("operators");
    section.end();
    CommandLine {
        operators: operators.iter().map(|user| user.value.to_owned()).collect(),
    }
}

fn limits(mut section: Section<'_, '_>) -> (Duration, Answers) {
    let wait = section.wait("stop_timeout", STOP_TIMEOUT);
    let usual = Answers::default();
    let mut answers = |quota: Quota, usual: u32| {
        let found = section.number(quota.key(), 1..10_001);
        found.map_or(usual, |found| u32::try_from(found.value).unwrap_or(usual))
    };
    let answers = Answers {
        per_request: answers(Quota::PerRequest, usual.per_request),
        per_person: answers(Quota::PerPerson, usual.per_person),
        in_all: answers(Quota::InAll, usual.in_all),
    };
    section.end();
    (wait, answers)
}

fn database(root: &mut Section<'_, '_>, around: &Surroundings<'_>) -> Option<Database> {
    let Some(mut section) = root.section("database", "[database]") else {
        // A `database` of another type has been noted as a problem.
        if root.has("database") {
            return None;
        }
        return default_directory(root, around);
    };
    let directory = section.needed_if_there("directory");
    let embedded = match section.value("url").map(|url| url.get_ref().as_str()) {
        None => true,
        Some(text) => text == Some("embedded"),
    };
    let database = if embedded {
        match directory {
            Some(directory) => Some(Database::Embedded {
                directory: directory.value.into(),
            }),
            None => default_directory(&section, around),
        }
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

/// Where the embedded database lives if the file does not say; never below the working directory. The
/// daemon and the commands of the same user must find the same one, so nothing that only systemd sets
/// is asked.
fn default_directory(section: &Section<'_, '_>, around: &Surroundings<'_>) -> Option<Database> {
    let absolute = |name| (around.env)(name).filter(|path| path.starts_with('/'));
    let directory = if around.service {
        PathBuf::from(SERVICE_DIRECTORY)
    } else if let Some(state) = absolute("XDG_STATE_HOME") {
        PathBuf::from(state).join("countersign")
    } else if let Some(home) = absolute("HOME") {
        PathBuf::from(home).join(".local/state/countersign")
    } else {
        let what = "neither $XDG_STATE_HOME nor $HOME says where the embedded database may live";
        let mend = "write directory = \"/path\"";
        section
            .report
            .problem(&section.span, "[database] directory", what, mend);
        return None;
    };
    Some(Database::Embedded { directory })
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
