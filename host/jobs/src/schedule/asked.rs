//! What clients ask for, and the checks that need no store.

use analyte_core::document::Document;
use analyte_core::limits::Limits;
use analyte_core::schedule::{BadWhen, CatchUp, Overlap, Times, When};
use analyte_core::timestamp::Timestamp;

use crate::error::{JobsError, Wrong};
use crate::intake::submission::Submission;

/// Longest name of a schedule in bytes.
const NAME_BYTES: usize = 128;
/// How many distances between fire times of an expression are compared with the shortest one that is allowed.
const LOOKED_AT: usize = 64;

/// A schedule to be.
#[derive(Debug, Clone)]
pub struct ScheduleAsked {
    /// For people.
    pub name: String,
    /// For people, as long as they like.
    pub description: Option<String>,
    /// The client's own data.
    pub custom_data: Option<Document>,
    /// By which rule it fires.
    pub when: When,
    /// A rule that is kept with it and by which it does not fire.
    pub set_aside: Option<When>,
    /// Whether it begins anew even where it is replaced by one with the same rule.
    pub anew: bool,
    /// It does not fire before; an interval is counted from then. `None`: from now on.
    pub start_at: Option<Timestamp>,
    /// It does not fire then or later; `None`: it fires for ever.
    pub stop_at: Option<Timestamp>,
    /// Whether it fires by itself.
    pub active: bool,
    /// What is done where the job of an earlier firing has not ended.
    pub overlap: Overlap,
    /// What is made up for of what was missed.
    pub catch_up: CatchUp,
    /// What it submits. `None`: what it submits now, of a schedule that is replaced.
    pub template: Option<Submission>,
    /// Label of the token that asks for it.
    pub created_by: Option<String>,
}

fn wrong(pointer: &str, message: String) -> JobsError {
    let wrong = Wrong { pointer: pointer.to_owned(), message };
    JobsError::invalid(wrong.to_string()).with_wrong(vec![wrong])
}

impl ScheduleAsked {
    /// Refuses what cannot be a schedule at this time.
    pub(crate) fn check(&self, limits: &Limits, now: Timestamp) -> Result<Times, JobsError> {
        if self.name.is_empty() || self.name.len() > NAME_BYTES {
            return Err(wrong("/name", format!("takes 1 to {NAME_BYTES} bytes")));
        }
        let described = self.description.as_ref().map_or(0, String::len) as u64;
        if described > limits.schedule_description_bytes {
            let most = limits.schedule_description_bytes;
            let message = format!("has {described} bytes; {most} are allowed (limit schedule_description_bytes)");
            return Err(wrong("/description", message));
        }
        let data = self.custom_data.as_ref().map_or(0, |data| data.text().len()) as u64;
        if data > limits.custom_data_bytes {
            let most = limits.custom_data_bytes;
            let message = format!("has {data} bytes; {most} are allowed (limit custom_data_bytes)");
            return Err(wrong("/custom_data", message));
        }
        for (rule, at) in [(Some(&self.when), "/when/parts"), (self.set_aside.as_ref(), "/set_aside/parts")] {
            if let Some(When::Parts { parts, .. }) = rule
                && parts.len() as u64 > limits.schedule_parts
            {
                let (has, most) = (parts.len(), limits.schedule_parts);
                let message = format!("has {has} parts; {most} are allowed (limit schedule_parts)");
                return Err(wrong(at, message));
            }
        }
        if let Some(rule) = &self.set_aside {
            Times::new(rule, self.anchor(now), self.start_at, self.stop_at)
                .map_err(|error| wrong("/set_aside", error.to_string()))?;
        }
        if let (Some(start), Some(stop)) = (self.start_at, self.stop_at)
            && stop <= start
        {
            return Err(wrong("/stop_at", "must be later than `/start_at`".to_owned()));
        }
        if self.template.as_ref().is_some_and(|template| template.run_at.is_some()) {
            return Err(wrong("/template/run_at", "is not for a template: the schedule says when".to_owned()));
        }
        let times = Times::new(&self.when, self.anchor(now), self.start_at, self.stop_at);
        let times = times.map_err(|error| wrong(place(&self.when, &error), error.to_string()))?;
        let shortest = limits.schedule_interval_ms;
        let distance = match self.when {
            When::Interval { every_ms } | When::Continuous { every_ms } => Some(every_ms),
            // An expression says whole seconds.
            When::Cron { .. } if shortest <= 1_000 => None,
            When::Cron { .. } | When::Parts { .. } => shortest_distance(&times, now),
            When::Once | When::ByHand => None,
        };
        match distance {
            Some(distance) if distance < shortest => Err(wrong(
                "/when",
                format!("fires again after {distance} ms; {shortest} ms are the least (limit schedule_interval_ms)"),
            )),
            _ => Ok(times),
        }
    }

