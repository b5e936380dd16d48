//! Measured times.

use std::time::Duration;

/// Some times.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// One more.
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
        self.0.sort_unstable();
    }

    /// The least time that this share of all does not exceed.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        let count =
            self.0.iter().enumerate().filter(|(place, _)| (*place as f64) < share * self.0.len() as f64).count();
        self.0.get(count.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Least, median, most.
    pub(crate) fn spread(&self) -> String {
        [0.0, 0.5, 1.0].map(|share| milliseconds(self.quantile(share))).join(", ")
    }
}

/// As people read it.
pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}
