//! Tokens: what ties a reply, or a visit to the page behind a link, to the one delivery, person,
//! request, step and revision that asked.
//!
//! A token is derived from the delivery's id by HMAC-SHA-256 under the operator's key, so that a retry
//! renders the same mail; the database holds only its SHA-256. 128 bits, 26 characters of lower-case
//! base32 (RFC 4648, no padding). A delivery has two, a reply token and a link token: neither can be
//! made from the other, and neither is taken where the other is meant.
//!
//! From the same keys, each for its own purpose: the code that is mailed to whoever decides by link in a
//! browser that we do not know, and the seals on the number of a form and on the text of a button.
//!
//! What always holds: a token has exactly one spelling apart from case. 26 characters carry 130 bits;
//! a text whose last two bits are not zero is no token, so that nobody can make four out of one.
//!
//! What is *not* promised: that a key which was taken out of the configuration still yields tokens. Its
//! deliveries not yet sent give up and say so; replies to sent ones are still known by their hash.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use data_encoding::{BASE64, BASE64_NOPAD, Encoding, Specification};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox, zeroize::Zeroize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Characters of a token.
pub const TOKEN_CHARS: usize = 26;
/// Bytes of a token before its encoding: 128 bits.
const TOKEN_BYTES: usize = 16;
/// The shortest key, in bytes: as long as the hash.
pub const MIN_KEY_BYTES: usize = 32;
/// Digits of a mailed code.
pub const CODE_DIGITS: u32 = 8;
/// Characters of a code that links a chat account; each carries 5 bits.
pub const LINK_CODE_CHARS: usize = 12;
// What sets the uses of a key apart.
const REPLY: &[u8] = b"reply";
const LINK: &[u8] = b"link";
const CODE: &[u8] = b"code";
const FORM: &[u8] = b"form";
const BROWSER: &[u8] = b"browser";
const CHAT: &[u8] = b"chat";
const BUTTON: &[u8] = b"button";

/// SHA-256 of a token's lower-case text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// Why a key cannot be used; the operator mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no base64.
    #[error("token key `{id}` is not base64; make one with `openssl rand -base64 32`")]
    NotBase64 {
        /// The key's id.
        id: String,
    },
    /// It is too short.
    #[error(
        "token key `{id}` has {bytes} bytes and must have at least {MIN_KEY_BYTES}; make one with \
         `openssl rand -base64 32`"
    )]
    TooShort {
        /// The key's id.
        id: String,
        /// Its length in bytes.
        bytes: usize,
    },
    /// Two keys have one id.
    #[error("token key `{id}` is there twice; give each key an id of its own")]
    Twice {
        /// The id.
        id: String,
    },
    /// The key for new tokens is not among the keys.
    #[error("the current token key `{id}` is not among the keys; add it or name another")]
    NoCurrent {
        /// The id.
        id: String,
    },
}

impl From<KeyError> for String {
    fn from(error: KeyError) -> Self {
        error.to_string()
    }
}

/// Derives tokens. Cheap to clone; its `Debug` shows key ids, never keys.
#[derive(Debug, Clone)]
pub struct Keyring {
    current: String,
    keys: Arc<BTreeMap<String, SecretBox<Vec<u8>>>>,
}

/// One token, in clear: lives only while a mail is rendered or read. Never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Lower-case base32 without padding; refuses trailing bits.
fn base32() -> &'static Encoding {
    static ENCODING: LazyLock<Encoding> = LazyLock::new(|| {
        let mut specification = Specification::new();
        specification
            .symbols
            .push_str("abcdefghijklmnopqrstuvwxyz234567");
        specification
            .encoding()
            .expect("32 distinct ASCII symbols are an encoding")
    });
    &ENCODING
}

