//! A domain that signs its people's mails (DKIM), rightly or as an attacker would have it.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256};
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::{Canonicalization, DkimSigner, Done};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::process::run;

/// The fields that a careful domain signs, one time more than they stand there, so that none can be added.
pub const FIELDS: &[&str] = &[
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// What is signed, and how.
#[derive(Debug, Clone)]
pub struct Signing {
    /// The fields.
    pub fields: Vec<String>,
    /// Whether the length of the body is said (`l=`), so that more may be appended.
    pub length: bool,
    /// After how many seconds it is over (`x=`).
    pub expires: Option<u64>,
    /// Lines and fields are signed byte for byte.
    pub simple: bool,
    /// On behalf of whom (`i=`).
    pub identity: Option<String>,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            fields: FIELDS.iter().map(|field| (*field).to_owned()).collect(),
            length: false,
            expires: None,
            simple: false,
            identity: None,
        }
    }
}

impl Signing {
    /// Without one of the fields.
    #[must_use]
    pub fn without(mut self, field: &str) -> Self {
        self.fields.retain(|kept| !kept.eq_ignore_ascii_case(field));
        self
    }
}

/// A domain's key under one selector.
#[derive(Debug, Clone)]
pub struct Signer {
    domain: String,
    selector: String,
    /// PKCS #8.
    private: Vec<u8>,
    /// As it stands in `p=`.
    public: Vec<u8>,
    rsa: bool,
}

impl Signer {
    /// With a new Ed25519 key.
    pub fn ed25519(domain: &str, selector: &str) -> anyhow::Result<Self> {
        let private = Ed25519Key::generate_pkcs8()?;
        let public = Ed25519Key::from_pkcs8_der(&private)?.public_key();
        Ok(Self {
            domain: domain.to_owned(),
            selector: selector.to_owned(),
            private,
            public,
            rsa: false,
        })
    }

    /// With a new RSA key of so many bits (2048 or more), made by `openssl` in this directory.
    pub fn rsa(domain: &str, selector: &str, bits: u32, directory: &Path) -> anyhow::Result<Self> {
        let (private, public) = rsa_key(bits, directory)?;
        Ok(Self {
            domain: domain.to_owned(),
            selector: selector.to_owned(),
            private,
            public,
            rsa: true,
        })
    }

    /// The name under which its key is looked for.
    pub fn key_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// The TXT record of its key.
    pub fn record(&self) -> String {
        let kind = if self.rsa { "rsa" } else { "ed25519" };
        format!("v=DKIM1; k={kind}; p={}", self.public_key())
    }

    /// What stands in `p=` of its record.
    pub fn public_key(&self) -> String {
        data_encoding::BASE64.encode(&self.public)
    }

    /// The same key, said to be another domain's or another selector's.
    #[must_use]
    pub fn renamed(&self, domain: &str, selector: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            selector: selector.to_owned(),
            ..self.clone()
        }
    }

    /// The mail with a signature as a careful domain makes it.
    pub fn sign(&self, raw: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.sign_as(raw, &Signing::default())
    }

    /// The mail with a signature above it.
    pub fn sign_as(&self, raw: &[u8], how: &Signing) -> anyhow::Result<Vec<u8>> {
        let field = if self.rsa {
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.private.as_slice()));
            self.with(
                DkimSigner::from_key(RsaKey::<Sha256>::from_key_der(key)?),
                how,
            )
            .sign(raw)?
            .to_header()
        } else {
            self.with(
                DkimSigner::from_key(Ed25519Key::from_pkcs8_der(&self.private)?),
                how,
            )
            .sign(raw)?
            .to_header()
        };
        Ok([field.as_bytes(), raw].concat())
    }

    fn with<K: mail_auth::common::crypto::SigningKey>(
        &self,
        signer: DkimSigner<K>,
        how: &Signing,
    ) -> DkimSigner<K, Done> {
        let signer = signer.domain(&self.domain).selector(&self.selector);
        let mut signer = signer.headers(&how.fields).body_length(how.length);
        if let Some(seconds) = how.expires {
            signer = signer.expiration(seconds);
        }
        if let Some(identity) = &how.identity {
            signer = signer.agent_user_identifier(identity);
        }
        if how.simple {
            signer = signer
                .header_canonicalization(Canonicalization::Simple)
                .body_canonicalization(Canonicalization::Simple);
        }
        signer
    }
}

/// A new RSA key: PKCS #8, and the public key as `p=` has it (`SubjectPublicKeyInfo`).
pub fn rsa_key(bits: u32, directory: &Path) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
    let (private, public) = (directory.join("dkim.pem"), directory.join("dkim.der"));
    run(Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt"])
        .arg(format!("rsa_keygen_bits:{bits}"))
        .arg("-out")
        .arg(&private))?;
    run(Command::new("openssl")
        .args(["pkey", "-pubout", "-outform", "DER", "-in"])
        .arg(&private)
        .arg("-out")
        .arg(&public))?;
    let pem = std::fs::read(&private)?;
    let key = PrivatePkcs8KeyDer::from_pem_slice(&pem).context("the key that openssl wrote")?;
    Ok((key.secret_pkcs8_der().to_vec(), std::fs::read(&public)?))
}
