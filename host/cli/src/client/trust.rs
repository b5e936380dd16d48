//! Who may vouch for a server that speaks TLS: the authorities that this system trusts, or those of a file.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use crate::output::report::Report;

/// Trust in the authorities of this file (PEM), else in those of the system.
pub(super) fn of(file: Option<&Path>) -> Result<TlsConfig> {
    let authorities = match file {
        Some(file) => of_file(file)?,
        None => of_system()?,
    };
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::from(authorities))
        .build())
}

fn of_file(file: &Path) -> Result<Vec<Certificate<'static>>> {
    let text = std::fs::read(file).with_context(|| format!("the certificates {} cannot be read", file.display()))?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => {
                return Err(Report::new(format!("the certificates {} cannot be read", file.display()))
                    .fact(format!("because: {error}"))
                    .into());
            }
        }
    }
    if found.is_empty() {
        return Err(Report::new(format!("there is no certificate in {}", file.display()))
            .hint("a certificate stands between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----")
            .into());
    }
    Ok(found)
}

fn of_system() -> Result<Vec<Certificate<'static>>> {
    let loaded = rustls_native_certs::load_native_certs();
    if loaded.certs.is_empty() {
        let report = Report::new("this system has no list of certificate authorities")
            .hint("name a file with the authority of the server: --ca-certificate or ANALYTE_CA_CERTIFICATE");
        return Err(loaded.errors.iter().fold(report, |report, error| report.fact(error.to_string())).into());
    }
    Ok(loaded.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect())
}
