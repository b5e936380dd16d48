//! Certificate and key of the server: read at the start, and again on SIGHUP.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use analyte_http::{BadTls, Tls};
use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

use crate::output::report::{self, Report};

/// Where they lie, as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    /// The server's own certificate, and behind it those that lead to a certificate that clients know.
    pub(crate) certificate: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
}

impl Files {
    /// Of what was said of each; either both are named or none.
    pub(crate) fn of(certificate: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<Self>, Report> {
        let lacking = |has: &str, lacks: &str| {
            Err(Report::new(format!("TLS has a {has} and no {lacks}"))
                .hint(format!("name both, with --tls-certificate and --tls-key or under [tls]; missing: {lacks}")))
        };
        match (certificate, key) {
            (Some(certificate), Some(key)) => Ok(Some(Self { certificate, key })),
            (None, None) => Ok(None),
            (Some(_), None) => lacking("certificate", "key"),
            (None, Some(_)) => lacking("key", "certificate"),
        }
    }

    /// Reads them.
    pub(super) fn load(&self) -> Result<Tls> {
        let (certificate, key) = self.read()?;
        Tls::new(&certificate, &key).map_err(|why| self.report(&why).into())
    }

    /// Reads them again; what cannot be used changes nothing.
    fn reload(&self, tls: &Tls) -> Result<()> {
        let (certificate, key) = self.read()?;
        tls.replace(&certificate, &key).map_err(|why| self.report(&why).into())
    }

    fn read(&self) -> Result<(Vec<u8>, Vec<u8>)> {
        let file = |what: &str, path: &Path| {
            std::fs::read(path).with_context(|| format!("the TLS {what} {} cannot be read", path.display()))
        };
        let pair = (file("certificate", &self.certificate)?, file("key", &self.key)?);
        if std::fs::metadata(&self.key).is_ok_and(|found| found.mode() & 0o004 != 0) {
            let key = self.key.display();
            report::warning(&format!(
                "every user of this machine may read the TLS key {key}; `chmod 600 {key}` ends that"
            ));
        }
        Ok(pair)
    }

    fn report(&self, why: &BadTls) -> Report {
        Report::new(format!("TLS cannot be set up: {why}"))
            .fact(format!("certificate: {}", self.certificate.display()))
            .fact(format!("key: {}", self.key.display()))
    }

    /// Reads them again at each SIGHUP, for as long as the server runs: certificates are renewed every few weeks.
    pub(super) fn renew(self, tls: Tls) -> Result<()> {
        let mut asked = signal(SignalKind::hangup()).context("signals cannot be listened for")?;
        tokio::spawn(async move {
            while asked.recv().await.is_some() {
                match self.reload(&tls) {
                    Ok(()) => report::line("TLS certificate and key were read again; new connections use them"),
                    Err(error) => {
                        report::warning("TLS goes on with the certificate that it has");
                        report::error(&error);
                    }
                }
            }
        });
        Ok(())
    }
}
