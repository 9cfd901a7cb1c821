//! Which parts of a mail are the reply: its text, its HTML, or a reason why neither can be read.
//!
//! ```text
//! multipart/signed      the first part          multipart/encrypted     unreadable
//! multipart/related     the first part          application/pkcs7-mime  unreadable
//! multipart/alternative every part              application/ms-tnef     unreadable, if alone
//! multipart/*           every part              message/rfc822          never the reply
//! text/plain, text/html the reply, unless attached or named like a file
//! ```
//!
//! What always holds: nothing that was attached, quoted as a mail, or written for a calendar is read
//! as somebody's answer; a mail that is sealed is not read, and says why.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use mail_parser::{ContentType, Message, MessagePart, MimeHeaders, PartType};

/// The parts of a reply.
#[derive(Debug, Default)]
pub struct Body<'m> {
    /// Plain text, in order.
    pub text: Vec<&'m MessagePart<'m>>,
    /// HTML, in order.
    pub html: Vec<&'m MessagePart<'m>>,
    /// What could not be opened.
    pub sealed: Option<Sealed>,
}

/// What is not opened here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed {
    /// Encrypted for somebody.
    Encrypted,
    /// Signed so that the text lies within the signature.
    Opaque,
    /// Packed by Outlook for Outlook.
    Packed,
}

impl<'m> Body<'m> {
    /// Finds the parts of a reply.
    pub fn find(message: &'m Message<'m>) -> Self {
        let mut body = Self::default();
        // Parts are listed once each, so that the walk ends even where they name one another.
        let mut left = message.parts.len();
        let mut open = vec![0];
        while let Some(id) = open.pop() {
            let Some(part) = message.parts.get(id as usize) else {
                continue;
            };
            if left == 0 {
                break;
            }
            left -= 1;
            if let PartType::Multipart(ids) = &part.body {
                match subtype(part).as_str() {
                    "signed" | "related" => open.extend(ids.first()),
                    "encrypted" => body.sealed = Some(Sealed::Encrypted),
                    _ => open.extend(ids.iter().rev()),
                }
            } else {
                body.leaf(part);
            }
        }
        body
    }

    fn leaf(&mut self, part: &'m MessagePart<'m>) {
        let sealed = match part.content_type() {
            Some(kind) if kind.ctype().eq_ignore_ascii_case("application") => sealed(kind),
            _ => None,
        };
        // Where more than one is found, the first is the mail's own.
        self.sealed = self.sealed.or(sealed);
        if is_file(part) {
            return;
        }
        match &part.body {
            PartType::Text(_) if is_plain(part) => self.text.push(part),
            PartType::Html(_) => self.html.push(part),
            _ => {}
        }
    }
}

fn subtype(part: &MessagePart<'_>) -> String {
    let subtype = part.content_type().and_then(ContentType::subtype);
    subtype.unwrap_or_default().to_ascii_lowercase()
}

fn sealed(kind: &ContentType<'_>) -> Option<Sealed> {
    match kind.subtype()?.to_ascii_lowercase().as_str() {
        "pkcs7-mime" | "x-pkcs7-mime" => {
            let how = kind.attribute("smime-type").unwrap_or_default();
            let opaque = ["signed-data", "compressed-data"];
            Some(
                if opaque.iter().any(|word| how.eq_ignore_ascii_case(word)) {
                    Sealed::Opaque
                } else {
                    Sealed::Encrypted
                },
            )
        }
        "pgp-encrypted" => Some(Sealed::Encrypted),
        "ms-tnef" | "vnd.ms-tnef" => Some(Sealed::Packed),
        _ => None,
    }
}

fn is_file(part: &MessagePart<'_>) -> bool {
    let named = |kind: Option<&ContentType<'_>>, key: &str| {
        kind.is_some_and(|kind| kind.has_attribute(key))
    };
    let disposition = part.content_disposition();
    let attached = disposition.is_some_and(|how| how.ctype().eq_ignore_ascii_case("attachment"));
    attached || named(part.content_type(), "name") || named(disposition, "filename")
}

