//! What can be typed about one request: votes, and what becomes of its access.

use clap::Args;

use super::{Acting, Output};
use crate::workflow::ids::RequestId;

/// `countersign approve …`
#[derive(Debug, Args)]
pub struct Approve {
    /// The vote.
    #[command(flatten)]
    pub vote: Vote,
    /// Approve for this window instead, e.g. "for 1h" or "friday 17:00 to 19:00"
    #[arg(long, value_name = "TEXT")]
    pub window: Option<String>,
}

/// `countersign approve …` and `countersign disapprove …`
#[derive(Debug, Args)]
pub struct Vote {
    /// The request's number, e.g. R-42
    pub request: RequestId,
    /// What to say with it
    #[arg(long)]
    pub comment: Option<String>,
    /// Who acts.
    #[command(flatten)]
    pub acting: Acting,
    /// Who reads the output.
    #[command(flatten)]
    pub output: Output,
}

/// `countersign revoke …`
#[derive(Debug, Args)]
pub struct Revoke {
    /// The request's number, e.g. R-42
    pub request: RequestId,
    /// Why; its holder is told
    #[arg(long)]
    pub reason: String,
    /// Who acts.
    #[command(flatten)]
    pub acting: Acting,
    /// Who reads the output.
    #[command(flatten)]
    pub output: Output,
}

/// `countersign review …`
#[derive(Debug, Args)]
pub struct Review {
    /// The request's number, e.g. R-42
    pub request: RequestId,
    /// What you found; its requester and the other approvers are told
    #[arg(long, value_name = "TEXT")]
    pub finding: String,
    /// Who acts.
    #[command(flatten)]
    pub acting: Acting,
    /// Who reads the output.
    #[command(flatten)]
    pub output: Output,
}

/// `countersign request emergency …`
#[derive(Debug, Args)]
pub struct Emergency {
    /// The request's number, e.g. R-42
    pub request: RequestId,
    /// Why it cannot wait; every approver is told
    #[arg(long)]
    pub reason: String,
    /// Who acts.
    #[command(flatten)]
    pub acting: Acting,
    /// Who reads the output.
    #[command(flatten)]
    pub output: Output,
}

/// `countersign request extend …`
#[derive(Debug, Args)]
pub struct Extend {
    /// The request's number, e.g. R-42
    pub request: RequestId,
    /// For how much longer, e.g. 2h or "1h 30m"
    #[arg(long = "for", value_name = "LENGTH")]
    pub length: String,
    /// Why; many policies require it
    #[arg(long)]
    pub reason: Option<String>,
    /// A name of your choice: asking again under it asks nothing new and names the first request
    #[arg(long)]
    pub key: Option<String>,
    /// Who acts.
    #[command(flatten)]
    pub acting: Acting,
    /// Who reads the output.
    #[command(flatten)]
    pub output: Output,
}

/// `countersign request return …`
#[derive(Debug, Args)]
pub struct Return {
    /// The request's number, e.g. R-42
    pub request: RequestId,
    /// Why, if you wish to say
    #[arg(long)]
    pub reason: Option<String>,
    /// Who acts.
    #[command(flatten)]
    pub acting: Acting,
    /// Who reads the output.
    #[command(flatten)]
    pub output: Output,
}
