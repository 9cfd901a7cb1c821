//! What a form says: fields to a wish, or what is wrong with them. Pure.

use serde::Deserialize;
use uuid::Uuid;

use crate::command::when::{Asked, Here};
use crate::render::{Filled, Problem};
use crate::token::Token;
use crate::workflow::decide::MAX_TEXT_CHARS;
use crate::workflow::request::{Decision, Window};

/// Longest text of a field that says when, in characters.
const WHEN_MAX: usize = 100;

/// The fields of the form on the request's page. An absent one is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// The form's number.
    pub form: String,
    /// Its seal.
    pub seal: String,
    /// The revision that the page showed.
    pub revision: String,
    decision: String,
    from: String,
    to: String,
    length: String,
    comment: String,
}

/// The fields of the form that confirms.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Confirmation {
    /// The seal of the draft's form.
    pub seal: String,
    /// The code.
    pub code: String,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Yes or no.
    pub decision: Decision,
    /// What they say with it.
    pub comment: Option<String>,
    /// The window that it sets, with the words that say it back.
    pub window: Option<(Window, String)>,
}

impl Fields {
    /// The form's number and seal, if they have the shape of one.
    pub fn form(&self) -> Option<(Uuid, Token)> {
        let number = Uuid::try_parse(&self.form).ok()?;
        Some((number, Token::parse(&self.seal)?))
    }

    /// What is shown again in the form.
    pub fn filled(&self) -> Filled {
        let cut = |text: &str, most| text.chars().take(most).collect::<String>();
        Filled {
            decision: cut(&self.decision, WHEN_MAX),
            from: cut(&self.from, WHEN_MAX),
            to: cut(&self.to, WHEN_MAX),
            length: cut(&self.length, WHEN_MAX),
            comment: cut(&self.comment, MAX_TEXT_CHARS),
        }
    }

    /// What is wanted; times are read in the approver's zone, at this instant, and said back in their
    /// language.
    pub fn wish(&self, here: &Here<'_>) -> Result<Wish, Problem> {
        let (decision, other) = match self.decision.as_str() {
            "approve" => (Decision::Approve, false),
            "approve_other" => (Decision::Approve, true),
            "disapprove" => (Decision::Disapprove, false),
            _ => return Err(problem("no-decision")),
        };
        let comment = self.comment.trim();
        if comment.chars().count() > MAX_TEXT_CHARS {
            return Err(problem("comment-long"));
        }
        let words = self.times()?;
        let window = match (other, words) {
            (true, None) => return Err(problem("times-missing")),
            // An approval with times that somebody wrote and did not mean would be a false one.
            (false, Some(_)) if decision == Decision::Approve => {
                return Err(problem("times-unmeant"));
            }
            (false, _) => None,
            (true, Some(words)) => Some(read(&words, here)?),
        };
        Ok(Wish {
            decision,
            comment: (!comment.is_empty()).then(|| comment.to_owned()),
            window,
        })
    }

    /// The times as one would write them in a mail; `None` where nothing is filled in.
    fn times(&self) -> Result<Option<String>, Problem> {
        let (from, to) = (point(&self.from), point(&self.to));
        let length = self.length.trim();
        let length = length.strip_prefix("for ").unwrap_or(length);
        let length = length.strip_prefix("por ").unwrap_or(length);
        if [from.as_str(), to.as_str(), length]
            .iter()
            .any(|text| text.chars().count() > WHEN_MAX)
        {
            return Err(problem("times-unclear"));
        }
        match (from.as_str(), to.as_str(), length) {
            ("", "", "") => Ok(None),
            (_, "", "") => Err(problem("times-half")),
            ("", "", length) => Ok(Some(format!("for {length}"))),
            ("", to, "") => Ok(Some(format!("until {to}"))),
            (from, to, "") => Ok(Some(format!("from {from} to {to}"))),
            (from, "", length) => Ok(Some(format!("from {from} for {length}"))),
            _ => Err(problem("times-both")),
        }
    }
}

/// `2026-11-21T14:00`, as browsers send it, the way people write it.
fn point(text: &str) -> String {
    text.trim().replace('T', " ")
}

fn read(words: &str, here: &Here<'_>) -> Result<(Window, String), Problem> {
    match here.any_window(words) {
        Ok(understood) => Ok((understood.value, understood.said)),
        Err(error) => {
            let (sentence, next) = error.told(Asked::Window, here.tongue);
            Err(Problem {
                said: Some(format!("{sentence} {next}")),
                ..problem("times-unclear")
            })
        }
    }
}

