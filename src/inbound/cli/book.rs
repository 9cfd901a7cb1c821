//! `policy explain` and `policy show`: a book as people read it.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::json;

use super::Failure;
use super::args::Subject as SubjectArgs;
use super::person::{as_value, said};
use super::print::{self, count, put};
use super::versions::{self, Shown};
use super::when::say;
use crate::config::read::nearest;
use crate::store::unreachable::Mark;
use crate::workflow::book::{AccountRule, Book, Person, Role};
use crate::workflow::ids::{Module, PersonId};
use crate::workflow::notice::digest::DEFAULT_AT;
use crate::workflow::policy::{Glob, Policy, Reminders, Step, Terms, Who, choose};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::Subject;

/// Other policies of which `policy explain` says in text why they lost; JSON has all.
const MAX_EXPLAINED: usize = 50;

/// Which policy a request would fall under, and why each other one does not apply (W2).
pub(super) fn explain(
    book: &Book,
    person: &PersonId,
    subject: SubjectArgs,
    as_json: bool,
) -> Result<(), Failure> {
    if book.person(person).is_none() {
        return Err(unknown(
            "person",
            person.as_str(),
            book.people.keys().map(PersonId::as_str),
        ));
    }
    let subject = Subject {
        module: Module::new(subject.module),
        resource: subject.resource,
        account: subject.account,
    };
    let Some(rules) = book.modules.get(&subject.module) else {
        let known = book.modules.keys().map(Module::as_str);
        return Err(unknown("module", subject.module.as_str(), known));
    };
    let refused = refused(rules.account, &subject).map(|refusal| refusal.to_string());
    let choice = choose(book, &subject, person);
    let chosen = choice.chosen.map(|policy| &policy.terms);
    let emergency = choice.chosen.and_then(|policy| policy.emergency.as_ref());
    if as_json {
        let others: Vec<_> = choice
            .others
            .iter()
            .map(|(policy, lost)| json!({ "policy": policy.terms.policy, "why_not": lost.to_string() }))
            .collect();
        return print::json(&json!({
            "chosen": chosen, "emergency": emergency, "refused": refused, "others": others,
        }));
    }
    if let Some(refused) = refused {
        put!("Whatever the policies say, this is refused: {refused}");
    }
    match choice.chosen {
        Some(policy) => {
            put!("`{}` applies ({}).", policy.terms.policy, policy.terms.mode);
            steps(policy);
        }
        None => put!("No policy applies: such a request is refused (W3)."),
    }
    for (policy, lost) in choice.others.iter().take(MAX_EXPLAINED) {
        put!("not `{}`: {lost}", policy.terms.policy);
    }
    if let Some(more) = choice.others.len().checked_sub(MAX_EXPLAINED + 1) {
        put!("and {} more; --json lists all", more + 1);
    }
    Ok(())
}

fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Failure {
    let mend = nearest(name, known).map_or_else(
        || "see `countersign policy show`".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Failure::Usage(format!("there is no {what} `{name}`; mend: {mend}"))
}

/// What filing refuses before it looks at the policies (W2).
fn refused(rule: AccountRule, subject: &Subject) -> Option<Refusal> {
    let module = subject.module.clone();
    match (rule, subject.account.clone()) {
        (AccountRule::Required, None) => Some(Refusal::AccountRequired { module }),
        (AccountRule::None, Some(account)) => Some(Refusal::AccountNotAllowed { module, account }),
        _ => None,
    }
}

/// What is in force, and whom mail does not reach.
pub(super) fn show(shown: &Shown, marks: &[Mark], as_json: bool) -> Result<(), Failure> {
    let book = &shown.book;
    if as_json {
        return print::json(&WithMore {
            book,
            in_force: shown.in_force,
            applied: versions::as_value(&shown.version),
            unreachable: marks.iter().map(as_value).collect(),
        });
    }
    let by = format!(
        "applied by {} at {}",
        shown.version.applied_by,
        say(shown.version.applied_at, &TimeZone::UTC)
    );
    if book.version == shown.in_force {
        put!("Version {} is in force, {by}.", book.version);
    } else {
        put!(
            "Version {}, {by}; version {} is in force.",
            book.version,
            shown.in_force
        );
    }
    put!("\nPeople");
    for person in book.people.values() {
        put!("  {}", of_person(person));
        for mark in marks.iter().filter(|mark| mark.person == person.id) {
            put!("    {}", said(mark));
        }
    }
    put!("\nGroups");
    for (id, members) in &book.groups {
        put!("  {id}: {}", joined(members.iter().map(PersonId::as_str)));
    }
    put!("\nModules");
    for (module, rules) in &book.modules {
        let account = match rules.account {
            AccountRule::Required => "an account is required",
            AccountRule::Optional => "an account is optional",
            AccountRule::None => "takes no account",
        };
        let switched_off = if rules.approval {
            ""
        } else {
            ", approval is switched off"
        };
        put!("  {module}: {account}{switched_off}");
    }
    put!("\nPolicies, of which the strictest that matches applies, then the first");
    for policy in &book.policies {
        of_policy(policy);
    }
    Ok(())
}

/// A book with what is known beside it.
#[derive(Serialize)]
struct WithMore<'a> {
    #[serde(flatten)]
    book: &'a Book,
    in_force: i64,
    applied: serde_json::Value,
    unreachable: Vec<serde_json::Value>,
}

