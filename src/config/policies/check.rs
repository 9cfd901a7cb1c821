//! What can be said of a file only when all of it has been read.
//!
//! Refused: a step that could not complete for any requester. Warned of: a step that could not complete
//! for some of its requesters (they would be refused by W5), self-approval, an empty group, a disabled
//! approver's step, an escalation to people who could not vote, an emergency for people who may not ask, a
//! policy that another one always beats (shadowed). Shadowing is found where the
//! patterns are equal or the other one's matches everything; that one pattern covers another in any
//! other way is not looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;

use super::Places;
use crate::config::read::{Problem, Problems, Report, nearest};
use crate::workflow::book::{Book, Electorate, Person, Role};
use crate::workflow::event::Filed;
use crate::workflow::ids::{GroupId, Module, PersonId, RequestId};
use crate::workflow::places::{Need, first_lacking};
use crate::workflow::policy::{Glob, Mode, Policy, Who};
use crate::workflow::request::{Request, Subject, Window};

/// Requesters that one warning names; the rest are counted.
const MAX_NAMED: usize = 5;

/// Says what is wrong or odd about a book that is sound in its parts.
pub(super) fn check(report: &Report, book: &Book, places: &Places) {
    for (name, span) in &places.groups {
        if book
            .groups
            .get(&GroupId::new(name))
            .is_some_and(BTreeSet::is_empty)
        {
            let mend = "add members, or take the group out";
            report.warn(span, format!("[group.{name}]"), "has no members", mend);
        }
    }
    for (policy, (span, steps)) in book.policies.iter().zip(&places.policies) {
        let title = title(policy);
        if policy.terms.allow_self_approval {
            let what = "lets requesters approve their own requests";
            report.warn(
                span,
                format!("{title} allow_self_approval"),
                what,
                "take it out (W10)",
            );
        }
        if policy.terms.mode == Mode::Approval {
            completable(report, book, policy, (span, steps));
            escalations(report, book, policy, (span, steps));
            emergency(report, book, policy, span);
        }
    }
    shadowed(report, book, places);
    if book.policies.is_empty() {
        let what = "there is none, and every request is refused (W3)";
        report.warn(&(0..0), "[[policy]]", what, "add policies");
    }
    let is_admin = |person: &Person| person.active && person.has(Role::AccessAdmin);
    if !book.people.values().any(is_admin) {
        let what = "no active person is an access_admin: nobody is told of alarms and of steps that \
                    cannot complete (W7), and anybody who can read bot.toml may apply policies";
        let mend = "give somebody roles = [\"access_admin\"]";
        report.warn(&(0..0), "[[person]] roles", what, mend);
    }
}

