//! Numbers given as text: `35`, ` -1.5 `, `1e3`. Blanks around them do not matter; words such as `NaN` are no numbers.

use crate::table::read::cell::EXACT;

/// Whether the text is a decimal number, blanks around it aside.
pub(crate) fn is_numeric(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_fits
}

/// The number, if it is one that `float64` has.
pub(crate) fn number(text: &str) -> Option<f64> {
    if !is_numeric(text) {
        return None;
    }
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// The whole part of the number, if it is known exactly.
pub(crate) fn whole(text: &str) -> Option<i64> {
    if !is_numeric(text) {
        return None;
    }
    let text = text.trim();
    if text.contains(['e', 'E']) {
        return whole_of(text.parse().ok()?);
    }
    let digits = text.split_once('.').map_or(text, |(whole, _)| whole);
    if matches!(digits, "" | "+" | "-") { Some(0) } else { digits.parse().ok() }
}

/// The whole part of a number, towards zero as Java casts, if it was not rounded before.
pub(crate) fn whole_of(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "below 2^53, and cutting the fraction off is what is wanted")]
    let whole = number as i64;
    (number.abs() < EXACT as f64).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinguished_from_words() {
        for text in ["0", "-0", "+1", " 35\t", "1e3", "1E-3", ".5", "5.", "-1.25e+2", "00012"] {
            assert!(number(text).is_some(), "{text}");
        }
        for text in ["", " ", "NaN", "inf", "-Infinity", "e3", "1e", "1e+", ".", "0x10", "1_000", "1,5", "1 2", "١"] {
            assert!(!is_numeric(text), "{text}");
        }
        assert_eq!((is_numeric("1e999"), number("1e999")), (true, None));
    }

    #[test]
    fn whole_parts_are_exact_or_nothing() {
        let cases = [
            ("35", Some(35)),
            ("-3.9", Some(-3)),
            (".9", Some(0)),
            ("1e3", Some(1_000)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775807.5", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("1e16", None),
            ("1e999", None),
        ];
        for (text, whole_part) in cases {
            assert_eq!(whole(text), whole_part, "{text}");
        }
    }
}
