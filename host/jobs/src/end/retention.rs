//! How long ended jobs are kept.

use std::collections::BTreeMap;

use analyte_core::names::{Organisation, ProviderKey};
use analyte_core::timestamp::Timestamp;
use analyte_store::{Age, Before};

/// How long ended jobs are kept, where it is not the limit `retention_hours`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retention {
    /// Of all organisations that are not named.
    pub usual: Hours,
    /// Of these; what they leave open is as usual.
    pub organisations: BTreeMap<Organisation, Hours>,
}

/// Hours after the end of a job, by how it ended; `None`: as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hours {
    /// Completed jobs.
    pub completed: Option<u64>,
    /// Failed jobs.
    pub failed: Option<u64>,
    /// Cancelled jobs.
    pub cancelled: Option<u64>,
}

impl Hours {
    fn or(self, usual: Self) -> Self {
        Self {
            completed: self.completed.or(usual.completed),
            failed: self.failed.or(usual.failed),
            cancelled: self.cancelled.or(usual.cancelled),
        }
    }

    fn before(self, now: Timestamp, rest: u64) -> Before {
        let ago = |hours: Option<u64>| ago(now, hours.unwrap_or(rest));
        Before { completed: ago(self.completed), failed: ago(self.failed), cancelled: ago(self.cancelled) }
    }
}

fn ago(now: Timestamp, hours: u64) -> Timestamp {
    let hours = i64::try_from(hours).unwrap_or(i64::MAX);
    Timestamp(now.0.saturating_sub(hours.saturating_mul(3_600_000)))
}

impl Retention {
    /// What is old now; `rest` stands for whatever is not said.
    pub(super) fn age(&self, now: Timestamp, rest: u64, providers: BTreeMap<ProviderKey, u32>) -> Age {
        let of = |hours: &Hours| hours.or(self.usual).before(now, rest);
        Age {
            usual: self.usual.before(now, rest),
            organisations: self.organisations.iter().map(|(name, hours)| (name.clone(), of(hours))).collect(),
            providers: providers.into_iter().map(|(key, hours)| (key, ago(now, hours.into()))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::names::ProviderName;

    use super::*;

    #[test]
    fn what_is_not_said_for_an_organisation_is_as_usual_and_else_as_the_limit_says() {
        let hour = 3_600_000;
        let lab = Organisation::new("lab").unwrap();
        let retention = Retention {
            usual: Hours { completed: Some(1), failed: Some(2), cancelled: None },
            organisations: [(lab.clone(), Hours { failed: Some(0), ..Hours::default() })].into(),
        };
        let before = |completed: i64, failed: i64, cancelled: i64| Before {
            completed: Timestamp(completed * hour),
            failed: Timestamp(failed * hour),
            cancelled: Timestamp(cancelled * hour),
        };
        let key = ProviderKey::shared(ProviderName::new("weather").unwrap());
        let age = retention.age(Timestamp(100 * hour), 10, [(key.clone(), 3)].into());
        let expected = Age {
            usual: before(99, 98, 90),
            organisations: [(lab, before(99, 100, 90))].into(),
            providers: [(key, Timestamp(97 * hour))].into(),
        };
        assert_eq!(age, expected);
    }
}
