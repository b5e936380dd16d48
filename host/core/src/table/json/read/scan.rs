//! A place in JSON text, and the few steps that the quick reader takes by itself.
//!
//! Each step either takes exactly what `serde_json` would take, or gives `None`.

use serde::de::{DeserializeSeed, IgnoredAny};

/// Digits of which every sequence is less than 2^64.
const DIGITS: usize = 19;
/// The powers of ten.
const TENS: [u64; DIGITS] = {
    let mut powers = [1; DIGITS];
    let mut rest: &mut [u64] = &mut powers;
    let mut power = 1;
    while let Some((first, others)) = rest.split_first_mut() {
        *first = power;
        power = power.wrapping_mul(10);
        rest = others;
    }
    powers
};
/// The last whole number up to which `f64` holds every one.
const EXACT: u64 = 1 << 53;

/// A number as `serde_json` tells them apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Unsigned(u64),
    /// Less than 0.
    Signed(i64),
    Float(f64),
}

/// JSON text and how far it has been read. After a `None` the place is anywhere, unless it is said.
pub(super) struct Scan<'t> {
    text: &'t str,
    rest: &'t [u8],
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, rest: text.as_bytes() }
    }

    #[inline]
    fn skip_space(&mut self) {
        // Mostly there is none, and one comparison tells.
        if let [..=b' ', ..] = self.rest {
            self.skip_spaces();
        }
    }

    fn skip_spaces(&mut self) {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// The next byte that is no white space, which stays.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.rest.first().copied()
    }

    /// The next byte that is no white space.
    #[inline]
    pub(super) fn next(&mut self) -> Option<u8> {
        self.skip_space();
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    /// This byte, behind white space.
    #[inline]
    pub(super) fn byte(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// These bytes, at once.
    #[inline]
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(bytes)?;
        Some(())
    }

    /// Whether only white space is left.
    pub(super) fn ended(&mut self) -> bool {
        self.peek().is_none()
    }

    /// What `serde_json` makes of the value that begins here.
    pub(super) fn seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Option<S::Value> {
        let mut reader = serde_json::Deserializer::from_str(self.text.get(self.place()..)?);
        let value = seed.deserialize(&mut reader).ok()?;
        let read = reader.into_iter::<IgnoredAny>().byte_offset();
        self.rest = self.rest.get(read..)?;
        Some(value)
    }

    /// Bytes that have not been read.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    fn place(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    /// The string that begins here, if it has no escapes.
    #[inline]
    pub(super) fn string(&mut self) -> Option<&'t str> {
        self.byte(b'"')?;
        let end = self.rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20))?;
        let start = self.place();
        let string = self.text.get(start..start + end)?;
        self.rest = self.rest.get(end..)?.strip_prefix(b"\"")?;
        Some(string)
    }

    /// The number that begins here, if it is finite and no whole number of more than 19 digits; otherwise the place stays.
    #[inline]
    pub(super) fn number(&mut self) -> Option<Number> {
        let start = self.rest;
        let (negative, first) = match start {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (value, rest) = digits(0, first);
        let whole = first.len() - rest.len();
        if whole == 0 || (whole > 1 && first.starts_with(b"0")) {
            return None;
        }
        let (fraction, behind) = match rest {
            [b'.', rest @ ..] => (rest, true),
            rest => (rest, false),
        };
        let (value, rest) = if behind { digits(value, fraction) } else { (value, rest) };
        let places = fraction.len() - rest.len();
        if behind && places == 0 {
            return None;
        }
        let exact = whole + places <= DIGITS;
        let number = match rest {
            [b'e' | b'E', exponent @ ..] => return self.float(start, exponent_end(exponent)?),
            _ if !behind => return exact.then(|| self.whole(negative, value, rest)).flatten(),
            _ if exact => quotient(value, places)?,
            _ => return self.float(start, rest),
        };
        self.rest = rest;
        Some(Number::Float(if negative { -number } else { number }))
    }

    /// A number without a point or exponent.
    fn whole(&mut self, negative: bool, value: u64, rest: &'t [u8]) -> Option<Number> {
        let number = match (negative, value) {
            (false, value) => Number::Unsigned(value),
            (true, 0) => Number::Float(-0.0),
            (true, value) => Number::Signed(-i64::try_from(value).ok()?),
        };
        self.rest = rest;
        Some(number)
    }

    /// The number between `start`, where this is, and `rest`; its grammar is known to be right.
    fn float(&mut self, start: &'t [u8], rest: &'t [u8]) -> Option<Number> {
        let place = self.place();
        let number: f64 = self.text.get(place..place + (start.len() - rest.len()))?.parse().ok()?;
        if number.is_infinite() {
            return None;
        }
        self.rest = rest;
        Some(Number::Float(number))
    }
}

