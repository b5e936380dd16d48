//! Text of strangers as people are shown it.
//!
//! What plugins and clients write may hold characters that steer a terminal, turn the order of the text around them, or
//! cannot be seen at all. People are shown such a character as its escape, `\u{202e}`. Programs, which read JSON, CSV and
//! the like, get it as it is.

use std::borrow::Cow;
use std::fmt;

/// Whether this character cannot be seen as what it is: a control character other than a line end and a tab, a mark that
/// turns the direction of text, a character without width, a separator that only some programs take for a line end, or
/// one that no text can hold.
pub fn hides(c: char) -> bool {
    match c {
        '\n' | '\t' | ' '..='~' => false,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        c => c.is_control() || u32::from(c) & 0xfffe == 0xfffe,
    }
}

/// The text with an escape for each character that [`hides`].
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(hides) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    // Writing into a string cannot fail.
    let _ = write_visible(text, &mut shown);
    Cow::Owned(shown)
}

/// Writes the text as [`visible`] gives it.
pub fn write_visible(text: &str, out: &mut impl fmt::Write) -> fmt::Result {
    text.chars().try_for_each(|c| if hides(c) { write!(out, "{}", c.escape_unicode()) } else { out.write_char(c) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_shown_as_its_escape_and_nothing_else_is_touched() {
        for (given, shown) in [
            ("", ""),
            ("größe \"a\\b\" 日本\n\tд", "größe \"a\\b\" 日本\n\tд"),
            ("a\u{202e}b", r"a\u{202e}b"),
            ("\u{2066}\u{2069}\u{200b}\u{200d}\u{feff}", r"\u{2066}\u{2069}\u{200b}\u{200d}\u{feff}"),
            ("\u{1b}[2J\r\0\u{7f}\u{9b}", r"\u{1b}[2J\u{d}\u{0}\u{7f}\u{9b}"),
            ("\u{2028}\u{e0041}\u{ffff}\u{ad}", r"\u{2028}\u{e0041}\u{ffff}\u{ad}"),
        ] {
            assert_eq!(visible(given), shown);
        }
        assert!(matches!(visible("plain"), Cow::Borrowed("plain")));
    }
}
