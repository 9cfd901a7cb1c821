//! What `countersign request list …` takes.

use clap::{Args, ValueEnum};

use super::{Acting, Output};
use crate::store::requests::Emergencies;
use crate::workflow::ids::RequestId;
use crate::workflow::request::{Decision, GrantState, Status};

/// How many requests a list has, if nothing is said.
pub const DEFAULT_LISTED: u32 = 100;
/// How many it has at most; `--after` goes on.
pub const MAX_LISTED: u32 = 10_000;

/// `countersign request list …`
#[derive(Debug, Args)]
pub struct List {
    /// Only those that stand so; past its time a request is expired, whether or not that is recorded yet
    #[arg(long, alias = "state", value_name = "STATUS")]
    pub status: Option<ListStatus>,
    /// Only those whose access stands so
    #[arg(long, value_name = "STATE")]
    pub grant: Option<ListGrant>,
    /// Only emergencies, none of them, or those that nobody has reviewed
    #[arg(long, value_name = "WHICH")]
    pub emergency: Option<ListEmergency>,
    /// Only those that this person filed
    #[arg(long, value_name = "PERSON")]
    pub requester: Option<String>,
    /// Only those about which this person decided something: by a vote that counts, by one given on their
    /// behalf, by reviewing the emergency, by revoking the access
    #[arg(long, value_name = "PERSON")]
    pub decided_by: Option<String>,
    /// Only those with such a vote among those that count; of --decided-by, if given
    #[arg(long, value_name = "DECISION")]
    pub decision: Option<ListDecision>,
    /// Only those of this kind of thing, e.g. credential
    #[arg(long)]
    pub module: Option<String>,
    /// Only those of resources that fit this pattern, which is one of policies, e.g. 'prod-*'
    #[arg(long, value_name = "PATTERN")]
    pub resource: Option<String>,
    /// Only those filed then or later, e.g. "yesterday", "2 days ago", 2026-11-01 (its beginning) or RFC
    /// 3339; in your zone, or in one that you name behind it
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only those filed before then
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Only your own
    #[arg(long, conflicts_with = "requester")]
    pub mine: bool,
    /// Only those that wait for your vote now, your delegators' votes included; not what you have voted on
    #[arg(long, conflicts_with_all = ["status", "mine", "grant", "emergency"])]
    pub waiting_for_me: bool,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = DEFAULT_LISTED,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_LISTED)))]
    pub limit: u32,
    /// Those that come behind this one: the next page of the same list
    #[arg(long, value_name = "REQUEST")]
    pub after: Option<RequestId>,
    /// Print CSV (RFC 4180) with a header line; times are in UTC
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Who acts.
    #[command(flatten)]
    pub acting: Acting,
    /// Who reads the output.
    #[command(flatten)]
    pub output: Output,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListStatus {
    /// Waiting for votes
    #[value(alias = "pending")]
    Open,
    /// Granted
    Approved,
    /// Turned down
    Rejected,
    /// Taken back
    Withdrawn,
    /// Not decided in time
    Expired,
}

impl From<ListStatus> for Status {
    fn from(status: ListStatus) -> Self {
        match status {
            ListStatus::Open => Self::Open,
            ListStatus::Approved => Self::Approved,
            ListStatus::Rejected => Self::Rejected,
            ListStatus::Withdrawn => Self::Withdrawn,
            ListStatus::Expired => Self::Expired,
        }
    }
}

/// Where access stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListGrant {
    /// Yet to begin
    Scheduled,
    /// Open
    Active,
    /// Over
    Ended,
    /// Taken back by somebody
    Revoked,
    /// Given back
    Returned,
}

impl From<ListGrant> for GrantState {
    fn from(state: ListGrant) -> Self {
        match state {
            ListGrant::Scheduled => Self::Scheduled,
            ListGrant::Active => Self::Active,
            ListGrant::Ended => Self::Ended,
            ListGrant::Revoked => Self::Revoked,
            ListGrant::Returned => Self::Returned,
        }
    }
}

/// Which emergencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListEmergency {
    /// Emergencies
    Yes,
    /// Everything else
    No,
    /// Emergencies without a review
    Unreviewed,
}

impl From<ListEmergency> for Emergencies {
    fn from(which: ListEmergency) -> Self {
        match which {
            ListEmergency::Yes => Self::Yes,
            ListEmergency::No => Self::No,
            ListEmergency::Unreviewed => Self::Unreviewed,
        }
    }
}

/// What was voted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListDecision {
    /// An approval
    Approve,
    /// A disapproval
    Disapprove,
}

impl From<ListDecision> for Decision {
    fn from(decision: ListDecision) -> Self {
        match decision {
            ListDecision::Approve => Self::Approve,
            ListDecision::Disapprove => Self::Disapprove,
        }
    }
}
