//! Entity tags: a client that already has what it asks for gets 304 instead.

use std::hash::{DefaultHasher, Hasher as _};

use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};

/// The tag of something that counts its changes.
pub(crate) fn of_revision(revision: u64) -> String {
    format!("\"r{revision}\"")
}

/// The tag of something that counts its changes but tells more than what it counts.
pub(crate) fn of_revision_and_text(revision: u64, text: &[u8]) -> String {
    // Always with the same key, so that the same text has the same tag after a restart, too.
    let mut hasher = DefaultHasher::new();
    hasher.write(text);
    format!("\"r{revision}-{:016x}\"", hasher.finish())
}

/// The tag of something named by its content.
pub(crate) fn of_digest(digest: &analyte_core::digest::Digest) -> String {
    format!("\"{}\"", digest.hex())
}

/// Whether the client says that it has this already.
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').map(str::trim).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
    })
}

/// Puts the tag into an answer.
pub(crate) fn put(headers: &mut HeaderMap, tag: &str) {
    if let Ok(value) = HeaderValue::from_str(tag) {
        headers.insert(ETAG, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_others() {
        let known = |value: &'static str| {
            is_known(&HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(value))]), "\"r7\"")
        };
        assert!(known("\"r7\""));
        assert!(known("\"r6\", W/\"r7\""));
        assert!(known("*"));
        assert!(!known("\"r70\""));
        assert!(!known("r7"));
        assert!(!is_known(&HeaderMap::new(), "\"r7\""));
    }
}
