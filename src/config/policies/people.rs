//! The people, the groups and the modules of the file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Time;
use toml::de::DeValue;

use super::{Places, accounts};
use crate::config::read::{At, Section, nearest};
use crate::workflow::book::{AccountRule, Book, ModuleRules, Person, Role};
use crate::workflow::ids::{GroupId, Module, PersonId};
use crate::workflow::notice::{Kind, waiting};

/// The modules that are known without the file saying so, with whether an account is needed (W2).
const KNOWN_MODULES: [(&str, AccountRule); 6] = [
    ("credential", AccountRule::Required),
    ("proxy_session", AccountRule::Required),
    ("remote_session", AccountRule::Required),
    ("certificate", AccountRule::Optional),
    ("setting", AccountRule::Optional),
    ("session_video", AccountRule::Optional),
];

/// The longest short name, in characters.
const MAX_NAME: usize = 64;

/// Modules, people and groups, in this order: each may name what stands before it.
pub(super) fn read(root: &mut Section<'_, '_>, book: &mut Book, places: &mut Places) {
    modules(root, book);
    people(root, book);
    groups(root, book, places);
}

/// Whether a text can be a short name: of a person, a group, a module.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= MAX_NAME
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn modules(root: &mut Section<'_, '_>, book: &mut Book) {
    for (name, account) in KNOWN_MODULES {
        let rules = ModuleRules {
            account,
            approval: true,
        };
        book.modules.insert(name.into(), rules);
    }
    let Some(section) = root.section("modules", "[modules]") else {
        return;
    };
    let report = section.report;
    for (name, value) in section.entries() {
        let title = format!("[modules.{}]", name.value);
        let DeValue::Table(table) = value.get_ref() else {
            report.problem(
                &name.span,
                title,
                "must be a table",
                "write it as a section",
            );
            continue;
        };
        if !is_name(name.value) {
            let mend = "use letters, digits, `-`, `_` and `.` only";
            report.problem(&name.span, &title, "is no module's name", mend);
            continue;
        }
        let module = Module::new(name.value);
        let mut rules = book.modules.get(&module).copied().unwrap_or(ModuleRules {
            account: AccountRule::Optional,
            approval: true,
        });
        let mut section = Section::new(report, title, table, value.span());
        rules.approval = section.flag("approval", true);
        if let Some(account) = section.text("account") {
            match account.value {
                "required" => rules.account = AccountRule::Required,
                "optional" => rules.account = AccountRule::Optional,
                "none" => rules.account = AccountRule::None,
                other => section.wrong(
                    "account",
                    &account.span,
                    format!("`{other}` is not known"),
                    "write \"required\", \"optional\" or \"none\"",
                ),
            }
        }
        section.end();
        book.modules.insert(module, rules);
    }
}

/// What only one person may have, in lower case where case does not tell people apart.
#[derive(Default)]
struct Taken {
    emails: BTreeMap<String, PersonId>,
    os_users: BTreeMap<String, PersonId>,
    discord: BTreeMap<u64, PersonId>,
}

fn people(root: &mut Section<'_, '_>, book: &mut Book) {
    let mut taken = Taken::default();
    for mut section in root.sections("person", "[[person]]") {
        let person = person(&mut section, book, &mut taken);
        section.end();
        if let Some(person) = person {
            book.people.insert(person.id.clone(), person);
        }
    }
}

