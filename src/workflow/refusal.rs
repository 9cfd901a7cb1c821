//! Every way to say no: a code, the rule behind it, a sentence, a next step.
//!
//! A refusal is said to an *identified* person, always. [`Refusal::sentence`] is what the person
//! reads, with times in their zone; `Display` is the same in UTC, for logs and the audit trail;
//! [`Refusal::next`] is one thing that they can do now. The serialised form is stored for ever: add
//! variants and optional fields, never rename or remove.
//!
//! What always holds: a refusal names what was typed in backticks, and tells nothing about a
//! request to somebody who has no part in it beyond that they have none.

mod samples;
#[cfg(test)]
mod tests;
mod words;

pub use words::abbreviation;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{Module, PersonId, RequestId};
use super::request::{BaseCut, Decision, GrantState, State, Subject, Vote, Window};

/// Who decided something, what, and when (W14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decider {
    /// Their short name.
    pub person: PersonId,
    /// Their name as people call them.
    pub name: String,
    /// What they decided.
    pub decision: Decision,
    /// When it was counted.
    pub at: Timestamp,
    /// They gave no vote, but revoked this grant, which it would have continued (W22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<RequestId>,
}

impl Decider {
    /// Who ended a request by revoking what it would have continued.
    pub fn revoker(cut: &BaseCut, at: Timestamp, name: String) -> Self {
        Self {
            person: cut.by.clone(),
            name,
            decision: Decision::Disapprove,
            at,
            revoked: Some(cut.base),
        }
    }

    /// From a counted vote; the name is the book's business.
    pub fn new(vote: &Vote, name: String) -> Self {
        Self {
            person: vote.person.clone(),
            name,
            decision: vote.decision,
            at: vote.at,
            revoked: None,
        }
    }
}

