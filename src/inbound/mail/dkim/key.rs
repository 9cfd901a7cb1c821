//! The key record (RFC 6376, 3.6.1): exactly one, published for mail, in earnest, and strong enough.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::sync::Arc;

use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::common::verify::DomainKey;

use super::tags::{Signature, list};
use super::{Answer, Stop};

/// Longest key record, in bytes: an RSA key of 4,096 bits has 736 characters.
const MAX_RECORD_BYTES: usize = 2_048;
/// The most bits of an RSA key: more are no safer, and cost whoever has to verify them (RFC 8301).
pub const MOST_RSA_BITS: usize = 4_096;

/// A key that may be believed.
pub(super) struct Key {
    /// For the verifier.
    pub parsed: Arc<DomainKey>,
    /// Kind and size.
    pub what: String,
}

/// Reads what DNS says of the name of a key.
pub(super) fn read(
    answer: Option<&Answer>,
    signature: &Signature,
    least_rsa_bits: usize,
) -> Result<Key, Stop> {
    let texts = match answer {
        Some(Answer::Texts(texts)) => texts,
        Some(Answer::Nothing) | None => {
            return Err(Stop::no("no-key", "There is no such key in DNS."));
        }
        Some(Answer::Failed(why)) => {
            return Err(Stop::Later(format!("Its key could not be fetched: {why}.")));
        }
    };
    let text = match texts.as_slice() {
        [] => return Err(Stop::no("no-key", "There is no such key in DNS.")),
        [text] if text.len() <= MAX_RECORD_BYTES => text,
        [_] => return Err(Stop::no("bad-key", "Its key record is too long.")),
        _ => return Err(Stop::no("bad-key", "Its key has several records in DNS.")),
    };
    let unread = || Stop::no("bad-key", "Its key record does not parse.");
    let text = std::str::from_utf8(text).map_err(|_| unread())?;
    published(text, signature)?;
    let parsed = DomainKey::parse(text.as_bytes()).map_err(|_| unread())?;
    if signature.ed25519 {
        let what = "Ed25519".to_owned();
        return Ok(Key {
            parsed: Arc::new(parsed),
            what,
        });
    }
    let bits = parsed.p.public_key_bits();
    if bits < least_rsa_bits {
        let why = format!("Its RSA key has {bits} bits; at least {least_rsa_bits} are demanded.");
        return Err(Stop::no("weak-key", why));
    }
    if bits > MOST_RSA_BITS {
        let why = format!("Its RSA key has {bits} bits; at most {MOST_RSA_BITS} are taken.");
        return Err(Stop::no("bad-key", why));
    }
    let what = format!("RSA, {bits} bits");
    Ok(Key {
        parsed: Arc::new(parsed),
        what,
    })
}

/// What the record says besides the key itself.
fn published(text: &str, signature: &Signature) -> Result<(), Stop> {
    let bad = |why: &str| Stop::no("bad-key", why);
    let tags = list(text).ok_or_else(|| bad("Its key record does not parse."))?;
    let tag = |name: &str| tags.iter().find(|(tag, _)| *tag == name).map(|(_, v)| *v);
    let among = |name: &str, wanted: &[&str]| {
        tag(name).is_none_or(|value| value.split(':').any(|one| wanted.contains(&one.trim())))
    };
    if tag("v").is_some_and(|version| version != "DKIM1") {
        return Err(bad("Its key record is not of version DKIM1."));
    }
    match tag("p") {
        None => return Err(bad("Its key record holds no key.")),
        Some("") => return Err(Stop::no("revoked", "Its key has been revoked.")),
        Some(_) => {}
    }
    let kind = tag("k").unwrap_or("rsa").to_ascii_lowercase();
    if kind != if signature.ed25519 { "ed25519" } else { "rsa" } {
        return Err(bad("Its key is of another kind than the signature."));
    }
    if !among("h", &["sha256"]) {
        return Err(bad("Its key is not for SHA-256."));
    }
    if !among("s", &["*", "email"]) {
        return Err(bad("Its key is not for mail."));
    }
    if tag("t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y")) {
        return Err(Stop::no(
            "testing",
            "The domain only tries its signatures out (t=y).",
        ));
    }
    Ok(())
}
