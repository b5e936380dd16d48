//! The session's cookie: `JSESSIONID`, as clients of ThingWorx know it.
//!
//! Scripts cannot read it, other sites cannot make a browser send it (`SameSite=Strict`), it goes nowhere but under
//! `/Thingworx`, and it ends with the browser; how long the session lasts is the server's business.

use analyte_jobs::Secret;
use http::HeaderValue;
use http::header::{COOKIE, HeaderMap};

/// Its name.
const NAME: &str = "JSESSIONID";
/// Most cookies of that name that are looked at; a browser sends several where several paths match.
const MOST: usize = 4;

/// What the client has to keep. `secure`: it may come back over TLS only.
pub(super) fn set(secret: &Secret, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{NAME}={}; Path=/Thingworx; HttpOnly; SameSite=Strict{secure}", secret.reveal());
    // A secret is of letters, digits and `_`.
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What the client kept.
pub(super) fn read(headers: &HeaderMap) -> Vec<&str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let own = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(name, _)| *name == NAME);
    own.map(|(_, value)| value.trim_matches('"')).filter(|value| !value.is_empty()).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cookies_of_the_name_are_read() {
        let read = |lines: &[&'static str]| {
            let headers = lines.iter().map(|line| (COOKIE, HeaderValue::from_static(line))).collect::<HeaderMap>();
            super::read(&headers).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(read(&["JSESSIONID=abc"]), ["abc"]);
        assert_eq!(read(&["a=b; JSESSIONID=\"abc\" ;c=d"]), ["abc"]);
        assert_eq!(read(&["JSESSIONID=a; JSESSIONID=b"]), ["a", "b"]);
        assert_eq!(read(&["JSESSIONID=1; JSESSIONID=2; JSESSIONID=3; JSESSIONID=4; JSESSIONID=5"]).len(), MOST);
        for none in ["", "JSESSIONID", "JSESSIONID=", "jsessionid=abc", "XJSESSIONID=abc", "x=JSESSIONID=abc"] {
            assert_eq!(read(&[none]), Vec::<String>::new(), "{none}");
        }
    }
}
