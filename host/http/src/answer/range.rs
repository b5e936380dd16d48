//! Parts of a file: one range of bytes, as RFC 9110 §14 says. What is not understood, several ranges included, is ignored
//! and the whole file answered, as the RFC allows.

use std::ops::Range;

use http::HeaderMap;
use http::header::{IF_RANGE, RANGE};

/// What a client asks for of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// This part, which is not empty.
    Part(Range<u64>),
    /// Something beyond its end.
    Beyond,
}

/// What these headers ask for of a file of this length and entity tag.
pub(crate) fn wanted(headers: &HeaderMap, length: u64, tag: &str) -> Wanted {
    let Some(range) = headers.get(RANGE).and_then(|value| value.to_str().ok()) else { return Wanted::Whole };
    let changed = headers.get(IF_RANGE).is_some_and(|known| known.as_bytes() != tag.as_bytes());
    if changed {
        return Wanted::Whole;
    }
    parse(range, length).unwrap_or(Wanted::Whole)
}

fn parse(range: &str, length: u64) -> Option<Wanted> {
    let (unit, range) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    if first.is_empty() {
        let count = number(last)?;
        if count == 0 || length == 0 {
            return Some(Wanted::Beyond);
        }
        return Some(Wanted::Part(length.saturating_sub(count)..length));
    }
    let first = number(first)?;
    let end = if last.is_empty() { length } else { number(last)?.saturating_add(1).min(length) };
    if !last.is_empty() && number(last)? < first {
        return None;
    }
    if first >= length {
        return Some(Wanted::Beyond);
    }
    Some(Wanted::Part(first..end))
}

/// Digits only; more than fits is as good as the highest number.
fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        let cases = [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=0-9", Wanted::Part(0..10)),
            ("Bytes = 2-5", Wanted::Part(2..6)),
            ("bytes=5-", Wanted::Part(5..10)),
            ("bytes=5-99", Wanted::Part(5..10)),
            ("bytes=9-99999999999999999999999", Wanted::Part(9..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-99", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Beyond),
            ("bytes=99999999999999999999999-", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("rows=0-1", Wanted::Whole),
            ("bytes", Wanted::Whole),
        ];
        for (text, expected) in cases {
            let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static(text))]);
            assert_eq!(wanted(&headers, 10, "\"t\""), expected, "{text}");
        }
        assert_eq!(wanted(&HeaderMap::new(), 10, "\"t\""), Wanted::Whole);
    }

    #[test]
    fn an_empty_file_has_no_part() {
        for text in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static(text))]);
            assert_eq!(wanted(&headers, 0, "\"t\""), Wanted::Beyond, "{text}");
        }
    }

    #[test]
    fn a_changed_file_is_answered_whole() {
        let with = |tag| {
            let pairs = [(RANGE, HeaderValue::from_static("bytes=1-2")), (IF_RANGE, HeaderValue::from_static(tag))];
            wanted(&HeaderMap::from_iter(pairs), 10, "\"t\"")
        };
        assert_eq!(with("\"t\""), Wanted::Part(1..3));
        assert_eq!(with("\"u\""), Wanted::Whole);
    }
}
