//! Fire times of a schedule: a pure function of its rule, which reads no clock.

use std::sync::Arc;

use super::cron::CronTimes;
use super::when::{BadWhen, LONGEST_MS, When};
use crate::timestamp::Timestamp;

/// A rule, ready to be asked.
#[derive(Debug, Clone)]
enum Rule {
    Cron(Arc<CronTimes>),
    /// At `first`, and again each time that this many milliseconds have passed.
    Every {
        first: i64,
        every: i64,
    },
}

/// The fire times of a schedule.
#[derive(Debug, Clone)]
pub struct Times {
    rule: Rule,
    start_at: Option<Timestamp>,
    stop_at: Option<Timestamp>,
}

impl Times {
    /// Those of a rule. An interval is counted from `anchor`. There are none before `start_at`, and none at `stop_at` or
    /// later.
    pub fn new(
        when: &When,
        anchor: Timestamp,
        start_at: Option<Timestamp>,
        stop_at: Option<Timestamp>,
    ) -> Result<Self, BadWhen> {
        match when {
            When::Cron { expression, time_zone } => {
                Ok(Self::of_cron(Arc::new(CronTimes::parse(expression, time_zone)?), start_at, stop_at))
            }
            When::Interval { every_ms } => {
                let every = i64::try_from(*every_ms).ok().filter(|_| (1..=LONGEST_MS).contains(every_ms));
                let rule = Rule::Every { first: anchor.0, every: every.ok_or(BadWhen::Interval)? };
                Ok(Self { rule, start_at, stop_at })
            }
        }
    }

    /// Those of an expression that was read before.
    pub fn of_cron(cron: Arc<CronTimes>, start_at: Option<Timestamp>, stop_at: Option<Timestamp>) -> Self {
        Self { rule: Rule::Cron(cron), start_at, stop_at }
    }

    /// The first fire time after this; `None`: there is none any more.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let after = self.start_at.map_or(after, |start| after.max(Timestamp(start.0.saturating_sub(1))));
        let next = match &self.rule {
            Rule::Cron(cron) => cron.next_after(after)?,
            Rule::Every { first, every } => {
                let passed = after.0.saturating_sub(*first);
                let times = if passed < 0 { 0 } else { passed / every + 1 };
                Timestamp(first.checked_add(times.checked_mul(*every)?)?)
            }
        };
        self.stop_at.is_none_or(|stop| next < stop).then_some(next)
    }

    /// The last fire time after `after`, up to and with `until`. Costs at most some 45 times as much as
    /// [`Times::next_after`], however many fire times lie between.
    pub fn last_within(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let within =
            |after: i64, until: i64| self.next_after(Timestamp(after)).map(|at| at.0).filter(|at| *at <= until);
        let mut found = within(after.0, until.0)?;
        // What is later than `found` is not later than this.
        let mut beyond = until.0;
        if within(found, beyond).is_none() {
            return Some(Timestamp(found));
        }
        while found < beyond {
            let middle = found + (beyond - found) / 2;
            match within(middle, beyond) {
                Some(later) => found = later,
                None => beyond = middle,
            }
        }
        Some(Timestamp(found))
    }
}