impl Keyring {
    /// From the operator's keys.
    pub fn new(keys: &crate::config::TokenKeys) -> Result<Self, KeyError> {
        let mut by_id = BTreeMap::new();
        for (id, text) in &keys.keys {
            let key = decode_key(id, text.expose_secret())?;
            if by_id.insert(id.clone(), key).is_some() {
                return Err(KeyError::Twice { id: id.clone() });
            }
        }
        if !by_id.contains_key(&keys.current) {
            return Err(KeyError::NoCurrent {
                id: keys.current.clone(),
            });
        }
        Ok(Self {
            current: keys.current.clone(),
            keys: Arc::new(by_id),
        })
    }

    /// The id of the key that new tokens are derived under.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// The reply token of a delivery; `None` where the key is unknown.
    pub fn reply_token(&self, key_id: &str, delivery: Uuid) -> Option<Token> {
        self.token(key_id, REPLY, delivery)
    }

    /// The link token of a delivery; `None` where the key is unknown.
    pub fn link_token(&self, key_id: &str, delivery: Uuid) -> Option<Token> {
        self.token(key_id, LINK, delivery)
    }

    /// The code that proves a browser for this draft of a decision, [`CODE_DIGITS`] digits; `None` where
    /// the key is unknown.
    pub fn code(&self, key_id: &str, draft: Uuid) -> Option<String> {
        let code = self.derive(key_id, CODE, &[draft.as_bytes()])?;
        let number = code
            .iter()
            .take(8)
            .fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
        // 2^64 is so much more than 10^8 that every code is as likely as any other.
        let code = number % 10_u64.pow(CODE_DIGITS);
        Some(format!("{code:0width$}", width = CODE_DIGITS as usize))
    }

    /// What shows that this form was ours, and made for whoever holds this token; `None` where the key is
    /// unknown.
    pub fn form_seal(&self, key_id: &str, form: Uuid, token: &TokenHash) -> Option<Token> {
        let code = self.derive(key_id, FORM, &[form.as_bytes(), &token.0])?;
        Some(Token::of(&code))
    }

    /// Whether this is the seal of that form, under any key that is configured; in constant time.
    pub fn is_form_seal(&self, seal: &Token, form: Uuid, token: &TokenHash) -> bool {
        let made = self.keys.keys();
        made.filter_map(|key_id| self.form_seal(key_id, form, token))
            .any(|made| same(made.0.as_bytes(), seal.0.as_bytes()))
    }

    /// What shows that a button with this text was ours; `None` where the key is unknown.
    pub fn button_seal(&self, key_id: &str, text: &str) -> Option<Token> {
        let code = self.derive(key_id, BUTTON, &[text.as_bytes()])?;
        Some(Token::of(&code))
    }

    /// Whether this is the seal of a button with that text, under any key that is configured; in constant
    /// time.
    pub fn is_button_seal(&self, seal: &Token, text: &str) -> bool {
        let made = self.keys.keys();
        made.filter_map(|key_id| self.button_seal(key_id, text))
            .any(|made| same(made.0.as_bytes(), seal.0.as_bytes()))
    }

    /// The code that links a chat account for this asking, 60 bits; `None` where the key is unknown.
    pub fn link_code(&self, key_id: &str, asking: Uuid) -> Option<String> {
        let token = self.token(key_id, CHAT, asking)?;
        Some(token.0.chars().take(LINK_CODE_CHARS).collect())
    }

    /// The secret that a browser is remembered by, under the current key; nobody can make it of the number.
    pub fn browser_token(&self, number: Uuid) -> Option<Token> {
        self.token(&self.current, BROWSER, number)
    }

    fn token(&self, key_id: &str, purpose: &[u8], delivery: Uuid) -> Option<Token> {
        let code = self.derive(key_id, purpose, &[delivery.as_bytes()])?;
        Some(Token::of(&code))
    }

    /// HMAC-SHA-256 over a purpose and what follows it; no purpose is the beginning of another, and all parts
    /// but the last are of a fixed length.
    fn derive(&self, key_id: &str, purpose: &[u8], parts: &[&[u8]]) -> Option<[u8; 32]> {
        let key = self.keys.get(key_id)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret())
            .expect("HMAC takes a key of any length");
        mac.update(purpose);
        for part in parts {
            mac.update(part);
        }
        Some(mac.finalize().into_bytes().into())
    }
}

