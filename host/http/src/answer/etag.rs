//! Entity tags: a client that already has what it asks for gets 304 instead.

use analyte_core::digest::Digest;
use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};

/// The tag of something that counts its changes.
pub(crate) fn of_revision(revision: u64) -> String {
    format!("\"r{revision}\"")
}

/// The tag of something that counts its changes, and shows more than those: the first half of the SHA-256 of the text goes
/// with the count. The same text has the same tag with every version of the server.
pub(crate) fn of_revision_and_text(revision: u64, text: &[u8]) -> String {
    let digest = Digest::of(text).hex();
    format!("\"r{revision}-{}\"", digest.get(..32).unwrap_or(&digest))
}

/// The count of changes in a tag of one of the two forms; `None`: it is none of them.
pub(crate) fn revision_in(tag: &str) -> Option<u64> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix("\"r")?.strip_suffix('"')?;
    tag.split_once('-').map_or(tag, |(revision, _)| revision).parse().ok()
}

/// The tag of something named by its content.
pub(crate) fn of_digest(digest: &Digest) -> String {
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

    /// The digest of `abc` is an example of FIPS 180-4.
    #[test]
    fn a_tag_of_a_text_is_half_of_its_published_digest() {
        assert_eq!(of_revision_and_text(3, b"abc"), "\"r3-ba7816bf8f01cfea414140de5dae2223\"");
    }

    #[test]
    fn the_count_of_changes_is_read_from_a_tag() {
        assert_eq!(revision_in(&of_revision(7)), Some(7));
        assert_eq!(revision_in(&of_revision_and_text(12, b"abc")), Some(12));
        assert_eq!(["", "r7", "\"7\"", "\"r\"", "\"r7", "*"].map(revision_in), [None; 6]);
    }

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
