//! Which server is called, and with which token.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use super::Client;
use crate::folders::data_dir;
use crate::output::report::Report;

/// Which server is called.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Connection {
    /// Address of the server.
    #[arg(long, env = "ANALYTE_SERVER", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// Token to call it with; else the one in `admin-token` of the data directory.
    #[arg(long, env = "ANALYTE_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Data directory of a server on this machine, to take the administrator's token from.
    #[arg(long, env = "ANALYTE_DATA_DIR", value_name = "DIR", default_value = data_dir::USUAL)]
    data_dir: PathBuf,
    /// Certificates (PEM) of the authorities that may vouch for an https server, instead of those that this system trusts.
    #[arg(long, env = "ANALYTE_CA_CERTIFICATE", value_name = "FILE")]
    ca_certificate: Option<PathBuf>,
}

impl Connection {
    /// A client for it.
    pub(crate) fn client(&self) -> Result<Client> {
        let token = match self.token.as_deref().map(str::trim).filter(|token| !token.is_empty()) {
            Some(token) => token.to_owned(),
            None => self.token_on_disk()?,
        };
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(
                Report::new("the token is not valid: it holds blanks or other characters that no token has").into()
            );
        }
        Client::new(&self.server, token, self.ca_certificate.as_deref())
    }

    fn token_on_disk(&self) -> Result<String> {
        let path = self.data_dir.join(data_dir::ADMIN_TOKEN);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Report::new(format!(
                "there is no token to call the server with: {} does not exist",
                path.display()
            ))
            .hint("give one with --token or ANALYTE_TOKEN, or name the server's data directory with --data-dir")
            .into()),
            Err(error) => Err(error).with_context(|| format!("the token in {} cannot be read", path.display())),
        }
    }
}
