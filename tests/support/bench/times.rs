//! Measured times.

use std::time::Duration;

/// Some times.
#[derive(Debug, Default, Clone)]
pub struct Times(Vec<Duration>);

impl Times {
    /// One more.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// All of these, too.
    pub fn extend(&mut self, times: Self) {
        self.0.extend(times.0);
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The least time that this share of all does not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let count = (0..sorted.len()).filter(|place| (*place as f64) < share * sorted.len() as f64).count();
        sorted.get(count.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Least, median, most.
    pub fn spread(&self) -> String {
        [0.0, 0.5, 1.0].map(|share| milliseconds(self.quantile(share))).join(", ")
    }
}

/// As people read it.
pub fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}
