//! One sample of every refusal, for tests and templates.

use jiff::{SignedDuration, Timestamp};

use super::super::ids::{Module, PersonId, RequestId};
use super::super::request::{Decision, ExpiryCause, GrantState, State, Subject, Window};
use super::{Decider, Refusal};

/// A fixed instant, so that every sample reads the same in every run.
const AT: Timestamp = Timestamp::UNIX_EPOCH;
const REQUEST: RequestId = RequestId(42);

impl Refusal {
    /// One sample of each variant, in the order of the enum. A test holds the list against the
    /// enum.
    pub fn samples() -> Vec<Self> {
        let mut samples = filing();
        samples.extend(deciding());
        samples.extend(otherwise());
        samples.extend(delegating());
        samples.extend(after_approval());
        samples
    }
}

fn credential() -> Module {
    Module::from("credential")
}

fn subject() -> Subject {
    Subject {
        module: credential(),
        resource: "prod-db-1".to_owned(),
        account: Some("admin".to_owned()),
    }
}

fn step() -> String {
    "Manager review".to_owned()
}

fn policy() -> String {
    "production databases".to_owned()
}

fn decider() -> Decider {
    Decider {
        person: PersonId::from("bob"),
        name: "Bob Brown".to_owned(),
        decision: Decision::Approve,
        at: AT,
        revoked: None,
    }
}

fn filing() -> Vec<Refusal> {
    let hours = SignedDuration::from_hours;
    vec![
        Refusal::UnknownPerson {
            person: PersonId::from("mallory"),
        },
        Refusal::NotActive {
            person: PersonId::from("erin"),
        },
        Refusal::UnknownModule {
            module: Module::from("coffee"),
            known: vec![credential()],
        },
        Refusal::SubjectMalformed {
            field: "resource".to_owned(),
            limit: 200,
        },
        Refusal::TextTooLong {
            what: "justification".to_owned(),
            chars: 10_001,
            limit: 10_000,
        },
        Refusal::AccountRequired {
            module: credential(),
        },
        Refusal::AccountNotAllowed {
            module: credential(),
            account: "admin".to_owned(),
        },
        Refusal::NoPolicy {
            requester: PersonId::from("alice"),
            subject: subject(),
        },
        Refusal::WindowEmpty {
            window: Window::Fixed { start: AT, end: AT },
        },
        Refusal::WindowOver { end: AT },
        Refusal::WindowTooLong {
            length: hours(9),
            limit: hours(8),
            policy: policy(),
        },
        Refusal::StartTooFar {
            start: AT,
            latest: AT,
            policy: policy(),
        },
        Refusal::JustificationMissing { policy: policy() },
        Refusal::AlreadyPending {
            request: REQUEST,
            subject: subject(),
        },
        Refusal::KeyReused {
            key: "deploy-7".to_owned(),
            request: REQUEST,
        },
        Refusal::StepCannotComplete {
            step: step(),
            approvals: 2,
            eligible: 1,
            policy: policy(),
            emergency: true,
        },
    ]
}

fn deciding() -> Vec<Refusal> {
    let current = "Security review".to_owned();
    let decision = Decision::Approve;
    vec![
        Refusal::UnknownRequest { request: REQUEST },
        Refusal::NotRegistered {
            request: REQUEST,
            module: credential(),
        },
        Refusal::NotEligible { request: REQUEST },
        Refusal::OwnRequest { request: REQUEST },
        Refusal::RequesterNotActive {
            request: REQUEST,
            requester: "Alice Adams".to_owned(),
        },
        Refusal::OneApprovalPerRequest {
            request: REQUEST,
            step: step(),
            at: AT,
        },
        Refusal::NeededForLaterStep {
            request: REQUEST,
            step: current.clone(),
        },
        Refusal::AlreadyRecorded {
            request: REQUEST,
            step: step(),
            decision,
            at: AT,
            other_window: false,
        },
        Refusal::OnlyStricter {
            request: REQUEST,
            step: step(),
            at: AT,
        },
        Refusal::StepOver {
            request: REQUEST,
            step: step(),
            by: vec![decider()],
            current: current.clone(),
        },
        Refusal::StepNotYet {
            request: REQUEST,
            step: current,
            current: step(),
        },
        Refusal::Settled {
            request: REQUEST,
            state: State::Expired {
                at: AT,
                cause: ExpiryCause::PendingTooLong,
            },
            by: vec![],
        },
        Refusal::CommentRequired { request: REQUEST },
        Refusal::StaleRevision {
            request: REQUEST,
            shown: 1,
            present: 2,
        },
    ]
}

fn otherwise() -> Vec<Refusal> {
    vec![
        Refusal::NotTheRequester { request: REQUEST },
        Refusal::ReasonRequired { request: REQUEST },
        Refusal::NotDue {
            request: REQUEST,
            next: Some(AT),
        },
        Refusal::WrongActor { request: REQUEST },
    ]
}

fn delegating() -> Vec<Refusal> {
    vec![
        Refusal::VoteUsed {
            request: REQUEST,
            step: step(),
            whose: "Carol Clark".to_owned(),
            by: Box::new(decider()),
        },
        Refusal::DelegateToSelf,
        Refusal::NotAnApprover {
            name: "Erin Evans".to_owned(),
        },
        Refusal::PeriodUnfit {
            start: AT,
            until: AT,
            limit: SignedDuration::from_hours(2160),
        },
        Refusal::DelegationOverlaps {
            to: "Bob Brown".to_owned(),
            start: AT,
            until: AT,
        },
        Refusal::NoDelegation,
    ]
}

fn after_approval() -> Vec<Refusal> {
    vec![
        Refusal::NoGrant {
            request: REQUEST,
            state: State::Pending { step: 0 },
        },
        Refusal::GrantOver {
            request: REQUEST,
            grant: GrantState::Revoked,
            at: AT,
        },
        Refusal::NotARevoker { request: REQUEST },
        Refusal::RevokeReasonRequired { request: REQUEST },
        Refusal::NotTheHolder { request: REQUEST },
        Refusal::ExtendedAlready {
            request: REQUEST,
            by: RequestId(43),
        },
        Refusal::EmergencyNotOffered { subject: subject() },
        Refusal::EmergencyReasonTooShort {
            chars: 4,
            least: 10,
        },
        Refusal::EmergencyUnreviewed {
            open: vec![RequestId(41)],
        },
        Refusal::NoEmergency { request: REQUEST },
        Refusal::AlreadyReviewed {
            request: REQUEST,
            by: "Bob Brown".to_owned(),
            at: AT,
        },
        Refusal::NotAReviewer { request: REQUEST },
        Refusal::FindingRequired { request: REQUEST },
        Refusal::AwaitsConfirmation {
            request: REQUEST,
            step: step(),
            at: AT,
        },
        Refusal::ConfirmsAnother { request: REQUEST },
    ]
}
