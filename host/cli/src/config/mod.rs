//! `analyte.toml`: what an operator sets once. Flags and environment variables go before it.
//!
//! Nothing in it is passed over: a key that is not known, a limit that does not exist and a secret that cannot be read are
//! refused, with the place. Paths in it start from its own folder.

mod retention;
mod thingworx;
pub(crate) mod webhooks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyte_core::limits::Limits;
use analyte_core::names::ProviderKey;
use analyte_http::{Origin, ThingworxOptions};
use analyte_jobs::{Grants, Retention};
use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::output::report::Report;
use webhooks::Webhooks;

/// Longest secret in bytes.
const SECRET_BYTES: u64 = 64 << 10;

/// What the file says.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// Address to listen at.
    pub(crate) listen: Option<String>,
    /// Where everything is kept.
    pub(crate) data_dir: Option<PathBuf>,
    /// Folder with components to install.
    pub(crate) plugins: Option<PathBuf>,
    /// Names beside the loopback ones that the server answers to.
    pub(crate) allowed_hosts: Option<Vec<String>>,
    /// Certificate of the server, as PEM.
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Its key.
    pub(crate) tls_key: Option<PathBuf>,
    /// Where web pages may come from that call the server from a browser.
    pub(crate) origins: Vec<Origin>,
    /// How clients of ThingWorx are answered.
    pub(crate) thingworx: ThingworxOptions,
    /// The limits, with those of the file set.
    pub(crate) limits: Limits,
    /// What is granted to each provider.
    pub(crate) grants: BTreeMap<ProviderKey, Arc<Grants>>,
    /// How long ended jobs are kept.
    pub(crate) retention: Retention,
    /// Where jobs may send notifications.
    pub(crate) webhooks: Webhooks,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<String>,
    data_dir: Option<PathBuf>,
    plugins: Option<PathBuf>,
    allowed_hosts: Option<Vec<String>>,
    tls: TlsSection,
    cors: CorsSection,
    thingworx: thingworx::Section,
    limits: BTreeMap<String, u64>,
    providers: BTreeMap<String, ProviderSection>,
    retention: retention::Section,
    webhooks: webhooks::Section,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TlsSection {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CorsSection {
    origins: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProviderSection {
    settings: BTreeMap<String, String>,
    secrets: BTreeMap<String, Secret>,
}

/// Where the value of a secret comes from.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a secret is a text, `{ env = \"VARIABLE\" }` or `{ file = \"PATH\" }`")]
enum Secret {
    TableFile(String),
    Env(Env),
    File(FromFile),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Env {
    env: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FromFile {
    file: PathBuf,
}

/// Where from, never what.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TableFile(_) => "given",
            Self::Env(_) => "from the environment",
            Self::File(_) => "from a file",
        })
    }
}

impl Config {
    /// Reads the file asked for, which must be there; else [`USUAL`] of this folder if it is there.
    pub(crate) fn load(asked: Option<&Path>) -> Result<Self> {
        let path = asked.unwrap_or(Path::new(USUAL));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if asked.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                return Err(error).with_context(|| format!("the configuration {} cannot be read", path.display()));
            }
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let variable = |name: &str| std::env::var(name).ok();
        Self::read(&text, folder, variable).map_err(|mut report| {
            report.message = format!("{}: {}", path.display(), report.message);
            report.into()
        })
    }

    fn read(text: &str, folder: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Report> {
        let file: File = toml::from_str(text).map_err(|error| {
            let report =
                Report::new(format!("the configuration cannot be used: {}", error.message().replace('\n', " ")));
            let place = error.to_string();
            let place = place.trim_end().strip_suffix(error.message()).unwrap_or(&place).trim_end();
            place.lines().fold(report, Report::fact)
        })?;
        let mut limits = Limits::default();
        for (key, value) in &file.limits {
            if !limits.set(key, *value) {
                return Err(Report::new(format!("[limits] has no key `{key}`")).hint(similar(key)));
            }
        }
        let mut grants = BTreeMap::new();
        for (name, section) in file.providers {
            let provider: ProviderKey = name.parse().map_err(|error| Report::new(format!("[providers]: {error}")))?;
            let secrets = section.secrets.into_iter().map(|(secret, from)| {
                let place = format!("[providers.{name}] secret `{secret}`");
                Ok((secret, from.value(folder, &variable).map_err(|why| Report::new(format!("{place}: {why}")))?))
            });
            let grant = Grants { settings: section.settings, secrets: secrets.collect::<Result<_, Report>>()? };
            grants.insert(provider, Arc::new(grant));
        }
        Ok(Self {
            listen: file.listen,
            data_dir: file.data_dir.map(|path| folder.join(path)),
            plugins: file.plugins.map(|path| folder.join(path)),
            allowed_hosts: file.allowed_hosts,
            tls_certificate: file.tls.certificate.map(|path| folder.join(path)),
            tls_key: file.tls.key.map(|path| folder.join(path)),
            origins: origins(&file.cors.origins)?,
            thingworx: file.thingworx.read(),
            limits,
            grants,
            retention: file.retention.read()?,
            webhooks: file.webhooks.read(folder)?,
        })
    }
}

