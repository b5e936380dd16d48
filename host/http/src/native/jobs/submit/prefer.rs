//! The header `Prefer: wait=N` (RFC 7240): a client that would rather have the finished job, if it ends in time.

use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderName;

/// The header.
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// How long the client would wait; what cannot be read is no preference, as the RFC says.
pub(crate) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split([',', ';'])).filter_map(|one| one.split_once('='));
    let (_, seconds) = preferences.find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))?;
    let seconds = seconds.trim().trim_matches('"');
    let digits = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Duration::from_secs(seconds.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_seconds_are_a_wait() {
        let of = |text: &'static str| wait(&HeaderMap::from_iter([(PREFER, HeaderValue::from_static(text))]));
        assert_eq!(of("wait=10"), Some(Duration::from_secs(10)));
        assert_eq!(of("respond-async, Wait = \"5\""), Some(Duration::from_secs(5)));
        assert_eq!(of("wait=99999999999999999999999"), Some(Duration::from_secs(u64::MAX)));
        for none in ["wait", "wait=", "wait=-1", "wait=1.5", "return=minimal", "await=3"] {
            assert_eq!(of(none), None, "{none}");
        }
        assert_eq!(wait(&HeaderMap::new()), None);
    }
}
