//! What can be said of accounts in a chat.

use clap::Subcommand;

use super::{Acting, Output};

/// `countersign chat …`
#[derive(Debug, Subcommand)]
pub enum Chat {
    /// Link a Discord account to a person: it asks and decides in their name from now on
    Link {
        /// Their short name
        person: String,
        /// The account's number (Discord: Copy User ID)
        account: u64,
        /// Who acts.
        #[command(flatten)]
        acting: Acting,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
    /// List whose account is whose, and by whose word
    List {
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
    /// End the link of a person's account
    Unlink {
        /// Their short name
        person: String,
        /// Who acts.
        #[command(flatten)]
        acting: Acting,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
}
