//! Whether a signature covers what is read: From, the whole body, and how the body is to be read.
//!
//! Many large providers do not sign `Content-Type` (Gmail) or `Content-Transfer-Encoding` (Microsoft), so
//! that demanding them would leave out most of the world. Who changes such a field on the way can make
//! other text the first line of an honest mail. So a field that is not covered counts only where it leaves
//! no choice:
//!
//! | field, not covered | counts where |
//! |---|---|
//! | `Content-Type` | it stands there once, and is `text/plain` in an ASCII-like character set, or a plain multipart whose boundary is the first line of the signed body |
//! | `Content-Transfer-Encoding` | it stands there once, and is `7bit`, `8bit`, `binary` or `quoted-printable` |
//!
//! `MIME-Version` is not read, and need not be covered. Neither need be `To`, `In-Reply-To` and
//! `References`: the token that stands in them proves itself.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use mail_parser::{ContentType, MessageParser, MimeHeaders as _};

use super::super::head::Head;
use super::Stop;
use super::tags::Signature;

/// Refuses a signature that leaves open how the body is read. From is known to be covered.
pub(super) fn covered(head: &Head<'_>, body: &[u8], signature: &Signature) -> Result<(), Stop> {
    let no = |why: &str| Stop::no("uncovered", why);
    for name in ["Content-Type", "Content-Transfer-Encoding", "From"] {
        if head.all(name).count() > 1 {
            return Err(no(&format!("The mail has more than one {name}.")));
        }
    }
    let open = |name: &'static str| {
        let signed = signature
            .fields
            .iter()
            .any(|field| field.eq_ignore_ascii_case(name));
        head.first(name).filter(|_| !signed)
    };
    if let Some(field) = open("Content-Transfer-Encoding") {
        let value = field.value().trim().to_ascii_lowercase();
        if !["7bit", "8bit", "binary", "quoted-printable"].contains(&value.as_str()) {
            return Err(no(
                "The signature does not cover Content-Transfer-Encoding.",
            ));
        }
    }
    if let Some(field) = open("Content-Type") {
        let block = [b"Content-Type:".as_slice(), field.raw, b"\r\n"].concat();
        let parsed = MessageParser::default().parse_headers(&block);
        let kind = parsed.as_ref().and_then(|message| message.content_type());
        if !kind.is_some_and(|kind| leaves_no_choice(kind, body)) {
            return Err(no("The signature does not cover Content-Type."));
        }
    }
    Ok(())
}

fn leaves_no_choice(kind: &ContentType<'_>, body: &[u8]) -> bool {
    let subtype = kind.subtype().unwrap_or_default().to_ascii_lowercase();
    match kind.ctype().to_ascii_lowercase().as_str() {
        "text" => {
            let set = kind
                .attribute("charset")
                .unwrap_or("us-ascii")
                .to_ascii_lowercase();
            let like_ascii = ["us-ascii", "utf-8"].contains(&set.as_str())
                || set.starts_with("iso-8859-")
                || set.starts_with("windows-125");
            subtype == "plain" && like_ascii
        }
        "multipart" => {
            let first = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let shown = kind
                .attribute("boundary")
                .filter(|boundary| !boundary.is_empty())
                .is_some_and(|boundary| {
                    first.trim_ascii_end().strip_prefix(b"--") == Some(boundary.as_bytes())
                });
            ["alternative", "mixed", "related"].contains(&subtype.as_str()) && shown
        }
        _ => false,
    }
}
