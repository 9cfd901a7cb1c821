//! A text part, decoded, as lines; and what is refused because it cannot be decoded for certain.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::{HeaderName, MessagePart, MimeHeaders, PartType};

use super::html::{self, Page};
use super::{line, mangled, unclear};
use crate::inbound::Unclear;

/// Most text that is read, in bytes. A longer reply is not understood, so that no line of it is
/// overlooked.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;
/// Most lines that are read; likewise.
pub const MAX_LINES: usize = 8_000;
/// Bytes to a line in most mails, for which room is made beforehand.
const USUAL_LINE_BYTES: usize = 48;

/// How an armoured text begins that is signed, and one that is encrypted.
const PGP_SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const PGP_MESSAGE: &str = "-----BEGIN PGP MESSAGE-----";

/// The lines of text parts, without their ends.
pub fn text<'p>(parts: &[&'p MessagePart<'_>]) -> Result<Vec<Cow<'p, str>>, Unclear> {
    let mut lines = Vec::new();
    for part in parts {
        check(part)?;
        let text = text_of(part);
        if text.len() > MAX_TEXT_BYTES {
            return Err(too_long());
        }
        lines.reserve(text.len() / USUAL_LINE_BYTES);
        match text {
            Cow::Borrowed(text) => collect(part, text, &mut lines),
            Cow::Owned(text) => {
                let mut meant = Vec::new();
                collect(part, &text, &mut meant);
                lines.extend(meant.into_iter().map(|line| line.into_owned().into()));
            }
        }
        if lines.len() > MAX_LINES {
            return Err(too_long());
        }
    }
    opened(lines)
}

/// What is seen of HTML parts.
pub fn html(parts: &[&MessagePart<'_>]) -> Result<Page, Unclear> {
    let mut seen = Page::default();
    for part in parts {
        check(part)?;
        let page = html::read(&text_of(part)).map_err(|_| too_long())?;
        seen.lines.extend(page.lines);
        seen.hides |= page.hides;
        seen.doubt = seen.doubt.or(page.doubt);
        if seen.lines.len() > MAX_LINES {
            return Err(too_long());
        }
    }
    Ok(seen)
}

fn text_of<'p>(part: &'p MessagePart<'_>) -> Cow<'p, str> {
    let text = match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.as_ref(),
        _ => "",
    };
    // A label that promises ASCII stands above UTF-8 often enough.
    match mangled::utf8_within(text) {
        Some(meant) if is_ascii(&charset(part)) => Cow::Owned(meant),
        _ => Cow::Borrowed(text),
    }
}

fn charset(part: &MessagePart<'_>) -> String {
    let kind = part.content_type();
    let charset = kind.and_then(|kind| kind.attribute("charset"));
    charset.unwrap_or("utf-8").trim().to_ascii_lowercase()
}

fn is_ascii(charset: &str) -> bool {
    charset.contains("ascii") || matches!(charset, "ansi_x3.4-1968" | "iso646-us" | "us" | "646")
}

/// Refuses what cannot be decoded for certain.
fn check(part: &MessagePart<'_>) -> Result<(), Unclear> {
    let count = |name: &HeaderName<'_>| part.headers.iter().filter(|h| h.name == *name).count();
    if count(&HeaderName::ContentType) > 1 || count(&HeaderName::ContentTransferEncoding) > 1 {
        return Err(twice());
    }
    let charset = charset(part);
    let is_utf8 = matches!(charset.as_str(), "utf-8" | "utf8");
    let is_utf7 = charset.replace(['-', '_'], "").contains("utf7");
    if is_utf7 || !(is_utf8 || charset_decoder(charset.as_bytes()).is_some()) {
        return Err(unclear(
            "charset",
            "The character set of your mail is not one that can be read here.",
            "",
        ));
    }
    if part.is_encoding_problem || is_ascii(&charset) && !is_ascii_text(part) {
        let sentence = "The text of your mail could not be decoded.";
        return Err(unclear("broken", sentence, ""));
    }
    Ok(())
}

/// Whether a text whose label promises ASCII is ASCII, or UTF-8 after all.
fn is_ascii_text(part: &MessagePart<'_>) -> bool {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => {
            text.is_ascii() || mangled::utf8_within(text).is_some()
        }
        _ => true,
    }
}

/// Why a mail is not read whose structure says two things.
pub fn twice() -> Unclear {
    let sentence = "Your mail says twice how its text is encoded.";
    unclear("ambiguous-structure", sentence, "")
}

fn too_long() -> Unclear {
    let sentence = "Your mail is longer than what is read; send the word without the quotation.";
    unclear("too-long", sentence, "")
}

/// Adds a part's lines; undoes format=flowed (RFC 3676), so that a wrapped line is one line.
fn collect<'p>(part: &MessagePart<'_>, text: &'p str, lines: &mut Vec<Cow<'p, str>>) {
    let attribute = |name: &str, value: &str| {
        part.content_type()
            .and_then(|kind| kind.attribute(name))
            .is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    let flowed = attribute("format", "flowed");
    let joins_without_space = attribute("delsp", "yes");
    let mut open = false;
    // A lone CR ends a line too: some programs show it so.
    for raw in text
        .split('\n')
        .flat_map(|l| l.trim_end_matches('\r').split('\r'))
    {
        if lines.len() > MAX_LINES {
            return;
        }
        if !flowed {
            lines.push(raw.into());
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
            Some(last) if open && !quoted && !is_signature => last.to_mut().push_str(content),
            _ => lines.push(content.into()),
        }
        open = soft;
    }
}

/// The text within an armour that signs it (RFC 9580, 7); one that encrypts it is refused.
fn opened(mut lines: Vec<Cow<'_, str>>) -> Result<Vec<Cow<'_, str>>, Unclear> {
    let first = lines
        .iter()
        .position(|text| !line::visible(text).is_empty());
    let Some(first) = first else {
        return Ok(lines);
    };
    let armour = lines.get(first).map(|text| text.trim_end());
    if armour == Some(PGP_MESSAGE) {
        return Err(super::sealed(super::body::Sealed::Encrypted));
    }
    if armour == Some(PGP_SIGNED) {
        // Below the armour stand fields such as `Hash:`, then a blank line.
        let blank = lines
            .iter()
            .skip(first)
            .position(|text| text.trim().is_empty());
        lines.drain(..blank.map_or(lines.len(), |blank| first + blank));
        for text in &mut lines {
            if let Some(plain) = text.strip_prefix("- ") {
                *text = plain.to_owned().into();
            }
        }
    }
    Ok(lines)
}
