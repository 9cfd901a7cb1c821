//! `doctor`: looks at everything that Countersign needs, changes nothing, sends nothing, and says what to
//! mend. `doctor mail` sends probes to the bot's own mailbox ([`probe`]).
//!
//! One line for each thing: `ok`, `hint` (works, and could be better), `wrong` (to be mended) or `away` (a
//! server that cannot be reached). The exit code is 3 if something is away, else 1 if something is wrong.

mod database;
mod mail;
mod people;
mod probe;
mod web;

use serde::Serialize;

use super::Failure;
use super::print::{self, put};
use crate::config::read::Problems;
use crate::config::{Config, Database, keyfile};
use crate::render::Renderer;

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum How {
    Ok,
    Hint,
    Wrong,
    Away,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    what: &'static str,
    how: How,
    said: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl Line {
    fn ok(what: &'static str, said: impl Into<String>) -> Self {
        Self {
            what,
            how: How::Ok,
            said: said.into(),
            mend: None,
        }
    }

    fn not(how: How, what: &'static str, said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            what,
            how,
            said: said.into(),
            mend: Some(mend.into()),
        }
    }
}

/// Does it.
pub(super) async fn run(
    config: &Config,
    warnings: &Problems,
    as_json: bool,
) -> Result<(), Failure> {
    let mut lines = configuration(warnings);
    lines.extend(keys(config));
    lines.push(templates(config));
    lines.extend(database::look(config).await);
    lines.extend(mail::look(config).await);
    lines.extend(web::look(config).await);
    told(&lines, as_json)
}

/// `doctor mail`.
pub(super) async fn run_mail(
    config: &Config,
    warnings: &Problems,
    as_json: bool,
) -> Result<(), Failure> {
    let mut lines = configuration(warnings);
    lines.extend(probe::look(config).await);
    told(&lines, as_json)
}

fn told(lines: &[Line], as_json: bool) -> Result<(), Failure> {
    if as_json {
        print::json(&lines)?;
    } else {
        for line in lines {
            let how = match line.how {
                How::Ok => "ok",
                How::Hint => "hint",
                How::Wrong => "wrong",
                How::Away => "away",
            };
            let mend = line.mend.as_ref();
            let mend = mend.map_or_else(String::new, |mend| format!("; mend: {mend}"));
            put!("{how:5}  {:9}  {}{mend}", line.what, line.said);
        }
    }
    match lines.iter().map(|line| line.how).max() {
        Some(How::Away) => Err(Failure::Said(3)),
        Some(How::Wrong) => Err(Failure::Said(1)),
        _ => Ok(()),
    }
}

fn configuration(warnings: &Problems) -> Vec<Line> {
    if warnings.list.is_empty() {
        let said = format!("{} is read", warnings.file);
        return vec![Line::ok("config", said)];
    }
    let line = |problem: &crate::config::read::Problem| {
        let place = format!("{}:{}: {}", warnings.file, problem.line, problem.key);
        let said = format!("{place}: {}", problem.what);
        Line::not(How::Hint, "config", said, problem.mend.clone())
    };
    warnings.list.iter().map(line).collect()
}

/// The files of the generated keys; what bot.toml names itself is among its warnings.
fn keys(config: &Config) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Database::Embedded { directory } = &config.database {
        for name in [keyfile::TOKEN_KEY_FILE, keyfile::SEAL_KEY_FILE] {
            let path = directory.join(name);
            let shown = path.display();
            // One that bot.toml names lies elsewhere.
            let Some(open) = keyfile::open_to_others(&path) else {
                continue;
            };
            lines.push(if open {
                let mend = format!("chmod 0600 {shown}, and think of it as known");
                Line::not(
                    How::Wrong,
                    "keys",
                    format!("{shown} can be read by others"),
                    mend,
                )
            } else {
                Line::ok("keys", format!("{shown} is its owner's alone"))
            });
        }
    }
    if config.audit.key.is_none() {
        lines.push(Line::not(
            How::Hint,
            "keys",
            "the record is not sealed: who may write to the database can rewrite it unseen",
            "write key = { file = \"/path\" } in [audit]; make one with: openssl rand -base64 32",
        ));
    } else if config.audit.seal_file.is_none() && config.audit.post_to.is_none() {
        lines.push(Line::not(
            How::Hint,
            "keys",
            "seals are kept in the database only: a tail cut off with its seals would not show",
            "write post_to = \"auditors@example.org\" in [audit], or a seal_file that is copied elsewhere",
        ));
    }
    lines
}

fn templates(config: &Config) -> Line {
    match Renderer::new(config.templates.as_deref()) {
        Ok(_) => Line::ok("templates", "every template renders"),
        Err(error) => {
            let mend = "correct it, or take it out of [templates] directory";
            Line::not(How::Wrong, "templates", error.to_string(), mend)
        }
    }
}