/// Why a command changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "code")]
pub enum Refusal {
    /// Nobody of this name is in the book.
    UnknownPerson {
        /// The name.
        person: PersonId,
    },
    /// A disabled person asks nothing, votes on nothing, withdraws nothing (W10).
    NotActive {
        /// Who.
        person: PersonId,
    },
    /// The book has no such module (W2).
    UnknownModule {
        /// What was asked for.
        module: Module,
        /// The modules that there are.
        known: Vec<Module>,
    },
    /// A module or resource or account is blank, too long, or has control characters in it (W1).
    SubjectMalformed {
        /// `resource` or `account`.
        field: String,
        /// The longest that is taken, in characters.
        limit: usize,
    },
    /// A text is longer than is kept (W1).
    TextTooLong {
        /// Which text, e.g. `justification`.
        what: String,
        /// Its length in characters.
        chars: usize,
        /// The longest that is taken, in characters.
        limit: usize,
    },
    /// The module asks for an account and none was given (W2).
    AccountRequired {
        /// The module.
        module: Module,
    },
    /// The module takes no account and one was given (W2).
    AccountNotAllowed {
        /// The module.
        module: Module,
        /// What was given.
        account: String,
    },
    /// No policy covers the request (W3).
    NoPolicy {
        /// Who asked.
        requester: PersonId,
        /// For what.
        subject: Subject,
    },
    /// The window ends where it begins or before (W4).
    WindowEmpty {
        /// The window.
        window: Window,
    },
    /// The window is over (W4).
    WindowOver {
        /// When it ended.
        end: Timestamp,
    },
    /// The window is longer than the policy allows (W4).
    WindowTooLong {
        /// How long it is.
        length: SignedDuration,
        /// How long it may be.
        limit: SignedDuration,
        /// The policy.
        policy: String,
    },
    /// The window begins later than the policy allows (W4).
    StartTooFar {
        /// When it begins.
        start: Timestamp,
        /// The latest beginning.
        latest: Timestamp,
        /// The policy.
        policy: String,
    },
    /// The policy wants a reason and none was given (W1).
    JustificationMissing {
        /// The policy.
        policy: String,
    },
    /// The same person's request for the same thing is pending (W6).
    AlreadyPending {
        /// That request.
        request: RequestId,
        /// The thing.
        subject: Subject,
    },
    /// The filing key was used for something else (W6).
    KeyReused {
        /// The key.
        key: String,
        /// What it was used for.
        request: RequestId,
    },
    /// A step could never complete (W5).
    StepCannotComplete {
        /// The step's name.
        step: String,
        /// How many approvals it needs.
        approvals: usize,
        /// How many persons could give one, were it the only step.
        eligible: usize,
        /// The policy.
        policy: String,
        /// Whether emergency access is offered all the same (W24).
        #[serde(default)]
        emergency: bool,
    },
    /// There is no such request (W27: this leaves an audit event too).
    UnknownRequest {
        /// The number.
        request: RequestId,
    },
    /// The person is named in the step, but not registered as approver for the module (W10).
    NotRegistered {
        /// The request.
        request: RequestId,
        /// Its module.
        module: Module,
    },
    /// The step does not name the person (W10).
    NotEligible {
        /// The request.
        request: RequestId,
    },
    /// Nobody decides on their own request (W10).
    OwnRequest {
        /// The request.
        request: RequestId,
    },
    /// The requester is disabled by now, so that nothing can be granted to them (W7, W10).
    RequesterNotActive {
        /// The request.
        request: RequestId,
        /// The requester's name as people call them.
        requester: String,
    },
    /// The person has approved another step of the request (W11).
    OneApprovalPerRequest {
        /// The request.
        request: RequestId,
        /// The step that they approved.
        step: String,
        /// When.
        at: Timestamp,
    },
    /// The approval would leave a later step without enough different persons (W11).
    NeededForLaterStep {
        /// The request.
        request: RequestId,
        /// The later step.
        step: String,
    },
    /// The same vote was counted before (W13).
    AlreadyRecorded {
        /// The request.
        request: RequestId,
        /// The step.
        step: String,
        /// The vote.
        decision: Decision,
        /// When it was counted.
        at: Timestamp,
        /// Whether this one came with a window, which counts only with an approval that does (W16).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        other_window: bool,
    },
    /// A disapproval does not become an approval (W13).
    OnlyStricter {
        /// The request.
        request: RequestId,
        /// The step.
        step: String,
        /// When the disapproval was counted.
        at: Timestamp,
    },
    /// The step is complete (W14).
    StepOver {
        /// The request.
        request: RequestId,
        /// The step.
        step: String,
        /// Who completed it.
        by: Vec<Decider>,
        /// The step that is current.
        current: String,
    },
    /// The step is not yet current (W14).
    StepNotYet {
        /// The request.
        request: RequestId,
        /// The step.
        step: String,
        /// The step that is current.
        current: String,
    },
    /// The request is settled (W14).
    Settled {
        /// The request.
        request: RequestId,
        /// How it ended; also `expired` where the clock's own command has yet to arrive (W18).
        state: State,
        /// By whose votes, if by votes.
        by: Vec<Decider>,
    },
    /// The policy wants a comment with every disapproval (W15).
    CommentRequired {
        /// The request.
        request: RequestId,
    },
    /// The approver was shown an older revision with a window that the present one exceeds (W16).
    StaleRevision {
        /// The request.
        request: RequestId,
        /// The revision that they were shown.
        shown: u32,
        /// The present one.
        present: u32,
    },
    /// Only the requester withdraws, or takes an emergency (W24, W29).
    NotTheRequester {
        /// The request.
        request: RequestId,
    },
    /// A withdrawal needs a reason (W29).
    ReasonRequired {
        /// The request.
        request: RequestId,
    },
    /// Nothing about the request is due yet (W18).
    NotDue {
        /// The request.
        request: RequestId,
        /// When something is; `None`: nothing is to come.
        next: Option<Timestamp>,
    },
    /// The clock decides nothing, and nobody else does what the clock does (W18).
    WrongActor {
        /// The request.
        request: RequestId,
    },
    /// The vote was given already, on the delegator's behalf or by themselves (W20).
    VoteUsed {
        /// The request.
        request: RequestId,
        /// The step.
        step: String,
        /// Whose vote, as people call them.
        whose: String,
        /// Who gave it, and what.
        by: Box<Decider>,
    },
    /// Nobody delegates to themselves (W20).
    DelegateToSelf,
    /// Only registered approvers delegate, and only to such (W20).
    NotAnApprover {
        /// Who is none, as people call them.
        name: String,
    },
    /// The period of a delegation is empty, over, or too long (W20).
    PeriodUnfit {
        /// From when.
        start: Timestamp,
        /// Until when.
        until: Timestamp,
        /// The longest period.
        limit: SignedDuration,
    },
    /// The person has delegated in that period already (W20).
    DelegationOverlaps {
        /// To whom, as people call them.
        to: String,
        /// From when.
        start: Timestamp,
        /// Until when.
        until: Timestamp,
    },
    /// The person has no delegation that could be ended (W20).
    NoDelegation,
    /// The request has yielded no grant (W22).
    NoGrant {
        /// The request.
        request: RequestId,
        /// Where it stands.
        state: State,
    },
    /// The grant is over, or was ended before its time (W22).
    GrantOver {
        /// The request.
        request: RequestId,
        /// Where the grant stands.
        grant: GrantState,
        /// Since when.
        at: Timestamp,
    },
    /// Only an eligible approver or an access admin revokes (W22).
    NotARevoker {
        /// The request.
        request: RequestId,
    },
    /// A revocation needs a reason (W22).
    RevokeReasonRequired {
        /// The request.
        request: RequestId,
    },
    /// Only its holder returns or extends a grant (W22, W23).
    NotTheHolder {
        /// The request.
        request: RequestId,
    },
    /// The grant is continued by another already, which is the one to extend (W23).
    ExtendedAlready {
        /// The request.
        request: RequestId,
        /// The request that continues it.
        by: RequestId,
    },
    /// No policy in force offers this person emergency access to this thing (W24).
    EmergencyNotOffered {
        /// For what.
        subject: Subject,
    },
    /// An emergency needs a reason that says something (W24).
    EmergencyReasonTooShort {
        /// Its length in characters.
        chars: usize,
        /// The shortest that is taken, in characters.
        least: usize,
    },
    /// An earlier emergency of the same person is not reviewed yet (W26).
    EmergencyUnreviewed {
        /// Which ones.
        open: Vec<RequestId>,
    },
    /// The request was no emergency, so there is nothing to review (W26).
    NoEmergency {
        /// The request.
        request: RequestId,
    },
    /// Somebody has reviewed it already (W26).
    AlreadyReviewed {
        /// The request.
        request: RequestId,
        /// Who, as people call them.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Only an eligible approver reviews an emergency, and never its requester (W26).
    NotAReviewer {
        /// The request.
        request: RequestId,
    },
    /// A review needs a finding (W26).
    FindingRequired {
        /// The request.
        request: RequestId,
    },
    /// The same vote waits for its maker's confirmation by mail (W30).
    AwaitsConfirmation {
        /// The request.
        request: RequestId,
        /// The step.
        step: String,
        /// Since when.
        at: Timestamp,
    },
    /// The mail that they answer asked to confirm a vote that waits no longer (W30).
    ConfirmsAnother {
        /// The request.
        request: RequestId,
    },
}

impl Refusal {
    /// The stable name, e.g. `settled`; the same as in the serialised form.
    pub fn code(&self) -> &'static str {
        self.card().0
    }

