//! Numbers as a fixed count of letters and digits.

/// The digits, the smallest first.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The number in exactly this many digits; what does not fit is cut off at its most significant end.
pub(crate) fn write(number: u64, digits: usize) -> String {
    let mut rest = number;
    let mut reversed = Vec::with_capacity(digits);
    for _ in 0..digits {
        let digit = usize::try_from(rest % 62).unwrap_or_default();
        reversed.push(DIGITS.get(digit).copied().map_or('0', char::from));
        rest /= 62;
    }
    reversed.into_iter().rev().collect()
}

/// The number that these digits are; `None` where one is no digit, or the number has more than 64 bits.
pub(crate) fn read(text: &str) -> Option<u64> {
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)? as u64;
        number.checked_mul(62)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_comes_back(number: u64) {
            prop_assert_eq!(read(&write(number, 11)), Some(number));
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        assert_eq!((write(0, 3), write(61, 3), write(62, 3)), ("000".into(), "00z".into(), "010".into()));
        for wrong in ["a-", "ä", " 1", "+1", "zzzzzzzzzzz"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
