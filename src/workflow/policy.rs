//! One policy, and which policy a request falls under (W2, W3).

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::book::Book;
use super::ids::{GroupId, Module, PersonId};
use super::request::Subject;

pub use glob::Glob;

mod glob;

/// The ceiling on a window where a policy sets none (W4).
pub const DEFAULT_MAX_DURATION: SignedDuration = SignedDuration::from_hours(72);
/// How far ahead a fixed start may lie where a policy says nothing (W4).
pub const DEFAULT_MAX_LEAD: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a request may be pending where a policy says nothing (W18).
pub const DEFAULT_PENDING_TTL: SignedDuration = SignedDuration::from_hours(24);
/// The holder of a grant is warned this long before its end, where a policy says nothing (W23).
pub const DEFAULT_WARN_BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// How often those who have not voted are reminded, where a step says nothing (W19).
pub const DEFAULT_MAX_REMINDERS: u32 = 3;
/// The reviewers of an emergency are reminded this often, where a block says nothing (W26).
pub const DEFAULT_REMIND_REVIEW_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How strict a policy is; the order is the order of strictness (W2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Recorded and granted.
    Free,
    /// Granted once a reason is recorded.
    Justification,
    /// Granted once every step has its approvals.
    Approval,
}

/// Somebody a policy names: a person, or a group whose members are read live (W7).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// One person, written `alice`.
    Person(PersonId),
    /// All members of a group, written `group:dba`.
    Group(GroupId),
}

/// One level of approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What people call it, e.g. `Manager review`; unique within its policy.
    pub name: String,
    /// Who may vote, as the policy names them.
    pub approvers: Vec<Who>,
    /// How many approvals complete the step; at least 1.
    pub approvals: usize,
    /// How many disapprovals reject the request; at least 1 (W12).
    pub disapprovals: usize,
    /// Whether and when those who have not voted are reminded (W19).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminders: Option<Reminders>,
    /// Whether and when others become eligible too (W19).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
}

/// Reminders of one step (W19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminders {
    /// So long after the step became current, and every such interval again; positive.
    pub after: SignedDuration,
    /// At most this often; at least 1.
    pub most: u32,
}

/// Escalation of one step (W19).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// So long after the step became current; positive.
    pub after: SignedDuration,
    /// Who becomes eligible then, beside the step's approvers; not empty.
    pub to: Vec<Who>,
}

/// Who may take access in an emergency, and for how long (W24). Read from the policy in force, never
/// kept with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyBlock {
    /// Whom it is offered to; not empty.
    pub allowed: Vec<Who>,
    /// The longest emergency grant.
    pub max_duration: SignedDuration,
    /// Whether somebody with an emergency that nobody has reviewed is offered no other (W26).
    pub block_until_reviewed: bool,
    /// How often its reviewers are reminded, until one of them records a finding (W26).
    pub remind_review_after: SignedDuration,
}

/// What a policy demands of a request: everything that the request keeps from its filing on (W7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a yes or no that the operator wrote"
)]
pub struct Terms {
    /// The policy's name.
    pub policy: String,
    /// The version of the book that the policy stood in.
    pub version: i64,
    /// How strict it is.
    pub mode: Mode,
    /// Whether a reason must be given at filing (W1).
    pub justification_required: bool,
    /// The longest window (W4).
    pub max_duration: SignedDuration,
    /// How far ahead a fixed start may lie (W4).
    pub max_lead: SignedDuration,
    /// How long the request may be pending (W18).
    pub pending_ttl: SignedDuration,
    /// The holder of the grant is warned this long before its end (W23).
    pub warn_before: SignedDuration,
    /// Whether a disapproval must carry a comment (W15).
    pub comment_required: bool,
    /// Whether the requester may vote; off unless the operator wrote it (W10).
    pub allow_self_approval: bool,
    /// Whether one person's approval counts at most once in a request (W11).
    pub distinct_approvers: bool,
    /// Whether a vote by any other channel waits until the same person confirms it by mail (W30).
    #[serde(default)]
    pub confirm_by_mail: bool,
    /// The name of the chat channel in which the request is shown; absent: in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify_channel: Option<String>,
    /// The levels of approval, in order; empty unless `mode` is `Approval`.
    pub steps: Vec<Step>,
}

/// One policy as it stands in the book: when it applies, and what it then demands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The modules it covers; at least one.
    pub modules: Vec<Module>,
    /// Who may ask under it; at least one.
    pub requesters: Vec<Who>,
    /// Which resources; absent means all. At least one of `resource` and `account` is given.
    pub resource: Option<Glob>,
    /// Which accounts; absent means all. A request without an account never matches a pattern here.
    pub account: Option<Glob>,
    /// What it demands.
    pub terms: Terms,
    /// Who may take access at once; only where `terms.mode` is `Approval` (W24).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyBlock>,
}