fn of_person(person: &Person) -> String {
    let user = person.os_user.as_ref();
    let user = user.map_or_else(String::new, |user| format!(", system user {user}"));
    let roles = match joined(person.roles.iter().map(|role| named(*role))) {
        none if none.is_empty() => none,
        roles => format!(", {roles}"),
    };
    let registered = match joined(person.modules.iter().map(Module::as_str)) {
        none if none.is_empty() => none,
        modules => format!(", registered for {modules}"),
    };
    let active = if person.active { "" } else { ", not active" };
    let digest = match joined(person.digest.iter().map(|kind| kind.as_str())) {
        none if none.is_empty() => none,
        kinds => {
            let at = person.digest_at.unwrap_or(DEFAULT_AT);
            format!(", in a digest at {}: {kinds}", at.strftime("%H:%M"))
        }
    };
    let Person {
        id,
        name,
        email,
        zone,
        ..
    } = person;
    format!("{id}: {name} <{email}>, {zone}{user}{roles}{registered}{digest}{active}")
}

/// A role as policies.toml has it.
fn named(role: Role) -> &'static str {
    match role {
        Role::Approver => "approver",
        Role::Auditor => "auditor",
        Role::AccessAdmin => "access_admin",
        Role::SystemAdmin => "system_admin",
    }
}

fn of_policy(policy: &Policy) {
    let terms = &policy.terms;
    let pattern = |glob: &Option<Glob>| glob.as_ref().map_or("any", Glob::as_str).to_owned();
    put!("  `{}` ({})", terms.policy, terms.mode);
    put!(
        "    {} asked by {}; resource {}, account {}; at most {:#}",
        joined(policy.modules.iter().map(Module::as_str)),
        whos(&policy.requesters),
        pattern(&policy.resource),
        pattern(&policy.account),
        terms.max_duration
    );
    put!("    {}", demands(terms));
    steps(policy);
}

/// What is asked of requester and approvers beside the steps, and how long things wait.
fn demands(terms: &Terms) -> String {
    let reason = if terms.justification_required {
        "required"
    } else {
        "optional"
    };
    let mut said = vec![
        format!("justification {reason}"),
        format!("begins at most {:#} ahead", terms.max_lead),
        format!("expires undecided after {:#}", terms.pending_ttl),
        format!("warns {:#} before the end", terms.warn_before),
    ];
    for (holds, words) in [
        (terms.comment_required, "a disapproval needs a comment"),
        (
            terms.allow_self_approval,
            "REQUESTERS MAY APPROVE THEIR OWN",
        ),
        (
            !terms.distinct_approvers,
            "one person may approve several steps",
        ),
    ] {
        if holds {
            said.push(words.to_owned());
        }
    }
    if let Some(channel) = &terms.notify_channel {
        said.push(format!("shown in #{channel}"));
    }
    said.join("; ")
}

fn steps(policy: &Policy) {
    for (index, step) in policy.terms.steps.iter().enumerate() {
        let Step {
            name,
            approvers,
            approvals,
            disapprovals,
            ..
        } = step;
        let number = index + 1;
        let approvals = count(*approvals, "approval");
        let rejects = if *disapprovals == 1 {
            "rejects"
        } else {
            "reject"
        };
        let disapprovals = count(*disapprovals, "disapproval");
        put!(
            "    step {number}, {name}: {approvals} of {}; {disapprovals} {rejects}{}",
            whos(approvers),
            while_waiting(step)
        );
    }
    if policy.terms.confirm_by_mail {
        put!("    votes by another channel count once they are confirmed by mail");
    }
    if let Some(block) = &policy.emergency {
        let blocked = if block.block_until_reviewed {
            ", one at a time until it is reviewed"
        } else {
            ""
        };
        put!(
            "    emergency: {} for at most {:#}{blocked}; reviewers are reminded every {:#}",
            whos(&block.allowed),
            block.max_duration,
            block.remind_review_after
        );
    }
}

/// What happens while nobody votes (W19).
fn while_waiting(step: &Step) -> String {
    let mut said = String::new();
    if let Some(Reminders { after, most }) = step.reminders {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let most = count(most, "time");
        said = format!("; reminded every {after:#}, at most {most}");
    }
    if let Some(escalation) = &step.escalation {
        let (after, to) = (escalation.after, whos(&escalation.to));
        said = format!("{said}; after {after:#} also {to}");
    }
    said
}

fn whos(list: &[Who]) -> String {
    let names: Vec<String> = list
        .iter()
        .map(|who| match who {
            Who::Person(person) => person.to_string(),
            Who::Group(group) => format!("group:{group}"),
        })
        .collect();
    names.join(", ")
}

fn joined<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
