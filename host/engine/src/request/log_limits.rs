//! How much a run may report: lines up to the size of its log, progress at a pace.

use std::time::{Duration, Instant};

use analyte_core::job::Progress;
use analyte_core::limits::Limits;

use crate::cut::cut;

/// What a line costs beside its message: its time, level and separators as they are stored.
const LINE_BYTES: u64 = 64;

/// The room that is left in a log.
#[derive(Debug, Clone)]
pub struct LogRoom {
    bytes_left: u64,
}

impl LogRoom {
    /// All of a run's.
    pub fn new(limits: &Limits) -> Self {
        Self { bytes_left: limits.log_bytes }
    }

    /// As much of a line as there is room for; `None`: not even its beginning. A line that is cut is the last one.
    pub fn take<'a>(&mut self, message: &'a str) -> Option<&'a str> {
        let room = self.bytes_left.checked_sub(LINE_BYTES).filter(|room| *room > 0)?;
        let kept = cut(message, usize::try_from(room).unwrap_or(usize::MAX));
        self.bytes_left = if kept.len() < message.len() { 0 } else { room.saturating_sub(kept.len() as u64) };
        Some(kept)
    }
}

/// Lets a bounded number of reports of progress through in a second; the latest of those in between is passed on at the end.
#[derive(Debug, Clone)]
pub struct Pace {
    apart: Duration,
    last: Option<Instant>,
    held_back: Option<Progress>,
}

impl Pace {
    /// As a run may report.
    pub fn new(limits: &Limits) -> Self {
        let per_second = u32::try_from(limits.progress_per_second.max(1)).unwrap_or(u32::MAX);
        Self { apart: Duration::from_secs(1) / per_second, last: None, held_back: None }
    }

    /// The report, if it may be passed on now; `None` where it has to wait.
    pub fn admit(&mut self, report: Progress) -> Option<Progress> {
        let now = Instant::now();
        if self.last.is_some_and(|last| now.duration_since(last) < self.apart) {
            self.held_back = Some(report);
            return None;
        }
        self.last = Some(now);
        self.held_back = None;
        Some(report)
    }

    /// At the end: the latest report; `None` where it was passed on.
    pub fn rest(&mut self) -> Option<Progress> {
        self.held_back.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_takes_lines_until_one_is_cut() {
        let mut room = LogRoom::new(&Limits { log_bytes: 200, ..Limits::default() });
        assert_eq!(room.take("0123456789"), Some("0123456789"));
        // 126 bytes are left, 62 of them for the message.
        assert_eq!(room.take(&"ü".repeat(50)).map(str::len), Some(62));
        assert_eq!(room.take(""), None);
    }

    #[test]
    fn of_many_reports_the_first_and_the_last_are_passed_on() {
        let mut pace = Pace::new(&Limits { progress_per_second: 1, ..Limits::default() });
        let report = |fraction: f64| Progress { fraction, message: String::new() };
        assert_eq!(pace.rest(), None);
        assert_eq!(pace.admit(report(0.1)), Some(report(0.1)));
        assert_eq!((pace.admit(report(0.2)), pace.admit(report(0.3))), (None, None));
        assert_eq!((pace.rest(), pace.rest()), (Some(report(0.3)), None));
    }
}
