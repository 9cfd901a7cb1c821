//! The steps of a policy: who decides, how many of them, and what happens while they do not.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::SignedDuration;

use super::policy::whos;
use crate::config::read::{At, Section};
use crate::workflow::book::Book;
use crate::workflow::policy::{DEFAULT_MAX_REMINDERS, Escalation, Mode, Reminders, Step};

/// The most steps that one policy has.
const MAX_STEPS: u64 = 20;
/// The most approvals or disapprovals that a step asks for.
const MAX_VOTES: u64 = 1000;
/// The most reminders that one step sends.
const MAX_REMINDERS: u64 = 100;

/// The steps, with where each stands. `pending_ttl` is how long they have for all of it.
pub(super) fn read(
    section: &mut Section<'_, '_>,
    mode: Option<Mode>,
    book: &Book,
    pending_ttl: SignedDuration,
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
        if let Some(mut read) = self::step(&mut step, book, &mut names) {
            read.reminders = reminders(&mut step, pending_ttl);
            read.escalation = escalation(&mut step, book, pending_ttl);
            steps.push(read);
        }
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

/// Whether and when those who have not voted are reminded (W19).
fn reminders(section: &mut Section<'_, '_>, pending_ttl: SignedDuration) -> Option<Reminders> {
    let after = section.duration("remind_after");
    let most = section.number("max_reminders", 1..MAX_REMINDERS + 1);
    if let Some(most) = &most
        && !section.has("remind_after")
    {
        let mend = "write remind_after = \"…\", or take the line out";
        section.wrong(
            "max_reminders",
            &most.span,
            "there is no remind_after",
            mend,
        );
    }
    let after = after?;
    in_time(section, "remind_after", &after, pending_ttl);
    let most = most.and_then(|found| u32::try_from(found.value).ok());
    Some(Reminders {
        after: after.value,
        most: most.unwrap_or(DEFAULT_MAX_REMINDERS),
    })
}

/// Whether, when and to whom the step is escalated (W19): both keys or none.
fn escalation(
    section: &mut Section<'_, '_>,
    book: &Book,
    pending_ttl: SignedDuration,
) -> Option<Escalation> {
    let after = section.duration("escalate_after");
    let to = whos(section, "escalate_to", book);
    match (section.has("escalate_after"), section.has("escalate_to")) {
        (true, false) => section.missing(
            "escalate_to",
            "name people or groups, e.g. [\"group:leads\"], or take escalate_after out",
        ),
        (false, true) => section.missing(
            "escalate_after",
            "say when, e.g. \"2h\", or take escalate_to out",
        ),
        _ => {}
    }
    let after = after?;
    in_time(section, "escalate_after", &after, pending_ttl);
    Some(Escalation {
        after: after.value,
        to,
    })
}

/// Warns of what would come when nothing can be decided any more (W18).
fn in_time(
    section: &Section<'_, '_>,
    key: &'static str,
    after: &At<SignedDuration>,
    pending_ttl: SignedDuration,
) {
    if after.value >= pending_ttl {
        let what = format!("never comes: a request is pending for at most {pending_ttl:#} (W18)");
        let mend = "make it shorter than pending_ttl";
        section
            .report
            .warn(&after.span, section.key(key), what, mend);
    }
}
