//! Whose account is whose: `/link` by a mailed code, `/unlink`, and the operator's word.
//!
//! Whoever types `/link` names an e-mail address and gets one and the same private answer, whether or not
//! it is somebody's. If it is, a code goes out to it: single use, [`MINUTES`] minutes, [`TRIES_MAX`] tries,
//! 60 bits, good for the account that asked and no other. Shown in the form, it links the account to the
//! person, and both this person and whoever had the account before are told by mail. Codes that were asked
//! for by one account, and for one person, are limited by the hour.
//!
//! What the operator wrote in `policies.toml` wins, and cannot be changed from here. An account is never
//! known by its name: names are chosen by their owners.
//!
//! What is *not* promised: that strangers cannot have somebody sent [`PERSON_PER_HOUR`] such mails an hour, after
//! which nobody can have another one sent to them, not even they; the operator can link them meanwhile. Each
//! says who asked and that nothing happens without the code. Beyond the limits nothing is recorded, so that
//! nobody can fill the record.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serenity::all::{
    ButtonStyle, CreateActionRow, CreateButton, CreateInputText, CreateModal, InputTextStyle,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::link_words as words;
use super::{Desk, Heard, Private, Reply, SERVICE};
use crate::clock::new_id;
use crate::store::audit::{self, Entry, Outcome};
use crate::store::chat::{self, EndedBy, LinkedBy};
use crate::store::chat_codes::{self, Code};
use crate::store::inbound as ledger;
use crate::store::outbox::{self, SystemMail};
use crate::store::troubles;
use crate::token::same;
use crate::workflow::book::{Book, Person, same_address};
use crate::workflow::request::Channel;

/// How long a code is taken, in minutes.
pub const MINUTES: i64 = 10;
/// Codes that may be shown for one that was asked for.
pub const TRIES_MAX: i32 = 5;
/// Codes that one account may ask for in an hour.
pub const PER_HOUR: i64 = 5;
/// Codes that one person is sent in an hour. More than one account may ask for, so that one stranger does not keep
/// a person from linking their own.
pub const PERSON_PER_HOUR: i64 = 20;
/// How the names of our button and form begin.
const NAME: &str = "cslink:";
/// The input for the code.
const CODE: &str = "code";
/// The longest address that is looked for, in bytes.
const MAX_ADDRESS: usize = 254;

/// Whether a button or a form of this name is ours.
pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with(NAME)
}

/// `/link`: a code goes out, if the address is somebody's.
pub async fn asked(desk: &Desk, heard: &Heard, address: &str) -> Result<Reply, sqlx::Error> {
    let locale = heard.locale.as_str();
    if !desk.config.self_link {
        return Ok(words::switched_off(locale).to_owned().into());
    }
    let mut tx = desk.handler.pool.begin().await?;
    let book = desk.handler.book(&mut tx).await?;
    let (account, now) = (heard.account(), desk.handler.clock.now());
    if chat::mapped(&book, SERVICE, &account).is_some() {
        return Ok(words::by_operator(locale).to_owned().into());
    }
    let person = whose(&book, address.trim());
    // Whoever asks at the same moment waits here, so that each sees those that were counted before.
    audit::hold_system(&mut tx, Channel::Chat).await?;
    let hour_ago = now - SignedDuration::from_hours(1);
    let who = (account.as_str(), person.map(|person| &person.id));
    let (by_account, for_person) = chat_codes::asked_since(&mut tx, SERVICE, who, hour_ago).await?;
    if by_account >= PER_HOUR {
        return Ok(words::too_often(locale).to_owned().into());
    }
    let code = Code {
        id: new_id(),
        account,
        // Beyond the limit it is as if the address were nobody's.
        person: person
            .filter(|_| for_person < PERSON_PER_HOUR)
            .map(|person| person.id.clone()),
        key_id: desk.handler.keys.current().to_owned(),
        tries: 0,
        expires_at: now + SignedDuration::from_mins(MINUTES),
    };
    let why = format!(
        "{SERVICE} account {} asks for a code to link it",
        code.account
    );
    let entry = Entry {
        why: Some(why),
        ..Entry::new(now, Channel::Chat, Outcome::Accepted)
    };
    if !desk.note(&mut tx, heard, entry).await? {
        return Ok(words::asked_before(locale).to_owned().into());
    }
    chat_codes::insert(&mut tx, SERVICE, &code, now).await?;
    if let (Some(person), Some(_)) = (person, &code.person) {
        let mail = words::code_mail(&code);
        send(&mut tx, &mail, person, now).await?;
    }
    tx.commit().await?;
    desk.handler.wake.notify_waiters();
    Ok(Reply::Private(Private {
        text: words::sent(locale).to_owned(),
        rows: vec![CreateActionRow::Buttons(vec![
            CreateButton::new(format!("{NAME}{}", code.id))
                .label(words::enter(locale))
                .style(ButtonStyle::Primary),
        ])],
    }))
}

/// The active person of this address, unless the operator says which account is theirs.
fn whose<'a>(book: &'a Book, address: &str) -> Option<&'a Person> {
    if address.len() > MAX_ADDRESS {
        return None;
    }
    let mut people = book.people.values();
    let found = people.find(|person| same_address(&person.email, address))?;
    let free = found.active && !found.accounts.contains_key(SERVICE);
    free.then_some(found)
}

/// The button below the answer to `/link` was pressed.
pub(super) fn form(heard: &Heard, name: &str) -> Reply {
    let label = words::code_label(&heard.locale);
    let input = CreateInputText::new(InputTextStyle::Short, label, CODE)
        .min_length(1)
        .max_length(40);
    let title = words::enter(&heard.locale);
    let rows = vec![CreateActionRow::InputText(input)];
    Reply::Form(CreateModal::new(name, title).components(rows))
}

