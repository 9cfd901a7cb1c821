//! What `countersign policy …` takes.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Acting, Output, Subject};

/// `countersign policy …`
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Say what is wrong or odd about a policies.toml; needs no database
    Check {
        /// The file
        file: PathBuf,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
    /// Show what a policies.toml would change, and put it in force
    Apply {
        /// The file
        file: PathBuf,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Even where pending requests could then never be decided
        #[arg(long)]
        force: bool,
        /// Who acts.
        #[command(flatten)]
        acting: Acting,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
    /// Show which policy a request would fall under, and why not each other one
    Explain {
        /// Asked for by this person; whoever may look may ask about anybody [default: whose `os_user` you are]
        #[arg(long = "as", value_name = "PERSON")]
        person: Option<String>,
        /// What is asked for.
        #[command(flatten)]
        subject: Subject,
        /// By this policies.toml instead of what is in force; needs no database
        #[arg(long, value_name = "FILE", requires = "person")]
        file: Option<PathBuf>,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
    /// Show what is in force, and who applied it when
    Show {
        /// Instead what this version says
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..))]
        version: Option<i64>,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
    /// List the versions, each with who applied it when
    History {
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
}
