//! What is found wrong with a file, and where.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The section and key, e.g. `[smtp] port`.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What the operator can do.
    pub mend: String,
}

/// Everything that was found in one file: problems, which refuse it, or warnings, which do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The file as the operator named it.
    pub file: String,
    /// In the order of the file.
    pub list: Vec<Problem>,
}

/// Problems that are listed; the rest are counted.
const MAX_LISTED: usize = 100;

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().take(MAX_LISTED).enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.file)?;
            if problem.line > 0 {
                write!(f, ":{}:{}", problem.line, problem.column)?;
            }
            write!(f, ": ")?;
            if !problem.key.is_empty() {
                write!(f, "{}: ", problem.key)?;
            }
            write!(f, "{}; mend: {}", problem.what, problem.mend)?;
        }
        match self.list.len().checked_sub(MAX_LISTED) {
            Some(more) if more > 0 => write!(f, "\n{}: and {more} more", self.file),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Problems {}

/// Collects what is found in one file.
#[derive(Debug)]
pub struct Report {
    file: String,
    /// The byte at which each line begins.
    lines: Vec<usize>,
    source: String,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
}

impl Report {
    /// For this file with this text.
    pub fn new(file: &str, source: &str) -> Self {
        let mut lines = vec![0];
        lines.extend(source.match_indices('\n').map(|(at, _)| at + 1));
        Self {
            file: file.to_owned(),
            lines,
            source: source.to_owned(),
            problems: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// The file as the operator named it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    fn place(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let column = self
            .source
            .get(start..at)
            .map_or(1, |before| before.chars().count() + 1);
        (line, column)
    }

    fn entry(&self, at: &Range<usize>, key: String, what: String, mend: String) -> Problem {
        let (line, column) = self.place(at.start);
        Problem {
            line,
            column,
            key,
            what,
            mend,
        }
    }

    /// Something that refuses the file.
    pub fn problem(
        &self,
        at: &Range<usize>,
        key: impl Into<String>,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) {
        let entry = self.entry(at, key.into(), what.into(), mend.into());
        self.problems.borrow_mut().push(entry);
    }

    /// Something that the operator should know and may leave as it is.
    pub fn warn(
        &self,
        at: &Range<usize>,
        key: impl Into<String>,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) {
        let entry = self.entry(at, key.into(), what.into(), mend.into());
        self.warnings.borrow_mut().push(entry);
    }

    /// Whether nothing has refused the file so far.
    pub fn is_clean(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// The end of reading: the value with the warnings, or the problems.
    pub fn finish<T>(self, value: T) -> Result<(T, Problems), Problems> {
        let sorted = |mut list: Vec<Problem>| {
            list.sort_by_key(|problem| (problem.line, problem.column));
            Problems {
                file: self.file.clone(),
                list,
            }
        };
        let problems = self.problems.into_inner();
        if problems.is_empty() {
            Ok((value, sorted(self.warnings.into_inner())))
        } else {
            Err(sorted(problems))
        }
    }
}
