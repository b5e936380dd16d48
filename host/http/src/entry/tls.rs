//! Encryption of connections (TLS 1.2 and 1.3), where it is configured.
//!
//! Certificate and key are taken as PEM, checked once, and may be replaced while the server runs: connections that are
//! open keep what they began with. A replacement that cannot be used changes nothing.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, InconsistentKeys, ServerConfig};

/// The only protocol that is spoken here.
const HTTP: &[u8] = b"http/1.1";

/// Certificate and key of a server; clones share them, and what replaces them.
#[derive(Debug, Clone)]
pub struct Tls(Arc<watch::Sender<Arc<ServerConfig>>>);

/// Why certificate and key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTls {
    /// The first file is not PEM, or its PEM is damaged.
    #[error("the certificate file cannot be read as PEM: {0}")]
    Certificate(String),
    /// The first file holds something else.
    #[error("the certificate file holds no certificate: no block `-----BEGIN CERTIFICATE-----` is in it")]
    NoCertificate,
    /// The second file is not PEM, or its PEM is damaged.
    #[error("the key file cannot be read as PEM: {0}")]
    Key(String),
    /// The key has a passphrase, and nobody is there to type it.
    #[error("the key file is encrypted; write it without a passphrase, readable by the server's user only")]
    EncryptedKey,
    /// The second file holds something else.
    #[error("the key file holds no private key: no block `-----BEGIN PRIVATE KEY-----` is in it")]
    NoKey,
    /// Each is well, but they do not belong together.
    #[error("the key does not belong to the certificate; the server's own certificate must be the first in its file")]
    Mismatch,
    /// Anything else that is wrong with them.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(String),
}

impl Tls {
    /// With this certificate, its chain behind it, and its key, as the files hold them.
    pub fn new(certificate: &[u8], key: &[u8]) -> Result<Self, BadTls> {
        let (sender, _) = watch::channel(configured(certificate, key)?);
        Ok(Self(Arc::new(sender)))
    }

    /// From now on with these.
    pub fn replace(&self, certificate: &[u8], key: &[u8]) -> Result<(), BadTls> {
        self.0.send_replace(configured(certificate, key)?);
        Ok(())
    }

    /// Takes one connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.borrow().clone())
    }
}

fn configured(certificate: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, BadTls> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|error| BadTls::Certificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(BadTls::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
        pem::Error::NoItemsFound if holds(key, b"ENCRYPTED PRIVATE KEY-----") => BadTls::EncryptedKey,
        pem::Error::NoItemsFound => BadTls::NoKey,
        error => BadTls::Key(error.to_string()),
    })?;
    let wrong = |error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => BadTls::Mismatch,
        error => BadTls::Unusable(error.to_string()),
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(wrong)?;
    config.alpn_protocols = vec![HTTP.to_vec()];
    Ok(Arc::new(config))
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// A certificate and its key.
    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_its_cause() {
        let ((certificate, key), (_, other)) = (pair(), pair());
        let refused = |certificate: &str, key: &str| Tls::new(certificate.as_bytes(), key.as_bytes()).err();
        assert_eq!(refused(&certificate, &key), None);
        assert_eq!(refused(&format!("{certificate}{}", pair().0), &key), None);
        assert_eq!(refused("", &key), Some(BadTls::NoCertificate));
        assert_eq!(refused(&key, &key), Some(BadTls::NoCertificate));
        assert_eq!(refused(&certificate, ""), Some(BadTls::NoKey));
        assert_eq!(refused(&certificate, &certificate), Some(BadTls::NoKey));
        assert_eq!(refused(&certificate, &other), Some(BadTls::Mismatch));
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert_eq!(refused(&certificate, &encrypted), Some(BadTls::EncryptedKey));
        let damaged = |text: &str| text.replace("-----END", "----END");
        assert!(matches!(refused(&damaged(&certificate), &key), Some(BadTls::Certificate(_))));
        assert!(matches!(refused(&certificate, &damaged(&key)), Some(BadTls::Key(_))));
        let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(refused(nonsense, &key), Some(BadTls::Unusable(_))));
    }

    #[test]
    fn a_bad_replacement_changes_nothing() {
        let (certificate, key) = pair();
        let tls = Tls::new(certificate.as_bytes(), key.as_bytes()).unwrap();
        let before = tls.0.borrow().clone();
        assert_eq!(tls.replace(b"", key.as_bytes()), Err(BadTls::NoCertificate));
        assert!(Arc::ptr_eq(&before, &tls.0.borrow()));
        let (certificate, key) = pair();
        assert_eq!(tls.replace(certificate.as_bytes(), key.as_bytes()), Ok(()));
        assert!(!Arc::ptr_eq(&before, &tls.0.borrow()));
    }
}
