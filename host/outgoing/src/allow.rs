//! The operator's list of destinations. What is not in it is not connected to.

use std::net::IpAddr;
use std::str::FromStr;

use crate::address_class::AddressClass;
use crate::target::{Named, Target};

/// One entry of the list: `[scheme://]host[:port]`. The scheme is https where none is named, and the port that of the scheme.
/// The host is a name, `*.name` for every name below it, or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    encrypted: bool,
    host: Pattern,
    port: u16,
    /// The name may lead to an address that is not public.
    private: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Name(String),
    /// Every name below this one.
    Below(String),
    Address(IpAddr),
}

/// Why a text is no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` cannot be a destination: {why}; write `host`, `host:port`, `*.host` or `http://host:port`")]
pub struct BadEntry {
    given: String,
    why: String,
}

impl FromStr for Entry {
    type Err = BadEntry;
    fn from_str(text: &str) -> Result<Self, BadEntry> {
        let bad = |why: String| BadEntry { given: text.to_owned(), why };
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let (scheme, rest) = with_scheme.split_once("://").unwrap_or_default();
        let (below, rest) = rest.strip_prefix("*.").map_or((false, rest), |rest| (true, rest));
        if rest.contains(['/', '?', '#', '@', '*', '\\']) {
            return Err(bad("it has more than a scheme, a host and a port".to_owned()));
        }
        let target = Target::parse(&format!("{scheme}://{rest}")).map_err(|error| bad(error.to_string()))?;
        let host = match (target.host(), below) {
            (Named::Name(name), true) => Pattern::Below(format!(".{name}")),
            (Named::Name(name), false) => Pattern::Name(name.clone()),
            (Named::Address(address), false) => Pattern::Address(*address),
            (Named::Address(_), true) => return Err(bad("nothing stands below an address".to_owned())),
        };
        Ok(Self { encrypted: target.is_encrypted(), host, port: target.port(), private: false })
    }
}

impl Entry {
    /// The same, which may lead to an address that is not public.
    #[must_use]
    pub fn private(self) -> Self {
        Self { private: true, ..self }
    }

    fn matches(&self, target: &Target) -> bool {
        let host = match (&self.host, target.host()) {
            (Pattern::Name(own), Named::Name(name)) => own == name,
            (Pattern::Below(end), Named::Name(name)) => name.len() > end.len() && name.ends_with(end.as_str()),
            (Pattern::Address(own), Named::Address(address)) => own == address,
            _ => false,
        };
        host && self.port == target.port() && self.encrypted == target.is_encrypted()
    }
}

/// Why a destination is not connected to. Each says what the operator could do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The list is empty.
    #[error("the operator allows no destinations; they are listed as `allow` under `{section}` in analyte.toml")]
    None {
        /// The section of the configuration.
        section: &'static str,
    },
    /// It is not in the list.
    #[error(
        "the destination {destination} is not one that the operator allows (`allow` under `{section}` in analyte.toml)"
    )]
    NotListed {
        /// Scheme, host and port.
        destination: String,
        /// The section of the configuration.
        section: &'static str,
    },
    /// The name leads to an address that is not public, and the list does not say that it may.
    #[error(
        "the destination {destination} leads to {class}, which the operator does not allow \
         (`private = true` beside its `host`, as `allow` under `{section}` in analyte.toml)"
    )]
    Address {
        /// Scheme, host and port.
        destination: String,
        /// Of what kind the address is. The address itself stays with the operator: it tells of the network.
        class: AddressClass,
        /// The section of the configuration.
        section: &'static str,
    },
}

/// Where requests of one purpose may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The section of the configuration that lists them, for messages.
    pub section: &'static str,
    /// The list.
    pub entries: Vec<Entry>,
}

impl Allowed {
    /// Refuses a target that is not in the list, without looking up its name.
    pub fn check(&self, target: &Target) -> Result<(), Denied> {
        let section = self.section;
        if self.entries.is_empty() {
            return Err(Denied::None { section });
        }
        let destination = target.destination();
        if self.entries.iter().any(|entry| entry.matches(target)) {
            // An address that is listed was listed as what it is.
            return Ok(());
        }
        Err(Denied::NotListed { destination, section })
    }

