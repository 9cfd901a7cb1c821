//! Reply tokens: what ties a reply to the one delivery, person, request, step and revision that asked.
//!
//! A token is derived from the delivery's id by HMAC-SHA-256 under the operator's key, so that a retry
//! renders the same mail; the database holds only its SHA-256. 128 bits, 26 characters of lower-case
//! base32 (RFC 4648, no padding).

/// SHA-256 of a token's lower-case text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// Derives tokens. Written by the owner of `token.rs`; the signatures stand.
#[derive(Debug, Clone)]
pub struct Keyring {
    current: String,
}

/// One token, in clear: lives only while a mail is rendered or read. Never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Keyring {
    /// From the operator's keys.
    pub fn new(keys: &crate::config::TokenKeys) -> Result<Self, String> {
        Ok(Self {
            current: keys.current.clone(),
        })
    }
    /// The id of the key that new tokens are derived under.
    pub fn current(&self) -> &str {
        &self.current
    }
    /// The reply token of a delivery; `None` where the key is unknown.
    pub fn reply_token(&self, key_id: &str, delivery: uuid::Uuid) -> Option<Token> {
        let _ = (key_id, delivery);
        todo!()
    }
}

impl Token {
    /// Reads a token as it stands in an address; any case (clients change it).
    pub fn parse(text: &str) -> Option<Self> {
        let _ = text;
        todo!()
    }
    /// What the database knows of it.
    pub fn hash(&self) -> TokenHash {
        todo!()
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
