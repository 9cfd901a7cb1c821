//! One policy, and which policy a request falls under (W2, W3).

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::ids::{GroupId, Module, PersonId};

/// The ceiling on a window where a policy sets none (W4).
pub const DEFAULT_MAX_DURATION: SignedDuration = SignedDuration::from_hours(72);
/// How far ahead a fixed start may lie where a policy says nothing (W4).
pub const DEFAULT_MAX_LEAD: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a request may be pending where a policy says nothing (W18).
pub const DEFAULT_PENDING_TTL: SignedDuration = SignedDuration::from_hours(24);
/// The holder of a grant is warned this long before its end, where a policy says nothing (W23).
pub const DEFAULT_WARN_BEFORE: SignedDuration = SignedDuration::from_mins(10);

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

/// A shell-like pattern over a resource or an account: `prod-*`, `admin?`, `{a,b}`.
///
/// Compared with the whole name, case-sensitively; `*` also matches `/`.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    matcher: globset::GlobMatcher,
}

impl Glob {
    /// Compiles the pattern. The error is globset's own and says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, globset::Error> {
        let matcher = globset::GlobBuilder::new(text)
            .literal_separator(false)
            .build()?
            .compile_matcher();
        Ok(Self {
            text: text.to_owned(),
            matcher,
        })
    }

    /// Whether the whole name fits the pattern.
    pub fn matches(&self, name: &str) -> bool {
        self.matcher.is_match(name)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for Glob {}

impl Serialize for Glob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
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
}

/// What a policy demands of a request: everything that the request keeps from its filing on (W7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}
