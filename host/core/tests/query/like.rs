//! LIKE and the folding of case.

use analyte_core::query::Pattern;
use proptest::prelude::*;

use crate::naive;

#[test]
fn wildcards_and_escapes() {
    for (pattern, text, expected) in [
        ("", "", true),
        ("", "a", false),
        ("abc", "abc", true),
        ("abc", "abcd", false),
        ("abc", "ab", false),
        ("*", "", true),
        ("%", "anything at all\nand more", true),
        ("**%", "", true),
        ("?", "", false),
        ("?", "a", true),
        ("?", "ä", true),
        ("?", "\n", true),
        ("??", "a", false),
        ("Th%", "ThingWorx", true),
        ("Th%", "th", true),
        ("*worx", "ThingWorx", true),
        ("*worx", "ThingWorx 9", false),
        ("*gw*", "ThingWorx", true),
        ("a*b%c?d", "a--b--cxd", true),
        ("a*b%c?d", "a--b--cd", false),
        // Neither is special here, though it is elsewhere.
        ("a_c", "abc", false),
        ("a_c", "a_c", true),
        ("a.c", "abc", false),
        ("[a-c]", "b", false),
        ("[a-c]", "[a-c]", true),
        ("(a|b)+$", "(a|b)+$", true),
        // Escapes.
        (r"Th\+*", "Th+anks", true),
        (r"100\%", "100%", true),
        (r"100\%", "1000", false),
        (r"a\*b", "a*b", true),
        (r"a\*b", "axb", false),
        (r"a\?", "a?", true),
        (r"a\?", "ab", false),
        (r"a\\b", r"a\b", true),
        (r"a\\*", r"a\xyz", true),
        (r"\a", "a", true),
        (r"a\", r"a\", true),
        (r"\", r"\", true),
        (r"\\", r"\", true),
        (r"\\\*", r"\*", true),
    ] {
        assert_eq!(Pattern::new(pattern, false).fits(text), expected, "{pattern} {text}");
        assert_eq!(naive::like(pattern, text, false), expected, "the plain matcher: {pattern} {text}");
    }
}

#[test]
fn long_patterns_cross_words() {
    for length in [62, 63, 64, 65, 127, 128, 129, 1_000] {
        let text: String = (0..length).map(|place| if place % 3 == 0 { 'a' } else { 'c' }).collect();
        assert!(Pattern::new(&text, true).fits(&text), "{length}");
        assert!(Pattern::new(&"?".repeat(length), true).fits(&text), "{length}");
        assert!(!Pattern::new(&"?".repeat(length + 1), true).fits(&text), "{length}");
        assert!(!Pattern::new(&"?".repeat(length - 1), true).fits(&text), "{length}");
        assert!(Pattern::new(&format!("{text}*"), true).fits(&text), "{length}");
        assert!(Pattern::new(&format!("*{text}"), true).fits(&format!("abc{text}")), "{length}");
        assert!(!Pattern::new(&format!("{text}b*"), true).fits(&format!("{text}a")), "{length}");
    }
}

#[test]
fn case_folds_as_in_expressions() {
    for (one, other, equal) in [
        ("STRASSE", "strasse", true),
        ("straße", "STRAẞE", true),
        ("straße", "STRASSE", false),
        ("ΣΊΣΥΦΟΣ", "σίσυφος", true),
        ("Kelvin", "\u{212a}elvin", true),
        ("ſ", "S", true),
        ("ı", "i", false),
        ("İ", "i", false),
        ("Ä", "ä", true),
        ("ǅ", "Ǆ", true),
        ("я", "Я", true),
    ] {
        assert_eq!(Pattern::new(one, false).fits(other), equal, "{one} {other}");
        assert_eq!(Pattern::new(other, false).fits(one), equal, "{other} {one}");
        assert!(!Pattern::new(one, true).fits(other), "{one} {other}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    #[test]
    fn patterns_agree_with_a_plain_matcher(pattern in r"[abA*%?\\_]{0,9}", text in r"[abA*\\_]{0,9}", case in any::<bool>()) {
        prop_assert_eq!(Pattern::new(&pattern, case).fits(&text), naive::like(&pattern, &text, case));
    }

    #[test]
    fn long_patterns_agree_too(head in "[ab?]{50,80}", middle in "[ab*]{0,5}", tail in "[ab?*]{0,70}", text in "[ab]{60,160}") {
        let pattern = format!("{head}{middle}{tail}");
        prop_assert_eq!(Pattern::new(&pattern, true).fits(&text), naive::like(&pattern, &text, true));
        // A text made to fit.
        let made: String = pattern.chars().map(|c| match c { '*' => "abba".to_owned(), '?' => "b".to_owned(), c => c.to_string() }).collect();
        prop_assert!(Pattern::new(&pattern, true).fits(&made));
    }
}
