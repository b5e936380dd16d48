//! Texts without regard to case: Unicode's simple case folding, character by character, as regular expressions do it.

use std::borrow::Cow;

/// One spelling for all characters that differ by case only.
pub(super) fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    match c {
        // The dotless i is a letter of its own, although its capital is an I.
        'ı' => c,
        // Pairs without a capital of one character.
        '\u{1fd3}' => '\u{390}',
        '\u{1fe3}' => '\u{3b0}',
        '\u{fb05}' => '\u{fb06}',
        // By way of the capital, since several small letters can share one: σ and ς.
        _ => single(single(c, c.to_uppercase()), single(c, c.to_uppercase()).to_lowercase()),
    }
}

/// The one character of a mapping; `otherwise` where it is several.
fn single(otherwise: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => otherwise,
    }
}

/// The same for a text. Borrowed where nothing changes.
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| fold_char(c) == c) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(fold_char).collect())
    }
}

/// The text as it is compared.
pub(super) fn as_compared(text: &str, case_sensitive: bool) -> Cow<'_, str> {
    if case_sensitive { Cow::Borrowed(text) } else { fold(text) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// Every character that has another case, against what regular expressions make of it; but for those that came with a
    /// later Unicode than theirs.
    #[test]
    fn folding_is_that_of_regular_expressions() {
        let cased = |c: &char| !c.to_lowercase().eq([*c]) || !c.to_uppercase().eq([*c]);
        let known = regex::Regex::new(r"\P{Cn}").unwrap();
        let all: String = ('\0'..=char::MAX).filter(|c| cased(c) && known.is_match(&c.to_string())).collect();
        assert!(all.chars().count() > 2_000);
        let mut differences = Vec::new();
        for c in all.chars() {
            let expression = regex::Regex::new(&format!("(?i)\\x{{{:x}}}", u32::from(c))).unwrap();
            let theirs: String = expression.find_iter(&all).map(|found| found.as_str()).collect();
            let ours: String = all.chars().filter(|other| fold_char(*other) == fold_char(c)).collect();
            if ours != theirs {
                differences.push((c, ours, theirs));
            }
        }
        assert_eq!(differences, []);
    }
}
