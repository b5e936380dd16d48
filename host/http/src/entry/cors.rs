//! Which web pages may call this server from a browser: none, unless their origins are configured.
//!
//! A page of a configured origin may make every call, with a token that it holds itself. Cookies are never part of it
//! (no `Access-Control-Allow-Credentials`): a browser that has a session here must not lend it to a page from elsewhere.
//! The question that browsers ask beforehand (preflight) carries no token, so it is answered without one, and tells
//! nothing but what stands in this file.

use std::time::Duration;

use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, ORIGIN, RANGE,
    RETRY_AFTER,
};
use http::{HeaderValue, Method, Uri};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember the answer.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Headers that a page may send, beside those that every page may.
const ALLOWED: [HeaderName; 17] = [
    AUTHORIZATION,
    HeaderName::from_static("appkey"),
    HeaderName::from_static("api_key"),
    HeaderName::from_static("x-correlation-id"),
    HeaderName::from_static("x-thingworx-session"),
    HeaderName::from_static("x-xsrf-token"),
    HeaderName::from_static("x-requested-with"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("prefer"),
    HeaderName::from_static("last-event-id"),
    ACCEPT,
    CONTENT_TYPE,
    ORIGIN,
    IF_MATCH,
    IF_NONE_MATCH,
    RANGE,
    HeaderName::from_static("cache-control"),
];

/// Headers of answers that a page may read.
const EXPOSED: [HeaderName; 13] = [
    LOCATION,
    ETAG,
    LINK,
    RETRY_AFTER,
    HeaderName::from_static("content-range"),
    HeaderName::from_static("x-correlation-id"),
    HeaderName::from_static("x-aiware-version"),
    HeaderName::from_static("content-disposition"),
    HeaderName::from_static("preference-applied"),
    HeaderName::from_static("analyte-fuel-used"),
    HeaderName::from_static("analyte-peak-memory"),
    HeaderName::from_static("analyte-warning"),
    HeaderName::from_static("analyte-error-code"),
];

/// Where a web page comes from: scheme, host and port, as browsers write it in `Origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// A text that is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadOrigin;

impl std::fmt::Display for BadOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "an origin is written as browsers send it, scheme, host and port only, for instance \
             https://app.example.org or http://localhost:3000; there is no sign for all of them",
        )
    }
}
impl std::error::Error for BadOrigin {}

impl std::str::FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        // Browsers send it in small letters and without a slash; what is compared literally has to be written so.
        let uri: Uri = text.parse().map_err(|_| BadOrigin)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(BadOrigin) };
        let usual_port = matches!((scheme, authority.port_u16()), ("http", Some(80)) | ("https", Some(443)));
        let written = format!("{scheme}://{authority}");
        let plain = authority.as_str().bytes().all(|byte| !byte.is_ascii_uppercase() && byte != b'@' && byte != b'*');
        if !matches!(scheme, "http" | "https") || written != text || usual_port || !plain {
            return Err(BadOrigin);
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| BadOrigin)
    }
}

/// Answers preflights, and adds to answers what lets pages of these origins read them.
pub(crate) fn layer(origins: &[Origin]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().map(|origin| origin.0.clone())))
        .allow_methods([Method::OPTIONS, Method::GET, Method::POST, Method::HEAD, Method::PUT, Method::DELETE])
        .allow_headers(ALLOWED)
        .expose_headers(EXPOSED)
        .max_age(REMEMBERED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        for good in ["https://app.example.org", "http://localhost:3000", "https://[::1]:8443", "http://10.0.0.1:81"] {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "app.example.org",
            "https://*",
            "https://*.example.org",
            "https://app.example.org/",
            "https://app.example.org/x",
            "https://App.example.org",
            "HTTPS://app.example.org",
            "https://app.example.org:443",
            "http://app.example.org:80",
            "https://user@app.example.org",
            "ftp://app.example.org",
            "https://app.example.org?x",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(BadOrigin), "{bad}");
        }
    }
}
