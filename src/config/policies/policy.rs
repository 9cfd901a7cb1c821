//! The policies of the file, with their steps.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::SignedDuration;

use super::people::{known_module, known_person};
use super::{Places, emergency, step};
use crate::config::read::{At, Section, nearest};
use crate::workflow::book::Book;
use crate::workflow::ids::{GroupId, Module};
use crate::workflow::policy::{
    DEFAULT_MAX_DURATION, DEFAULT_MAX_LEAD, DEFAULT_PENDING_TTL, DEFAULT_WARN_BEFORE, Glob, Mode,
    Policy, Terms, Who,
};

/// Reads every policy; people, groups and modules are in the book already.
pub(super) fn read(root: &mut Section<'_, '_>, book: &mut Book, places: &mut Places) {
    let mut names = BTreeSet::new();
    for mut section in root.sections("policy", "[[policy]]") {
        let name = section.needed_text("name", "give the policy a name");
        if let Some(name) = &name {
            section.name = format!("[[policy]] `{}`", name.value);
            if !names.insert(name.value.to_owned()) {
                let mend = "give each policy a name of its own";
                section.wrong("name", &name.span, "names two policies", mend);
            }
        }
        let name = name.map_or("", |name| name.value);
        let (policy, steps) = policy(&mut section, name, book);
        let span = section.span.clone();
        section.end();
        if let Some(policy) = policy {
            book.policies.push(policy);
            places.policies.push((span, steps));
        }
    }
}

fn policy(
    section: &mut Section<'_, '_>,
    name: &str,
    book: &Book,
) -> (Option<Policy>, Vec<Range<usize>>) {
    let modules = modules(section, book);
    let requesters = whos(section, "requesters", book);
    if requesters.is_empty() && !section.has("requesters") {
        section.missing(
            "requesters",
            "name people or groups, e.g. [\"group:engineers\"]",
        );
    }
    let resource = glob(section, "resource");
    let account = glob(section, "account");
    if !section.has("resource") && !section.has("account") {
        let mend = "write resource = \"…\" or account = \"…\"; \"*\" means all";
        section.wrong(
            "resource",
            &section.span.clone(),
            "neither resource nor account is given",
            mend,
        );
    }
    let mode = mode(section);
    let pending_ttl = length(section, "pending_ttl", DEFAULT_PENDING_TTL);
    let (steps, spans) = step::read(section, mode, book, pending_ttl);
    let emergency = emergency::read(section, mode, book);
    // Where the mode is not known the other keys are read all the same: they are no mistakes of their own.
    let known = mode.is_some();
    let mode = mode.unwrap_or(Mode::Approval);
    let terms = Terms {
        confirm_by_mail: confirmed_by_mail(section, mode),
        notify_channel: notify_channel(section),
        policy: name.to_owned(),
        version: 0,
        mode,
        justification_required: justification(section, mode),
        max_duration: length(section, "max_duration", DEFAULT_MAX_DURATION),
        max_lead: length(section, "max_lead", DEFAULT_MAX_LEAD),
        pending_ttl,
        warn_before: length(section, "warn_before", DEFAULT_WARN_BEFORE),
        comment_required: section.flag("comment_required", false),
        allow_self_approval: section.flag("allow_self_approval", false),
        distinct_approvers: section.flag("distinct_approvers", true),
        steps,
    };
    let policy = Policy {
        modules,
        requesters,
        resource,
        account,
        terms,
        emergency,
    };
    (known.then_some(policy), spans)
}

/// A length of time, or what holds where none is given.
pub(super) fn length(
    section: &mut Section<'_, '_>,
    key: &'static str,
    default: SignedDuration,
) -> SignedDuration {
    section.duration(key).map_or(default, |found| found.value)
}

fn modules(section: &mut Section<'_, '_>, book: &Book) -> Vec<Module> {
    let found = section.texts("modules");
    if found.is_empty() {
        let span = section
            .value("modules")
            .map_or(section.span.clone(), toml::Spanned::span);
        section.wrong(
            "modules",
            &span,
            "names no module",
            "name at least one, e.g. [\"credential\"]",
        );
    }
    found
        .iter()
        .filter_map(|module| known_module(section, module, book))
        .collect()
}

