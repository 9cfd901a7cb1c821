//! `policy check|apply|explain|show`.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::path::Path;

use serde_json::json;

use super::args::{Acting, Policy};
use super::office::{Applying, Office};
use super::print::{self, put};
use super::strand::Shifted;
use super::{Failure, book, load, look, person, who};
use crate::config::policies::diff::{Change, diff};
use crate::config::policies::{self, Checked, MAX_POLICIES_BYTES};
use crate::config::secret::Surroundings;
use crate::config::{self, Config, read_file};
use crate::workflow::book::Book;
use crate::workflow::ids::PersonId;

/// Does it.
pub(super) async fn run(what: Policy, config: Option<&Path>) -> Result<(), Failure> {
    match what {
        Policy::Check { file, output } => {
            let bot = config::locate(config, &Surroundings::real());
            check(&file, config::load_channels(&bot), output.json)
        }
        Policy::Apply {
            file,
            yes,
            force,
            acting,
            output,
        } => {
            let wanted = Wanted {
                file: &file,
                yes,
                force,
                as_json: output.json,
            };
            apply(&wanted, &acting, &load(config)?).await
        }
        Policy::Explain {
            person,
            subject,
            file: Some(file),
            output,
        } => {
            let book = read(&file)?.1.book;
            let person = PersonId::new(person.unwrap_or_default());
            book::explain(&book, &person, subject, output.json)
        }
        Policy::Explain {
            person,
            subject,
            file: None,
            output,
        } => {
            let looking = look(config)?;
            let book = Office::look(&looking, async |office| office.book().await).await?;
            // Asking which policy applies to somebody acts for nobody, so no operator is needed.
            let person = if let Some(person) = person {
                PersonId::new(person)
            } else {
                let user = who::OsUser::present();
                let (person, _) = who::person(&book, &user, None, &looking.command_line)?;
                person.id.clone()
            };
            book::explain(&book, &person, subject, output.json)
        }
        Policy::Show { output } => {
            let (book, marks) = Office::look(&look(config)?, async |office| {
                Ok((office.book().await?, person::standing(office).await?))
            })
            .await?;
            book::show(&book, &marks, output.json)
        }
    }
}

/// The text and what it means; warnings go to standard error.
fn read(file: &Path) -> Result<(String, Checked), Failure> {
    let mend = "name your policies file; policies.toml.example is one to begin with";
    let source = read_file(file, MAX_POLICIES_BYTES, mend)?;
    let checked = policies::read(&file.display().to_string(), &source)?;
    Ok((source, checked))
}

/// `channels`: those that a `bot.toml` names, where there is one.
fn check(file: &Path, channels: Option<BTreeSet<String>>, as_json: bool) -> Result<(), Failure> {
    let (_, Checked { book, mut warnings }) = read(file)?;
    if let Some(channels) = channels {
        let unknown = policies::unknown_channels(&warnings.file, &book, &channels);
        warnings.list.extend(unknown.list);
    }
    if as_json {
        let warnings: Vec<_> = warnings
            .list
            .iter()
            .map(|w| {
                json!({ "line": w.line, "column": w.column, "key": w.key, "what": w.what, "mend": w.mend })
            })
            .collect();
        return print::json(&json!({
            "people": book.people.len(), "groups": book.groups.len(),
            "modules": book.modules.len(), "policies": book.policies.len(), "warnings": warnings,
        }));
    }
    print::warn(&warnings);
    put!(
        "{}: {} people, {} groups, {} modules, {} policies; nothing wrong, {}.",
        file.display(),
        book.people.len(),
        book.groups.len(),
        book.modules.len(),
        book.policies.len(),
        print::count(warnings.list.len(), "warning")
    );
    Ok(())
}

/// What `policy apply` was told.
struct Wanted<'a> {
    file: &'a Path,
    yes: bool,
    force: bool,
    as_json: bool,
}

async fn apply(wanted: &Wanted<'_>, acting: &Acting, config: &Config) -> Result<(), Failure> {
    let as_json = wanted.as_json;
    let (source, Checked { mut book, warnings }) = read(wanted.file)?;
    print::warn(&warnings);
    let channels = config.discord.as_ref().map(|discord| &discord.channels);
    let channels = channels.map(|channels| channels.keys().cloned().collect());
    let channels = channels.unwrap_or_default();
    print::warn(&policies::unknown_channels(
        &warnings.file,
        &book,
        &channels,
    ));
    let (version, changes, shifted) = Office::with(config, async |office| {
        let before = office.book_if_any().await?.unwrap_or_default();
        let by = applier(&before, acting, config)?;
        let changes = diff(&before, &book);
        if !as_json {
            show_changes(&changes);
        }
        if changes.is_empty() {
            return Ok((before.version, changes, Shifted::default()));
        }
        // Delegations are no part of the file, and stay as they are.
        book.delegations.clone_from(&before.delegations);
        office
            .shifted(&before, &book)
            .await?
            .allowed(wanted.force)?;
        agreed(wanted.yes)?;
        let applying = Applying {
            source: &source,
            book: &book,
            before: &before,
            by: &by,
            force: wanted.force,
        };
        let (version, shifted) = office.apply(&applying).await?;
        Ok((version, changes, shifted))
    })
    .await?;
    if as_json {
        return print::json(&json!({
            "version": version, "changes": changes, "stranded": shifted.stranded,
        }));
    }
    if changes.is_empty() {
        put!("Nothing changes; version {version} stays in force.");
    } else {
        put!("Version {version} is in force.");
    }
    if !shifted.stranded.is_empty() {
        put!("Nobody can decide these any more: {}.", shifted.named());
    }
    Ok(())
}

/// Who applies, as the record names them: their person where they are one, else the system's user. Which
/// of them may is decided by who can read `bot.toml` and reach the database.
pub(super) fn applier(before: &Book, acting: &Acting, config: &Config) -> Result<String, Failure> {
    let user = who::OsUser::present();
    match who::person(
        before,
        &user,
        acting.person.as_deref(),
        &config.command_line,
    ) {
        Ok((person, _)) => Ok(person.id.to_string()),
        Err(failure) if acting.person.is_some() => Err(failure),
        Err(_) => Ok(format!("os-user/{}", user.name)),
    }
}

fn show_changes(changes: &[Change]) {
    for change in changes {
        put!("{change}");
    }
}

fn agreed(yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        let what = "nobody is there to ask; mend: look at the changes and add --yes";
        return Err(Failure::Usage(what.to_owned()));
    }
    let mut answer = String::new();
    // On standard error, where a question is seen even if the answer goes into a file.
    let read = write!(std::io::stderr(), "Put this in force? [y/N] ")
        .and_then(|()| std::io::stdin().read_line(&mut answer));
    if read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::Refused {
        code: "not-agreed".to_owned(),
        rule: None,
        sentence: "Nothing was changed.".to_owned(),
        next: "Answer `y` to put it in force.".to_owned(),
    })
}
