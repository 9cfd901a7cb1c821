//! `policies.toml`: who there is, and who may ask for what, read into a [`Book`].
//!
//! An access admin writes the file; `policy check` reads it and says what is wrong or odd, `policy
//! apply` stores it as a new version. Reading fails closed: an unknown key, an unknown name, a step that
//! nobody could complete or a key of something not built yet refuses the whole file.
//!
//! Not promised: that every shadowed policy is found ([`check`] says which are).

mod accounts;
mod check;
pub mod diff;
mod emergency;
pub(in crate::config) mod people;
mod policy;
mod step;

#[cfg(test)]
mod tests;

pub use check::unknown_channels;

use std::ops::Range;

use super::read::{Problems, Report, Section, parse};
use crate::workflow::book::Book;

/// Largest `policies.toml` that is read, in bytes; 10,000 policies take about four million.
pub const MAX_POLICIES_BYTES: u64 = 64 * 1024 * 1024;

/// Where the parts of a file stand, for what is found out when all of it has been read.
#[derive(Debug, Default)]
struct Places {
    /// Each policy and its steps, in the order of the book.
    policies: Vec<(Range<usize>, Vec<Range<usize>>)>,
    /// Each group.
    groups: Vec<(String, Range<usize>)>,
}

/// A file without anything wrong in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What it means.
    pub book: Book,
    /// What is odd about it.
    pub warnings: Problems,
}

/// Reads the text of a `policies.toml`: the book with warnings, or everything that is wrong.
pub fn read(file: &str, source: &str) -> Result<Checked, Problems> {
    let report = Report::new(file, source);
    let table = parse(&report, source);
    let mut book = Book::default();
    // After a syntax error the tree is a guess, and what it seems to say is not worth complaining of.
    if report.is_clean() {
        let mut places = Places::default();
        let mut root = Section::new(&report, "", table.get_ref(), 0..0);
        people::read(&mut root, &mut book, &mut places);
        policy::read(&mut root, &mut book, &mut places);
        root.end();
        if report.is_clean() {
            check::check(&report, &book, &places);
        }
    }
    let (book, warnings) = report.finish(book)?;
    Ok(Checked { book, warnings })
}
