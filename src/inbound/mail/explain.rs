//! How a mail would be read, for an operator: each stage's verdict and why. Decides nothing.

use std::fmt;

use serde::Serialize;

use super::dkim::{Checked, Report};
use super::{Reading, ReplyStage, Rules, Stage, Verdict, read_with};

/// A mail's reading as people and programs see it.
///
/// The JSON is an object with `screen`, `sender`, `reply` (each `verdict` and `why`, the reply also
/// `comment`, and `window` where a line says for when), `signatures` where our own check was made (each
/// `domain`, `selector`, `verdict` and `why`), the final `verdict` and `why`, and `unchecked`.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Is it a human's mail?
    pub screen: Stage,
    /// Is the sender proven?
    pub sender: Stage,
    /// What our own check found of each DKIM signature, top-most first; absent: not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Vec<Checked>>,
    /// What do they say?
    pub reply: ReplyStage,
    /// What would become of it.
    pub verdict: Verdict,
    /// Why, one sentence.
    pub why: String,
    /// What the bytes alone do not tell, one sentence each.
    pub unchecked: Vec<String>,
}

/// Explains how a mail would be read. `locale` is a language tag; what is not built is said. `report` is
/// what our own check of its signatures found, if it was made.
pub fn explain(
    raw: &[u8],
    rules: &Rules,
    report: Option<&Report>,
    locale: Option<&str>,
) -> Explanation {
    let Reading {
        screen,
        sender,
        reply,
        verdict,
        why,
        open: _,
        suspect: _,
        said: _,
        bounce: _,
    } = read_with(raw, rules, report);
    let unchecked = unchecked(verdict, rules, locale, reply.window.is_some());
    Explanation {
        screen,
        sender,
        signatures: report.map(|report| report.signatures.clone()),
        reply,
        verdict,
        why,
        unchecked,
    }
}

fn unchecked(verdict: Verdict, rules: &Rules, locale: Option<&str>, window: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if rules.dkim.is_none() && rules.authserv_id.is_none() && rules.exempt_domains.is_empty() {
        notes.push(
            "Neither mail.proof nor mail.authserv_id nor mail.exempt_domains is configured: with these \
             rules no sender is ever proven."
                .to_owned(),
        );
    }
    if matches!(verdict, Verdict::Decision | Verdict::Answer) {
        if window {
            notes.push(
                "Which instants the window means: that hangs on the zone and the clock of the \
                 token's owner."
                    .to_owned(),
            );
        }
        for note in [
            "Whether the token is known, and whose it is.",
            "Whether the From address is that of the token's owner.",
            "Whether the request still waits for this person's decision.",
            "Whether this mail was seen before.",
        ] {
            notes.push(note.to_owned());
        }
    }
    if let Some(locale) = locale {
        let is_english = locale.split(['-', '_']).next() == Some("en");
        if !is_english {
            notes.push(format!(
                "Explanations in `{locale}`: they are written in English only."
            ));
        }
    }
    notes
}

impl Verdict {
    /// The name as it stands in the JSON and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Answer => "answer",
            Self::Silent => "silent",
            Self::Alarm => "alarm",
            Self::Later => "later",
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "screen   {:<13} {}",
            self.screen.verdict, self.screen.why
        )?;
        writeln!(
            f,
            "sender   {:<13} {}",
            self.sender.verdict, self.sender.why
        )?;
        for Checked {
            domain,
            selector,
            verdict,
            why,
        } in self.signatures.iter().flatten()
        {
            let of = match (domain.as_str(), selector.as_str()) {
                ("", _) => String::new(),
                (domain, selector) => format!("{selector}._domainkey.{domain}: "),
            };
            writeln!(f, "  dkim   {verdict:<13} {of}{why}")?;
        }
        writeln!(f, "reply    {:<13} {}", self.reply.verdict, self.reply.why)?;
        for line in self.reply.comment.iter().flat_map(|text| text.lines()) {
            writeln!(f, "         | {line}")?;
        }
        if let Some(window) = &self.reply.window {
            writeln!(f, "window   `{window}`")?;
        }
        writeln!(f, "verdict  {:<13} {}", self.verdict.as_str(), self.why)?;
        if !self.unchecked.is_empty() {
            writeln!(f, "not checked here:")?;
        }
        for note in &self.unchecked {
            writeln!(f, "  - {note}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::tests::{clean, rules};
    use super::*;

    // Goal: the JSON has the promised shape. Method: a clean mail, every key looked at.
    #[test]
    fn json() {
        let explanation = explain(
            clean("APPROVE\r\nfine").as_bytes(),
            &rules(),
            None,
            Some("de"),
        );
        let json = serde_json::to_value(&explanation).unwrap();
        assert_eq!(json["screen"]["verdict"], "human");
        assert_eq!(json["sender"]["verdict"], "proven");
        assert_eq!(json["reply"]["verdict"], "approve");
        assert_eq!(json["reply"]["comment"], "fine");
        assert_eq!(json["verdict"], "decision");
        assert!(json["screen"]["why"].is_string() && json["why"].is_string());
        assert!(json["unchecked"][4].as_str().unwrap().contains("`de`"));
    }

    // Goal: the line that says for when is shown as read, and what is not known of it is said; where
    // there is none, the JSON has no such key. Method: a mail with one and one without.
    #[test]
    fn window() {
        let explanation = explain(
            clean("APPROVE\r\n- for 2h.").as_bytes(),
            &rules(),
            None,
            None,
        );
        let json = serde_json::to_value(&explanation).unwrap();
        assert_eq!(json["reply"]["window"], "for 2h");
        assert!(
            json["unchecked"]
                .to_string()
                .contains("Which instants the window means")
        );
        assert!(
            explanation.to_string().contains("\nwindow   `for 2h`\n"),
            "{explanation}"
        );
        let explanation = explain(clean("APPROVE").as_bytes(), &rules(), None, None);
        let json = serde_json::to_value(&explanation).unwrap();
        assert!(json["reply"].get("window").is_none(), "{json}");
    }

    // Goal: rules that can prove nobody are said. Method: the same mail without them.
    #[test]
    fn nothing_configured() {
        let mut rules = rules();
        rules.authserv_id = None;
        rules.exempt_domains.clear();
        let explanation = explain(clean("APPROVE").as_bytes(), &rules, None, None);
        assert_eq!(explanation.verdict, Verdict::Silent);
        assert_eq!(explanation.reply.verdict, "approve");
        let text = explanation.to_string();
        assert!(text.contains("mail.authserv_id"), "{text}");
        assert!(text.contains("reply    approve"), "{text}");
    }
}