/// Whether two secrets are equal; the time that it takes says nothing about where they differ.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (Sha256::digest(one), Sha256::digest(other));
    let differ = one.iter().zip(other.iter());
    differ.fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

fn decode_key(id: &str, text: &str) -> Result<SecretBox<Vec<u8>>, KeyError> {
    let text = text.trim();
    let mut bytes = BASE64
        .decode(text.as_bytes())
        .or_else(|_| BASE64_NOPAD.decode(text.as_bytes()))
        .map_err(|_| KeyError::NotBase64 { id: id.to_owned() })?;
    if bytes.len() < MIN_KEY_BYTES {
        let length = bytes.len();
        bytes.zeroize();
        return Err(KeyError::TooShort {
            id: id.to_owned(),
            bytes: length,
        });
    }
    Ok(SecretBox::new(Box::new(bytes)))
}

impl Token {
    fn of(code: &[u8; 32]) -> Self {
        let (kept, _) = code
            .split_first_chunk::<TOKEN_BYTES>()
            .expect("SHA-256 has 32 bytes, more than are kept");
        Self(base32().encode(kept))
    }

    /// Reads a token as it stands in an address; any case (clients change it).
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TOKEN_CHARS {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        let bytes = base32().decode(lower.as_bytes()).ok()?;
        (bytes.len() == TOKEN_BYTES).then_some(Self(lower))
    }

    /// What the database knows of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// Its text, lower case.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TokenKeys;

    /// 32 bytes of 0x01.
    const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn keys(current: &str, keys: &[(&str, &str)]) -> TokenKeys {
        TokenKeys {
            current: current.into(),
            keys: keys
                .iter()
                .map(|(id, key)| ((*id).to_owned(), (*key).into()))
                .collect(),
        }
    }

    fn ring() -> Keyring {
        Keyring::new(&keys("a", &[("a", KEY)])).expect("a good key")
    }

