//! Texts of components are kept up to a length.

/// The beginning of a text, cut between characters, of at most this number of bytes.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