/// A problem that needs no more words.
pub fn problem(code: &'static str) -> Problem {
    Problem {
        code,
        ..Problem::default()
    }
}

/// The digits of a code as it was typed: with spaces or without.
pub fn digits(typed: &str) -> String {
    typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(32)
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::render::Tongue;

    fn now() -> Timestamp {
        "2026-11-21T09:00:00Z".parse().expect("a time")
    }

    fn said(fields: &Fields) -> Result<Wish, &'static str> {
        let zone = TimeZone::get("Europe/Lisbon").expect("a zone");
        let here = Here {
            now: now(),
            zone: &zone,
            tongue: Tongue::English,
        };
        fields.wish(&here).map_err(|problem| problem.code)
    }

    fn fields(decision: &str, [from, to, length]: [&str; 3]) -> Fields {
        Fields {
            decision: decision.into(),
            from: from.into(),
            to: to.into(),
            length: length.into(),
            ..Fields::default()
        }
    }

    /// Goal: times are read in the approver's zone, whichever fields they use, and said back. Method: every
    /// combination that means something.
    #[test]
    fn times_are_read_in_the_approvers_zone() {
        let on = "2026-11-21T14:00";
        for (times, back) in [
            (
                [on, "2026-11-21T16:00", ""],
                "Saturday 21 November 2026, 14:00–16:00 (Europe/Lisbon, WET)",
            ),
            (
                [on, "", "90 minutes"],
                "Saturday 21 November 2026, 14:00–15:30 (Europe/Lisbon, WET)",
            ),
            (
                ["", "2026-11-21T10:00", ""],
                "Saturday 21 November 2026, 09:00–10:00 (Europe/Lisbon, WET)",
            ),
            (["", "", "2 hours"], "for 2h from the approval on"),
            (["", "", "for 2h"], "for 2h from the approval on"),
            (["", "", "por 2h"], "for 2h from the approval on"),
        ] {
            let wish = said(&fields("approve_other", times)).expect("understood");
            let (_, words) = wish.window.expect("a window");
            assert_eq!(words, back);
        }
    }

    /// Goal: never a false approval: what is half said, said twice or not chosen is asked about. Method:
    /// one form for each.
    #[test]
    fn what_is_not_clear_is_asked_about() {
        let on = "2026-11-21T14:00";
        for (decision, times, code) in [
            ("", ["", "", ""], "no-decision"),
            ("APPROVE", ["", "", ""], "no-decision"),
            ("approve_other", ["", "", " "], "times-missing"),
            ("approve_other", [on, "", ""], "times-half"),
            ("approve_other", [on, on, "1h"], "times-both"),
            ("approve_other", ["", "", "a while"], "times-unclear"),
            ("approve_other", ["tomorow", "friday", ""], "times-unclear"),
            ("approve", ["", "", "1h"], "times-unmeant"),
            ("approve", [on, "", ""], "times-half"),
        ] {
            assert_eq!(
                said(&fields(decision, times)),
                Err(code),
                "{decision} {times:?}"
            );
        }
        let long = "1".repeat(WHEN_MAX + 1);
        let code = said(&fields("approve_other", ["", "", &long]));
        assert_eq!(code, Err("times-unclear"));
    }

    /// Goal: a disapproval with leftovers in the times is a disapproval; blank comments are none; too long
    /// ones are refused here. Method: each.
    #[test]
    fn comments_are_trimmed() {
        let mut no = fields("disapprove", ["", "", "1h"]);
        assert_eq!(said(&no).expect("understood").window, None);
        no.comment = "  \r\n not now ".into();
        assert_eq!(
            said(&no).expect("understood").comment.as_deref(),
            Some("not now")
        );
        no.comment = " \n ".into();
        assert_eq!(said(&no).expect("understood").comment, None);
        no.comment = "x".repeat(MAX_TEXT_CHARS + 1);
        assert_eq!(said(&no), Err("comment-long"));
    }

    /// Goal: a code counts however it is typed. Method: spaces, a dash, too much.
    #[test]
    fn a_code_may_be_typed_with_spaces() {
        assert_eq!(digits(" 1234 5678\n"), "12345678");
        assert_eq!(digits("1234-5678"), "12345678");
        assert_eq!(digits(&"1".repeat(100)).len(), 32);
    }
}
