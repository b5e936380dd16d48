//! The same figure from several rounds.

/// One number from each round.
#[derive(Debug, Default)]
pub struct Rounds(Vec<f64>);

impl Rounds {
    /// One more.
    pub fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// The one in the middle; of an even number the lower one.
    pub fn median(&self) -> f64 {
        let sorted = self.sorted();
        sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
    }

    /// The median, least and most, each written so.
    pub fn shown(&self, write: impl Fn(f64) -> String) -> String {
        let sorted = self.sorted();
        match (sorted.first(), sorted.last()) {
            (Some(least), Some(most)) if sorted.len() > 1 => {
                format!("{} ({}–{})", write(self.median()), write(*least), write(*most))
            }
            _ => write(self.median()),
        }
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    }
}

/// `12,345/s`
pub fn per_second(rate: f64) -> String {
    format!("{}/s", grouped(rate))
}

/// `12,345`
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `0.42`
pub fn ratio(ratio: f64) -> String {
    format!("{ratio:.2}")
}

/// `1.23 ms`
pub fn milliseconds(milliseconds: f64) -> String {
    format!("{milliseconds:.2} ms")
}