    fn delivery() -> uuid::Uuid {
        uuid::Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001)
    }

    /// Goal: tokens stay what they are, or every mail under way would lose its reply.
    /// Method: one key, one delivery; the constants were computed with another tool (Python's hmac).
    #[test]
    fn a_token_has_a_constant_value() {
        let token = ring().reply_token("a", delivery()).expect("a known key");
        assert_eq!(token.expose(), "xkmncanfqliixycxrxs6gcpzpe");
        let hash = data_encoding::HEXLOWER.encode(&token.hash().0);
        assert_eq!(
            hash,
            "362c0c00e951ddc86f9fb19004b6cf8edacb0162ab6e3620209cddb1c8e6fb34"
        );
    }

    /// Goal: clients that change the case do not break a token; it is one token all the same.
    /// Method: parse the upper-case text and compare the hashes.
    #[test]
    fn any_case_is_the_same_token() {
        let token = ring().reply_token("a", delivery()).expect("a known key");
        let upper = Token::parse(&token.expose().to_uppercase()).expect("upper case parses");
        assert_eq!(upper, token);
        assert_eq!(upper.hash(), token.hash());
    }

    /// Goal: a token has one spelling; the two spare bits of the last character must be zero.
    /// Method: all 32 last characters over one prefix: only the 8 canonical ones parse.
    #[test]
    fn a_last_character_with_spare_bits_does_not_parse() {
        let prefix = "a".repeat(TOKEN_CHARS - 1);
        let taken: String = "abcdefghijklmnopqrstuvwxyz234567"
            .chars()
            .filter(|last| Token::parse(&format!("{prefix}{last}")).is_some())
            .collect();
        assert_eq!(taken, "aeimquy4");
    }

    /// Goal: what is no token is none, whatever its bytes.
    /// Method: wrong lengths, foreign symbols, padding, characters of several bytes.
    #[test]
    fn what_is_no_token_does_not_parse() {
        let long = "a".repeat(27);
        let foreign = format!("{}1", "a".repeat(25));
        let padded = format!("{}==", "a".repeat(24));
        let wide = "ä".repeat(13);
        for text in ["", "abc", &long, &foreign, &padded, &wide, "ſ"] {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }

    /// Goal: a key's id decides the token, and an unknown id yields none.
    /// Method: two keys over one delivery, and a third id.
    #[test]
    fn the_key_decides_the_token() {
        let other = data_encoding::BASE64.encode(&[2; 32]);
        let ring = Keyring::new(&keys("b", &[("a", KEY), ("b", &other)])).expect("good keys");
        assert_eq!(ring.current(), "b");
        assert_ne!(
            ring.reply_token("a", delivery()),
            ring.reply_token("b", delivery())
        );
        assert!(ring.reply_token("c", delivery()).is_none());
    }

    /// Goal: a bad key is refused by its id and its content is not said.
    /// Method: one example of every error.
    #[test]
    fn a_bad_key_is_named_and_not_shown() {
        let short = data_encoding::BASE64.encode(&[7; 31]);
        for (given, id) in [
            (keys("k", &[("k", "%%%")]), "`k`"),
            (keys("k", &[("k", &short)]), "`k`"),
            (keys("k", &[("k", KEY), ("k", KEY)]), "`k`"),
            (keys("old", &[("k", KEY)]), "`old`"),
        ] {
            let said = Keyring::new(&given).expect_err("refused").to_string();
            assert!(said.contains(id), "{said}");
            assert!(!said.contains(&short) && !said.contains(KEY), "{said}");
        }
    }

    /// Goal: who has one token of a delivery has not the other, nor the code of a draft or the seal of a
    /// form that happen to have the same number. Method: all four over one id; the link token and the code
    /// are constants that were computed with another tool (Python's hmac).
    #[test]
    fn every_purpose_has_a_value_of_its_own() {
        let (ring, id) = (ring(), delivery());
        let reply = ring.reply_token("a", id).expect("a known key");
        let link = ring.link_token("a", id).expect("a known key");
        let seal = ring.form_seal("a", id, &link.hash()).expect("a known key");
        assert!(reply != link && link != seal && reply != seal);
        assert_eq!(link.expose(), "yaa5bbojyj4oo3cix2dntdjtca");
        assert_eq!(ring.code("a", id).as_deref(), Some("67622007"));
        assert!(ring.code("c", id).is_none() && ring.link_token("c", id).is_none());
    }

    /// Goal: a form is taken only with the token that it was made for, also after the key was changed.
    /// Method: the right seal, under the current and an older key, and each part changed.
    #[test]
    fn a_seal_belongs_to_its_form_and_token() {
        let other = data_encoding::BASE64.encode(&[2; 32]);
        let newer = Keyring::new(&keys("b", &[("a", KEY), ("b", &other)])).expect("good keys");
        let (form, token) = (
            delivery(),
            ring().link_token("a", delivery()).expect("a key"),
        );
        let seal = ring().form_seal("a", form, &token.hash()).expect("a key");
        assert!(ring().is_form_seal(&seal, form, &token.hash()));
        assert!(newer.is_form_seal(&seal, form, &token.hash()));
        assert!(!newer.is_form_seal(&seal, Uuid::from_u128(1), &token.hash()));
        assert!(!newer.is_form_seal(&seal, form, &seal.hash()));
        assert!(!newer.is_form_seal(&token, form, &token.hash()));
        let only_b = Keyring::new(&keys("b", &[("b", &other)])).expect("a good key");
        assert!(!only_b.is_form_seal(&seal, form, &token.hash()));
    }

    /// Goal: neither a token nor a key reaches a log by `{:?}`.
    /// Method: print both and look for them.
    #[test]
    fn debug_shows_no_secret() {
        let ring = ring();
        let token = ring.reply_token("a", delivery()).expect("a known key");
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert!(!format!("{ring:?}").contains("[1, 1"), "{ring:?}");
    }
}