/// What follows the digits at the head of these bytes, and `value` with the digits appended, modulo 2^64.
#[inline]
fn digits(mut value: u64, mut bytes: &[u8]) -> (u64, &[u8]) {
    while let Some(chunk) = bytes.first_chunk() {
        let (count, number) = leading_digits(*chunk);
        value = value.wrapping_mul(TENS.get(count).copied().unwrap_or(1)).wrapping_add(number);
        bytes = bytes.get(count..).unwrap_or_default();
        if count < 8 {
            return (value, bytes);
        }
    }
    while let [digit @ b'0'..=b'9', rest @ ..] = bytes {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        bytes = rest;
    }
    (value, bytes)
}

/// How many digits come first, and the number that they write. All at once, since how many there are changes from number
/// to number, so that a processor could not foresee the end of a loop over them.
#[inline]
fn leading_digits(bytes: [u8; 8]) -> (usize, u64) {
    // The first byte is the lowest.
    let bytes = u64::from_le_bytes(bytes);
    let ones = bytes.wrapping_sub(0x3030_3030_3030_3030);
    // Of a byte below '0' the difference has its highest bit set, of one above '9' the sum. Either may disturb the bytes
    // that follow, which do not matter then.
    let others = (ones | bytes.wrapping_add(0x4646_4646_4646_4646)) & 0x8080_8080_8080_8080;
    let count = others.trailing_zeros() / 8;
    // Zeros before the digits, and nothing after them; then neighbours are put together in all places.
    let ones = ones.checked_shl(64 - 8 * count).unwrap_or(0);
    let pairs = (ones.wrapping_mul(10).wrapping_add(ones >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100).wrapping_add(pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    let number = (fours.wrapping_mul(10_000).wrapping_add(fours >> 32)) & 0xFFFF_FFFF;
    (count as usize, number)
}

/// `value` with the point moved left by `places` digits, rounded to nearest; `None` where `TENS` has no such power.
#[inline]
fn quotient(value: u64, places: usize) -> Option<f64> {
    let power = *TENS.get(places)?;
    if value <= EXACT {
        // Both are held exactly (as is every power of ten up to the 22nd), so that the quotient is rounded once.
        return Some(value as f64 / power as f64);
    }
    // Both are moved until their highest bit is set, so that the quotient has 63 or 64 bits. As an odd last bit stands for
    // whatever remains, these are enough to be rounded once; moving the point back afterwards is exact.
    let (up, down) = (value.leading_zeros(), power.leading_zeros());
    let (dividend, divisor) = (u128::from(value << up) << 63, u128::from(power << down));
    let quotient = dividend / divisor;
    let remains = quotient * divisor != dividend;
    let quotient = u64::try_from(quotient).ok()? | u64::from(remains);
    let scale = f64::from_bits(u64::from(1023 - 63 + down - up) << 52);
    Some(quotient as f64 * scale)
}

/// What follows an exponent, whose `e` has been read.
fn exponent_end(bytes: &[u8]) -> Option<&[u8]> {
    let first = if let [b'+' | b'-', rest @ ..] = bytes { rest } else { bytes };
    let (_, rest) = digits(0, first);
    (rest.len() < first.len()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Says that a number is read here as `serde_json` reads it, if it is read; gives whether it is.
    fn agrees(text: &str) -> bool {
        let mut scan = Scan::new(text);
        let Some(number) = scan.number() else { return false };
        let end = scan.place();
        let token = text.get(..end).unwrap_or_default();
        let Ok(Value::Number(expected)) = serde_json::from_str(token) else { unreachable!("{token} of {text}") };
        match number {
            Number::Unsigned(value) => {
                assert_eq!((expected.is_u64(), expected.as_u64()), (true, Some(value)), "{token}");
            }
            Number::Signed(value) => {
                assert_eq!((expected.is_u64(), expected.as_i64()), (false, Some(value)), "{token}");
            }
            Number::Float(value) => {
                let bits = expected.as_f64().map(f64::to_bits);
                assert_eq!((expected.is_f64(), bits), (true, Some(value.to_bits())), "{token}");
            }
        }
        // What follows would not be part of the number for the other either.
        end == text.len() || !text.get(end..).is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()))
    }

    #[test]
    fn numbers_at_the_edges() {
        let taken = [
            "0",
            "-0",
            "0.0",
            "-0.0",
            "1e0",
            "-0e-400",
            "9007199254740992",
            "9007199254740993.0",
            "9007199254740992.5",
            "900719925474099.25",
            "9999999999999999999",
            "-9223372036854775807",
            "0.0000000000000000000001",
            "0.00000000000000000000001",
            "1.7976931348623157e308",
            "4.9e-324",
            "2.2250738585072011e-308",
            "1e-99999999999",
            "123456789.123456789123456789123456789",
            "1234567.8 ",
            "12345678.12345678,",
            "123456781234567812345678.5",
            "1.5e+3]",
        ];
        for text in taken {
            assert!(agrees(text), "{text}");
        }
        // Wrong, or left to `serde_json`.
        let left =
            ["", "-", "01", "-01", "1.", "1.e5", ".5", "1e", "1e+", "1.5e-", "1e999", "-1e999", "99999999999999999999"];
        for text in left {
            assert_eq!(Scan::new(text).number(), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn numbers_are_those_of_serde_json(text in "-?(0|[1-9][0-9]{0,20})([.][0-9]{1,24})?([eE][-+]?[0-9]{1,3})?[],} ]?") {
            agrees(&text);
        }

        #[test]
        fn short_numbers_are_taken(text in "-?(0|[1-9][0-9]{0,8})([.][0-9]{1,9})?[],} ]?") {
            prop_assert!(agrees(&text));
        }

        #[test]
        fn floats_come_back(bits in any::<u64>(), unit in 0.0..1_000.0) {
            for float in [f64::from_bits(bits), unit] {
                if float.is_finite() {
                    for text in [format!("{float:?}"), format!("{float}.0"), format!("{float:e}")] {
                        if serde_json::from_str::<f64>(&text).is_ok() && text.len() < 400 {
                            agrees(&text);
                        }
                    }
                    let text = format!("{float:?}");
                    let read = Scan::new(&text).number();
                    let same = matches!(read, Some(Number::Float(read)) if read.to_bits() == float.to_bits());
                    prop_assert!(same, "{text}");
                }
            }
        }

        #[test]
        fn quotients_are_rounded_once(value in any::<u64>(), shift in 0..64_u32, places in 0..DIGITS) {
            let value = value >> shift;
            let expected = format!("{value}e-{places}").parse().ok();
            prop_assert_eq!(quotient(value, places).map(f64::to_bits), expected.map(f64::to_bits));
        }

        /// Halfway between two floats, or next to that, is where rounding twice would show.
        #[test]
        fn quotients_near_a_tie_are_rounded_once(odd in (1_u64 << 52)..(1 << 53), below in 1..5_u32, by in -1..2_i64) {
            // (2 * odd + 1) / 2^below is exactly `tie` with the point moved left by `below` digits.
            let places = below as usize;
            let tie = u128::from(2 * odd + 1) * 5_u128.pow(below);
            let Some(value) = u64::try_from(tie).ok().and_then(|tie| tie.checked_add_signed(by)) else { return Ok(()) };
            let expected = format!("{value}e-{places}").parse().ok();
            prop_assert_eq!(quotient(value, places).map(f64::to_bits), expected.map(f64::to_bits));
        }

        #[test]
        fn what_is_no_number_is_seen(text in "[-+.eE0-9x]{0,12}") {
            if agrees(&text) && Scan::new(&text).number().is_some() {
                let mut scan = Scan::new(&text);
                scan.number();
                let whole = scan.ended();
                prop_assert_eq!(whole, serde_json::from_str::<Value>(&text).is_ok());
            }
        }
    }
}
