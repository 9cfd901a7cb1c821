//! The command line as a channel.
//!
//! ```text
//! arguments ─▶ who (operating system user → person) ─▶ Inbound ─▶ handle ─▶ Answer ─▶ printed
//! ```
//!
//! Whoever runs `countersign approve 42` acts as the person whose `os_user` they are; the kernel proves
//! the user, the book in force says the person. From there the command takes the same road as a mail:
//! one [`Inbound`](super::Inbound), one transaction, the same refusals, the same notices. What it leaves
//! owing is sent by the daemon; a command sends nothing itself.
//!
//! What always holds: standard output has the answer and nothing else, with `--json` one JSON value, a
//! refusal included; a refusal's code and rule stand on standard error; the exit code is 0 for done, 1 for refused, 2 for usage or configuration, 3 where
//! a server could not be reached.
//!
//! Not promised: protection from somebody who may read `bot.toml` and so can reach the database without
//! this program. Whoever may read it is trusted.

mod access;
pub mod args;
mod audit;
mod book;
mod chat;
mod delegate;
mod doctor;
mod explain;
mod history;
mod list;
mod office;
mod outbox;
mod person;
mod policy;
mod print;
mod request;
mod say;
mod strand;
mod versions;
pub mod when;
pub mod who;

use std::path::Path;
use std::process::ExitCode;

use args::{Cli, Mail, Probed, Top};
use print::{note, put};
use serde_json::json;

use crate::clock::Clock;
use crate::config::read::Problems;
use crate::config::secret::Surroundings;
use crate::config::{self, Config, Looking};
use crate::workflow::refusal::Refusal;

/// What Postgres answers where a table or a column is not there.
const NOT_THERE: [&str; 2] = ["42P01", "42703"];

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub enum Failure {
    /// Somebody known was refused (exit code 1).
    Refused {
        /// Stable name.
        code: String,
        /// The rule of the specification, where one of them said no.
        rule: Option<String>,
        /// What happened.
        sentence: String,
        /// What they can do now.
        next: String,
    },
    /// The command or a file is wrong (exit code 2).
    Usage(String),
    /// A server could not be reached (exit code 3).
    Unreachable(String),
    /// Everything has been said; this is the exit code.
    Said(u8),
}

impl Failure {
    /// A refusal of the workflow, with times in the reader's zone.
    fn refused(refusal: &Refusal, zone: &jiff::tz::TimeZone) -> Self {
        Self::Refused {
            code: refusal.code().to_owned(),
            rule: Some(refusal.rule().to_owned()),
            sentence: refusal.sentence(zone),
            next: refusal.next(),
        }
    }

    /// Prints it, a refusal as an object where programs read, and says the exit code.
    fn report(&self, as_json: bool) -> u8 {
        match self {
            Self::Refused {
                code,
                rule,
                sentence,
                next,
            } => {
                let object = json!({
                    "refused": { "code": code, "rule": rule, "sentence": sentence, "next": next },
                });
                if !as_json || print::json(&object).is_err() {
                    put!("{sentence} {next}");
                }
                match rule {
                    Some(rule) => note!("refused: {code} ({rule})"),
                    None => note!("refused: {code}"),
                }
                1
            }
            Self::Usage(what) => {
                note!("{what}");
                2
            }
            Self::Unreachable(what) => {
                note!("{what}");
                3
            }
            Self::Said(code) => *code,
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Usage(problems.to_string())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(answer)
                if answer
                    .code()
                    .is_some_and(|code| NOT_THERE.contains(&code.as_ref())) =>
            {
                Self::Usage(format!(
                    "the database has not this version's schema: {}; mend: countersign migrate",
                    answer.message()
                ))
            }
            sqlx::Error::Database(answer) => Self::Unreachable(format!(
                "the database did not do what it should: {}; mend: see its log",
                answer.message()
            )),
            other => Self::Unreachable(format!(
                "the database did not do what it should: {other}; mend: see whether it runs"
            )),
        }
    }
}

/// Does what was typed; prints the answer; says the exit code.
pub async fn run(cli: Cli) -> ExitCode {
    let as_json = cli.command.json();
    let code = match Box::pin(command(cli)).await {
        Ok(()) => 0,
        Err(failure) => failure.report(as_json),
    };
    ExitCode::from(code)
}

async fn command(cli: Cli) -> Result<(), Failure> {
    let config = cli.config.as_deref();
    match cli.command {
        Top::Serve => {
            let path = config::locate(config, &Surroundings::real());
            office::serve(&config::load(&path)?, Clock::system()).await
        }
        Top::Migrate {
            roles: true,
            owner,
            daemon,
            ..
        } => office::roles(&owner, &daemon),
        Top::Migrate { url_file, .. } => office::migrate(&load(config)?, url_file.as_deref()).await,
        Top::Doctor { what, output } => {
            let around = Surroundings {
                make_keys: false,
                ..Surroundings::real()
            };
            let (config, warnings) = Config::load(&config::locate(config, &around), &around)?;
            match what {
                None => doctor::run(&config, &warnings, output.json).await,
                Some(Probed::Mail) => doctor::run_mail(&config, &warnings, output.json).await,
            }
        }
        Top::Policy(what) => policy::run(what, config).await,
        Top::Request(what) => request::run(what, config).await,
        Top::Approve(approve) => request::approve(approve, &load(config)?).await,
        Top::Disapprove(vote) => request::disapprove(vote, &load(config)?).await,
        Top::Revoke(revoke) => access::revoke(revoke, &load(config)?).await,
        Top::Review(review) => access::review(review, &load(config)?).await,
        Top::Delegate(what) => delegate::run(what, &load(config)?).await,
        Top::Audit(what) => audit::run(what, config).await,
        Top::Outbox(what) => outbox::run(what, &load(config)?).await,
        Top::Chat(what) => chat::run(what, &load(config)?).await,
        Top::Person(what) => person::run(what, &load(config)?).await,
        Top::Mail(Mail::Explain {
            file,
            locale,
            output,
        }) => explain::run(&file, locale.as_deref(), output.json, config).await,
    }
}

/// What a command that only looks needs of it; the same.
fn look(named: Option<&Path>) -> Result<Looking, Failure> {
    let path = config::locate(named, &Surroundings::real());
    let (looking, warnings) = config::load_looking(&path)?;
    print::warn(&warnings);
    Ok(looking)
}

/// The configuration that is meant; its warnings are said plainly. (The daemon logs them.)
fn load(named: Option<&Path>) -> Result<Config, Failure> {
    let around = Surroundings::real();
    let (config, warnings) = Config::load(&config::locate(named, &around), &around)?;
    print::warn(&warnings);
    Ok(config)
}
