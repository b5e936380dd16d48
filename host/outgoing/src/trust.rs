//! Whose certificates are believed.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Why certificates cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTrust {
    /// A file is not PEM, or a certificate in it cannot be read.
    #[error("the certificates cannot be read: {0}")]
    Unreadable(String),
    /// A file holds none.
    #[error("there is no certificate in it: no block `-----BEGIN CERTIFICATE-----`")]
    NoCertificate,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Unusable(String),
}

/// The authorities that are believed.
#[derive(Debug, Clone)]
pub struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Those that this system trusts, and those of `more` (PEM) beside them.
    pub fn new(more: Option<&[u8]>) -> Result<Self, BadTrust> {
        let mut roots = RootCertStore::empty();
        let native = rustls_native_certs::load_native_certs();
        for error in &native.errors {
            tracing::warn!(%error, "the system's list of certificate authorities could not be read whole");
        }
        // Systems have odd ones among theirs.
        roots.add_parsable_certificates(native.certs);
        if let Some(pem) = more {
            let mut found = 0;
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| BadTrust::Unreadable(error.to_string()))?;
                roots.add(certificate).map_err(|error| BadTrust::Unreadable(error.to_string()))?;
                found += 1;
            }
            if found == 0 {
                return Err(BadTrust::NoCertificate);
            }
        }
        let versions = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| BadTrust::Unusable(error.to_string()))?;
        let mut config = versions.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }
}
