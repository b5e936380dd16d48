//! Numbers by value, whatever they are written as.

use std::cmp::Ordering;

/// A number that is not NaN. Whole ones are kept whole, so that no digit of a LONG is lost.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// INTEGER, LONG, milliseconds.
    Whole(i64),
    /// Anything else.
    Real(Real),
}

/// Not NaN.
#[derive(Debug, Clone, Copy)]
pub struct Real(f64);

/// 2⁶³: the first number beyond an `i64`.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

impl Number {
    /// `None` for NaN.
    pub fn of(value: f64) -> Option<Self> {
        (!value.is_nan()).then_some(Self::Real(Real(value)))
    }

    /// As people write it; nothing for text that is not a finite number.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.parse() {
            Ok(whole) => Some(Self::Whole(whole)),
            Err(_) => text.parse().ok().filter(|value: &f64| value.is_finite()).and_then(Self::of),
        }
    }

    /// The greatest whole number that is not above it, as far as an `i64` reaches.
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and that is meant")]
    pub fn floor(self) -> i64 {
        match self {
            Self::Whole(value) => value,
            Self::Real(Real(value)) => value.floor() as i64,
        }
    }

    /// The smallest whole number that is not below it, as far as an `i64` reaches.
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and that is meant")]
    pub fn ceil(self) -> i64 {
        match self {
            Self::Whole(value) => value,
            Self::Real(Real(value)) => value.ceil() as i64,
        }
    }
}

/// How a whole number stands to any other one, without rounding either.
fn against(whole: i64, real: f64) -> Ordering {
    if real >= BEYOND {
        return Ordering::Less;
    }
    if real < -BEYOND {
        return Ordering::Greater;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the range of an i64, and cut to its whole part")]
    let cut = real as i64;
    whole.cmp(&cut).then_with(|| 0.0_f64.partial_cmp(&real.fract()).unwrap_or(Ordering::Equal))
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (*self, *other) {
            (Self::Whole(one), Self::Whole(other)) => one.cmp(&other),
            (Self::Whole(one), Self::Real(Real(other))) => against(one, other),
            (Self::Real(Real(one)), Self::Whole(other)) => against(other, one).reverse(),
            // Neither is NaN; 0 and -0 are equal.
            (Self::Real(Real(one)), Self::Real(Real(other))) => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}