fn person(section: &mut Section<'_, '_>, book: &Book, taken: &mut Taken) -> Option<Person> {
    let id = section.needed_text("id", "give the person a short name, e.g. \"alice\"");
    if let Some(id) = &id {
        section.name = format!("[[person]] `{}`", id.value);
        if !is_name(id.value) {
            let mend = "use letters, digits, `-`, `_` and `.` only";
            section.wrong("id", &id.span, "is no short name", mend);
        }
        if book.people.contains_key(&PersonId::new(id.value)) {
            section.wrong(
                "id",
                &id.span,
                "names two people",
                "give each person an id of their own",
            );
        }
    }
    let name = section.needed_if_there("name");
    let email = section.needed_text("email", "write their address, e.g. \"alice@example.org\"");
    if let Some(email) = &email
        && email.value.parse::<lettre::Address>().is_err()
    {
        let what = format!("`{}` is no e-mail address", email.value);
        section.wrong("email", &email.span, what, "write the bare address");
    }
    let os_user = section.needed_if_there("os_user");
    let zone = zone(section);
    let locale = locale(section);
    let roles = roles(section);
    let modules = registrations(section, book);
    let (digest, digest_at) = (digest(section), digest_at(section));
    let active = section.flag("active", true);
    let discord = section.number("discord", 1..u64::MAX);
    let id = PersonId::new(id?.value);
    claim(section, "email", email.as_ref(), &mut taken.emails, &id);
    claim(
        section,
        "os_user",
        os_user.as_ref(),
        &mut taken.os_users,
        &id,
    );
    let accounts = accounts::read(section, discord.as_ref(), &mut taken.discord, &id);
    Some(Person {
        name: name.map_or(id.as_str(), |name| name.value).to_owned(),
        id,
        email: email?.value.to_owned(),
        zone,
        locale,
        active,
        roles,
        modules,
        digest,
        digest_at,
        os_user: os_user.map(|user| user.value.to_owned()),
        accounts,
    })
}

/// Notes that a person has this; two people who have the same could not be told apart.
fn claim(
    section: &Section<'_, '_>,
    key: &'static str,
    found: Option<&At<&str>>,
    taken: &mut BTreeMap<String, PersonId>,
    id: &PersonId,
) {
    let Some(found) = found else { return };
    let folded = if key == "email" {
        found.value.to_lowercase()
    } else {
        found.value.to_owned()
    };
    if let Some(other) = taken.insert(folded, id.clone()) {
        let what = format!("`{}` is `{other}`'s already", found.value);
        section.wrong(
            key,
            &found.span,
            what,
            "nobody could tell the two apart; change one",
        );
    }
}

fn zone(section: &mut Section<'_, '_>) -> String {
    let Some(zone) = section.text("zone") else {
        return "UTC".to_owned();
    };
    if jiff::tz::TimeZone::get(zone.value).is_err() {
        let what = format!("`{}` is no time zone", zone.value);
        section.wrong(
            "zone",
            &zone.span,
            what,
            "write an IANA name, e.g. \"Europe/Lisbon\"",
        );
    }
    zone.value.to_owned()
}

/// The key `locale`: English where it is not there.
pub(in crate::config) fn locale(section: &mut Section<'_, '_>) -> String {
    let Some(locale) = section.text("locale") else {
        return "en".to_owned();
    };
    let well_formed = !locale.value.is_empty()
        && locale.value.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
        });
    if !well_formed {
        let what = format!("`{}` is no language tag", locale.value);
        section.wrong(
            "locale",
            &locale.span,
            what,
            "write it like \"en\" or \"pt-BR\"",
        );
    }
    locale.value.to_owned()
}

fn roles(section: &mut Section<'_, '_>) -> BTreeSet<Role> {
    const ROLES: [(&str, Role); 4] = [
        ("approver", Role::Approver),
        ("auditor", Role::Auditor),
        ("access_admin", Role::AccessAdmin),
        ("system_admin", Role::SystemAdmin),
    ];
    let mut roles = BTreeSet::new();
    for found in section.texts("roles") {
        // Everyone is a requester; saying so is no mistake.
        if found.value == "requester" {
            continue;
        }
        if let Some((_, role)) = ROLES.iter().find(|(name, _)| *name == found.value) {
            roles.insert(*role);
        } else {
            let what = format!("`{}` is no role", found.value);
            let mend = "the roles are approver, auditor, access_admin and system_admin";
            section.wrong("roles", &found.span, what, mend);
        }
    }
    roles
}

