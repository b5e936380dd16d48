//! Which names this server answers to.
//!
//! A web page can make a browser send requests to a loopback address under a name of its own (DNS rebinding), but not
//! with another `Host` than that name. So the host must be loopback or configured, whatever the token.

use std::net::IpAddr;

use analyte_core::codes::Code;
use http::header::HOST;
use http::{HeaderMap, Uri};

use crate::problem::Problem;

/// Names beside the loopback ones, in small letters, without port.
#[derive(Debug, Default)]
pub(crate) struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// Takes names or addresses; ports in them do not matter.
    pub(crate) fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| without_port(name.trim()).to_ascii_lowercase()).collect())
    }

    /// Refuses a request that is not meant for this server.
    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let mut hosts = headers.get_all(HOST).iter();
        let Some(host) = hosts.next() else {
            return Err(Problem::new(Code::Malformed, "the request has no Host header"));
        };
        if hosts.next().is_some() {
            return Err(Problem::new(Code::Malformed, "the request has several Host headers"));
        }
        let admitted = host.to_str().is_ok_and(|host| self.admits(host))
            // `GET http://name/path` names the server a second time, and that name counts as well.
            && uri.authority().is_none_or(|authority| self.admits(authority.as_str()));
        if admitted {
            return Ok(());
        }
        Err(Problem::new(
            Code::Forbidden,
            "the Host header is neither loopback nor one of the names that this server is configured for",
        ))
    }

    fn admits(&self, authority: &str) -> bool {
        let name = without_port(authority);
        is_loopback(name) || self.0.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
    }
}

/// `[::1]:80` → `[::1]`, `name:80` → `name`; anything odd stays as it is and so matches nothing.
fn without_port(authority: &str) -> &str {
    let Some((name, port)) = authority.rsplit_once(':') else { return authority };
    let whole_address = name.starts_with('[') == name.ends_with(']');
    if whole_address && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { authority }
}

fn is_loopback(name: &str) -> bool {
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(inner) => matches!(inner.parse(), Ok(IpAddr::V6(address)) if address.is_loopback()),
        None => matches!(name.parse(), Ok(IpAddr::V4(address)) if address.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_and_configured_names_are_admitted() {
        let hosts = AllowedHosts::new(&["Analyte.Example:8443".to_owned(), "192.0.2.7".to_owned()]);
        for good in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1",
            "127.0.0.1:1",
            "127.255.0.9:65535",
            "[::1]",
            "[::1]:8080",
            "analyte.example",
            "ANALYTE.EXAMPLE:9",
            "192.0.2.7:80",
        ] {
            assert!(hosts.admits(good), "{good}");
        }
        for bad in [
            "",
            ":80",
            "evil.example",
            "localhost.evil.example",
            "evil.example:localhost",
            "127.0.0.1.evil.example",
            "localhost:",
            "localhost:80:80",
            "localhost:8x",
            "user@localhost",
            "::1",
            "[::1",
            "[::2]",
            "[127.0.0.1]",
            "0.0.0.0",
            "10.0.0.1",
            "2130706433",
            "localhost.",
            "sub.analyte.example",
        ] {
            assert!(!hosts.admits(bad), "{bad}");
        }
    }

    #[test]
    fn a_request_names_its_server_once() {
        let hosts = AllowedHosts::default();
        let check = |uri: &'static str, names: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for name in names {
                headers.append(HOST, http::HeaderValue::from_static(name));
            }
            hosts.check(&Uri::from_static(uri), &headers).map_err(|problem| problem.code())
        };
        assert_eq!(check("/x", &["localhost"]), Ok(()));
        assert_eq!(check("/x", &[]), Err(Code::Malformed));
        assert_eq!(check("/x", &["localhost", "localhost"]), Err(Code::Malformed));
        assert_eq!(check("/x", &["evil.example"]), Err(Code::Forbidden));
        assert_eq!(check("http://localhost/x", &["localhost"]), Ok(()));
        assert_eq!(check("http://evil.example/x", &["localhost"]), Err(Code::Forbidden));
    }
}