/// Why a policy is not the one that a request falls under.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// It does not cover the module.
    #[error("does not cover the module `{0}`")]
    Module(Module),
    /// It does not name the requester.
    #[error("names neither `{0}` nor a group that they are in as requester")]
    Requester(PersonId),
    /// Its resource pattern does not fit.
    #[error("its resource pattern `{pattern}` does not match `{resource}`")]
    Resource {
        /// The pattern.
        pattern: String,
        /// What was asked for.
        resource: String,
    },
    /// Its account pattern does not fit.
    #[error("its account pattern `{pattern}` does not match `{account}`")]
    Account {
        /// The pattern.
        pattern: String,
        /// What was asked for.
        account: String,
    },
    /// It has an account pattern, and the request names no account.
    #[error("its account pattern `{0}` never matches a request without an account")]
    NoAccount(String),
    /// It matches, but a stricter policy does too.
    #[error("matches, but `{winner}` is stricter ({winner_mode} before {own_mode})")]
    LessStrict {
        /// The policy that was chosen.
        winner: String,
        /// Its mode.
        winner_mode: Mode,
        /// The mode of the one that lost.
        own_mode: Mode,
    },
    /// It matches and is as strict, but stands later in the file.
    #[error("matches and is as strict, but `{0}` stands before it in the file")]
    Later(String),
}

/// Which policy a request falls under, and why each other one does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice<'a> {
    /// The policy; `None` means that the request is refused (W3).
    pub chosen: Option<&'a Policy>,
    /// Every other policy in file order.
    pub others: Vec<(&'a Policy, Lost)>,
}

impl Mode {
    /// The name as it stands in the file and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Justification => "justification",
            Self::Approval => "approval",
        }
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Policy {
    /// Whether its conditions fit (W2).
    pub fn fits(&self, book: &Book, subject: &Subject, requester: &PersonId) -> bool {
        self.condition_unmet(book, subject, requester).is_none()
    }

    /// Why this policy's conditions do not fit; `None` if they do (W2).
    pub fn mismatch(&self, book: &Book, subject: &Subject, requester: &PersonId) -> Option<Lost> {
        let pattern = |glob: &Option<Glob>| {
            let text = glob.as_ref().map_or("", Glob::as_str);
            text.to_owned()
        };
        Some(match self.condition_unmet(book, subject, requester)? {
            Condition::Module => Lost::Module(subject.module.clone()),
            Condition::Requester => Lost::Requester(requester.clone()),
            Condition::Resource => Lost::Resource {
                pattern: pattern(&self.resource),
                resource: subject.resource.clone(),
            },
            Condition::Account => match subject.account.clone() {
                None => Lost::NoAccount(pattern(&self.account)),
                Some(account) => Lost::Account {
                    pattern: pattern(&self.account),
                    account,
                },
            },
        })
    }

    /// The first condition that is not met.
    fn condition_unmet(
        &self,
        book: &Book,
        subject: &Subject,
        requester: &PersonId,
    ) -> Option<Condition> {
        if !self.modules.contains(&subject.module) {
            return Some(Condition::Module);
        }
        if !book.means(&self.requesters, requester) {
            return Some(Condition::Requester);
        }
        let named = |glob: &Glob| glob.matches(&subject.resource);
        if !self.resource.as_ref().is_none_or(named) {
            return Some(Condition::Resource);
        }
        let fits = |glob: &Glob| {
            let account = subject.account.as_deref();
            account.is_some_and(|account| glob.matches(account))
        };
        (!self.account.as_ref().is_none_or(fits)).then_some(Condition::Account)
    }
}

/// What a policy asks of a request before it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Module,
    Requester,
    Resource,
    Account,
}

/// The policy that a request falls under (W2): of those that match, the strictest mode, then the first
/// in file order. `None`: the request is refused (W3).
pub fn applying<'a>(book: &'a Book, subject: &Subject, requester: &PersonId) -> Option<&'a Policy> {
    let mut chosen: Option<&Policy> = None;
    for policy in &book.policies {
        let stricter = chosen.is_none_or(|best| policy.terms.mode > best.terms.mode);
        if stricter && policy.fits(book, subject, requester) {
            chosen = Some(policy);
        }
    }
    chosen
}

