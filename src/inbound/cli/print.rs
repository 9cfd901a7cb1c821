//! The two streams: the answer on standard output, what is said about it on standard error.
//!
//! Whoever reads may have had enough (`countersign request list | head -1`): a command then still does
//! what it was asked to and says so by its exit code.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

use super::Failure;
use crate::config::read::Problems;

/// One line of the answer.
macro_rules! put {
    ($($what:tt)*) => { $crate::inbound::cli::print::answer(format_args!($($what)*)) };
}

/// One line about it.
macro_rules! note {
    ($($what:tt)*) => { $crate::inbound::cli::print::aside(format_args!($($what)*)) };
}

pub(super) use {note, put};

/// Writes a line to standard output.
pub(super) fn answer(line: Arguments<'_>) {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            aside(format_args!("the answer cannot be written: {error}"));
        }
        _ => {}
    }
}

/// Writes a line to standard error; there is nowhere to say that this failed.
pub(super) fn aside(line: Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// What is odd about a file and does not refuse it, one line each on standard error.
pub(super) fn warn(warnings: &Problems) {
    if !warnings.list.is_empty() {
        for line in warnings.to_string().lines() {
            note!("warning: {line}");
        }
    }
}

/// Prints a value for programs.
pub(super) fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::Usage(format!("cannot be written as JSON: {error}")))?;
    put!("{text}");
    Ok(())
}

/// `1 approval`, `2 approvals`.
pub(super) fn count(many: usize, one: &str) -> String {
    match many {
        1 => format!("1 {one}"),
        _ => format!("{many} {one}s"),
    }
}
