//! A list as a spreadsheet or a program reads it: RFC 4180, a header line, CRLF, times in UTC.
//!
//! What people wrote stands in cells, and whoever opens the file did not write it. A cell that a
//! spreadsheet would compute (`=…`, `+…`, `-…`, `@…`, also behind blanks) gets an apostrophe before it,
//! which says "this is text". Programs that want every byte read `--json`.

use jiff::Timestamp;

use super::super::print::put;
use crate::workflow::request::{GrantState, Request, Vote, Window};

/// The columns, in order.
const HEADER: [&str; 23] = [
    "number",
    "status",
    "grant",
    "emergency",
    "requester",
    "module",
    "resource",
    "account",
    "justification",
    "policy",
    "mode",
    "window_from",
    "window_until",
    "window_length",
    "filed_at",
    "settled_at",
    "access_from",
    "access_until",
    "votes",
    "ended_by",
    "ended_because",
    "reviewed_by",
    "finding",
];

/// Prints the list; each line but the last ends with CRLF, and the last one too.
pub(super) fn print(requests: &[Request], now: Timestamp) {
    put!("{}\r", line(&HEADER.map(str::to_owned)));
    for request in requests {
        put!("{}\r", line(&cells(request, now)));
    }
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    cells.join(",")
}

/// A text as a cell: harmless, and quoted where it must be.
fn cell(text: &str) -> String {
    let text = match first_seen(text) {
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '|') => format!("'{text}"),
        _ => text.to_owned(),
    };
    if text.contains(['"', ',', ';', '\r', '\n', '\t']) || text.trim() != text {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

/// The first letter that is not blank to whoever reads it.
fn first_seen(text: &str) -> Option<char> {
    text.chars().find(|letter| {
        let hides = matches!(
            letter,
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
        );
        !(letter.is_whitespace() || letter.is_control() || hides)
    })
}

fn cells(request: &Request, now: Timestamp) -> [String; HEADER.len()] {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let at = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    let (from, until, length) = match request.window {
        Window::Fixed { start, end } => (Some(start), Some(end), String::new()),
        Window::FromApproval { length } => (None, None, length.to_string()),
    };
    let grant = request.grant();
    let ended = request.ended.as_ref();
    let emergency = request.emergency.as_ref();
    let review = emergency.and_then(|emergency| emergency.review.as_ref());
    let votes: Vec<String> = request.votes.iter().map(vote).collect();
    let over = ended.map(|ending| ending.at);
    [
        request.id.to_string(),
        request.status(now).as_str().to_owned(),
        text(request.grant_state(now).map(GrantState::as_str)),
        text(emergency.map(|emergency| emergency.reason.as_str())),
        request.requester.to_string(),
        request.subject.module.to_string(),
        request.subject.resource.clone(),
        text(request.subject.account.as_deref()),
        text(request.justification.as_deref()),
        request.terms.policy.clone(),
        request.terms.mode.to_string(),
        at(from),
        at(until),
        length,
        request.filed_at.to_string(),
        at(request.state_at(now).settled_at()),
        at(grant.map(|grant| grant.start)),
        at(over.or(grant.map(|grant| grant.end))),
        votes.join("; "),
        text(ended.map(|ending| ending.by.as_str())),
        text(ended.and_then(|ending| ending.reason.as_deref())),
        text(review.map(|review| review.by.as_str())),
        text(review.map(|review| review.finding.as_str())),
    ]
}

/// `1: ann APPROVE for ben: as agreed`
fn vote(vote: &Vote) -> String {
    let behalf = vote.on_behalf_of.as_ref();
    let behalf = behalf.map_or_else(String::new, |whose| format!(" for {whose}"));
    let comment = vote.comment.as_deref();
    let comment = comment.map_or_else(String::new, |comment| format!(": {comment}"));
    let (step, person, decision) = (vote.step + 1, &vote.person, vote.decision);
    format!("{step}: {person} {decision}{behalf}{comment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: every text comes back as it was from a reader of RFC 4180, except for the apostrophe before
    /// what a spreadsheet would compute. Method: texts with every letter that means something.
    #[test]
    fn cells_are_harmless_and_come_back() {
        for (text, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("a;b", "\"a;b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            (" blank", "\" blank\""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1+1", "'＝1+1"),
            ("|calc", "'|calc"),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("\u{200b}=1", "'\u{200b}=1"),
            (
                "  =HYPERLINK(\"http://x\",\"y\")",
                "\"'  =HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"",
            ),
            ("a=b", "a=b"),
            ("'=1", "'=1"),
            ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z"),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
            let [read] = &read(&cell(text))[..] else {
                panic!("{text:?}");
            };
            assert_eq!(
                read.strip_prefix('\'').unwrap_or(read),
                text.strip_prefix('\'').unwrap_or(text)
            );
        }
        let cells = ["a,b", "", "\"", "\n"].map(str::to_owned);
        assert_eq!(read(&line(&cells)), cells);
    }

    /// One record, as RFC 4180 says.
    fn read(line: &str) -> Vec<String> {
        let mut cells = vec![String::new()];
        let mut quoted = false;
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            let cell = cells.last_mut().expect("one");
            match letter {
                '"' if quoted && letters.peek() == Some(&'"') => {
                    letters.next();
                    cell.push('"');
                }
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(String::new()),
                letter => cell.push(letter),
            }
        }
        cells
    }
}
