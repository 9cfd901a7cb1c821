//! Is it a human's mail, and one that can be read at all?
//!
//! Whatever stops here is stored with its reason and never answered: an answer to a machine is how
//! two machines begin to talk. What is looked for stands in [`marks`], as data; each has a name, which
//! is stored with the reason.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

pub mod marks;
mod signs;

use mail_parser::Message;

use super::head::{Fault, Head};
use super::{Rules, Stage, Verdict, shape};
use marks::Look;
pub(super) use signs::decoded;

/// Largest mail that is read, in bytes. A reply with a company's logo under it is far smaller.
pub const MAX_MAIL_BYTES: usize = 8 * 1024 * 1024;
/// What the screen found.
#[derive(Debug, Clone)]
pub struct Screen {
    /// The stage's verdict.
    pub stage: Stage,
    /// How the mail ends here; `None` if it is a human's.
    pub end: Option<Verdict>,
}

impl Screen {
    fn stop(verdict: &str, why: impl Into<String>) -> Self {
        let end = match verdict {
            "control-bytes" => Verdict::Alarm,
            _ => Verdict::Silent,
        };
        Self {
            stage: Stage::new(verdict, why),
            end: Some(end),
        }
    }
}

/// Screens a mail. `parsed` is absent where the mail is too large or too deep to be parsed.
pub fn screen(raw: &[u8], head: &Head<'_>, parsed: Option<&Message<'_>>, rules: &Rules) -> Screen {
    if let Some((verdict, why)) = unreadable(raw, head, parsed) {
        return Screen::stop(verdict, why);
    }
    let look = Look {
        head,
        parsed,
        rules,
    };
    match marks::first(look) {
        Some(mark) => Screen::stop(mark.verdict, format!("{} ({})", mark.why, mark.name)),
        None => Screen {
            stage: Stage::new("human", "Nothing marks it as automatic."),
            end: None,
        },
    }
}

type Stop = Option<(&'static str, &'static str)>;

fn unreadable(raw: &[u8], head: &Head<'_>, parsed: Option<&Message<'_>>) -> Stop {
    match head.fault {
        Some(Fault::ControlBytes) => {
            return Some((
                "control-bytes",
                "The header block holds a NUL, or a CR or LF that stands alone.",
            ));
        }
        Some(Fault::NotAField) => {
            return Some(("malformed", "A line of the header block is no field."));
        }
        Some(Fault::LongLine) => {
            return Some((
                "malformed",
                "A line of the header block is longer than 998 bytes.",
            ));
        }
        Some(Fault::TooLong) => {
            return Some(("malformed", "The header block is too long."));
        }
        None => {}
    }
    if raw.len() > MAX_MAIL_BYTES {
        return Some(("oversize", "The mail is larger than what is read."));
    }
    match parsed {
        _ if head.fields.is_empty() => Some(("malformed", "The mail has no header fields.")),
        Some(_) => None,
        None => {
            let why = shape::fault(raw).unwrap_or("The mail could not be parsed.");
            Some(("too-complex", why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::{parser, tests::rules};
    use super::*;

    // Goal: what cannot be read, and what a machine marked, stops with its word and its reason.
    // Method: a field beside a From, for each.
    #[test]
    fn stops() {
        let table = [
            ("Subject: Re: R-42", "human", "Nothing marks it"),
            (
                "Auto-Submitted: auto-replied",
                "auto-reply",
                "(auto-submitted)",
            ),
            ("Return-Path: <>", "bounce", "(null-return-path)"),
            ("Bad : field", "malformed", "is no field"),
            ("X: a\rFrom: b", "control-bytes", "stands alone"),
            ("X: a\0b\r\nAuto-Submitted: x", "control-bytes", "a NUL"),
        ];
        for (field, verdict, why) in table {
            let raw = format!("From: alice@client.test\r\n{field}\r\n\r\nAPPROVE\r\n");
            let split = Head::split(raw.as_bytes());
            let parsed = parser().parse(raw.as_bytes());
            let stage = screen(raw.as_bytes(), &split, parsed.as_ref(), &rules()).stage;
            assert_eq!(stage.verdict, verdict, "{field:?}");
            assert!(stage.why.contains(why), "{field:?}: {}", stage.why);
        }
    }
}