/// The code was shown.
pub(super) async fn shown(
    desk: &Desk,
    heard: &Heard,
    (name, texts): (&str, &BTreeMap<String, String>),
) -> Result<Reply, sqlx::Error> {
    let locale = heard.locale.as_str();
    let over = || Ok(words::over(locale).to_owned().into());
    if !desk.config.self_link {
        return Ok(words::switched_off(locale).to_owned().into());
    }
    let id = name
        .strip_prefix(NAME)
        .and_then(|id| Uuid::try_parse(id).ok());
    let Some(id) = id else {
        return over();
    };
    let mut tx = desk.handler.pool.begin().await?;
    let book = desk.handler.book(&mut tx).await?;
    let (account, now) = (heard.account(), desk.handler.clock.now());
    if ledger::outcome(&mut tx, &heard.key()).await?.is_some() {
        return Ok(words::asked_before(locale).to_owned().into());
    }
    let mine = (id, account.as_str());
    let Some(code) = chat_codes::try_one(&mut tx, SERVICE, mine, TRIES_MAX, now).await? else {
        return over();
    };
    let typed = texts.get(CODE).map(String::as_str).unwrap_or_default();
    let right = desk.handler.keys.link_code(&code.key_id, code.id);
    let right = right.is_some_and(|right| same(right.as_bytes(), bare(typed).as_bytes()));
    // Asked again of the book of this moment: they may have gone, or been given an account.
    let person = code.person.as_ref().and_then(|person| book.person(person));
    let person = person.filter(|person| whose(&book, &person.email).is_some());
    let person = person.filter(|_| right && chat::mapped(&book, SERVICE, &account).is_none());
    let (why, outcome) = if let Some(Person { id, .. }) = person {
        let why = format!("{SERVICE} account {account} is linked to {id}, by code");
        (why, Outcome::Accepted)
    } else {
        let why = format!("{SERVICE} account {account} showed a code that is not right");
        (why, Outcome::Unidentified)
    };
    let entry = Entry {
        actor: person.map(|person| person.id.clone()),
        why: Some(why),
        ..Entry::new(now, Channel::Chat, outcome)
    };
    if !desk.note(&mut tx, heard, entry).await? {
        return Ok(words::asked_before(locale).to_owned().into());
    }
    let said = if let Some(person) = person {
        let link = (person, account.as_str());
        relink(&mut tx, &book, link, (LinkedBy::Code, now)).await?;
        chat_codes::used(&mut tx, SERVICE, &account, now).await?;
        words::linked(&person.locale, person)
    } else {
        words::wrong(locale, TRIES_MAX - code.tries)
    };
    tx.commit().await?;
    desk.handler.wake.notify_waiters();
    Ok(said.into())
}

/// `/unlink`: the account is nobody's from now on.
pub async fn ended(desk: &Desk, heard: &Heard) -> Result<Reply, sqlx::Error> {
    let mut tx = desk.handler.pool.begin().await?;
    let book = desk.handler.book(&mut tx).await?;
    let (account, now) = (heard.account(), desk.handler.clock.now());
    if chat::mapped(&book, SERVICE, &account).is_some() {
        return Ok(words::by_operator(&heard.locale).to_owned().into());
    }
    let what = (None, Some(account.as_str()));
    let ended = chat::end(&mut tx, SERVICE, what, EndedBy::Themselves, now).await?;
    let Some((person, _)) = ended.first() else {
        let self_link = desk.config.self_link;
        return Ok(super::say::not_linked(&heard.locale, self_link)
            .to_owned()
            .into());
    };
    let why = format!("{SERVICE} account {account} is no longer linked to {person}");
    let entry = Entry {
        actor: Some(person.clone()),
        why: Some(why),
        ..Entry::new(now, Channel::Chat, Outcome::Accepted)
    };
    if !desk.note(&mut tx, heard, entry).await? {
        return Ok(words::asked_before(&heard.locale).to_owned().into());
    }
    let mut locale = heard.locale.clone();
    if let Some(person) = book.person(person) {
        locale.clone_from(&person.locale);
        let mail = words::unlinked_mail(&account);
        send(&mut tx, &mail, person, now).await?;
    }
    tx.commit().await?;
    desk.handler.wake.notify_waiters();
    Ok(words::unlinked(&locale).to_owned().into())
}

/// Links an account to a person: what either was linked to ends, and all of them are told by mail.
pub async fn relink(
    conn: &mut PgConnection,
    book: &Book,
    (person, account): (&Person, &str),
    (by, now): (LinkedBy, Timestamp),
) -> Result<(), sqlx::Error> {
    let what = (Some(&person.id), Some(account));
    let before = chat::end(conn, SERVICE, what, EndedBy::Relinked, now).await?;
    chat::link(conn, SERVICE, (&person.id, account), by, now).await?;
    troubles::end_of(conn, SERVICE, account, now).await?;
    let old = before.iter().find(|(of, _)| *of == person.id);
    let old = old.map(|(_, account)| account.as_str());
    let mail = words::linked_mail(account, old);
    send(conn, &mail, person, now).await?;
    for (other, _) in before.iter().filter(|(of, _)| *of != person.id) {
        if let Some(other) = book.person(other) {
            let mail = words::unlinked_mail(account);
            send(conn, &mail, other, now).await?;
        }
    }
    Ok(())
}

/// Mails somebody about their own account.
pub async fn send(
    conn: &mut PgConnection,
    mail: &SystemMail,
    to: &Person,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    outbox::enqueue_system(conn, mail, to.into(), now).await
}

/// A code as it was typed, without what people put between its letters.
fn bare(typed: &str) -> String {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}
