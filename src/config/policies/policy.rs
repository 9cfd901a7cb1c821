//! The policies of the file, with their steps.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::SignedDuration;

use super::Places;
use super::people::{known_module, known_person};
use crate::config::read::{At, Section, nearest};
use crate::workflow::book::Book;
use crate::workflow::ids::{GroupId, Module};
use crate::workflow::policy::{
    DEFAULT_MAX_DURATION, DEFAULT_MAX_LEAD, DEFAULT_PENDING_TTL, DEFAULT_WARN_BEFORE, Glob, Mode,
    Policy, Step, Terms, Who,
};

/// Keys of a policy that later versions will know.
const LATER_POLICY: [&str; 3] = ["emergency", "notify", "confirm_by"];
/// Keys of a step that later versions will know.
const LATER_STEP: [&str; 4] = [
    "remind_after",
    "max_reminders",
    "escalate_after",
    "escalate_to",
];
/// The most steps that one policy has.
const MAX_STEPS: u64 = 20;
/// The most approvals or disapprovals that a step asks for.
const MAX_VOTES: u64 = 1000;

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
        section.not_built(&LATER_POLICY);
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
    let (steps, spans) = steps(section, mode, book);
    let Some(mode) = mode else {
        return (None, spans);
    };
    let terms = Terms {
        confirm_by_mail: false,
        policy: name.to_owned(),
        version: 0,
        mode,
        justification_required: justification(section, mode),
        max_duration: length(section, "max_duration", DEFAULT_MAX_DURATION),
        max_lead: length(section, "max_lead", DEFAULT_MAX_LEAD),
        pending_ttl: length(section, "pending_ttl", DEFAULT_PENDING_TTL),
        warn_before: length(section, "warn_before", DEFAULT_WARN_BEFORE),
        comment_required: section.flag("comment_required", false),
        allow_self_approval: section.flag("allow_self_approval", false),
        distinct_approvers: section.flag("distinct_approvers", true),
        steps,
    };
    let policy = Policy {
        emergency: None,
        modules,
        requesters,
        resource,
        account,
        terms,
    };
    (Some(policy), spans)
}

fn length(
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
fn whos(section: &mut Section<'_, '_>, key: &'static str, book: &Book) -> Vec<Who> {
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

fn steps(
    section: &mut Section<'_, '_>,
    mode: Option<Mode>,
    book: &Book,
) -> (Vec<Step>, Vec<Range<usize>>) {
    let found = section.sections("steps", "{ name, approvers, approvals }");
    let span = section.value("steps").map(toml::Spanned::span);
    let whole = span.clone().unwrap_or(section.span.clone());
    match mode {
        Some(Mode::Approval) if found.is_empty() => {
            let mend = "write steps = [{ name = \"Review\", approvers = [\"…\"] }]";
            section.wrong("steps", &whole, "an approval needs at least one step", mend);
        }
        Some(Mode::Free | Mode::Justification) if span.is_some() => {
            let mend = "write mode = \"approval\", or take the steps out";
            section.wrong("steps", &whole, "nobody is asked in this mode", mend);
        }
        _ => {}
    }
    if u64::try_from(found.len()).is_ok_and(|count| count > MAX_STEPS) {
        section.wrong(
            "steps",
            &whole,
            format!("are more than {MAX_STEPS}"),
            "join some of them",
        );
    }
    let mut names = BTreeSet::new();
    let mut steps = Vec::new();
    let mut spans = Vec::new();
    for mut step in found {
        step.name = format!("{} step", section.name);
        spans.push(step.span.clone());
        if let Some(read) = self::step(&mut step, book, &mut names) {
            steps.push(read);
        }
        step.not_built(&LATER_STEP);
        step.end();
    }
    (steps, spans)
}

fn step(section: &mut Section<'_, '_>, book: &Book, names: &mut BTreeSet<String>) -> Option<Step> {
    let name = section.needed_text(
        "name",
        "say what people call the step, e.g. \"Manager review\"",
    );
    if let Some(name) = &name {
        section.name = format!("{} `{}`", section.name, name.value);
        if !names.insert(name.value.to_owned()) {
            let mend = "give each step of a policy a name of its own";
            section.wrong("name", &name.span, "names two steps", mend);
        }
    }
    let approvers = whos(section, "approvers", book);
    if !section.has("approvers") {
        section.missing(
            "approvers",
            "name people or groups, e.g. [\"group:managers\"]",
        );
    }
    let votes = |section: &mut Section<'_, '_>, key| {
        let found = section
            .number(key, 1..MAX_VOTES + 1)
            .map_or(1, |found| found.value);
        usize::try_from(found).unwrap_or(usize::MAX)
    };
    Some(Step {
        reminders: None,
        escalation: None,
        approvals: votes(section, "approvals"),
        disapprovals: votes(section, "disapprovals"),
        name: name?.value.to_owned(),
        approvers,
    })
}
