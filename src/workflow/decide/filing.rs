//! Filing a request (W1–W8).

use super::super::book::{AccountRule, Book, Electorate};
use super::super::event::{Event, Filed};
use super::super::ids::PersonId;
use super::super::places::{self, Need};
use super::super::policy::{self, Mode, Policy, Terms};
use super::super::refusal::Refusal;
use super::super::request::{Request, Subject, Window, later};
use super::{Draft, Filing, MAX_NAME_CHARS, acting, cleaned};

use jiff::Timestamp;

/// Files a request (W1–W8).
///
/// [`Event::Filed`] comes first; where no approval is asked, [`Event::Approved`] follows at once:
/// in the modes `free` and `justification`, and where the module is switched off for approval (W8).
///
/// The caller looks up `filing.pending`, and first expires such a request if it is past its time.
pub fn file(
    draft: &Draft,
    requester: &PersonId,
    filing: &Filing<'_>,
) -> Result<Vec<Event>, Refusal> {
    let book = filing.book;
    acting(book, requester)?;
    let subject = checked_subject(book, &draft.subject)?;
    if let Some(request) = filing.pending {
        return Err(Refusal::AlreadyPending { request, subject });
    }
    let Some(policy) = policy::applying(book, &subject, requester) else {
        return Err(Refusal::NoPolicy {
            requester: requester.clone(),
            subject,
        });
    };
    let terms = &policy.terms;
    check_window(&draft.window, terms, filing.now)?;
    let switched_off = terms.mode == Mode::Approval
        && book
            .modules
            .get(&subject.module)
            .is_some_and(|rules| !rules.approval);
    let justification = cleaned(draft.justification.as_deref(), "justification")?;
    // Switched off means granted as in justification mode, which always wants a reason (W1, W8).
    let required = terms.justification_required || terms.mode == Mode::Justification;
    if justification.is_none() && (required || switched_off) {
        return Err(Refusal::JustificationMissing {
            policy: terms.policy.clone(),
        });
    }
    let asks = terms.mode == Mode::Approval && !switched_off;
    if asks {
        check_steps(book, policy, &subject, requester)?;
    }
    let filed = Filed {
        id: filing.id,
        requester: requester.clone(),
        subject,
        window: draft.window,
        justification,
        terms: terms.clone(),
        approval_switched_off: switched_off,
        at: filing.now,
        pending_until: pending_until(&draft.window, terms, filing.now),
    };
    let mut events = vec![Event::Filed(Box::new(filed))];
    if !asks {
        let over = Refusal::WindowOver {
            end: draft.window.end().unwrap_or(filing.now),
        };
        let grant = draft.window.grant(filing.now).ok_or(over)?;
        events.push(Event::Approved {
            at: filing.now,
            grant,
        });
    }
    Ok(events)
}

/// Whether a draft that comes under a used filing key says what the first one said (W6). If so the
/// filing was done before; if not it is refused as [`Refusal::KeyReused`].
///
/// A window that an approver has changed since (W16) is not compared.
pub fn same_filing(request: &Request, draft: &Draft) -> bool {
    let justification = cleaned(draft.justification.as_deref(), "justification");
    trimmed(&draft.subject) == request.subject
        && justification.is_ok_and(|text| text == request.justification)
        && (request.revision > 1 || request.window == draft.window)
}

/// The earlier of the policy's limit and the end of a fixed window (W18).
fn pending_until(window: &Window, terms: &Terms, now: Timestamp) -> Timestamp {
    let limit = later(now, terms.pending_ttl);
    window.end().map_or(limit, |end| end.min(limit))
}

fn trimmed(subject: &Subject) -> Subject {
    let account = subject
        .account
        .as_deref()
        .map(str::trim)
        .filter(|account| !account.is_empty());
    Subject {
        module: subject.module.clone(),
        resource: subject.resource.trim().to_owned(),
        account: account.map(str::to_owned),
    }
}

/// The subject without surrounding blanks, if module, resource and account fit together (W1, W2).
fn checked_subject(book: &Book, subject: &Subject) -> Result<Subject, Refusal> {
    let subject = trimmed(subject);
    let Some(rules) = book.modules.get(&subject.module) else {
        let known = book.modules.keys().cloned().collect();
        return Err(Refusal::UnknownModule {
            module: subject.module,
            known,
        });
    };
    for (field, name) in [
        ("resource", Some(&subject.resource)),
        ("account", subject.account.as_ref()),
    ] {
        if name.is_some_and(|name| !fit_name(name)) {
            let field = field.to_owned();
            return Err(Refusal::SubjectMalformed {
                field,
                limit: MAX_NAME_CHARS,
            });
        }
    }
    match (rules.account, &subject.account) {
        (AccountRule::Required, None) => Err(Refusal::AccountRequired {
            module: subject.module,
        }),
        (AccountRule::None, Some(account)) => Err(Refusal::AccountNotAllowed {
            account: account.clone(),
            module: subject.module,
        }),
        _ => Ok(subject),
    }
}

/// A name that fits on one line: it goes into subjects of mails and into globs.
fn fit_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().count() <= MAX_NAME_CHARS
        && !name.chars().any(char::is_control)
}

/// Holds the window against the policy (W4).
fn check_window(window: &Window, terms: &Terms, now: Timestamp) -> Result<(), Refusal> {
    let length = window.length();
    if !length.is_positive() {
        return Err(Refusal::WindowEmpty { window: *window });
    }
    if let Some(end) = window.end()
        && end <= now
    {
        return Err(Refusal::WindowOver { end });
    }
    if length > terms.max_duration {
        let policy = terms.policy.clone();
        return Err(Refusal::WindowTooLong {
            length,
            limit: terms.max_duration,
            policy,
        });
    }
    let latest = later(now, terms.max_lead);
    if let Window::Fixed { start, .. } = *window
        && start > latest
    {
        return Err(Refusal::StartTooFar {
            start,
            latest,
            policy: terms.policy.clone(),
        });
    }
    Ok(())
}

/// Refuses a request whose steps could never all complete, naming the first that cannot (W5).
fn check_steps(
    book: &Book,
    policy: &Policy,
    subject: &Subject,
    requester: &PersonId,
) -> Result<(), Refusal> {
    match impossible_step(book, &policy.terms, subject, requester) {
        None => Ok(()),
        Some((step, eligible)) => Err(Refusal::StepCannotComplete {
            step: step.name.clone(),
            approvals: step.approvals,
            eligible,
            policy: policy.terms.policy.clone(),
        }),
    }
}

/// The first step that could never complete, with the number of persons who may decide it (W5).
fn impossible_step<'a>(
    book: &Book,
    terms: &'a Terms,
    subject: &Subject,
    requester: &PersonId,
) -> Option<(&'a policy::Step, usize)> {
    let electorate = Electorate {
        book,
        module: &subject.module,
        requester,
        terms,
    };
    let needs: Vec<Need<'_>> = terms
        .steps
        .iter()
        .map(|step| Need {
            places: step.approvals,
            persons: electorate.of(step),
        })
        .collect();
    let lacking = places::first_lacking(&needs, terms.distinct_approvers)?;
    Some((terms.steps.get(lacking)?, needs.get(lacking)?.persons.len()))
}
