//! What a refused person reads: one sentence and one next step.

mod access;
mod portuguese;

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::super::request::{Decision, ExpiryCause, State, Window};
use super::{Decider, Refusal};

/// `WET`; a zone without a name of its own has its offset, which alone after a time reads as one more time:
/// `UTC-03`.
pub fn abbreviation(at: &Zoned) -> String {
    let name = at.strftime("%Z").to_string();
    if name.starts_with(['+', '-']) {
        format!("UTC{name}")
    } else {
        name
    }
}

/// A point in time as the reader's clock shows it, with its zone (W1).
fn when(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    let clock = format!("{} {}", at.strftime("%Y-%m-%d %H:%M"), abbreviation(&at));
    match zone.iana_name() {
        Some(name) if name != "UTC" => format!("{clock} ({name})"),
        _ => clock,
    }
}

impl fmt::Display for Refusal {
    /// The sentence with times in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence(&TimeZone::UTC))
    }
}

impl std::error::Error for Refusal {}

/// `Bob approved (2026-11-21 09:00 UTC), Carol approved (…)`.
fn list(by: &[Decider], zone: &TimeZone) -> String {
    let one = |decider: &Decider| {
        let verb = match (decider.revoked, decider.decision) {
            (Some(base), _) => format!("revoked {base}"),
            (None, Decision::Approve) => "approved".to_owned(),
            (None, Decision::Disapprove) => "disapproved".to_owned(),
        };
        format!("{} {verb} ({})", decider.name, when(decider.at, zone))
    };
    by.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// How a request ended, as the second half of a sentence.
fn ending(state: &State, by: &[Decider], zone: &TimeZone) -> String {
    let deciders = if by.is_empty() {
        String::new()
    } else {
        format!(": {}", list(by, zone))
    };
    match state {
        State::Pending { .. } => "is pending".to_owned(),
        State::Approved { at, .. } => format!("was approved at {}{deciders}", when(*at, zone)),
        State::Rejected { at, .. } => format!("was rejected at {}{deciders}", when(*at, zone)),
        State::Withdrawn { at, reason } => {
            format!(
                "was withdrawn by its requester at {}: {reason}",
                when(*at, zone)
            )
        }
        State::Expired { at, cause } => {
            let why = match cause {
                ExpiryCause::PendingTooLong => "nobody decided in time",
                ExpiryCause::WindowOver => "its window is over",
            };
            format!("expired at {} because {why}", when(*at, zone))
        }
    }
}

fn window_words(window: &Window, zone: &TimeZone) -> String {
    match window {
        Window::Fixed { start, end } => {
            format!("from {} until {}", when(*start, zone), when(*end, zone))
        }
        Window::FromApproval { length } => format!("for {length:#}"),
    }
}

impl Refusal {
    /// What happened, in one sentence, with times in the reader's zone.
    #[expect(clippy::too_many_lines, reason = "a table: one arm for each variant")]
    pub fn sentence(&self, zone: &TimeZone) -> String {
        match self {
            Self::UnknownPerson { person } => format!("Nobody named `{person}` is known here."),
            Self::NotActive { person } => {
                format!("`{person}` is disabled and can neither ask nor decide.")
            }
            Self::UnknownModule { module, .. } => format!("There is no module `{module}`."),
            Self::SubjectMalformed { field, limit } => format!(
                "The {field} must be 1 to {limit} characters without line breaks or other control \
                 characters."
            ),
            Self::TextTooLong { what, chars, limit } => {
                format!("The {what} has {chars} characters; at most {limit} are taken.")
            }
            Self::AccountRequired { module } => {
                format!("A request for `{module}` must name an account.")
            }
            Self::AccountNotAllowed { module, account } => {
                format!("A request for `{module}` takes no account, and yours names `{account}`.")
            }
            Self::NoPolicy { requester, subject } => {
                format!("No policy lets `{requester}` ask for `{subject}`.")
            }
            Self::WindowEmpty { window } => {
                format!("The window {} is empty.", window_words(window, zone))
            }
            Self::WindowOver { end } => {
                format!("The window is over: it ended at {}.", when(*end, zone))
            }
            Self::WindowTooLong {
                length,
                limit,
                policy,
            } => format!(
                "The window lasts {length:#}; the policy `{policy}` allows at most {limit:#}."
            ),
            Self::StartTooFar {
                start,
                latest,
                policy,
            } => format!(
                "The window begins at {}; the policy `{policy}` allows {} at the latest.",
                when(*start, zone),
                when(*latest, zone)
            ),
            Self::JustificationMissing { policy } => {
                format!("The policy `{policy}` wants a justification, and there is none.")
            }
            Self::AlreadyPending { request, subject } => {
                format!("Your request {request} for `{subject}` is still pending.")
            }
            Self::KeyReused { key, request } => {
                format!(
                    "The filing key `{key}` belongs to {request}, which asks for something else."
                )
            }
            Self::StepCannotComplete {
                step,
                approvals,
                eligible,
                policy,
                ..
            } => format!(
                "The step `{step}` of the policy `{policy}` could never complete: it needs \
                 {approvals} different persons who decide nowhere else in the request, and \
                 {eligible} may decide it at all."
            ),
            Self::UnknownRequest { request } => format!("There is no request `{request}`."),
            Self::NotRegistered { request, module } => format!(
                "{request} asks for `{module}`, for which you are not registered as approver."
            ),
            Self::NotEligible { request } => {
                format!("You are not among the approvers of {request}.")
            }
            Self::OwnRequest { request } => {
                format!("{request} is your own request; nobody decides on their own.")
            }
            Self::RequesterNotActive { request, requester } => format!(
                "{request} cannot be approved: {requester} has been disabled since it was filed."
            ),
            Self::OneApprovalPerRequest { request, step, at } => format!(
                "You approved {request} in the step `{step}` at {}; each step needs somebody else.",
                when(*at, zone)
            ),
            Self::NeededForLaterStep { request, step } => {
                format!(
                    "You are needed for step `{step}` of {request}; too few others could take it."
                )
            }
            Self::AlreadyRecorded {
                request,
                step,
                decision,
                at,
                other_window,
            } => {
                let at = when(*at, zone);
                let window = if *other_window {
                    " It stands for the window that it was given for; the one that you write now \
                     changes nothing."
                } else {
                    ""
                };
                format!(
                    "Your `{decision}` for the step `{step}` of {request} is already recorded, \
                     since {at}.{window}"
                )
            }
            Self::OnlyStricter { request, step, at } => format!(
                "You disapproved the step `{step}` of {request} at {}, and a disapproval cannot \
                 become an approval.",
                when(*at, zone)
            ),
            Self::StepOver {
                request,
                step,
                by,
                current,
            } => format!(
                "The step `{step}` of {request} is complete: {}. Its current step is `{current}`.",
                list(by, zone)
            ),
            Self::StepNotYet {
                request,
                step,
                current,
            } => format!(
                "The step `{step}` of {request} is not yet to be decided; its current step is \
                 `{current}`."
            ),
            Self::Settled { request, state, by } => {
                format!(
                    "No decision is needed: {request} {}.",
                    ending(state, by, zone)
                )
            }
            Self::CommentRequired { request } => {
                format!("A disapproval of {request} needs a comment, and there is none.")
            }
            Self::StaleRevision {
                request,
                shown,
                present,
            } => format!(
                "The window of {request} has changed: you were shown revision {shown}, and it is \
                 now revision {present}."
            ),
            Self::NotTheRequester { request } => {
                format!("{request} is not your request; only its requester does that.")
            }
            Self::ReasonRequired { request } => {
                format!("Withdrawing {request} needs a reason, and there is none.")
            }
            Self::NotDue { request, next } => match next {
                Some(at) => {
                    format!("Nothing about {request} is due before {}.", when(*at, zone))
                }
                None => format!("Nothing about {request} is to come."),
            },
            Self::WrongActor { request } => {
                format!("Only the clock says that {request} is due, and it decides nothing.")
            }
            other => other.sentence_of_access(zone),
        }
    }

    /// One next step, as a sentence.
    pub fn next(&self) -> String {
        match self {
            Self::UnknownPerson { .. } => {
                "Ask an access admin to add you to the policy file.".into()
            }
            Self::NotActive { .. } => "Ask an access admin if this is a mistake.".into(),
            Self::UnknownModule { known, .. } => {
                let names: Vec<_> = known.iter().map(|module| format!("`{module}`")).collect();
                format!("Use one of {}.", names.join(", "))
            }
            Self::SubjectMalformed { field, .. } => format!("Write the {field} as it is named."),
            Self::TextTooLong { .. } => "Say it shorter, or point to a ticket.".into(),
            Self::AccountRequired { .. } => "File it again with the account that you need.".into(),
            Self::AccountNotAllowed { .. } => "File it again without the account.".into(),
            Self::NoPolicy { .. } => {
                "See why with `countersign policy explain`, or ask an access admin.".into()
            }
            Self::WindowEmpty { .. } => "Say it again with an end after the start.".into(),
            Self::WindowOver { .. } => "Say it again with an end that is still to come.".into(),
            Self::WindowTooLong { limit, .. } => {
                format!("Say it again with a window of {limit:#} or less.")
            }
            Self::StartTooFar { .. } => "Say it again with an earlier start, or later on.".into(),
            Self::JustificationMissing { .. } => "File it again and say why you need it.".into(),
            Self::AlreadyPending { request, .. } => {
                format!("Wait for {request}, or withdraw it and file again.")
            }
            Self::KeyReused { .. } => "File it under a new key.".into(),
            Self::StepCannotComplete {
                emergency: true, ..
            } => "If it cannot wait, file it again as an emergency and say why.".into(),
            Self::StepCannotComplete { .. } => {
                "Ask an access admin to name more approvers for this step.".into()
            }
            Self::UnknownRequest { .. } => {
                "Look the number up with `countersign request list`.".into()
            }
            Self::NotRegistered { module, .. } => {
                format!("Ask an access admin to register you for `{module}`.")
            }
            Self::NotEligible { .. } => {
                "If you should be, ask an access admin to name you in the policy.".into()
            }
            Self::OwnRequest { request }
            | Self::StepOver { request, .. }
            | Self::NotDue { request, .. }
            | Self::WrongActor { request } => {
                format!("Nothing is left to do; `countersign request show {request}` tells more.")
            }
            Self::RequesterNotActive { .. } => "Disapprove it, or let it expire.".into(),
            Self::OneApprovalPerRequest { .. } => {
                "Leave this step to somebody else; you may still disapprove.".into()
            }
            Self::NeededForLaterStep { .. } => {
                "Leave this step to somebody else; you are asked again when yours begins.".into()
            }
            Self::AlreadyRecorded {
                other_window: true, ..
            } => "To keep the access shorter, disapprove while it is pending, and have it filed \
                  anew for the window that you want."
                .into(),
            Self::AlreadyRecorded {
                decision: Decision::Approve,
                ..
            } => "Nothing more is needed; you may still disapprove while it is pending.".into(),
            Self::AlreadyRecorded { .. } => "Nothing more is needed.".into(),
            Self::OnlyStricter { .. } => "Ask the requester to file a new request.".into(),
            Self::StepNotYet { .. } => "Wait: you are asked when your step begins.".into(),
            Self::Settled {
                state: State::Approved { .. },
                ..
            } => "Ask an access admin if the access should not stand.".into(),
            Self::Settled { .. } => "Nothing; the requester may file a new request.".into(),
            Self::CommentRequired { .. } => {
                "Send DISAPPROVE again with your reason on the same line or the next.".into()
            }
            Self::StaleRevision { request, .. } => {
                format!(
                    "Look at `countersign request show {request}` and decide on what it says now."
                )
            }
            Self::NotTheRequester { .. } => {
                "If it should not be granted and you are asked, disapprove it.".into()
            }
            Self::ReasonRequired { .. } => "Withdraw it again and say why.".into(),
            other => other.next_of_access(),
        }
    }
}
