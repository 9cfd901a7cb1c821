//! `doctor`: looks at everything that Countersign needs, changes nothing, sends nothing, and says what to
//! mend. `doctor mail` sends probes to the bot's own mailbox ([`probe`]).
//!
//! One line for each thing: `ok`, `hint` (works, and could be better), `wrong` (to be mended) or `away` (a
//! server that cannot be reached). The exit code is 2 if something is wrong, else 3 if something is away: what
//! is written wrong must not look like an outage that ends by itself.

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
    Away,
    Wrong,
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

    /// With what to do; an error that brings its own mend knows better.
    fn not(how: How, what: &'static str, said: impl Into<String>, mend: impl Into<String>) -> Self {
        let said = said.into();
        let (said, mend) = match said.split_once("; mend: ") {
            Some((said, mend)) => (said.to_owned(), mend.to_owned()),
            None => (said, mend.into()),
        };
        Self {
            what,
            how,
            said,
            mend: Some(mend),
        }
    }
}

/// What to do about what is not there yet in an embedded database's directory.
const MADE: &str = "none needed: `countersign serve` or `countersign policy apply` makes it";

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
    match code(lines) {
        0 => Ok(()),
        code => Err(Failure::Said(code)),
    }
}

/// The exit code that these lines come to.
fn code(lines: &[Line]) -> u8 {
    match lines.iter().map(|line| line.how).max() {
        Some(How::Wrong) => 2,
        Some(How::Away) => 3,
        _ => 0,
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
        let absent = [config.tokens.keys.is_empty(), config.audit.key.is_none()];
        let names = [keyfile::TOKEN_KEY_FILE, keyfile::SEAL_KEY_FILE];
        for (name, absent) in names.into_iter().zip(absent) {
            let path = directory.join(name);
            let shown = path.display();
            if absent {
                let said = format!("{shown} is not there yet");
                lines.push(Line::not(How::Hint, "keys", said, MADE));
                continue;
            }
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
    let made = matches!(config.database, Database::Embedded { .. });
    if config.audit.key.is_none() && !made {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a fault of the configuration never looks like an outage.
    /// Method: the code of every pair of lines.
    #[test]
    fn wrong_wins_over_away() {
        let line = |how| Line::not(how, "x", "y", "z");
        for (one, other, expected) in [
            (How::Ok, How::Hint, 0),
            (How::Hint, How::Away, 3),
            (How::Away, How::Wrong, 2),
            (How::Wrong, How::Ok, 2),
        ] {
            assert_eq!(code(&[line(one), line(other)]), expected);
            assert_eq!(code(&[line(other), line(one)]), expected);
        }
        assert_eq!(code(&[]), 0);
    }

    /// Goal: a line has one mend. Method: an error with its own, and one without.
    #[test]
    fn a_line_has_one_mend() {
        let own = Line::not(How::Away, "x", "gone; mend: start it", "see the log");
        assert_eq!(
            (own.said.as_str(), own.mend.as_deref()),
            ("gone", Some("start it"))
        );
        let none = Line::not(How::Away, "x", "gone", "see the log");
        assert_eq!(none.mend.as_deref(), Some("see the log"));
    }
}