/// What they have in a daily digest instead of at once: only what may wait.
fn digest(section: &mut Section<'_, '_>) -> BTreeSet<Kind> {
    let waiting = waiting();
    let mut kinds = BTreeSet::new();
    for found in section.texts("digest") {
        let known = Kind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == found.value);
        match known {
            Some(kind) if waiting.contains(&kind) => {
                kinds.insert(kind);
            }
            known => {
                let what = match known {
                    Some(_) => format!("`{}` cannot wait", found.value),
                    None => format!("`{}` is no kind of notice", found.value),
                };
                let names: Vec<_> = waiting.iter().map(|kind| kind.as_str()).collect();
                let mend = format!("those that can wait are {}", names.join(", "));
                section.wrong("digest", &found.span, what, mend);
            }
        }
    }
    kinds
}

/// When on a day that mail goes out.
fn digest_at(section: &mut Section<'_, '_>) -> Option<Time> {
    let found = section.text("digest_at")?;
    let at = Time::strptime("%H:%M", found.value).ok();
    if at.is_none() {
        let what = format!("`{}` is no time of day", found.value);
        let mend = "write hours and minutes in the person's zone, e.g. \"08:00\"";
        section.wrong("digest_at", &found.span, what, mend);
    }
    at
}

fn registrations(section: &mut Section<'_, '_>, book: &Book) -> BTreeSet<Module> {
    let mut modules = BTreeSet::new();
    for found in section.texts("modules") {
        if found.value == "*" {
            modules.extend(book.modules.keys().cloned());
        } else if let Some(module) = known_module(section, &found, book) {
            modules.insert(module);
        }
    }
    modules
}

/// The module of this name, if the book has it.
pub(super) fn known_module(
    section: &Section<'_, '_>,
    found: &At<&str>,
    book: &Book,
) -> Option<Module> {
    let module = Module::new(found.value);
    if book.modules.contains_key(&module) {
        return Some(module);
    }
    let what = format!("there is no module `{}`", found.value);
    let near = nearest(found.value, book.modules.keys().map(Module::as_str));
    let mend = near.map_or_else(
        || format!("name one that is known, or write [modules.{}]", found.value),
        |near| format!("did you mean `{near}`?"),
    );
    section.wrong("modules", &found.span, what, mend);
    None
}

fn groups(root: &mut Section<'_, '_>, book: &mut Book, places: &mut Places) {
    let Some(section) = root.section("group", "[group]") else {
        return;
    };
    let report = section.report;
    for (name, value) in section.entries() {
        let title = format!("[group.{}]", name.value);
        let DeValue::Table(table) = value.get_ref() else {
            report.problem(
                &name.span,
                title,
                "must be a table",
                "write members = [\"…\"]",
            );
            continue;
        };
        let mut section = Section::new(report, title, table, value.span());
        if !is_name(name.value) {
            let mend = "use letters, digits, `-`, `_` and `.` only";
            section.wrong("", &name.span, "is no group's name", mend);
        }
        let mut members = BTreeSet::new();
        for member in section.texts("members") {
            if let Some(id) = known_person(&section, "members", &member, book) {
                members.insert(id);
            }
        }
        section.end();
        places.groups.push((name.value.to_owned(), name.span));
        book.groups.insert(GroupId::new(name.value), members);
    }
}

/// The person of this short name, if the book has them.
pub(super) fn known_person(
    section: &Section<'_, '_>,
    key: &str,
    found: &At<&str>,
    book: &Book,
) -> Option<PersonId> {
    let id = PersonId::new(found.value);
    if book.people.contains_key(&id) {
        return Some(id);
    }
    let what = format!("there is no person `{}`", found.value);
    let near = nearest(found.value, book.people.keys().map(PersonId::as_str));
    let mend = near.map_or_else(
        || "add them as a [[person]]; a group is written group:NAME".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    section.wrong(key, &found.span, what, mend);
    None
}
