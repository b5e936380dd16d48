//! Fire times of a schedule: a pure function of its rule, which reads no clock.

use std::sync::Arc;

use super::cron::CronTimes;
use super::part::PartTimes;
use super::when::{BadWhen, LONGEST_MS, When};
use super::zone;
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
    Parts(Arc<[PartTimes]>),
    Once(i64),
    Never,
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
            When::Interval { every_ms } | When::Continuous { every_ms } => {
                let every = i64::try_from(*every_ms).ok().filter(|_| (1..=LONGEST_MS).contains(every_ms));
                let rule = Rule::Every { first: anchor.0, every: every.ok_or(BadWhen::Interval)? };
                Ok(Self { rule, start_at, stop_at })
            }
            When::Parts { parts, time_zone } => {
                let zone = zone::named(time_zone)
                    .ok_or_else(|| BadWhen::TimeZone { given: time_zone.chars().take(80).collect() })?;
                let times = parts.iter().map(|part| PartTimes::new(part, &zone, anchor));
                let times: Arc<[PartTimes]> = times.collect::<Result<_, _>>()?;
                if times.is_empty() {
                    return Err(BadWhen::NoParts);
                }
                Ok(Self { rule: Rule::Parts(times), start_at, stop_at })
            }
            When::Once => {
                // What was switched on at `anchor` fires after it.
                let at = start_at.map_or(anchor, |start| start.max(anchor));
                let at = if at == anchor { at.0.saturating_add(1) } else { at.0 };
                Ok(Self { rule: Rule::Once(at), start_at, stop_at })
            }
            When::ByHand => Ok(Self { rule: Rule::Never, start_at, stop_at }),
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
            Rule::Parts(parts) => Timestamp(parts.iter().filter_map(|part| part.next_after(after.0)).min()?),
            Rule::Once(at) => Some(Timestamp(*at)).filter(|at| *at > after)?,
            Rule::Never => return None,
        };
        self.stop_at.is_none_or(|stop| next < stop).then_some(next)
    }

    /// Until when a job of this fire time may begin; `None`: at any time.
    pub fn open_until(&self, at: Timestamp) -> Option<Timestamp> {
        let Rule::Parts(parts) = &self.rule else { return None };
        let mut latest = None;
        for part in parts.iter().filter(|part| part.fires_at(at.0)) {
            latest = latest.max(Some(part.open_until(at.0)?));
        }
        latest.map(Timestamp)
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