fn is_plain(part: &MessagePart<'_>) -> bool {
    part.content_type().is_none_or(|kind| {
        kind.ctype().eq_ignore_ascii_case("text")
            && kind
                .subtype()
                .is_none_or(|sub| sub.eq_ignore_ascii_case("plain"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::read::parser;
    use super::*;

    fn found(raw: &str) -> (Vec<String>, Vec<String>, Option<Sealed>) {
        let raw = raw.replace('\n', "\r\n");
        let message = parser().parse(raw.as_bytes()).unwrap();
        let body = Body::find(&message);
        let of = |parts: &[&MessagePart<'_>]| {
            let text = |part: &&MessagePart<'_>| part.text_contents().unwrap().trim().to_owned();
            parts.iter().map(text).collect()
        };
        (of(&body.text), of(&body.html), body.sealed)
    }

    /// A multipart of that kind with these parts, each its type and its text.
    fn multipart(kind: &str, parts: &[(&str, &str)]) -> String {
        let boundary = format!("b{}", kind.len());
        let head = format!("Content-Type: multipart/{kind}; boundary={boundary}\n\n");
        let part = |(kind, text): &(&str, &str)| match *kind {
            "" => format!("--{boundary}\n{text}\n"),
            kind => format!("--{boundary}\nContent-Type: {kind}\n\n{text}\n"),
        };
        let parts: String = parts.iter().map(part).collect();
        format!("{head}{parts}--{boundary}--\n")
    }

    // Goal: the reply is found in every usual structure, and nothing else is taken for it.
    // Method: a table of structures with the texts found.
    #[test]
    fn structures() {
        let (plain, html) = ("text/plain", "text/html");
        let both = multipart("alternative", &[(plain, "T"), (html, "H")]);
        let related = multipart(
            "related",
            &[(html, "H"), (html, "other"), ("image/png", "x")],
        );
        let within = format!("From: a@b\nContent-Type: {plain}\n\nW");
        let table = [
            (format!("Content-Type: {plain}\n\nT"), "T", ""),
            ("X: y\n\nT".to_owned(), "T", ""),
            (format!("Content-Type: {html}\n\nH"), "", "H"),
            (both.clone(), "T", "H"),
            (
                multipart("alternative", &[(plain, "T"), ("", &related)]),
                "T",
                "H",
            ),
            (
                multipart("mixed", &[("", &both), ("image/png", "x")]),
                "T",
                "H",
            ),
            (multipart("mixed", &[(plain, "T"), (plain, "U")]), "T|U", ""),
            (
                multipart("mixed", &[(plain, "T"), ("text/plain; name=a.txt", "A")]),
                "T",
                "",
            ),
            (
                multipart(
                    "mixed",
                    &[
                        (plain, "T"),
                        ("text/plain\nContent-Disposition: attachment", "A"),
                    ],
                ),
                "T",
                "",
            ),
            (
                multipart(
                    "mixed",
                    &[("text/calendar", "C"), ("text/csv", "C"), (html, "H")],
                ),
                "",
                "H",
            ),
            (
                multipart("mixed", &[("message/rfc822", &within), (plain, "T")]),
                "T",
                "",
            ),
            (
                multipart("signed", &[("", &both), ("application/pgp-signature", "s")]),
                "T",
                "H",
            ),
            (
                multipart("signed", &[(plain, "T"), (plain, "after")]),
                "T",
                "",
            ),
            (
                multipart("mixed", &[(plain, "T"), ("application/ms-tnef", "x")]),
                "T",
                "",
            ),
        ];
        for (raw, text, html) in table {
            let (texts, htmls, _) = found(&raw);
            assert_eq!(
                (texts.join("|").as_str(), htmls.join("|").as_str()),
                (text, html),
                "{raw}"
            );
        }
    }

    // Goal: what is sealed is known for what it is. Method: the usual envelopes.
    #[test]
    fn envelopes() {
        let mime = |kind: &str| format!("Content-Type: application/{kind}\n\nx");
        let table = [
            (
                mime("pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"),
                Sealed::Encrypted,
            ),
            (mime("x-pkcs7-mime; name=smime.p7m"), Sealed::Encrypted),
            (
                mime("pkcs7-mime; smime-type=signed-data; name=smime.p7m"),
                Sealed::Opaque,
            ),
            (mime("ms-tnef; name=winmail.dat"), Sealed::Packed),
            (
                multipart(
                    "encrypted",
                    &[("application/pgp-encrypted", "x"), ("text/plain", "T")],
                ),
                Sealed::Encrypted,
            ),
        ];
        for (raw, sealed) in table {
            assert_eq!(found(&raw), (vec![], vec![], Some(sealed)), "{raw}");
        }
    }
}
