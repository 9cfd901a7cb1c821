//! What can be said of a person.

use clap::Subcommand;

use super::{Acting, Output};

/// `countersign person …`
#[derive(Debug, Subcommand)]
pub enum Person {
    /// List the persons whom mail does not reach: since when and why
    Unreachable {
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
    /// Say that mail reaches a person again
    Reachable {
        /// Their short name
        #[arg(value_name = "PERSON")]
        whom: String,
        /// Who acts.
        #[command(flatten)]
        acting: Acting,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
}
