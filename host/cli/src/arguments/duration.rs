//! Lengths of time on the command line: `90d`, `12h`, `30m`, `45s`.

use std::str::FromStr;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lasting {
    /// Whole seconds, at least one.
    pub(crate) seconds: u64,
}

impl FromStr for Lasting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "it is written as a whole number and a unit: s, m, h or d, for instance 90d".to_owned();
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(wrong()),
        };
        let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
        seconds.filter(|seconds| *seconds > 0).map(|seconds| Self { seconds }).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_a_number_and_a_unit() {
        for (text, seconds) in [("45s", 45), ("30m", 1_800), ("12h", 43_200), ("90d", 7_776_000)] {
            assert_eq!(text.parse(), Ok(Lasting { seconds }), "{text}");
        }
        for wrong in ["", "90", "d", "0s", "-1d", "1.5h", "1w", "1 d", "1dd", "99999999999999999999d"] {
            assert!(wrong.parse::<Lasting>().is_err(), "{wrong}");
        }
    }
}