/// Policies that show requests in a channel which `[discord]` of `bot.toml` does not name, as warnings.
pub fn unknown_channels(file: &str, book: &Book, known: &BTreeSet<String>) -> Problems {
    let list = book.policies.iter().filter_map(|policy| {
        let channel = policy.terms.notify_channel.as_ref()?;
        let near = nearest(channel, known.iter().map(String::as_str));
        let mend = near.map_or_else(
            || "name it under [discord] channels in bot.toml, or take the line out".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        (!known.contains(channel)).then(|| Problem {
            line: 0,
            column: 0,
            key: format!("{} notify", title(policy)),
            what: format!("bot.toml names no channel `{channel}`; nothing is shown there"),
            mend,
        })
    });
    Problems {
        file: file.to_owned(),
        list: list.collect(),
    }
}

fn title(policy: &Policy) -> String {
    format!("[[policy]] `{}`", policy.terms.policy)
}

/// The first step that could not complete for this requester (W5).
fn lacking(book: &Book, policy: &Policy, module: &Module, requester: &PersonId) -> Option<usize> {
    // A request as this requester would file it; its time and thing make no difference.
    let now = Timestamp::UNIX_EPOCH;
    let request = Request::from_filed(&Filed {
        id: RequestId(0),
        requester: requester.clone(),
        subject: Subject {
            module: module.clone(),
            resource: String::new(),
            account: None,
        },
        window: Window::FromApproval {
            length: policy.terms.max_duration,
        },
        justification: None,
        terms: policy.terms.clone(),
        approval_switched_off: false,
        at: now,
        pending_until: now,
        extends: None,
    });
    let electorate = Electorate {
        request: &request,
        book,
        now,
    };
    let steps = policy.terms.steps.iter().enumerate();
    let needs: Vec<Need<'_>> = steps
        .map(|(index, step)| Need {
            places: step.approvals,
            persons: electorate.of(index),
        })
        .collect();
    first_lacking(&needs, policy.terms.distinct_approvers)
}

fn completable(
    report: &Report,
    book: &Book,
    policy: &Policy,
    (span, steps): (&Range<usize>, &[Range<usize>]),
) {
    // Nobody has this name, so nobody is left out as the requester.
    let nobody = PersonId::new("");
    for module in &policy.modules {
        if let Some(index) = lacking(book, policy, module, &nobody) {
            let step = policy.terms.steps.get(index);
            let at = steps.get(index).unwrap_or(span);
            let (name, approvals) =
                step.map_or(("", 0), |step| (step.name.as_str(), step.approvals));
            let what = format!(
                "needs {approvals} different active approvers registered for `{module}` who are not \
                 used up by other steps, and there are fewer"
            );
            let mend = "name more approvers, register them (roles, modules), or ask for fewer";
            report.problem(at, format!("{} step `{name}`", title(policy)), what, mend);
            return;
        }
    }
    let mut stuck = BTreeSet::new();
    let steps = &policy.terms.steps;
    let approvers: BTreeSet<&PersonId> = steps
        .iter()
        .flat_map(|step| book.everyone(&step.approvers))
        .collect();
    // Only who is an approver too can be missing as one.
    for person in book.everyone(&policy.requesters).intersection(&approvers) {
        let modules = &mut policy.modules.iter();
        if modules.any(|module| lacking(book, policy, module, person).is_some()) {
            stuck.insert(*person);
        }
    }
    if stuck.is_empty() {
        return;
    }
    let what = format!(
        "requests of {} could never complete and are refused (W5)",
        some_of(&stuck)
    );
    report.warn(
        span,
        title(policy),
        what,
        "name more approvers for its steps",
    );
}

/// People by name, the first of many.
fn some_of(persons: &BTreeSet<&PersonId>) -> String {
    let mut named: Vec<&str> = persons
        .iter()
        .take(MAX_NAMED)
        .map(|id| id.as_str())
        .collect();
    let more = format!("{} more", persons.len().saturating_sub(MAX_NAMED));
    if persons.len() > MAX_NAMED {
        named.push(&more);
    }
    named.join(", ")
}

/// Whom an escalation names becomes eligible only if registered (W10, W19).
fn escalations(
    report: &Report,
    book: &Book,
    policy: &Policy,
    (span, steps): (&Range<usize>, &[Range<usize>]),
) {
    for (index, step) in policy.terms.steps.iter().enumerate() {
        let Some(escalation) = &step.escalation else {
            continue;
        };
        for module in &policy.modules {
            let mut unable = book.everyone(&escalation.to);
            unable.retain(|id| {
                let person = book.person(id).filter(|person| person.active);
                !person.is_some_and(|person| person.approves_in(module))
            });
            if unable.is_empty() {
                continue;
            }
            let what = format!(
                "{} could not vote: not active, or not registered as approver for `{module}` (W10)",
                some_of(&unable)
            );
            let place = format!("{} step `{}` escalate_to", title(policy), step.name);
            let mend = "register them (roles, modules), or name others";
            report.warn(steps.get(index).unwrap_or(span), place, what, mend);
        }
    }
}

/// Emergency access is offered to who has filed under the policy (W24).
fn emergency(report: &Report, book: &Book, policy: &Policy, span: &Range<usize>) {
    let Some(block) = &policy.emergency else {
        return;
    };
    let requesters = book.everyone(&policy.requesters);
    let mut unable = book.everyone(&block.allowed);
    unable.retain(|id| !requesters.contains(id) || !book.is_active(id));
    if unable.is_empty() {
        return;
    }
    let what = format!(
        "never offered to {}: not active, or not among the policy's requesters (W24)",
        some_of(&unable)
    );
    let mend = "add them to requesters, or take them out";
    report.warn(
        span,
        format!("{} emergency.allowed", title(policy)),
        what,
        mend,
    );
}

/// A resource or account pattern as shadowing compares it.
fn key(glob: Option<&Glob>) -> Option<&str> {
    glob.map(Glob::as_str)
}

fn shadowed(report: &Report, book: &Book, places: &Places) {
    let mut by_patterns: BTreeMap<(Option<&str>, Option<&str>), Vec<usize>> = BTreeMap::new();
    for (index, policy) in book.policies.iter().enumerate() {
        let patterns = (key(policy.resource.as_ref()), key(policy.account.as_ref()));
        by_patterns.entry(patterns).or_default().push(index);
    }
    for (index, (policy, (span, _))) in book.policies.iter().zip(&places.policies).enumerate() {
        let account = key(policy.account.as_ref());
        let resources = BTreeSet::from([None, Some("*"), key(policy.resource.as_ref())]);
        // `*` for accounts does not match a request without one, so it covers patterns only.
        let accounts = BTreeSet::from([None, account.and(Some("*")), account]);
        let beaten_by = resources
            .iter()
            .flat_map(|resource| accounts.iter().map(move |account| (*resource, *account)))
            .filter_map(|patterns| by_patterns.get(&patterns))
            .flatten()
            .filter(|other| **other != index)
            .find_map(|other| {
                let winner = book.policies.get(*other)?;
                let first = (winner.terms.mode, index) > (policy.terms.mode, *other);
                (first && covers(book, winner, policy)).then_some(winner)
            });
        if let Some(winner) = beaten_by {
            let what = format!(
                "is never chosen: `{}` always wins (W2)",
                winner.terms.policy
            );
            report.warn(
                span,
                title(policy),
                what,
                "move it up, narrow the other one, or take it out",
            );
        }
    }
}

/// Whether every requester and module of one policy is the other's too.
fn covers(book: &Book, wide: &Policy, narrow: &Policy) -> bool {
    let modules = |module: &Module| wide.modules.contains(module);
    if !narrow.modules.iter().all(modules) {
        return false;
    }
    if narrow
        .requesters
        .iter()
        .all(|who: &Who| wide.requesters.contains(who))
    {
        return true;
    }
    let everyone = book.everyone(&wide.requesters);
    book.everyone(&narrow.requesters).is_subset(&everyone)
}