    /// The rule of the specification, e.g. `W14`.
    pub fn rule(&self) -> &'static str {
        self.card().1
    }

    /// Code and rule of each variant.
    fn card(&self) -> (&'static str, &'static str) {
        match self {
            Self::UnknownPerson { .. } => ("unknown-person", "W10"),
            Self::NotActive { .. } => ("not-active", "W10"),
            Self::UnknownModule { .. } => ("unknown-module", "W2"),
            Self::SubjectMalformed { .. } => ("subject-malformed", "W1"),
            Self::TextTooLong { .. } => ("text-too-long", "W1"),
            Self::AccountRequired { .. } => ("account-required", "W2"),
            Self::AccountNotAllowed { .. } => ("account-not-allowed", "W2"),
            Self::NoPolicy { .. } => ("no-policy", "W3"),
            Self::WindowEmpty { .. } => ("window-empty", "W4"),
            Self::WindowOver { .. } => ("window-over", "W4"),
            Self::WindowTooLong { .. } => ("window-too-long", "W4"),
            Self::StartTooFar { .. } => ("start-too-far", "W4"),
            Self::JustificationMissing { .. } => ("justification-missing", "W1"),
            Self::AlreadyPending { .. } => ("already-pending", "W6"),
            Self::KeyReused { .. } => ("key-reused", "W6"),
            Self::StepCannotComplete { .. } => ("step-cannot-complete", "W5"),
            Self::UnknownRequest { .. } => ("unknown-request", "W27"),
            Self::NotRegistered { .. } => ("not-registered", "W10"),
            Self::NotEligible { .. } => ("not-eligible", "W10"),
            Self::OwnRequest { .. } => ("own-request", "W10"),
            Self::RequesterNotActive { .. } => ("requester-not-active", "W7"),
            Self::OneApprovalPerRequest { .. } => ("one-approval-per-request", "W11"),
            Self::NeededForLaterStep { .. } => ("needed-for-later-step", "W11"),
            Self::AlreadyRecorded { .. } => ("already-recorded", "W13"),
            Self::OnlyStricter { .. } => ("only-stricter", "W13"),
            Self::StepOver { .. } => ("step-over", "W14"),
            Self::StepNotYet { .. } => ("step-not-yet", "W14"),
            Self::Settled { .. } => ("settled", "W14"),
            Self::CommentRequired { .. } => ("comment-required", "W15"),
            Self::StaleRevision { .. } => ("stale-revision", "W16"),
            Self::NotTheRequester { .. } => ("not-the-requester", "W29"),
            Self::ReasonRequired { .. } => ("reason-required", "W29"),
            Self::NotDue { .. } => ("not-due", "W18"),
            Self::WrongActor { .. } => ("wrong-actor", "W18"),
            Self::VoteUsed { .. } => ("vote-used", "W20"),
            Self::DelegateToSelf => ("delegate-to-self", "W20"),
            Self::NotAnApprover { .. } => ("not-an-approver", "W20"),
            Self::PeriodUnfit { .. } => ("period-unfit", "W20"),
            Self::DelegationOverlaps { .. } => ("delegation-overlaps", "W20"),
            Self::NoDelegation => ("no-delegation", "W20"),
            Self::NoGrant { .. } => ("no-grant", "W22"),
            Self::GrantOver { .. } => ("grant-over", "W22"),
            Self::NotARevoker { .. } => ("not-a-revoker", "W22"),
            Self::RevokeReasonRequired { .. } => ("revoke-reason-required", "W22"),
            Self::NotTheHolder { .. } => ("not-the-holder", "W22"),
            Self::ExtendedAlready { .. } => ("extended-already", "W23"),
            Self::EmergencyNotOffered { .. } => ("emergency-not-offered", "W24"),
            Self::EmergencyReasonTooShort { .. } => ("emergency-reason-too-short", "W24"),
            Self::EmergencyUnreviewed { .. } => ("emergency-unreviewed", "W26"),
            Self::NoEmergency { .. } => ("no-emergency", "W26"),
            Self::AlreadyReviewed { .. } => ("already-reviewed", "W26"),
            Self::NotAReviewer { .. } => ("not-a-reviewer", "W26"),
            Self::FindingRequired { .. } => ("finding-required", "W26"),
            Self::AwaitsConfirmation { .. } => ("awaits-confirmation", "W30"),
            Self::ConfirmsAnother { .. } => ("confirms-another", "W30"),
        }
    }
}
