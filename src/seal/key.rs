//! The operator's key: ed25519, its secret half 32 random bytes.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};
use sha2::{Digest as _, Sha256};

/// Hexadecimal digits of a key's id.
const ID_DIGITS: usize = 16;

/// A key that is no seal key; the operator mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not 32 bytes in base64; make one with: openssl rand -base64 32")]
pub struct BadKey;

/// The key that signs. Its `Debug` shows the public half.
pub struct SealKey {
    pair: Ed25519KeyPair,
}

/// The half that everybody may know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey(pub [u8; 32]);

impl SealKey {
    /// From the operator's secret: 32 bytes in base64.
    pub fn new(secret: &SecretString) -> Result<Self, BadKey> {
        let text = secret.expose_secret().trim().as_bytes();
        let mut seed = BASE64.decode(text).map_err(|_| BadKey)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| BadKey);
        seed.zeroize();
        Ok(Self { pair: pair? })
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(self.pair.public_key().as_ref()) {
            *to = *from;
        }
        PublicKey(bytes)
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        for (to, from) in bytes.iter_mut().zip(self.pair.sign(message).as_ref()) {
            *to = *from;
        }
        bytes
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({}, …)", self.public())
    }
}

impl PublicKey {
    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// A short name for it.
    pub fn id(&self) -> String {
        let digest = HEXLOWER.encode(&Sha256::digest(self.0));
        digest.chars().take(ID_DIGITS).collect()
    }

    /// Whether this is its signature under the message.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0)
            .verify(message, signature)
            .is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}
