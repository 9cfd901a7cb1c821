//! `policy check|apply|explain|show`.

use std::io::{IsTerminal, Write};
use std::path::Path;

use serde_json::json;

use super::args::{Acting, Policy, Subject as SubjectArgs};
use super::office::Office;
use super::{Failure, load, print_json, who};
use crate::config::policies::diff::{Change, diff};
use crate::config::policies::{self, Checked, MAX_POLICIES_BYTES};
use crate::config::{Config, read_file};
use crate::workflow::book::Book;
use crate::workflow::ids::{Module, PersonId};
use crate::workflow::policy::choose;
use crate::workflow::request::Subject;

/// Does it.
pub(super) async fn run(what: Policy, config: Option<&Path>) -> Result<(), Failure> {
    match what {
        Policy::Check { file, output } => check(&file, output.json),
        Policy::Apply {
            file,
            yes,
            acting,
            output,
        } => apply(&file, yes, &acting, output.json, &load(config)?).await,
        Policy::Explain {
            acting,
            subject,
            file: Some(file),
            output,
        } => {
            let book = read(&file)?.1.book;
            let person = PersonId::new(acting.person.unwrap_or_default());
            explain(&book, &person, subject, output.json)
        }
        Policy::Explain {
            acting,
            subject,
            file: None,
            output,
        } => {
            let config = load(config)?;
            let office = Office::open(&config).await?;
            let book = office.book().await?;
            office.close().await;
            // Asking which policy applies to somebody acts for nobody, so no operator is needed.
            let person = if let Some(person) = acting.person {
                PersonId::new(person)
            } else {
                let user = who::OsUser::present();
                let (person, _) = who::person(&book, &user, None, &config.command_line)?;
                person.id.clone()
            };
            explain(&book, &person, subject, output.json)
        }
        Policy::Show { output } => {
            let office = Office::open(&load(config)?).await?;
            let book = office.book().await?;
            office.close().await;
            show(&book, output.json)
        }
    }
}

/// The text and what it means; warnings go to standard error.
fn read(file: &Path) -> Result<(String, Checked), Failure> {
    let source = read_file(file, MAX_POLICIES_BYTES)?;
    let checked = policies::read(&file.display().to_string(), &source)?;
    Ok((source, checked))
}

fn check(file: &Path, as_json: bool) -> Result<(), Failure> {
    let (_, Checked { book, warnings }) = read(file)?;
    if as_json {
        let warnings: Vec<_> = warnings
            .list
            .iter()
            .map(|w| {
                json!({ "line": w.line, "column": w.column, "key": w.key, "what": w.what, "mend": w.mend })
            })
            .collect();
        return print_json(&json!({
            "people": book.people.len(), "groups": book.groups.len(),
            "modules": book.modules.len(), "policies": book.policies.len(), "warnings": warnings,
        }));
    }
    if !warnings.list.is_empty() {
        println!("{warnings}");
    }
    println!(
        "{}: {} people, {} groups, {} modules, {} policies; nothing wrong, {} warnings.",
        file.display(),
        book.people.len(),
        book.groups.len(),
        book.modules.len(),
        book.policies.len(),
        warnings.list.len()
    );
    Ok(())
}

async fn apply(
    file: &Path,
    yes: bool,
    acting: &Acting,
    as_json: bool,
    config: &Config,
) -> Result<(), Failure> {
    let (source, Checked { book, warnings }) = read(file)?;
    if !warnings.list.is_empty() {
        eprintln!("{warnings}");
    }
    let office = Office::open(config).await?;
    let before = office.book_if_any().await?.unwrap_or_default();
    let by = applier(&before, acting, config)?;
    let changes = diff(&before, &book);
    if !as_json {
        show_changes(&changes);
    }
    let mut version = before.version;
    if !changes.is_empty() {
        agreed(yes)?;
        version = office.apply(&source, &book, &before, &by).await?;
    }
    office.close().await;
    if as_json {
        return print_json(&json!({ "version": version, "changes": changes }));
    }
    println!("Version {version} is in force.");
    Ok(())
}

/// Who applies, as the record names them: their person where they are one, else the system's user. Which
/// of them may is decided by who can read `bot.toml` and reach the database.
fn applier(before: &Book, acting: &Acting, config: &Config) -> Result<String, Failure> {
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
    if changes.is_empty() {
        println!("Nothing changes.");
    }
    for change in changes {
        println!("{change}");
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
    print!("Put this in force? [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdout()
        .flush()
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

fn explain(
    book: &Book,
    person: &PersonId,
    subject: SubjectArgs,
    as_json: bool,
) -> Result<(), Failure> {
    if book.person(person).is_none() {
        return Err(Failure::Usage(format!(
            "there is no person `{person}`; mend: see `policy show`"
        )));
    }
    let subject = Subject {
        module: Module::new(subject.module),
        resource: subject.resource,
        account: subject.account,
    };
    let choice = choose(book, &subject, person);
    let chosen = choice.chosen.map(|policy| &policy.terms);
    if as_json {
        let others: Vec<_> = choice
            .others
            .iter()
            .map(|(policy, lost)| json!({ "policy": policy.terms.policy, "why_not": lost.to_string() }))
            .collect();
        return print_json(&json!({ "chosen": chosen, "others": others }));
    }
    match chosen {
        Some(terms) => {
            println!("`{}` applies ({}).", terms.policy, terms.mode);
            for (index, step) in terms.steps.iter().enumerate() {
                println!(
                    "  step {}: {}, {} approvals",
                    index + 1,
                    step.name,
                    step.approvals
                );
            }
        }
        None => println!("No policy applies: such a request is refused (W3)."),
    }
    for (policy, lost) in &choice.others {
        println!("not `{}`: {lost}", policy.terms.policy);
    }
    Ok(())
}

fn show(book: &Book, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(book);
    }
    println!("Version {}.", book.version);
    for (id, person) in &book.people {
        let active = if person.active { "" } else { ", not active" };
        println!(
            "person {id}: {} <{}>, {}{active}",
            person.name, person.email, person.zone
        );
    }
    for (id, members) in &book.groups {
        let members: Vec<&str> = members.iter().map(PersonId::as_str).collect();
        println!("group {id}: {}", members.join(", "));
    }
    for policy in &book.policies {
        let steps: Vec<&str> = policy
            .terms
            .steps
            .iter()
            .map(|step| step.name.as_str())
            .collect();
        println!(
            "policy `{}`: {} {}",
            policy.terms.policy,
            policy.terms.mode,
            steps.join(", ")
        );
    }
    Ok(())
}
