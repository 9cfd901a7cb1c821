//! What `countersign delegate …` takes.

use clap::Args;

use super::{Acting, Output};

/// `countersign delegate …`
#[derive(Debug, Args)]
pub struct Delegate {
    /// To whom: the short name of a registered approver
    #[arg(value_name = "TO", required_unless_present_any = ["end", "list"], requires = "until")]
    pub to: Option<String>,
    /// Until when, e.g. "friday 18:00"
    #[arg(long, value_name = "TIME", requires = "to", conflicts_with_all = ["end", "list"])]
    pub until: Option<String>,
    /// From when [default: from now]
    #[arg(long, value_name = "TIME", requires = "to", conflicts_with_all = ["end", "list"])]
    pub from: Option<String>,
    /// End what you have delegated
    #[arg(long, conflicts_with_all = ["to", "list"])]
    pub end: bool,
    /// List what you have delegated, and what is delegated to you
    #[arg(long, conflicts_with = "to")]
    pub list: bool,
    /// Who acts.
    #[command(flatten)]
    pub acting: Acting,
    /// Who reads the output.
    #[command(flatten)]
    pub output: Output,
}