    /// Refuses an address that a target leads to. The target itself was checked.
    pub(crate) fn check_address(&self, target: &Target, address: IpAddr) -> Result<(), Denied> {
        let class = AddressClass::of(address);
        let listed = |entry: &Entry| {
            entry.matches(target) && (entry.private || matches!(entry.host, Pattern::Address(own) if own == address))
        };
        if class == AddressClass::Public || self.entries.iter().any(listed) {
            return Ok(());
        }
        Err(Denied::Address { destination: target.destination(), class, section: self.section })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn allowed(entries: &[&str]) -> Allowed {
        Allowed { section: "[webhooks]", entries: entries.iter().map(|entry| entry.parse().unwrap()).collect() }
    }

    fn check(allowed: &Allowed, url: &str) -> Result<(), String> {
        allowed.check(&Target::parse(url).unwrap()).map_err(|denied| denied.to_string())
    }

    #[test]
    fn what_is_listed_is_allowed_and_nothing_beside_it() {
        let list =
            allowed(&["hooks.example.com", "*.example.org", "http://plain.example:8080", "https://10.1.2.3:8443"]);
        for good in [
            "https://hooks.example.com/in",
            "https://HOOKS.example.com.:443/in?x",
            "https://a.example.org/",
            "https://a.b.example.org/",
            "http://plain.example:8080/x",
            "https://10.1.2.3:8443/",
            "https://167838211:8443/",
        ] {
            assert_eq!(check(&list, good), Ok(()), "{good}");
        }
        for bad in [
            "http://hooks.example.com/in",
            "https://hooks.example.com:8443/in",
            "https://evil.hooks.example.com/",
            "https://hooks.example.com.evil.example/",
            "https://example.org/",
            "https://evilexample.org/",
            "https://plain.example:8080/x",
            "http://plain.example/x",
            "https://10.1.2.3/",
            "https://[::ffff:10.1.2.3]:8443/",
        ] {
            let why = check(&list, bad).unwrap_err();
            assert!(why.contains("is not one that the operator allows"), "{bad}: {why}");
        }
        assert_eq!(
            check(&list, "https://elsewhere.example/secret").unwrap_err(),
            "the destination https://elsewhere.example:443 is not one that the operator allows (`allow` under \
             `[webhooks]` in analyte.toml)"
        );
        assert_eq!(
            check(&allowed(&[]), "https://hooks.example.com/").unwrap_err(),
            "the operator allows no destinations; they are listed as `allow` under `[webhooks]` in analyte.toml"
        );
    }

    #[test]
    fn an_address_that_is_not_public_is_refused_unless_it_is_listed_as_such() {
        let mut list = allowed(&["hooks.example.com", "http://inner.example:8080", "http://127.0.0.1:9000"]);
        let entry = "http://inner.example:8080".parse::<Entry>().unwrap().private();
        let address = |list: &Allowed, url: &str, address: &str| {
            let target = Target::parse(url).unwrap();
            list.check_address(&target, address.parse().unwrap()).map_err(|denied| denied.to_string())
        };
        assert_eq!(address(&list, "https://hooks.example.com/", "93.184.216.34"), Ok(()));
        assert_eq!(
            address(&list, "https://hooks.example.com/", "::ffff:169.254.169.254").unwrap_err(),
            "the destination https://hooks.example.com:443 leads to a link-local address, which the operator does not \
             allow (`private = true` beside its `host`, as `allow` under `[webhooks]` in analyte.toml)"
        );
        assert!(address(&list, "http://inner.example:8080/", "10.0.0.1").is_err());
        assert_eq!(address(&list, "http://127.0.0.1:9000/", "127.0.0.1"), Ok(()));
        list.entries.push(entry);
        assert_eq!(address(&list, "http://inner.example:8080/", "10.0.0.1"), Ok(()));
        assert!(address(&list, "https://hooks.example.com/", "10.0.0.1").is_err());
    }

    #[test]
    fn what_is_no_entry_is_refused_by_name() {
        for bad in ["", "https://a/path", "user@a", "*", "a.*.b", "*.10.0.0.1", "ftp://a", "a:x", "https://a?b"] {
            let why = bad.parse::<Entry>().unwrap_err().to_string();
            assert!(why.starts_with(&format!("`{bad}` cannot be a destination: ")), "{why}");
        }
    }
}
