//! Filing a request (W1–W8).

use super::super::book::{AccountRule, Book, Electorate};
use super::super::event::{Event, Filed};
use super::super::ids::PersonId;
use super::super::places::{self, Need};
use super::super::policy::{self, Mode, Terms};
use super::super::refusal::Refusal;
use super::super::request::{Request, Subject, Window, later};
use super::{Draft, Filing, MAX_NAME_CHARS, acting, cleaned, emergency};

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
    let checked = check(draft, requester, filing)?;
    let window = checked.filed.window;
    if checked.asks {
        check_steps(filing, &checked.filed)?;
        return Ok(vec![Event::Filed(Box::new(checked.filed))]);
    }
    let over = Refusal::WindowOver {
        end: window.end().unwrap_or(filing.now),
    };
    let grant = window.grant(filing.now).ok_or(over)?;
    let approved = Event::Approved {
        at: filing.now,
        grant,
    };
    Ok(vec![Event::Filed(Box::new(checked.filed)), approved])
}

/// Files a request and takes its emergency access in one command (W24): also where the steps could
/// never all complete, which closes only the approval path (W5).
///
/// Where no approval is asked there is nothing to take: then it is filed as [`file`] does. Who says why it
/// cannot wait need not say a second time what it is for (W1).
pub fn file_emergency(
    draft: &Draft,
    reason: &str,
    requester: &PersonId,
    filing: &Filing<'_>,
) -> Result<Vec<Event>, Refusal> {
    let justified = Draft {
        justification: draft
            .justification
            .clone()
            .or_else(|| Some(reason.to_owned())),
        ..draft.clone()
    };
    let draft = &justified;
    let checked = check(draft, requester, filing)?;
    if !checked.asks {
        return file(draft, requester, filing);
    }
    let filed = checked.filed;
    if filed.extends.is_some() {
        return Err(Refusal::EmergencyNotOffered {
            subject: filed.subject,
        });
    }
    let block = emergency::offered(filing.book, &filed.subject, requester, filing.unreviewed)?;
    let confirmed = emergency::confirmed(block, &filed.window, reason, filing.now)?;
    Ok(vec![Event::Filed(Box::new(filed)), confirmed])
}

/// A filing that only its steps may still refuse.
struct Checked {
    filed: Filed,
    asks: bool,
}

fn check(draft: &Draft, requester: &PersonId, filing: &Filing<'_>) -> Result<Checked, Refusal> {
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
    let switched_off = switched_off(book, terms, &subject);
    let justification = cleaned(draft.justification.as_deref(), "justification")?;
    if justification.is_none() && needs_reason(terms, switched_off) {
        return Err(Refusal::JustificationMissing {
            policy: terms.policy.clone(),
        });
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
        pending_until: draft.window.decided_by(terms.pending_ttl, filing.now),
        extends: draft.extends,
    };
    Ok(Checked {
        filed,
        asks: terms.mode == Mode::Approval && !switched_off,
    })
}

/// Whether approval is switched off for what is asked for (W8).
fn switched_off(book: &Book, terms: &Terms, subject: &Subject) -> bool {
    let rules = book.modules.get(&subject.module);
    terms.mode == Mode::Approval && rules.is_some_and(|rules| !rules.approval)
}

/// Switched off means granted as in justification mode, which always wants a reason (W1, W8).
fn needs_reason(terms: &Terms, switched_off: bool) -> bool {
    terms.justification_required || terms.mode == Mode::Justification || switched_off
}

/// Whether a request of this person's for this would be refused without a justification (W1): whoever can
/// still be asked is asked for one.
pub fn wants_justification(book: &Book, subject: &Subject, requester: &PersonId) -> bool {
    let subject = trimmed(subject);
    policy::applying(book, &subject, requester).is_some_and(|policy| {
        needs_reason(&policy.terms, switched_off(book, &policy.terms, &subject))
    })
}

/// Whether a draft that comes under a used filing key says what the first one said (W6). If so the
/// filing was done before; if not it is refused as [`Refusal::KeyReused`].
///
/// A window that an approver has changed since (W16) is not compared.
pub fn same_filing(request: &Request, draft: &Draft) -> bool {
    let justification = cleaned(draft.justification.as_deref(), "justification");
    trimmed(&draft.subject) == request.subject
        && draft.extends == request.extends
        && justification.is_ok_and(|text| text == request.justification)
        && (request.revision > 1 || request.window == draft.window)
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
pub(super) fn check_window(window: &Window, terms: &Terms, now: Timestamp) -> Result<(), Refusal> {
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
/// Delegation and escalation are not counted.
fn check_steps(filing: &Filing<'_>, filed: &Filed) -> Result<(), Refusal> {
    let request = Request::from_filed(filed);
    let book = filing.book;
    let electorate = Electorate {
        request: &request,
        book,
        now: filing.now,
    };
    let steps = &request.terms.steps;
    let needs: Vec<Need<'_>> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| Need {
            places: step.approvals,
            persons: electorate.of(index),
        })
        .collect();
    let lacking = places::first_lacking(&needs, request.terms.distinct_approvers)
        .and_then(|index| Some((steps.get(index)?, needs.get(index)?.persons.len())));
    let Some((step, eligible)) = lacking else {
        return Ok(());
    };
    let emergency =
        emergency::offered(book, &filed.subject, &filed.requester, filing.unreviewed).is_ok();
    Err(Refusal::StepCannotComplete {
        step: step.name.clone(),
        approvals: step.approvals,
        eligible,
        policy: request.terms.policy.clone(),
        emergency: emergency && filed.extends.is_none(),
    })
}
