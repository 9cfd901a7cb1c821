//! Which text of a mail is the person's: the first plain text part, decoded, as lines.
//!
//! A decision needs a text/plain part. Where there is also HTML, its first visible word must be the
//! same; a difference means that a person may have seen something else than what is read here.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::{HeaderName, Message, MessagePart, MimeHeaders, PartType};

use super::html::{self, FirstWord};
use super::line;
use crate::inbound::Unclear;
use crate::inbound::mail::head::Head;

/// Most text that is looked at, in bytes; a person's own words come first in a reply that counts.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Most lines that are looked at.
pub const MAX_LINES: usize = 1000;

/// The text of a reply, as lines without their ends.
pub fn lines(head: &Head<'_>, message: &Message<'_>) -> Result<Vec<String>, Unclear> {
    if head.all("Content-Type").count() > 1 || head.all("Content-Transfer-Encoding").count() > 1 {
        return Err(unclear(
            "ambiguous-structure",
            "Your mail says twice how its text is encoded.",
        ));
    }
    let html =
        own_parts(message, &message.html_body).find(|part| matches!(part.body, PartType::Html(_)));
    let texts: Vec<_> = own_parts(message, &message.text_body)
        .filter(|part| is_plain(part))
        .collect();
    let Some(first) = texts.first() else {
        return Err(match html {
            Some(_) => html_only(),
            None => unclear("no-text", "Your mail has no text that could be read."),
        });
    };
    let mut lines = Vec::new();
    for part in &texts {
        check(part)?;
        collect(part, &mut lines);
    }
    let first_word = lines
        .iter()
        .map(|text| line::comparable(text))
        .find(|text| text.contains(char::is_alphanumeric));
    match (first_word, html) {
        (None, Some(html)) if html::first_word(text_of(html)) != FirstWord::Nothing => {
            Err(html_only())
        }
        (Some(word), Some(html)) if contradicts(&word, text_of(html)) => Err(unclear(
            "parts-disagree",
            "The plain text and the HTML of your mail do not begin with the same word.",
        )),
        _ if first.is_encoding_problem => Err(broken()),
        _ => Ok(lines),
    }
}

/// Parts of the mail itself: not attached, not named like a file.
fn own_parts<'m>(
    message: &'m Message<'m>,
    ids: &'m [u32],
) -> impl Iterator<Item = &'m MessagePart<'m>> {
    ids.iter()
        .filter_map(|id| message.parts.get(*id as usize))
        .filter(|part| {
            let named = |kind: Option<&mail_parser::ContentType<'_>>, key: &str| {
                kind.is_some_and(|kind| kind.has_attribute(key))
            };
            !named(part.content_type(), "name") && !named(part.content_disposition(), "filename")
        })
}

fn is_plain(part: &MessagePart<'_>) -> bool {
    let plain = part.content_type().is_none_or(|kind| {
        kind.ctype().eq_ignore_ascii_case("text")
            && kind
                .subtype()
                .is_none_or(|sub| sub.eq_ignore_ascii_case("plain"))
    });
    plain && matches!(part.body, PartType::Text(_))
}

fn text_of<'p>(part: &'p MessagePart<'_>) -> &'p str {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.as_ref(),
        _ => "",
    }
}

/// Refuses what cannot be decoded for certain.
fn check(part: &MessagePart<'_>) -> Result<(), Unclear> {
    let count = |name: &HeaderName<'_>| part.headers.iter().filter(|h| h.name == *name).count();
    if count(&HeaderName::ContentType) > 1 || count(&HeaderName::ContentTransferEncoding) > 1 {
        return Err(unclear(
            "ambiguous-structure",
            "Your mail says twice how its text is encoded.",
        ));
    }
    let charset = part
        .content_type()
        .and_then(|kind| kind.attribute("charset"))
        .unwrap_or("utf-8")
        .trim()
        .to_ascii_lowercase();
    let is_utf8 = matches!(charset.as_str(), "utf-8" | "utf8");
    let is_utf7 = charset.replace(['-', '_'], "").contains("utf7");
    if is_utf7 || !(is_utf8 || charset_decoder(charset.as_bytes()).is_some()) {
        return Err(unclear(
            "charset",
            "The character set of your mail is not one that can be read here.",
        ));
    }
    if part.is_encoding_problem {
        return Err(broken());
    }
    Ok(())
}

/// Adds a part's lines; undoes format=flowed (RFC 3676), so that a wrapped line is one line.
fn collect(part: &MessagePart<'_>, lines: &mut Vec<String>) {
    let attribute = |name: &str, value: &str| {
        part.content_type()
            .and_then(|kind| kind.attribute(name))
            .is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    let flowed = attribute("format", "flowed");
    let joins_without_space = attribute("delsp", "yes");
    let text = line::start_of(text_of(part), MAX_TEXT_BYTES);
    let mut open = false;
    // A lone CR ends a line too: some programs show it so.
    for raw in text
        .split('\n')
        .flat_map(|l| l.trim_end_matches('\r').split('\r'))
    {
        if lines.len() >= MAX_LINES {
            return;
        }
        if !flowed {
            lines.push(raw.to_owned());
            continue;
        }
        let quoted = raw.starts_with('>');
        let unstuffed = raw.strip_prefix(' ').unwrap_or(raw);
        let is_signature = unstuffed == "-- ";
        let soft = unstuffed.ends_with(' ') && !quoted && !is_signature;
        let content = if soft && joins_without_space {
            unstuffed.strip_suffix(' ').unwrap_or(unstuffed)
        } else {
            unstuffed
        };
        match lines.last_mut() {
            Some(last) if open && !quoted && !is_signature => last.push_str(content),
            _ => lines.push(content.to_owned()),
        }
        open = soft;
    }
}

/// Whether the HTML begins with another word than the text. Only the leading letters are compared,
/// so that decoration and punctuation make no difference.
fn contradicts(text: &str, html: &str) -> bool {
    let word: String = text
        .chars()
        .skip_while(|c| !c.is_alphanumeric())
        .take_while(|c| c.is_alphanumeric())
        .collect();
    match html::first_word(html) {
        FirstWord::Is(seen) => !seen.eq_ignore_ascii_case(&word),
        // An HTML part without a word: an image, or a program that writes none.
        FirstWord::Nothing => false,
        FirstWord::Hidden => true,
    }
}

fn html_only() -> Unclear {
    unclear(
        "html-only",
        "Your mail has its text only as HTML, which is not read for decisions.",
    )
}

fn broken() -> Unclear {
    unclear("broken", "The text of your mail could not be decoded.")
}

fn unclear(code: &str, sentence: &str) -> Unclear {
    Unclear {
        code: code.to_owned(),
        sentence: sentence.to_owned(),
        wrote: None,
        next: None,
    }
}
