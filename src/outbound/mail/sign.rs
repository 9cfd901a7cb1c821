//! Our signature on a mail (DKIM, RFC 6376): by mail-auth, relaxed in header and body, no length.
//!
//! What always holds: the fields that a reader or a reply goes by are signed one time more than they stand
//! there, so that none can be added; the fields that make the parts are signed as they are.

use mail_auth::common::crypto::SigningKey;
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::DkimSigner;

use crate::config::signing::{Key, Signing};

/// What is signed, and that there is no more of it: a name that stands here twice is signed once more
/// than it stands in the mail, and so is one that stands here and not in the mail.
const FIELDS: &[&str] = &[
    "From",
    "From",
    "To",
    "To",
    "Subject",
    "Subject",
    "Date",
    "Date",
    "Message-ID",
    "Message-ID",
    "Reply-To",
    "Reply-To",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Type",
    "Auto-Submitted",
    "List-Unsubscribe",
];

/// The mail with our signature above it; the error is one sentence for the operator.
pub fn signed(signing: &Signing, raw: &[u8]) -> Result<Vec<u8>, String> {
    let field = match signing.key() {
        Ok(Key::Rsa(key)) => field(signing, key, raw),
        Ok(Key::Ed25519(key)) => field(signing, key, raw),
        Err(what) => Err(format!("the key of [smtp.dkim] {what}")),
    }?;
    Ok([field.as_bytes(), raw].concat())
}

fn field(signing: &Signing, key: impl SigningKey, raw: &[u8]) -> Result<String, String> {
    let signature = DkimSigner::from_key(key)
        .domain(&signing.domain)
        .selector(&signing.selector)
        .headers(FIELDS.iter().copied())
        .sign(raw)
        .map_err(|error| format!("[smtp.dkim] could not sign: {error}"))?;
    Ok(signature.to_header())
}
