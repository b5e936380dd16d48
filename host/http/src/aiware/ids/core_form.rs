//! The core form of a job's id: eight digits (year, month, ISO week and day of the job's making, in UTC), `_`, and ten letters
//! and digits.
//!
//! The ten hold the milliseconds within the day (27 bits) and 32 bits of a hash of the job's UUID, so a core form alone says
//! which millisecond to look at. It is right for jobs of the years 2000 to 2099.

use std::fmt;

use analyte_core::digest::Digest;
use analyte_core::names::JobId;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};

use super::base62;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;
/// Letters and digits after the date.
const DIGITS: usize = 10;
/// The century that two digits of a year are in.
const CENTURY: i32 = 2_000;

/// The id of a job in its core form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CoreForm {
    /// When the job was made, in milliseconds since 1970.
    ms: u64,
    /// Of the job's UUID.
    hash: u32,
}

/// The milliseconds since 1970 that stand in a job's UUID.
pub(crate) fn ms_of(job: JobId) -> u64 {
    u64::try_from(job.0.as_u128() >> 80).unwrap_or_default()
}

impl CoreForm {
    /// That of this job.
    pub(crate) fn of(job: JobId) -> Self {
        let digest = Digest::of(job.0.as_bytes());
        let first = digest.as_bytes().first_chunk().copied().unwrap_or_default();
        Self { ms: ms_of(job), hash: u32::from_be_bytes(first) }
    }

    /// Reads what [`CoreForm`] shows.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once('_')?;
        if date.len() != 8 || rest.len() != DIGITS || !date.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let pair = |at: usize| date.get(at..at + 2)?.parse::<u32>().ok();
        let (year, month, week, day) = (pair(0)?, pair(2)?, pair(4)?, pair(6)?);
        let date = NaiveDate::from_ymd_opt(CENTURY + i32::try_from(year).ok()?, month, day)?;
        if date.iso_week().week() != week {
            return None;
        }
        let number = base62::read(rest)?;
        let hash = u32::try_from(number & u64::from(u32::MAX)).ok()?;
        let within = number >> 32;
        let midnight = u64::try_from(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis()).ok()?;
        (within < DAY_MS).then_some(Self { ms: midnight + within, hash })
    }

    /// When its job was made, in milliseconds since 1970.
    pub(crate) fn ms(self) -> u64 {
        self.ms
    }
}

impl fmt::Display for CoreForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = i64::try_from(self.ms).ok().and_then(DateTime::<Utc>::from_timestamp_millis).unwrap_or_default();
        let (year, month, week, day) = (time.year().rem_euclid(100), time.month(), time.iso_week().week(), time.day());
        let number = ((self.ms % DAY_MS) << 32) | u64::from(self.hash);
        write!(f, "{year:02}{month:02}{week:02}{day:02}_{}", base62::write(number, DIGITS))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    /// From 2000-01-01 on, the milliseconds of a hundred years.
    const FROM: u64 = 946_684_800_000;
    const TO: u64 = 4_102_444_800_000;

    fn job(ms: u64, random: u128) -> JobId {
        let random = random & ((1 << 80) - 1) & !(0xF << 76) & !(3 << 62);
        JobId(Uuid::from_u128((u128::from(ms) << 80) | (7 << 76) | (2 << 62) | random))
    }

    proptest! {
        #[test]
        fn a_core_form_comes_back_and_says_the_millisecond(ms in FROM..TO, random: u128) {
            let form = CoreForm::of(job(ms, random));
            prop_assert_eq!(form.ms(), ms);
            let text = form.to_string();
            prop_assert_eq!(text.len(), 19);
            prop_assert_eq!(CoreForm::parse(&text), Some(form));
        }

        #[test]
        fn no_text_is_read_as_anything_but_what_is_shown_for_it(text in "[0-9]{8}_[0-9A-Za-z]{10}") {
            if let Some(form) = CoreForm::parse(&text) {
                prop_assert_eq!(form.to_string(), text);
            }
        }
    }

    #[test]
    fn the_date_is_year_month_week_and_day() {
        // 2023-04-07T00:00:00Z, a Friday of week 14.
        assert!(CoreForm::of(job(1_680_825_600_000, 7)).to_string().starts_with("23041407_00"));
        for wrong in [
            "",
            "23041407",
            "23041407_",
            "23041507_0000000000",
            "23133107_0000000000",
            "23041407_000000000",
            "23041407_00000000000",
            "23041407-0000000000",
            "23041407_zzzzzzzzzz",
            "+3041407_0000000000",
            "2304140é_0000000000",
        ] {
            assert_eq!(CoreForm::parse(wrong), None, "{wrong}");
        }
    }
}
