//! The key with which our mails are signed (DKIM), and under which name it is found.

use std::fmt;

use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

/// RSA keys with fewer bits prove nothing to anybody (RFC 8301 asks for 1024, and for 2048 of whoever can).
pub const LEAST_RSA_BITS: usize = 2_048;

/// Who signs: the public key stands in DNS as `<selector>._domainkey.<domain>`.
#[derive(Debug, Clone)]
pub struct Signing {
    /// `d=`.
    pub domain: String,
    /// `s=`.
    pub selector: String,
    /// The private key as PEM; [`Signing::key`] reads it.
    pub key: SecretString,
}

/// A private key.
pub enum Key {
    /// RSA with SHA-256.
    Rsa(RsaKey<Sha256>),
    /// Ed25519.
    Ed25519(Ed25519Key),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa(_) => "Rsa",
            Self::Ed25519(_) => "Ed25519",
        })
    }
}

impl Signing {
    /// The key; the error says what it is not.
    pub fn key(&self) -> Result<Key, &'static str> {
        let unread = "is no private key in PEM";
        let pem = self.key.expose_secret().as_bytes();
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| unread)?;
        if let PrivateKeyDer::Pkcs8(pkcs8) = &der {
            let ed25519 = Ed25519Key::from_pkcs8_maybe_unchecked_der(pkcs8.secret_pkcs8_der());
            if let Ok(key) = ed25519 {
                return Ok(Key::Ed25519(key));
            }
        }
        // What reads RSA keys here takes none of fewer bits.
        RsaKey::from_key_der(der)
            .map(Key::Rsa)
            .map_err(|_| "is neither an Ed25519 key nor an RSA key of 2048 bits or more")
    }
}
