//! From text to toml's tree, and what the operator is told where it is none.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use super::Report;

/// What toml says where a key or a table comes a second time; it names neither, and may say so twice.
const TWICE: &str = "duplicate key";

/// Parses the text; every syntax error becomes a problem.
pub fn parse<'s>(report: &Report, source: &'s str) -> Spanned<DeTable<'s>> {
    let (table, errors) = DeTable::parse_recoverable(source);
    let mut doubled = BTreeSet::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        if error.message() != TWICE {
            let mend = "write valid TOML (https://toml.io)";
            report.problem(&span, "", error.message(), mend);
        } else if doubled.insert(span.start) {
            twice(report, source, &span);
        }
    }
    table
}

/// A key or table that comes a second time: which, and where it was first.
fn twice(report: &Report, source: &str, span: &Range<usize>) {
    let key = source.get(span.clone()).unwrap_or_default();
    let before = source.get(..span.start).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let lines: Vec<&str> = source.get(..start).unwrap_or_default().lines().collect();
    let line = source.get(start..).and_then(|rest| rest.lines().next());
    let (name, first) = match header(line.unwrap_or_default()) {
        Some(name) => (
            format!("[{name}]"),
            lines.iter().position(|line| header(line) == Some(name)),
        ),
        None => (key.to_owned(), first_in_table(&lines, key)),
    };
    let (what, mend) = match first {
        Some(first) => (
            format!("is written twice, first in line {}", first + 1),
            "make one of the two, or give it another name",
        ),
        None => (
            "is written twice".to_owned(),
            "search the file for the other one",
        ),
    };
    report.problem(span, name, what, mend);
}

/// The name of the table that a line begins.
fn header(line: &str) -> Option<&str> {
    let inside = line.trim_start().strip_prefix('[')?;
    let (name, _) = inside.split_once(']')?;
    Some(name.trim())
}

/// Where a key of the table that is still open stands for the first time.
fn first_in_table(lines: &[&str], key: &str) -> Option<usize> {
    let begins = lines.iter().rposition(|line| header(line).is_some());
    let begins = begins.map_or(0, |header| header + 1);
    let found = lines.get(begins..)?.iter().position(|line| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
    })?;
    Some(begins + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(source: &str) -> Vec<String> {
        let report = Report::new("f.toml", source);
        parse(&report, source);
        let said = report.finish(()).expect_err("refused").to_string();
        said.lines().map(str::to_owned).collect()
    }

    /// Goal: what stands twice is named once, with the line of the first.
    /// Method: a table, a table below one, a key, a key of the same name in another table before it.
    #[test]
    fn what_stands_twice_is_named() {
        let cut = |source: &str| -> Vec<String> {
            let cut = |line: String| line.split("; mend").next().map(str::to_owned);
            problems(source).into_iter().filter_map(cut).collect()
        };
        assert_eq!(
            cut("[smtp]\nhost = \"a\"\n\n[imap]\n[smtp]\nport = 1\n"),
            ["f.toml:5:2: [smtp]: is written twice, first in line 1"]
        );
        assert_eq!(
            cut("[a.b]\nx = 1\n[ a.b ]  # again\ny = 1\n"),
            ["f.toml:3:5: [a.b]: is written twice, first in line 1"]
        );
        assert_eq!(
            cut("[a]\nhost = 1\n[b]\nport = 1\nhost = 2\nhost = 3\n"),
            ["f.toml:6:1: host: is written twice, first in line 5"]
        );
        assert_eq!(
            cut("a = { x = 1, x = 2 }\n"),
            ["f.toml:1:14: x: is written twice"]
        );
    }

    /// Goal: any other mistake is said as before. Method: a bracket that is open.
    #[test]
    fn other_mistakes_are_said() {
        let said = problems("[mail\nx = 1\n");
        assert!(said[0].contains("mend: write valid TOML"), "{said:?}");
    }
}