/// As [`applying`], with why each other policy lost: for `policy explain`.
pub fn choose<'a>(book: &'a Book, subject: &Subject, requester: &PersonId) -> Choice<'a> {
    let chosen = applying(book, subject, requester);
    let mut others = Vec::new();
    for policy in &book.policies {
        if chosen.is_some_and(|winner| std::ptr::eq(winner, policy)) {
            continue;
        }
        let lost = policy.mismatch(book, subject, requester).or_else(|| {
            let winner = chosen?;
            Some(lost_to(winner, policy))
        });
        if let Some(lost) = lost {
            others.push((policy, lost));
        }
    }
    Choice { chosen, others }
}

fn lost_to(winner: &Policy, loser: &Policy) -> Lost {
    if winner.terms.mode > loser.terms.mode {
        Lost::LessStrict {
            winner: winner.terms.policy.clone(),
            winner_mode: winner.terms.mode,
            own_mode: loser.terms.mode,
        }
    } else {
        Lost::Later(winner.terms.policy.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{book, id, policy, step, subject, terms, who};
    use super::*;

    /// A policy of this name and mode that `rita`'s request for `prod-db-1` as `admin` matches.
    fn named(name: &str, mode: Mode) -> Policy {
        let terms = terms(vec![step("S", &["ann"], 1, 1)]);
        policy(Terms {
            policy: name.to_owned(),
            mode,
            ..terms
        })
    }

    fn chosen(book: &Book, subject: &Subject) -> Option<String> {
        choose(book, subject, &id("rita"))
            .chosen
            .map(|policy| policy.terms.policy.clone())
    }

    /// Goal: of several that match, the strictest wins, then the first in the file (W2).
    /// Method: four policies; look at the winner and at why each other one lost.
    #[test]
    fn w2_the_strictest_then_the_first_wins() {
        let book = book(vec![
            named("open", Mode::Free),
            named("first", Mode::Approval),
            named("reason", Mode::Justification),
            named("second", Mode::Approval),
        ]);
        let subject = subject();
        let choice = choose(&book, &subject, &id("rita"));
        assert_eq!(
            choice.chosen.map(|policy| policy.terms.policy.as_str()),
            Some("first")
        );
        let why: Vec<String> = choice
            .others
            .iter()
            .map(|(policy, lost)| format!("{}: {lost}", policy.terms.policy))
            .collect();
        assert_eq!(
            why,
            [
                "open: matches, but `first` is stricter (approval before free)",
                "reason: matches, but `first` is stricter (approval before justification)",
                "second: matches and is as strict, but `first` stands before it in the file",
            ]
        );
    }

    /// Goal: module, requester, resource AND account must fit (W2).
    /// Method: break one condition at a time; a group counts as its members.
    #[test]
    fn w2_every_condition_must_fit() {
        let glob = |text: &str| Some(Glob::new(text).expect("a glob"));
        let fits = |change: fn(&mut Policy)| {
            let mut policy = named("p", Mode::Approval);
            policy.account = Some(Glob::new("adm*").expect("a glob"));
            change(&mut policy);
            policy.mismatch(&book(vec![]), &subject(), &id("rita"))
        };
        assert_eq!(fits(|_| ()), None);
        assert_eq!(
            fits(|policy| policy.requesters = vec![who("group:everyone")]),
            None
        );
        assert_eq!(fits(|policy| policy.resource = None), None);
        assert!(matches!(
            fits(|policy| policy.modules.clear()),
            Some(Lost::Module(_))
        ));
        let other = fits(|policy| policy.requesters = vec![who("group:team")]);
        assert!(matches!(other, Some(Lost::Requester(_))));
        let mut policy = named("p", Mode::Approval);
        policy.resource = glob("dev-*");
        policy.account = glob("admin");
        let lost = policy.mismatch(&book(vec![]), &subject(), &id("rita"));
        assert!(matches!(lost, Some(Lost::Resource { .. })));
        policy.resource = glob("prod-*");
        policy.account = glob("root");
        let lost = policy.mismatch(&book(vec![]), &subject(), &id("rita"));
        assert!(matches!(lost, Some(Lost::Account { .. })));
    }

    /// Goal: leaving the account out is no way round a policy with an account pattern, nor into one
    /// (W2). Method: such a request does not match it and falls under the other policy, or under
    /// none.
    #[test]
    fn w2_no_account_never_matches_an_account_pattern() {
        let mut narrow = named("narrow", Mode::Free);
        narrow.account = Some(Glob::new("*").expect("a glob"));
        let without = Subject {
            account: None,
            ..subject()
        };
        assert_eq!(chosen(&book(vec![narrow.clone()]), &without), None);
        let both = book(vec![narrow, named("wide", Mode::Approval)]);
        assert_eq!(chosen(&both, &without).as_deref(), Some("wide"));
    }
}
