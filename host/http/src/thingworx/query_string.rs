//! Pairs of the query string that repeat headers: `Accept`, `Content-Type`, `x-thingworx-session`, `appKey`.

use axum::extract::Query;
use http::Uri;

/// The values of this name, whatever its case. A query string that cannot be read has none.
pub(super) fn values(uri: &Uri, name: &str) -> Vec<String> {
    if uri.query().is_none_or(str::is_empty) {
        return Vec::new();
    }
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default();
    pairs.into_iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_whatever_their_case_and_encoding() {
        let read = |text: &'static str| values(&Uri::from_static(text), "appKey");
        assert_eq!(read("/x?APPKEY=a&appKey=b%20c&other=d"), ["a", "b c"]);
        assert_eq!(read("/x?%61ppkey=a"), ["a"]);
        assert_eq!(read("/x?appKey"), [""]);
        for none in ["/x", "/x?", "/x?appKeys=a"] {
            assert_eq!(read(none), Vec::<String>::new(), "{none}");
        }
    }
}
