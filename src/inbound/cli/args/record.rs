//! What can be typed about the record.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::Output;

/// `countersign audit …`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Read the whole record and say what is wrong with it; changes nothing
    Verify {
        /// Only what came after this seal; take it and everything before it as checked
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..))]
        from_seal: Option<i64>,
        /// Hold the record against the seals in this file, as they were posted
        #[arg(long, value_name = "FILE")]
        seal: Option<PathBuf>,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
    /// Write the record to standard output, one event a line, in the order of chains and numbers
    Export {
        /// How
        #[arg(long)]
        format: ExportFormat,
        /// Only events from this time on: RFC 3339, or "2026-11-21 09:00" in UTC
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Only events before this time
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// Only this chain, e.g. request/42 or system/mail
        #[arg(long)]
        chain: Option<String>,
    },
}

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One JSON object a line
    Jsonl,
    /// ArcSight's Common Event Format
    Cef,
}
