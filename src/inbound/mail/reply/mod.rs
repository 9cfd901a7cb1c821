//! What does the reply say? The first meaningful line decides, or nothing does.
//!
//! | file | what it holds |
//! |---|---|
//! | [`body`] | which parts of the mail are the reply |
//! | [`part`] | a part as lines |
//! | [`banner`] | what a gateway puts on top |
//! | [`html`] | an HTML part as lines |
//! | [`grammar`] | what the lines of a reply say |
//! | [`line`](mod@line) | what kind of line something is |
//! | [`introduction`] | what introduces a quotation |
//! | [`phrases`] | what mail programs write in many languages, as data |
//! | [`conditions`] | what people write beside an approval, as data |
//! | [`remark`] | whether another line below it takes it back |
//! | [`tail`] | what stands below the person's own words |
//! | [`mangled`] | what a wrong label made of a text |
//! | [`fold`], [`alike`], [`order`] | which letters are the same, which only look so, and in which order |
//! | [`window`] | whether a line below an approval says for when |
//!
//! Whatever errs, errs towards "unclear": an approval with a comment that begins like a window and
//! is none, or like a condition, is unclear; so is one with a line that consists of a decision word
//! or otherwise takes it back ([`remark`]). A disapproval stands unless a later line consists of an
//! approval. Words are compared after NFKC, by ASCII case only: a
//! Cyrillic А is no A.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use mail_parser::Message;

use self::body::{Body, Sealed};
use self::grammar::decide;
use self::html::{Doubt, Page};
use super::Rules;
use super::head::Head;
use crate::inbound::Unclear;
use crate::workflow::request::Decision;

pub mod alike;
pub mod banner;
pub mod body;
pub mod conditions;
pub mod fold;
pub mod grammar;
pub mod html;
pub mod introduction;
pub mod line;
pub mod mangled;
pub mod order;
pub mod part;
pub mod phrases;
pub mod remark;
pub mod tail;
pub mod window;

#[cfg(test)]
mod tests;

/// What is said of a reply without text.
const EMPTY: &str = "empty";
/// Longest part of a person's line that is repeated to them, in characters.
pub const MAX_WROTE_CHARS: usize = 200;

/// A clear reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Yes or no.
    pub decision: Decision,
    /// Whether the word was REVOKE: a disapproval that also ends what was granted (W31).
    pub revokes: bool,
    /// What was said with it, a line that says for when included.
    pub comment: Option<String>,
    /// For when an approval is given, in the person's words.
    pub window: Option<String>,
}

/// Reads a parsed mail's reply: its text and its HTML, each by itself, and they must agree.
pub fn reply(head: &Head<'_>, message: &Message<'_>, rules: &Rules) -> Result<Said, Unclear> {
    if head.all("Content-Type").count() > 1 || head.all("Content-Transfer-Encoding").count() > 1 {
        return Err(part::twice());
    }
    let body = Body::find(message);
    let text = (!body.text.is_empty())
        .then(|| part::text(&body.text))
        .transpose()?;
    let page = (!body.html.is_empty())
        .then(|| part::html(&body.html))
        .transpose()?;
    let in_text = text.as_deref().map(|lines| decide(&borrowed(lines), rules));
    let in_html = page.as_ref().map(|page| decide_page(page, rules));
    match (in_text, in_html) {
        (Some(text), Some(html)) => agreed(text, html),
        (Some(said), None) | (None, Some(said)) => said,
        (None, None) => Err(body.sealed.map_or_else(
            || unclear("no-text", "Your mail has no text that could be read.", ""),
            sealed,
        )),
    }
}

fn borrowed(lines: &[impl AsRef<str>]) -> Vec<&str> {
    lines.iter().map(AsRef::as_ref).collect()
}

/// Reads what is seen of an HTML part.
fn decide_page(page: &Page, rules: &Rules) -> Result<Said, Unclear> {
    let doubt = page.doubt.map(|doubt| match doubt {
        Doubt::Hidden => (
            "hidden-text",
            "Some of your text is hidden from some readers.",
        ),
        Doubt::Struck => ("struck-out", "Some of your text is struck out."),
        Doubt::Reordered => ("reordered", "Some of your text is shown in another order."),
    });
    if let Some((code, sentence)) = doubt {
        return Err(unclear(code, sentence, ""));
    }
    let said = decide(&borrowed(&page.lines), rules);
    match said {
        Err(empty) if empty.code == EMPTY && page.hides => {
            let sentence = "All text of your mail is hidden.";
            Err(unclear("hidden-text", sentence, ""))
        }
        said => said,
    }
}

/// What text and HTML say together. Where one of them is empty the other is the reply.
fn agreed(text: Result<Said, Unclear>, html: Result<Said, Unclear>) -> Result<Said, Unclear> {
    match (text, html) {
        (Ok(text), Ok(html))
            if (text.decision, text.revokes, &text.window)
                == (html.decision, html.revokes, &html.window) =>
        {
            Ok(text)
        }
        (Err(empty), html) if empty.code == EMPTY => html,
        (text, Err(empty)) if empty.code == EMPTY => text,
        (Err(unclear), Err(_)) => Err(unclear),
        (Ok(_), Ok(_)) => Err(unclear(
            "parts-disagree",
            "The plain text and the HTML of your mail do not say the same.",
            "",
        )),
        (Ok(_), Err(other)) | (Err(other), Ok(_)) => Err(Unclear {
            wrote: other.wrote,
            ..unclear(
                "parts-disagree",
                "The plain text and the HTML of your mail do not say the same; only one of them is \
                 a clear answer.",
                "",
            )
        }),
    }
}

/// Why a sealed mail is not read.
fn sealed(how: Sealed) -> Unclear {
    match how {
        Sealed::Encrypted => unclear(
            "encrypted",
            "Your mail is encrypted, and there is no key for it here; send the word unencrypted.",
            "",
        ),
        Sealed::Opaque => unclear(
            "opaque-signature",
            "Your mail is signed so that its text cannot be read without opening the signature.",
            "",
        ),
        Sealed::Packed => unclear(
            "packed",
            "Your mail is packed as winmail.dat; send it as plain text or HTML.",
            "",
        ),
    }
}

/// Why a reply is no decision, and the line that says so.
fn unclear(code: &str, sentence: &str, wrote: &str) -> Unclear {
    let wrote: String = line::visible(wrote)
        .chars()
        .filter(|letter| !letter.is_control())
        .take(MAX_WROTE_CHARS)
        .collect();
    Unclear {
        code: code.to_owned(),
        sentence: sentence.to_owned(),
        wrote: (!wrote.is_empty()).then_some(wrote),
        next: None,
        portuguese: None,
    }
}
