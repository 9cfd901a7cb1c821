//! `chat link|list|unlink`: whose account in the chat is whose, by the operator's word.
//!
//! Whoever is told by mail when people link their own accounts is told here too. What `policies.toml` says
//! wins and is changed there.

use serde_json::json;

use super::Failure;
use super::args::{Acting, Chat};
use super::office::Office;
use super::policy::applier;
use super::print::{self, put};
use crate::config::Config;
use crate::inbound::chat::SERVICE;
use crate::inbound::chat::link::{relink, send};
use crate::inbound::chat::link_words::unlinked_mail;
use crate::store::audit;
use crate::store::chat::{self, EndedBy, LinkedBy};
use crate::store::troubles;
use crate::workflow::book::{Book, Person};
use crate::workflow::ids::PersonId;
use crate::workflow::request::Channel;

/// Does it.
pub(super) async fn run(what: Chat, config: &Config) -> Result<(), Failure> {
    Office::with(config, async |office| match what {
        Chat::List { output } => list(office, output.json).await,
        Chat::Link {
            person,
            account,
            acting,
            output,
        } => {
            let account = account.to_string();
            link(office, config, (&person, &account, &acting), output.json).await
        }
        Chat::Unlink {
            person,
            acting,
            output,
        } => unlink(office, config, (&person, &acting), output.json).await,
    })
    .await
}

async fn list(office: &Office, as_json: bool) -> Result<(), Failure> {
    let book = office.book().await?;
    let mut conn = office.pool.acquire().await?;
    let linked = chat::links(&mut conn, SERVICE).await?;
    let mut rows = Vec::new();
    for person in book.people.values() {
        if let Some(account) = person.accounts.get(SERVICE) {
            rows.push((person.id.clone(), account.clone(), "policies.toml", None));
        }
    }
    for link in linked {
        let counts = !chat::is_mapped(&book, SERVICE, &link.person)
            && chat::mapped(&book, SERVICE, &link.account).is_none()
            && book.person(&link.person).is_some();
        let by = match (counts, link.linked_by.as_str()) {
            (false, _) => "nothing: policies.toml wins, or does not have them",
            (true, "operator") => "the operator",
            (true, _) => "a mailed code",
        };
        rows.push((link.person, link.account, by, Some(link.linked_at)));
    }
    rows.sort();
    if as_json {
        let rows = rows.iter().map(|(person, account, by, since)| {
            json!({ "person": person, "service": SERVICE, "account": account, "by": by, "since": since })
        });
        return print::json(&rows.collect::<Vec<_>>());
    }
    if rows.is_empty() {
        put!("No account is linked.");
    }
    for (person, account, by, since) in rows {
        match since {
            Some(since) => put!("{person}: {SERVICE} {account}, by {by}, since {since:.0}"),
            None => put!("{person}: {SERVICE} {account}, by {by}"),
        }
    }
    Ok(())
}

/// The person of this name, whom `policies.toml` gives no account.
fn free<'a>(book: &'a Book, person: &str) -> Result<&'a Person, Failure> {
    let Some(found) = book.person(&PersonId::new(person)) else {
        return Err(Failure::Usage(format!(
            "there is no person `{person}` in the policies in force; mend: see `countersign policy show`"
        )));
    };
    if found.accounts.contains_key(SERVICE) {
        return Err(by_file(&format!(
            "`{person}` has their account by policies.toml."
        )));
    }
    Ok(found)
}

fn by_file(sentence: &str) -> Failure {
    Failure::Refused {
        code: "account-by-policies".to_owned(),
        rule: None,
        sentence: sentence.to_owned(),
        next: "Change `discord = …` there, and apply.".to_owned(),
    }
}

async fn link(
    office: &Office,
    config: &Config,
    (person, account, acting): (&str, &str, &Acting),
    as_json: bool,
) -> Result<(), Failure> {
    let book = office.book().await?;
    let by = applier(&book, acting, config)?;
    let person = free(&book, person)?;
    if let Some(owner) = chat::mapped(&book, SERVICE, account) {
        return Err(by_file(&format!(
            "The account is `{owner}`'s by policies.toml."
        )));
    }
    let now = office.clock.now();
    let mut tx = office.pool.begin().await?;
    relink(&mut tx, &book, (person, account), (LinkedBy::Operator, now)).await?;
    let what = format!("{SERVICE} account {account} is linked to {}", person.id);
    let entry = by.says(&what, now);
    audit::append_system(&mut tx, Channel::CommandLine, &[entry]).await?;
    tx.commit().await?;
    office.ring().await;
    if as_json {
        return print::json(
            &json!({ "linked": person.id, "service": SERVICE, "account": account }),
        );
    }
    put!(
        "The {SERVICE} account {account} is linked to {}; they are told by mail.",
        person.id
    );
    Ok(())
}

async fn unlink(
    office: &Office,
    config: &Config,
    (person, acting): (&str, &Acting),
    as_json: bool,
) -> Result<(), Failure> {
    let book = office.book().await?;
    let by = applier(&book, acting, config)?;
    let id = PersonId::new(person);
    let now = office.clock.now();
    let mut tx = office.pool.begin().await?;
    let ended = chat::end(&mut tx, SERVICE, (Some(&id), None), EndedBy::Operator, now).await?;
    let Some((_, account)) = ended.first() else {
        free(&book, person)?;
        return Err(Failure::Refused {
            code: "not-linked".to_owned(),
            rule: None,
            sentence: format!("`{person}` has no linked account."),
            next: "See `countersign chat list`.".to_owned(),
        });
    };
    troubles::end_of(&mut tx, SERVICE, account, now).await?;
    let what = format!("{SERVICE} account {account} is no longer linked to {person}");
    let entry = by.says(&what, now);
    audit::append_system(&mut tx, Channel::CommandLine, &[entry]).await?;
    if let Some(person) = book.person(&id) {
        send(&mut tx, &unlinked_mail(account), person, now).await?;
    }
    tx.commit().await?;
    office.ring().await;
    if as_json {
        return print::json(&json!({ "unlinked": id, "service": SERVICE, "account": account }));
    }
    put!("The {SERVICE} account {account} is no longer linked to {id}; they are told by mail.");
    Ok(())
}
