//! Where a request goes: an address that was read and found usable.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// Why an address cannot be a target. None of these repeats the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// It is no URL.
    #[error("is not a URL: {0}")]
    Unreadable(String),
    /// Its scheme is not spoken here.
    #[error("must begin with https:// or http://")]
    Scheme,
    /// It has a user name or a password.
    #[error("must not hold a user name or a password")]
    Credentials,
    /// It has no host.
    #[error("names no host")]
    Host,
}

/// An address that can be connected to.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    host: Named,
    port: u16,
}

/// A host by name or by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// Lower case, without a dot at its end.
    Name(String),
    Address(IpAddr),
}

impl Target {
    /// Reads an absolute address.
    pub fn parse(text: &str) -> Result<Self, BadTarget> {
        let url = Url::parse(text).map_err(|error| BadTarget::Unreadable(error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(BadTarget::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadTarget::Credentials);
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => named(name).ok_or(BadTarget::Host)?,
            Some(Host::Ipv4(address)) => Named::Address(address.into()),
            Some(Host::Ipv6(address)) => Named::Address(address.into()),
            None => return Err(BadTarget::Host),
        };
        let port = url.port_or_known_default().ok_or(BadTarget::Scheme)?;
        Ok(Self { url, host, port })
    }

    /// Whether it is asked for by TLS.
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(crate) fn host(&self) -> &Named {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The value of the header `Host`.
    pub(crate) fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Path and query.
    pub(crate) fn path(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }

    /// Scheme, host and port: what may be logged.
    pub fn destination(&self) -> String {
        self.to_string()
    }
}

/// A name without the dot that may end it; `None`: nothing is left.
fn named(name: &str) -> Option<Named> {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    (!name.is_empty()).then_some(Named::Name(name))
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// Scheme, host and port; never the path, which may hold a secret of the receiver's.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.url.scheme(), self.host, self.port)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_and_shown_without_its_path() {
        let shown = |text: &str| Target::parse(text).map(|target| target.to_string());
        assert_eq!(shown("https://Hooks.Example.COM./in?key=s3cret"), Ok("https://hooks.example.com:443".to_owned()));
        assert_eq!(shown("http://10.1.2.3:8080/"), Ok("http://10.1.2.3:8080".to_owned()));
        assert_eq!(shown("https://[::FFFF:127.0.0.1]/"), Ok("https://[::ffff:127.0.0.1]:443".to_owned()));
        // The ways to write an IPv4 address that browsers take are addresses, not names.
        for odd in ["http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://0177.0.0.1/"] {
            assert_eq!(shown(odd), Ok("http://127.0.0.1:80".to_owned()), "{odd}");
        }
    }

    #[test]
    fn what_is_no_target_is_refused() {
        let refused = |text: &str| Target::parse(text).err();
        assert_eq!(refused("ftp://example.com/"), Some(BadTarget::Scheme));
        assert_eq!(refused("file:///etc/passwd"), Some(BadTarget::Scheme));
        assert_eq!(refused("https://user@example.com/"), Some(BadTarget::Credentials));
        assert_eq!(refused("https://:pass@example.com/"), Some(BadTarget::Credentials));
        for unreadable in ["", "example.com", "/in", "https://", "https://a b/", "https://example.com:99999/"] {
            assert!(matches!(refused(unreadable), Some(BadTarget::Unreadable(_))), "{unreadable}");
        }
        assert_eq!(refused("https://./"), Some(BadTarget::Host));
    }
}
