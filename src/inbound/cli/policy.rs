//! `policy check|apply|explain|show`.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::path::Path;

use serde_json::json;

use super::args::{Acting, Policy};
use super::office::{Applying, Office};
use super::print::{self, put};
use super::strand::Shifted;
use super::{Failure, book, load, look, person, versions, who};
use crate::config::policies::diff::{Change, diff};
use crate::config::policies::{self, Checked, MAX_POLICIES_BYTES};
use crate::config::read::Problems;
use crate::config::secret::Surroundings;
use crate::config::{self, Config, read_file};
use crate::store::books::Applier;
use crate::workflow::book::{Book, Person, Role};
use crate::workflow::ids::PersonId;

/// What to do where there is no such file.
const NO_FILE: &str = "name your policies file; policies.toml.example is one to begin with";

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
        Policy::Show { version, output } => {
            let (shown, marks) = Office::look(&look(config)?, async |office| {
                let shown = versions::shown(office, version).await?;
                Ok((shown, person::standing(office).await?))
            })
            .await?;
            book::show(&shown, &marks, output.json)
        }
        Policy::History { output } => versions::history(&look(config)?, output.json).await,
    }
}

/// The text and what it means; warnings go to standard error.
fn read(file: &Path) -> Result<(String, Checked), Failure> {
    let source = read_file(file, MAX_POLICIES_BYTES, NO_FILE)?;
    let checked = policies::read(&file.display().to_string(), &source)?;
    Ok((source, checked))
}

/// `channels`: those that a `bot.toml` names, where there is one.
fn check(file: &Path, channels: Option<BTreeSet<String>>, as_json: bool) -> Result<(), Failure> {
    let source = read_file(file, MAX_POLICIES_BYTES, NO_FILE)?;
    let checked = policies::read(&file.display().to_string(), &source);
    let Checked { book, mut warnings } = match checked {
        Ok(checked) => checked,
        Err(problems) if as_json => {
            print::json(&json!({ "problems": listed(&problems) }))?;
            return Err(Failure::Said(2));
        }
        Err(problems) => return Err(problems.into()),
    };
    if let Some(channels) = channels {
        let unknown = policies::unknown_channels(&warnings.file, &book, &channels);
        warnings.list.extend(unknown.list);
    }
    if as_json {
        return print::json(&json!({
            "people": book.people.len(), "groups": book.groups.len(),
            "modules": book.modules.len(), "policies": book.policies.len(),
            "warnings": listed(&warnings),
        }));
    }
    print::warn(&warnings);
    put!(
        "{}: {}, {}, {}, {}; nothing wrong, {}.",
        file.display(),
        one_or(book.people.len(), "person", "people"),
        print::count(book.groups.len(), "group"),
        print::count(book.modules.len(), "module"),
        one_or(book.policies.len(), "policy", "policies"),
        print::count(warnings.list.len(), "warning")
    );
    Ok(())
}

/// Problems or warnings as programs read them.
fn listed(problems: &Problems) -> Vec<serde_json::Value> {
    let listed = problems.list.iter().map(|p| {
        json!({ "line": p.line, "column": p.column, "key": p.key, "what": p.what, "mend": p.mend })
    });
    listed.collect()
}

fn one_or(many: usize, one: &str, more: &str) -> String {
    format!("{many} {}", if many == 1 { one } else { more })
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
            "unreviewable": shifted.unreviewable.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        }));
    }
    if changes.is_empty() {
        put!("Nothing changes; version {version} stays in force.");
    } else {
        put!("Version {version} is in force.");
    }
    shifted.say();
    Ok(())
}

/// Who looks after policies and people, as the record names them: their person where they are one, else
/// the system's user. Access admins and operators may; where no access admin is in force yet, whoever can
/// read `bot.toml` and reach the database.
pub(super) fn applier(before: &Book, acting: &Acting, config: &Config) -> Result<Applier, Failure> {
    let user = who::OsUser::present();
    let rules = &config.command_line;
    let person = match who::person(before, &user, acting.person.as_deref(), rules) {
        Ok(found) => Some(found),
        Err(failure) if acting.person.is_some() => return Err(failure),
        Err(_) => None,
    };
    let is_admin = |person: &Person| person.active && person.has(Role::AccessAdmin);
    let may = rules.operators.contains(&user.name)
        || person.as_ref().is_some_and(|(person, _)| is_admin(person))
        || !before.people.values().any(is_admin);
    let proof = person.as_ref().map(|(_, proof)| proof.clone());
    let applier = Applier {
        name: person.as_ref().map_or_else(
            || format!("os-user/{}", user.name),
            |(person, _)| person.id.to_string(),
        ),
        person: person.map(|(person, _)| person.id.clone()),
        proof: Some(proof.unwrap_or_else(|| user.proof("os-user"))),
    };
    if may {
        return Ok(applier);
    }
    Err(Failure::Refused {
        code: "not-an-access-admin".to_owned(),
        rule: None,
        sentence: format!(
            "Policies and people are looked after by access admins, and `{}` is none.",
            applier.name
        ),
        next: format!(
            "Ask an access admin, or add \"{}\" to operators in [command_line] of bot.toml.",
            user.name
        ),
    })
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
