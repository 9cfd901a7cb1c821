//! Whom we trust when we connect: the operating system's store, and what the operator adds.
//!
//! Servers outside (SMTP, IMAP) are believed only if their certificate leads to one of these
//! authorities, carries the configured host name and is in date. There is no switch that turns this
//! off. Not promised: that a certificate was not revoked; no revocation list is asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls_platform_verifier::Verifier;

/// What is wrong with our side of TLS; the operator mends it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of further authorities cannot be read.
    #[error(
        "ca_file `{}` cannot be read: {source}; give the path of a PEM file \
         that this user may read",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file has a PEM block that is broken.
    #[error("ca_file `{}` is not valid PEM: {why}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file has no certificate in it.
    #[error(
        "ca_file `{}` has no certificate in it; it must hold at least one block that begins with \
         -----BEGIN CERTIFICATE-----",
        path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// There is nothing that we could trust.
    #[error(
        "no certificate authority can be trusted: {0}; install the package ca-certificates, or \
         name a ca_file"
    )]
    NoTrust(rustls::Error),
    /// The cryptography cannot do what we ask.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

/// Trusts the operating system's authorities and those of `ca_file`.
///
/// Reads both anew at each call, so that a reconnect sees a changed file.
pub fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let extra = ca_file
        .map(ca_certificates)
        .transpose()?
        .unwrap_or_default();
    let verifier =
        Verifier::new_with_extra_roots(extra, Arc::clone(&provider)).map_err(TlsError::NoTrust)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .dangerous() // the builder's word for any verifier that is not its own
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The certificates in a PEM file: at least one.
pub fn ca_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = std::fs::read(path).map_err(|source| TlsError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let certificates = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, pem::Error>>()
        .map_err(|error| TlsError::Broken {
            path: path.to_owned(),
            why: error.to_string(),
        })?;
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate {
            path: path.to_owned(),
        });
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), content).expect("it can be written");
        file
    }

    /// Goal: a file that is not there is named, with the mend.
    /// Method: a path that does not exist.
    #[test]
    fn a_missing_file_is_named() {
        let error = client_config(Some(Path::new("/nonexistent/ca.pem"))).expect_err("missing");
        let said = error.to_string();
        assert!(
            said.contains("/nonexistent/ca.pem") && said.contains("PEM"),
            "{said}"
        );
    }

    /// Goal: a file without a certificate is refused rather than silently adding nothing.
    /// Method: plain text, and a file that holds only a key.
    #[test]
    fn a_file_without_a_certificate_is_refused() {
        let key = rcgen::KeyPair::generate().expect("a key").serialize_pem();
        for content in ["no certificate here\n", key.as_str()] {
            let file = file(content);
            let error = client_config(Some(file.path())).expect_err("no certificate");
            assert!(matches!(error, TlsError::NoCertificate { .. }), "{error}");
        }
    }

    /// Goal: a broken block is an error of its own.
    /// Method: a certificate block whose content is no base64.
    #[test]
    fn a_broken_block_is_an_error() {
        let file = file("-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n");
        let error = client_config(Some(file.path())).expect_err("broken");
        assert!(matches!(error, TlsError::Broken { .. }), "{error}");
    }

    /// Goal: an operator's authority is accepted, also where the system has none.
    /// Method: a fresh self-signed certificate.
    #[test]
    fn an_own_authority_is_accepted() {
        let made = rcgen::generate_simple_self_signed(vec!["ca.example.test".to_owned()])
            .expect("a certificate");
        let file = file(&made.cert.pem());
        assert_eq!(ca_certificates(file.path()).expect("readable").len(), 1);
        client_config(Some(file.path())).expect("accepted");
    }
}
