//! The content-type filter: what stands between a foreign web page and a call that changes something.
//!
//! A page can make a visitor's browser send a POST anywhere, with whatever the browser keeps for that place: a session's
//! cookie, a remembered user name. It cannot choose its `Content-Type` freely, nor add headers. So POST, PUT and DELETE
//! must come as JSON or XML, and uploads must carry a header that says nothing but that it could be set. A request without
//! a type is refused as well, also when it has no body.
//!
//! Some clients repeat the type in the query string, and it counts where there is no header. Not so in a POST that proves
//! who it is by nothing but what a browser adds by itself: a page may send one without any type.

use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Method, Uri};

use super::query_string;

/// The header that uploads have to carry, and what it says.
const XSRF: (&str, &str) = ("x-xsrf-token", "TWX-XSRF-TOKEN-VALUE");

/// How a client has to send a request that was refused.
const HOW: &str = "Content-Type must be application/json, application/xml or text/xml; \
                   multipart/form-data is taken with the header X-XSRF-TOKEN: TWX-XSRF-TOKEN-VALUE";

/// Marks a request that proves who it is only by what a browser adds by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct AmbientCredentials;

/// Refuses, with what to tell the client, what a foreign page could have sent.
pub(super) fn check(method: &Method, uri: &Uri, headers: &HeaderMap, ambient: bool) -> Result<(), String> {
    if !matches!(*method, Method::POST | Method::PUT | Method::DELETE | Method::PATCH) {
        return Ok(());
    }
    let refused = |given: &str| Err(format!("Content-Type {given} is not accepted: {HOW}"));
    let may_repeat = !(ambient && *method == Method::POST);
    let Some(given) = content_type(uri, headers, may_repeat)? else {
        return Err(format!("there is no Content-Type: {HOW}"));
    };
    match essence(&given).as_str() {
        "application/json" | "application/xml" | "text/xml" => Ok(()),
        "multipart/form-data" if headers.get(XSRF.0).is_some_and(|value| value == XSRF.1) => Ok(()),
        other => refused(&other.chars().take(100).collect::<String>()),
    }
}

/// Whether a body is said to be something that is not read as JSON.
pub(super) fn is_not_json(uri: &Uri, headers: &HeaderMap) -> bool {
    let given = content_type(uri, headers, true).ok().flatten();
    given
        .is_some_and(|given| matches!(essence(&given).as_str(), "application/xml" | "text/xml" | "multipart/form-data"))
}

/// What the header says; where there is none and that is allowed, what the query string says.
fn content_type(uri: &Uri, headers: &HeaderMap, may_repeat: bool) -> Result<Option<String>, String> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let Some(value) = values.next() else {
        return Ok(query_string::values(uri, "Content-Type").into_iter().next().filter(|_| may_repeat));
    };
    if values.next().is_some() {
        return Err("there are several Content-Type headers".to_owned());
    }
    Ok(Some(String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

/// The type without its parameters.
fn essence(value: &str) -> String {
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn passes(method: &Method, address: &'static str, headers: &[(&'static str, &'static str)], ambient: bool) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        check(method, &Uri::from_static(address), &map, ambient).is_ok()
    }

    #[test]
    fn only_what_a_page_cannot_send_passes() {
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            for (value, expected) in [
                ("application/json", true),
                ("Application/JSON; charset=utf-8", true),
                ("application/xml", true),
                ("text/xml;charset=UTF-8", true),
                ("text/plain", false),
                ("text/plain; application/json", false),
                ("application/jsonx", false),
                ("application/x-www-form-urlencoded", false),
                ("multipart/form-data; boundary=x", false),
                ("", false),
            ] {
                assert_eq!(passes(&method, "/x", &[("content-type", value)], true), expected, "{method} {value}");
            }
            assert!(!passes(&method, "/x", &[], false), "{method} without a type");
        }
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(passes(&method, "/x", &[], true));
        }
    }

    #[test]
    fn uploads_pass_with_the_literal_only() {
        let form = ("content-type", "multipart/form-data; boundary=x");
        for (token, expected) in [("TWX-XSRF-TOKEN-VALUE", true), ("twx-xsrf-token-value", false), ("", false)] {
            assert_eq!(passes(&Method::POST, "/x", &[form, ("x-xsrf-token", token)], false), expected, "{token}");
        }
        // It opens nothing else.
        let plain = ("content-type", "text/plain");
        assert!(!passes(&Method::POST, "/x", &[plain, ("x-xsrf-token", "TWX-XSRF-TOKEN-VALUE")], false));
    }

    #[test]
    fn the_query_string_stands_in_for_a_missing_header() {
        let repeated = "/x?Content-Type=application%2Fjson";
        assert!(passes(&Method::POST, repeated, &[], false));
        assert!(passes(&Method::DELETE, repeated, &[], true));
        // A page can send a POST without a type, and the browser adds the cookie.
        assert!(!passes(&Method::POST, repeated, &[], true));
        assert!(!passes(&Method::POST, repeated, &[("content-type", "text/plain")], false), "the header wins");
        assert!(!passes(&Method::POST, "/x?Content-Type=text%2Fplain", &[], false));
        let twice = [("content-type", "application/json"), ("content-type", "application/json")];
        assert!(!passes(&Method::POST, "/x", &twice, false));
    }
}
