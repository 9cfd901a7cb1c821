//! What a person reads who was refused before a vote or after an approval: delegations, grants,
//! emergencies.

use jiff::tz::TimeZone;

use super::super::super::request::{GrantState, State};
use super::super::Refusal;
use super::{ending, list, when};

impl Refusal {
    /// What happened, for what comes before a vote or after an approval: delegations, grants,
    /// emergencies.
    pub(super) fn sentence_of_access(&self, zone: &TimeZone) -> String {
        match self {
            Self::VoteUsed {
                request,
                step,
                whose,
                by,
            } => format!(
                "The vote of {whose} on the step `{step}` of {request} is used: {}.",
                list(std::slice::from_ref(&**by), zone)
            ),
            Self::DelegateToSelf => "Nobody delegates to themselves.".to_owned(),
            Self::NotAnApprover { name } => {
                format!("{name} is not registered as an approver for any module.")
            }
            Self::PeriodUnfit {
                start,
                until,
                limit,
            } => format!(
                "A delegation from {} until {} is empty, over, or longer than {limit:#}.",
                when(*start, zone),
                when(*until, zone)
            ),
            Self::DelegationOverlaps { to, start, until } => format!(
                "Your votes are delegated to {to} from {} until {}.",
                when(*start, zone),
                when(*until, zone)
            ),
            Self::NoDelegation => "You have delegated nothing that is still to end.".to_owned(),
            Self::NoGrant { request, state } => {
                format!("There is no grant: {request} {}.", ending(state, &[], zone))
            }
            Self::GrantOver { request, grant, at } => format!(
                "The grant of {request} is {} since {}.",
                match grant {
                    GrantState::Scheduled | GrantState::Active | GrantState::Ended => "over",
                    GrantState::Revoked => "revoked",
                    GrantState::Returned => "returned",
                },
                when(*at, zone)
            ),
            Self::NotARevoker { request } => format!(
                "{request} is revoked by one of its approvers or an access admin, and you are neither."
            ),
            Self::RevokeReasonRequired { request } => {
                format!("Revoking {request} needs a reason, and there is none.")
            }
            Self::NotTheHolder { request } => {
                format!("The grant of {request} is not yours; only its holder does that.")
            }
            Self::ExtendedAlready { request, by } => {
                format!("The grant of {request} is continued by {by} already.")
            }
            other => other.sentence_of_emergency(zone),
        }
    }

    fn sentence_of_emergency(&self, zone: &TimeZone) -> String {
        match self {
            Self::EmergencyNotOffered { subject } => {
                format!("No policy in force offers you emergency access to `{subject}`.")
            }
            Self::EmergencyReasonTooShort { chars, least } => format!(
                "The reason for an emergency has {chars} characters; at least {least} are wanted."
            ),
            Self::EmergencyUnreviewed { open } => {
                let open: Vec<_> = open.iter().map(ToString::to_string).collect();
                format!(
                    "Nobody has reviewed your earlier emergency {} yet.",
                    open.join(", ")
                )
            }
            Self::NoEmergency { request } => {
                format!("{request} was no emergency; there is nothing to review.")
            }
            Self::AlreadyReviewed { request, by, at } => {
                format!("{by} reviewed {request} at {}.", when(*at, zone))
            }
            Self::NotAReviewer { request } => format!(
                "{request} is reviewed by one of its approvers, never by its requester, and you may \
                 not."
            ),
            Self::FindingRequired { request } => {
                format!("A review of {request} needs a finding, and there is none.")
            }
            Self::AwaitsConfirmation { request, step, at } => format!(
                "Your vote on the step `{step}` of {request} waits for your confirmation by mail, \
                 since {}.",
                when(*at, zone)
            ),
            Self::ConfirmsAnother { request } => format!(
                "The mail that you answer asked to confirm a decision on {request} that waits no \
                 longer; you, or somebody in your name, decided otherwise since."
            ),
            // Every other variant has its words above.
            _ => self.code().to_owned(),
        }
    }

    pub(super) fn next_of_access(&self) -> String {
        match self {
            Self::VoteUsed { .. } | Self::ExtendedAlready { .. } | Self::AlreadyReviewed { .. } => {
                "Nothing is left to do here; `countersign request show` tells more.".into()
            }
            Self::DelegateToSelf => "Name another registered approver.".into(),
            Self::NotAnApprover { .. } => {
                "Name a registered approver, or ask an access admin to register one.".into()
            }
            Self::PeriodUnfit { limit, .. } => {
                format!("Say a period that is still to end, of {limit:#} or less.")
            }
            Self::DelegationOverlaps { .. } => {
                "End that delegation first with `countersign delegate --end`.".into()
            }
            Self::NoDelegation => "See `countersign delegate --list`.".into(),
            Self::NoGrant {
                state: State::Pending { .. },
                ..
            } => "Withdraw it or disapprove it while it is pending.".into(),
            Self::NoGrant { .. } | Self::GrantOver { .. } => {
                "The requester may file a new request.".into()
            }
            Self::NotARevoker { .. } | Self::NotTheHolder { .. } => {
                "Ask an access admin if the access should not stand.".into()
            }
            Self::RevokeReasonRequired { .. } => "Revoke it again and say why.".into(),
            Self::EmergencyNotOffered { .. } => {
                "Wait for the approvers, or ask an access admin.".into()
            }
            Self::EmergencyReasonTooShort { .. } => {
                "Say what is on fire, so that a reviewer understands it later.".into()
            }
            Self::EmergencyUnreviewed { .. } => {
                "Ask one of its approvers to review it; until then, go the ordinary way.".into()
            }
            Self::NoEmergency { .. } => {
                "List the open ones with `countersign request list --emergency unreviewed`.".into()
            }
            Self::NotAReviewer { .. } => "Leave it to its approvers; they have been told.".into(),
            Self::FindingRequired { .. } => "Review it again and say what you found.".into(),
            Self::AwaitsConfirmation { .. } => {
                "Answer the mail that asks you to confirm it.".into()
            }
            Self::ConfirmsAnother { .. } => {
                "Answer the newest mail about it. If it was not you, tell your access admins."
                    .into()
            }
            // Every other variant has its next step above.
            _ => "`countersign help` tells more.".into(),
        }
    }
}