/// People and groups; an empty list that stands in the file is a problem.
pub(super) fn whos(section: &mut Section<'_, '_>, key: &'static str, book: &Book) -> Vec<Who> {
    let found = section.texts(key);
    if let Some(there) = section.value(key)
        && there
            .get_ref()
            .as_array()
            .is_some_and(|list| list.is_empty())
    {
        section.wrong(key, &there.span(), "is empty", "name people or groups");
    }
    found
        .iter()
        .filter_map(|who| known_who(section, key, who, book))
        .collect()
}

fn known_who(section: &Section<'_, '_>, key: &str, found: &At<&str>, book: &Book) -> Option<Who> {
    let Some(group) = found.value.strip_prefix("group:") else {
        return known_person(section, key, found, book).map(Who::Person);
    };
    let id = GroupId::new(group);
    match book.groups.get(&id) {
        Some(members) if members.is_empty() => {
            let what = format!("the group `{group}` is empty");
            section.wrong(
                key,
                &found.span,
                what,
                format!("add members to [group.{group}]"),
            );
            None
        }
        Some(_) => Some(Who::Group(id)),
        None => {
            let near = nearest(group, book.groups.keys().map(GroupId::as_str));
            let mend = near.map_or_else(
                || format!("write [group.{group}] with its members"),
                |near| format!("did you mean `group:{near}`?"),
            );
            section.wrong(
                key,
                &found.span,
                format!("there is no group `{group}`"),
                mend,
            );
            None
        }
    }
}

fn glob(section: &mut Section<'_, '_>, key: &'static str) -> Option<Glob> {
    let found = section.needed_if_there(key)?;
    match Glob::new(found.value) {
        Ok(glob) => Some(glob),
        Err(error) => {
            let what = format!("`{}` is no pattern: {}", found.value, error.kind());
            section.wrong(
                key,
                &found.span,
                what,
                "write it like \"prod-*\" or \"{a,b}\"",
            );
            None
        }
    }
}

fn mode(section: &mut Section<'_, '_>) -> Option<Mode> {
    let mend = "write \"free\", \"justification\" or \"approval\"";
    let found = section.needed_text("mode", mend)?;
    match found.value {
        "free" => Some(Mode::Free),
        "justification" => Some(Mode::Justification),
        "approval" => Some(Mode::Approval),
        other => {
            section.wrong("mode", &found.span, format!("`{other}` is no mode"), mend);
            None
        }
    }
}

/// Whether a reason is required (W1); justification mode always requires one.
fn justification(section: &mut Section<'_, '_>, mode: Mode) -> bool {
    let always = mode == Mode::Justification;
    let Some(found) = section.text("justification") else {
        return always;
    };
    match found.value {
        "required" => true,
        "optional" if always => {
            let what = "is `optional`, and the mode is justification";
            section.wrong(
                "justification",
                &found.span,
                what,
                "take the line out, or change the mode",
            );
            true
        }
        "optional" => false,
        other => {
            let what = format!("`{other}` is not known");
            section.wrong(
                "justification",
                &found.span,
                what,
                "write \"required\" or \"optional\"",
            );
            always
        }
    }
}

/// Whether votes by other channels wait for a confirmation by mail (W30).
fn confirmed_by_mail(section: &mut Section<'_, '_>, mode: Mode) -> bool {
    let Some(found) = section.text("confirm_by") else {
        return false;
    };
    if found.value != "mail" {
        let what = format!("`{}` is not known", found.value);
        section.wrong("confirm_by", &found.span, what, "write \"mail\"");
    } else if mode != Mode::Approval {
        let mend = "write mode = \"approval\", or take the line out";
        section.wrong("confirm_by", &found.span, "nobody votes in this mode", mend);
    }
    true
}

/// The chat channel in which requests are shown, by its name in `bot.toml`.
fn notify_channel(section: &mut Section<'_, '_>) -> Option<String> {
    let mut notify = section.section("notify", &format!("{} notify", section.name))?;
    let mend = "name a channel of [discord] channels in bot.toml";
    let channel = notify.needed_text("channel", mend);
    notify.end();
    channel.map(|channel| channel.value.to_owned())
}
