//! Reply tokens: what ties a reply to the one delivery, person, request, step and revision that asked.
//!
//! A token is derived from the delivery's id by HMAC-SHA-256 under the operator's key, so that a retry
//! renders the same mail; the database holds only its SHA-256. 128 bits, 26 characters of lower-case
//! base32 (RFC 4648, no padding).
//!
//! What always holds: a token has exactly one spelling apart from case. 26 characters carry 130 bits;
//! a text whose last two bits are not zero is no token, so that nobody can make four out of one.
//!
//! What is *not* promised: that a key which was taken out of the configuration still yields tokens. Its
//! deliveries not yet sent give up and say so; replies to sent ones are still known by their hash.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeMap;
use std::sync::Arc;

use data_encoding::{BASE64, BASE64_NOPAD, Encoding, Specification};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox, zeroize::Zeroize};
use sha2::{Digest, Sha256};

/// Characters of a token.
pub const TOKEN_CHARS: usize = 26;
/// Bytes of a token before its encoding: 128 bits.
const TOKEN_BYTES: usize = 16;
/// The shortest key, in bytes: as long as the hash.
pub const MIN_KEY_BYTES: usize = 32;
/// What sets this use of a key apart from any other that comes later.
const PURPOSE: &[u8] = b"reply";

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
fn base32() -> Encoding {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification
        .encoding()
        .expect("32 distinct ASCII symbols are an encoding")
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
    ///
    /// # Panics
    ///
    /// Never: HMAC takes a key of any length.
    pub fn reply_token(&self, key_id: &str, delivery: uuid::Uuid) -> Option<Token> {
        let key = self.keys.get(key_id)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret())
            .expect("HMAC takes a key of any length");
        mac.update(PURPOSE);
        mac.update(delivery.as_bytes());
        let code = mac.finalize().into_bytes();
        let kept = code
            .get(..TOKEN_BYTES)
            .expect("SHA-256 has 32 bytes, more than are kept");
        Some(Token(base32().encode(kept)))
    }
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
