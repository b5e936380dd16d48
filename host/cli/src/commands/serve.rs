//! `analyte serve`: the server.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::config::Config;
use crate::folders::data_dir;
use crate::output::report;
use crate::server::shutdown::{Signals, requests};
use crate::server::{Server, Settings, USUAL_ADDRESS, threads, tls};

/// Runs the server until SIGTERM or Ctrl-C.
///
/// Prints `listening on http://ADDRESS` (https:// with TLS) to stderr when it takes calls. Its first start makes an
/// administrator's token and writes it to `admin-token` in the data directory; every call but /healthz and /readyz needs a
/// token. At SIGTERM or Ctrl-C, calls and running tasks get a grace period, and what still runs then goes back to the
/// queue; at a second signal the server stops at once. Flags go before environment variables, and these before the
/// configuration file.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address to listen at; port 0 takes a free one. [default: 127.0.0.1:8080]
    #[arg(long, env = "ANALYTE_LISTEN", value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where everything is kept. [default: analyte-data]
    #[arg(long, env = "ANALYTE_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Configuration. [default: analyte.toml, if it is there]
    #[arg(long, env = "ANALYTE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Installs each *.wasm in this folder as a provider of the same name.
    #[arg(long, env = "ANALYTE_PLUGINS", value_name = "DIR")]
    plugins: Option<PathBuf>,
    /// A name beside the loopback ones that the server answers to (`Host` header); may be given several times.
    #[arg(long = "allowed-host", env = "ANALYTE_ALLOWED_HOSTS", value_name = "NAME", value_delimiter = ',')]
    allowed_hosts: Vec<String>,
    /// Certificate of the server as PEM, its chain behind it; then it speaks TLS only. SIGHUP reads it and the key again.
    #[arg(long, env = "ANALYTE_TLS_CERTIFICATE", value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
    /// Its private key as PEM, without a passphrase.
    #[arg(long, env = "ANALYTE_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
}

impl Serve {
    pub(crate) fn run(self) -> Result<()> {
        let settings = self.settings()?;
        threads::start()?.block_on(async {
            let mut signals = Signals::listen()?;
            let server = tokio::select! {
                started = Server::start(settings) => started?,
                // Nothing runs yet that would need a grace period.
                () = signals.next() => return Ok(()),
            };
            report::line(&format!("listening on {}", server.url()));
            let (stopper, requests) = requests();
            tokio::spawn(stopper.relay(signals));
            server.serve(requests).await
        })
    }

    fn settings(self) -> Result<Settings> {
        let Config {
            listen,
            data_dir,
            plugins,
            allowed_hosts,
            tls_certificate,
            tls_key,
            origins,
            thingworx,
            limits,
            grants,
            retention,
            webhooks,
        } = Config::load(self.config.as_deref())?;
        let given = Some(self.allowed_hosts).filter(|names| !names.is_empty());
        Ok(Settings {
            listen: self.listen.or(listen).unwrap_or_else(|| USUAL_ADDRESS.to_owned()),
            data_dir: self.data_dir.or(data_dir).unwrap_or_else(|| data_dir::USUAL.into()),
            plugins: self.plugins.or(plugins),
            allowed_hosts: given.or(allowed_hosts).unwrap_or_default(),
            tls: tls::Files::of(self.tls_certificate.or(tls_certificate), self.tls_key.or(tls_key))?,
            origins,
            thingworx,
            limits,
            grants,
            retention,
            webhooks,
        })
    }
}