    /// From when on distances are counted; of what fires once, when it is switched on.
    pub(crate) fn anchor(&self, now: Timestamp) -> Timestamp {
        match self.when {
            When::Once => now,
            When::Cron { .. } | When::Interval { .. } | When::Parts { .. } | When::Continuous { .. } | When::ByHand => {
                self.start_at.unwrap_or(now)
            }
        }
    }
}

fn place(when: &When, error: &BadWhen) -> &'static str {
    match error {
        BadWhen::Interval if when.is_continuous() => "/when/continuous_ms",
        BadWhen::Part { .. } | BadWhen::NoParts => "/when/parts",
        BadWhen::Expression { .. } | BadWhen::Never { .. } => "/when/cron",
        BadWhen::TimeZone { .. } => "/when/time_zone",
        BadWhen::Interval => "/when/every_ms",
    }
}

/// The shortest distance between two of the next fire times.
fn shortest_distance(times: &Times, now: Timestamp) -> Option<u64> {
    let mut last = times.next_after(now)?;
    let mut shortest = None;
    for _ in 0..LOOKED_AT {
        let Some(next) = times.next_after(last) else { break };
        let distance = next.ms_since(last);
        shortest = Some(shortest.map_or(distance, |shortest: u64| shortest.min(distance)));
        last = next;
    }
    shortest
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::schedule::{Day, Part, Unit};

    use super::*;

    #[test]
    fn what_cannot_be_a_schedule_is_refused_with_its_place() {
        let now = Timestamp(1_770_000_000_000);
        let limits = Limits { schedule_interval_ms: 60_000, ..Limits::default() };
        let cron = |expression: &str| When::Cron { expression: expression.to_owned(), time_zone: "UTC".to_owned() };
        let plain = ScheduleAsked {
            name: "n".to_owned(),
            description: None,
            custom_data: None,
            when: cron("0 * * * *"),
            set_aside: None,
            anew: false,
            start_at: None,
            stop_at: None,
            active: true,
            overlap: Overlap::Skip,
            catch_up: CatchUp::None,
            template: None,
            created_by: None,
        };
        assert!(plain.check(&limits, now).is_ok());
        let said = |asked: ScheduleAsked| asked.check(&limits, now).unwrap_err().message().to_owned();
        assert_eq!(said(ScheduleAsked { name: String::new(), ..plain.clone() }), "`/name`: takes 1 to 128 bytes");
        let long = ScheduleAsked { name: "n".repeat(129), ..plain.clone() };
        assert_eq!(said(long), "`/name`: takes 1 to 128 bytes");
        let never = ScheduleAsked { start_at: Some(now), stop_at: Some(now), ..plain.clone() };
        assert_eq!(said(never), "`/stop_at`: must be later than `/start_at`");
        let often = ScheduleAsked { when: When::Interval { every_ms: 59_999 }, ..plain.clone() };
        let message = "`/when`: fires again after 59999 ms; 60000 ms are the least (limit schedule_interval_ms)";
        assert_eq!(said(often), message);
        let often = ScheduleAsked { when: cron("0,30 0 12 * * *"), ..plain.clone() };
        assert_eq!(said(often), message.replace("59999", "30000"));
        let wordy = ScheduleAsked { description: Some("d".repeat(4_097)), ..plain.clone() };
        assert_eq!(said(wordy), "`/description`: has 4097 bytes; 4096 are allowed (limit schedule_description_bytes)");
        let full = Document::new(format!("\"{}\"", "x".repeat(32_767))).unwrap();
        let full = ScheduleAsked { custom_data: Some(full), ..plain.clone() };
        assert_eq!(said(full), "`/custom_data`: has 32769 bytes; 32768 are allowed (limit custom_data_bytes)");
        let at = |at: &str| Part::Weekly { day: Day::Monday, at: at.parse().unwrap(), until: None };
        let parts = |parts: Vec<Part>| {
            let when = When::Parts { parts, time_zone: "UTC".to_owned() };
            ScheduleAsked { when, ..plain.clone() }
        };
        assert!(parts(vec![at("08:00"); 100]).check(&limits, now).is_ok());
        assert_eq!(
            said(parts(vec![at("08:00"); 101])),
            "`/when/parts`: has 101 parts; 100 are allowed (limit schedule_parts)"
        );
        assert_eq!(said(parts(Vec::new())), "`/when/parts`: a timetable has at least one part");
        let often = parts(vec![at("08:00:00"), at("08:00:30")]);
        assert_eq!(said(often), message.replace("59999", "30000"));
        let none = parts(vec![Part::Every { count: 0, unit: Unit::Days, at: None, for_seconds: None }]);
        assert_eq!(said(none), "`/when/parts`: 0 days are no distance; from 1 to about 100 years are");
        let nothing = ScheduleAsked { when: cron("0 0 31 4 *"), ..plain };
        assert_eq!(said(nothing), "`/when/cron`: no time matches `0 0 31 4 *`");
    }
}
