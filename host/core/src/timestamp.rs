//! Points in time. `core` reads no clock: its caller says what time it is.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z; written as RFC 3339 in UTC for people, as a number in records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time that is `ms` milliseconds later.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
    }
    /// Milliseconds from `earlier` to this, 0 where it is later.
    pub fn ms_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_millis(self.0);
        match time.filter(|time| (0..=9999).contains(&time.year())) {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true)),
            // Beyond the years that RFC 3339 can write.
            None => write!(f, "{}", self.0),
        }
    }
}

/// A text that is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a time is written as RFC 3339, for instance 2026-01-31T08:00:00Z")]
pub struct BadTimestamp;

impl FromStr for Timestamp {
    type Err = BadTimestamp;
    fn from_str(text: &str) -> Result<Self, BadTimestamp> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| BadTimestamp)?;
        Ok(Self(time.timestamp_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_and_read_with_any_offset() {
        assert_eq!(Timestamp(1_634_630_768_641).to_string(), "2021-10-19T08:06:08.641Z");
        assert_eq!("2021-10-19T10:06:08.641+02:00".parse(), Ok(Timestamp(1_634_630_768_641)));
        for edge in [-62_167_219_200_000, 253_402_300_799_999] {
            assert_eq!(Timestamp(edge).to_string().parse(), Ok(Timestamp(edge)));
        }
        assert_eq!(Timestamp(-62_167_219_200_001).to_string(), "-62167219200001");
        assert_eq!(Timestamp(253_402_300_800_000).to_string(), "253402300800000");
        assert_eq!("yesterday".parse::<Timestamp>(), Err(BadTimestamp));
    }
}