/// The file that is read if it is there.
pub(crate) const USUAL: &str = "analyte.toml";

impl Secret {
    fn value(self, folder: &Path, variable: &impl Fn(&str) -> Option<String>) -> Result<String, String> {
        match self {
            Self::TableFile(text) => Ok(text),
            Self::Env(Env { env }) => {
                variable(&env).ok_or_else(|| format!("the environment variable {env} is not set"))
            }
            Self::File(FromFile { file }) => {
                let path = folder.join(file);
                let failed = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
                if std::fs::metadata(&path).map_err(failed)?.len() > SECRET_BYTES {
                    return Err(format!("{} has more than {SECRET_BYTES} bytes", path.display()));
                }
                let text = std::fs::read_to_string(&path).map_err(failed)?;
                // Editors end the last line, which the operator does not mean to be part of a secret.
                Ok(text.trim_end_matches(['\r', '\n']).to_owned())
            }
        }
    }
}

fn origins(given: &[String]) -> Result<Vec<Origin>, Report> {
    let origin = |text: &String| {
        text.parse::<Origin>()
            .map_err(|why| Report::new(format!("[cors] `{text}` cannot be one of the origins")).hint(why.to_string()))
    };
    given.iter().map(origin).collect()
}

/// Names limits that look like this one.
fn similar(key: &str) -> String {
    let stem = key.split('_').next().unwrap_or(key);
    let alike: Vec<&str> = Limits::ENTRIES
        .iter()
        .map(|entry| entry.key)
        .filter(|known| known.contains(stem) && !stem.is_empty())
        .collect();
    match alike.as_slice() {
        [] => "docs/reference/limits.md lists the keys".to_owned(),
        alike => format!("did you mean {}? docs/reference/limits.md lists all keys", alike.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::names::Organisation;
    use analyte_jobs::Hours;

    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let folder = Path::new("/etc/analyte");
        Config::read(text, folder, |name| (name == "KEY").then(|| "s3cret".to_owned())).map_err(|report| report.text())
    }

    #[test]
    fn everything_is_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "from a file\n").unwrap();
        let text = format!(
            "listen = '127.0.0.1:1'\ndata_dir = 'data'\nplugins = '/plugins'\nallowed_hosts = ['analyte.example']\n\
             [tls]\ncertificate = 'tls/cert.pem'\nkey = '/run/key.pem'\n\
             [cors]\norigins = ['https://app.example.org']\n\
             [thingworx]\nkey_in_url = true\ndefault_accept = 'json'\n\
             [limits]\nfuel = 5\n\
             [providers.weather]\nsettings = {{ region = 'eu' }}\n\
             secrets = {{ a = 'plain', b = {{ env = 'KEY' }}, c = {{ file = '{}' }} }}\n\
             [retention]\nfailed = 720\n[retention.organisations.lab]\ncompleted = 24\n\
             [webhooks]\nca_certificate = 'ca.pem'\n\
             allow = ['hooks.example.com', {{ host = 'http://inner.lan:8080', private = true }}]\n",
            folder.path().join("key").display()
        );
        let config = read(&text).unwrap();
        assert_eq!(config.listen.as_deref(), Some("127.0.0.1:1"));
        assert_eq!(config.data_dir.as_deref(), Some(Path::new("/etc/analyte/data")));
        assert_eq!(config.plugins.as_deref(), Some(Path::new("/plugins")));
        assert_eq!(config.allowed_hosts, Some(vec!["analyte.example".to_owned()]));
        assert_eq!(config.tls_certificate.as_deref(), Some(Path::new("/etc/analyte/tls/cert.pem")));
        assert_eq!(config.tls_key.as_deref(), Some(Path::new("/run/key.pem")));
        assert_eq!(config.origins, ["https://app.example.org".parse().unwrap()]);
        let thingworx = ThingworxOptions {
            key_in_url: true,
            default_accept: analyte_http::DefaultAccept::Json,
            ..ThingworxOptions::default()
        };
        assert_eq!(config.thingworx, thingworx);
        assert_eq!(config.limits, Limits { fuel: 5, ..Limits::default() });
        let text = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let granted = Grants {
            settings: text(&[("region", "eu")]),
            secrets: text(&[("a", "plain"), ("b", "s3cret"), ("c", "from a file")]),
        };
        assert_eq!(config.grants, [("weather".parse::<ProviderKey>().unwrap(), Arc::new(granted))].into());
        let hours = |completed, failed| Hours { completed, failed, cancelled: None };
        let lab = Organisation::new("lab").unwrap();
        let kept = Retention { usual: hours(None, Some(720)), organisations: [(lab, hours(Some(24), None))].into() };
        assert_eq!(config.retention, kept);
        let entry = |text: &str| text.parse::<analyte_outgoing::Entry>().unwrap();
        let allow = vec![entry("https://hooks.example.com:443"), entry("http://inner.lan:8080").private()];
        assert_eq!(config.webhooks, Webhooks { allow, ca_certificate: Some("/etc/analyte/ca.pem".into()) });
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let refused = |text: &str| read(text).unwrap_err();
        assert!(refused("lisen = 'x'").contains("unknown field `lisen`"), "{}", refused("lisen = 'x'"));
        assert_eq!(
            refused("[limits]\nmemory = 1"),
            "[limits] has no key `memory`\nhint: did you mean memory_bytes or memory_bytes_max or compile_memory_bytes or \
             memory_budget_bytes or organisation_memory_percent? docs/reference/limits.md lists all keys\n"
        );
        assert!(refused("[limits]\nfuel = -1").contains("the configuration cannot be used"));
        assert_eq!(
            refused("[providers.w.secrets]\na = { env = 'NOT_SET' }"),
            "[providers.w] secret `a`: the environment variable NOT_SET is not set\n"
        );
        let wrong = refused("[providers.w.secrets]\na = { envv = 'KEY' }");
        assert!(wrong.contains("a secret is a text, `{ env = \"VARIABLE\" }` or `{ file = \"PATH\" }`"), "{wrong}");
        assert!(refused("[retention]\nfinished = 1").contains("unknown field `finished`"));
        assert!(refused("[retention.organisations.'a b']").contains("`a b` is not a valid organisation name"));
        assert!(refused("[cors]\norigins = ['*']").starts_with("[cors] `*` cannot be one of the origins\nhint: "));
        assert!(refused("[tls]\ncert = 'x'").contains("unknown field `cert`"));
        assert!(refused("[thingworx]\ndefault_accept = 'xml'").contains("unknown variant `xml`"));
        assert_eq!(
            refused("[webhooks]\nallow = ['https://a/path']"),
            "[webhooks] `https://a/path` cannot be a destination: it has more than a scheme, a host and a port; write `host`, \
             `host:port`, `*.host` or `http://host:port`\n"
        );
        assert!(refused("[webhooks]\nallow = [{ hots = 'a' }]").contains("a destination is a text"));
        assert!(refused("[providers.'a b']").contains("`a b` is not a valid provider name"));
    }
}
