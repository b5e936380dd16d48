//! What the parts of one run report, as one.
//!
//! Progress is passed on as it comes: that of the whole, weighted by rows, with the words of the part that reported
//! last, at the pace of one run. Log lines are kept back until the parts have ended, and then passed on in the order of
//! the rows as far as one run's log takes them: should the run be done again unsplit, none of them was passed on. A
//! part that makes a result file ends all parts, before it hears whether it could: files of several parts would stand
//! in each other's way.

use std::sync::Arc;

use analyte_core::job::Progress;
use analyte_core::limits::Limits;
use analyte_core::names::FileName;
use analyte_engine::request::log_limits::{LogRoom, Pace};
use analyte_engine::request::stop::Stop;
use analyte_engine::request::{FileSink, LogLine, RunSink};
use async_trait::async_trait;
use parking_lot::Mutex;

use super::plan::Part;

/// Takes what all parts report.
pub(super) struct MergedSink {
    sink: Arc<dyn RunSink>,
    log_room: LogRoom,
    stop: Stop,
    state: Mutex<State>,
}

struct State {
    pace: Pace,
    parts: Vec<PartReported>,
}

struct PartReported {
    rows: usize,
    fraction: f64,
    lines: Vec<LogLine>,
}

/// Takes what one part reports.
struct PartSink {
    merged: Arc<MergedSink>,
    number: usize,
}

impl MergedSink {
    /// For parts that are stopped with `stop`.
    pub(super) fn new(sink: Arc<dyn RunSink>, limits: &Limits, parts: &[Part], stop: Stop) -> Arc<Self> {
        let part = |part: &Part| PartReported { rows: part.rows, fraction: 0.0, lines: Vec::new() };
        let state = State { pace: Pace::new(limits), parts: parts.iter().map(part).collect() };
        Arc::new(Self { sink, log_room: LogRoom::new(limits), stop, state: Mutex::new(state) })
    }

    /// The sink of one part.
    pub(super) fn sink(self: &Arc<Self>, number: usize) -> Arc<dyn RunSink> {
        Arc::new(PartSink { merged: self.clone(), number })
    }

    /// Passes on what was kept back; says how many lines the log had no room for.
    pub(super) fn pass_on_rest(&self) -> u64 {
        let mut state = self.state.lock();
        if let Some(report) = state.pace.rest() {
            self.sink.progress(report);
        }
        let (mut room, mut dropped) = (self.log_room.clone(), 0);
        for line in state.parts.iter_mut().flat_map(|part| std::mem::take(&mut part.lines)) {
            match room.take(&line.message).map(str::len) {
                Some(length) => {
                    let LogLine { level, mut message } = line;
                    message.truncate(length);
                    self.sink.log(LogLine { level, message });
                }
                None => dropped += 1,
            }
        }
        dropped
    }
}

impl State {
    fn progress(&mut self, number: usize, progress: Progress) -> Option<Progress> {
        let part = self.parts.get_mut(number)?;
        part.fraction = part.fraction.max(progress.fraction);
        let rows: usize = self.parts.iter().map(|part| part.rows).sum();
        let done: f64 = self.parts.iter().map(|part| part.fraction * part.rows as f64).sum();
        // Rounding must not make more than everything of it.
        let fraction = (done / rows.max(1) as f64).min(1.0);
        self.pace.admit(Progress { fraction, message: progress.message })
    }
}

#[async_trait]
impl RunSink for PartSink {
    fn progress(&self, progress: Progress) {
        // Passed on with the lock held, so that reports stay in order.
        let mut state = self.merged.state.lock();
        if let Some(report) = state.progress(self.number, progress) {
            self.merged.sink.progress(report);
        }
    }

    fn log(&self, line: LogLine) {
        if let Some(part) = self.merged.state.lock().parts.get_mut(self.number) {
            part.lines.push(line);
        }
    }

    async fn create_file(&self, _: FileName, _: String) -> Result<Box<dyn FileSink>, String> {
        self.merged.stop.stop();
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use analyte_engine::request::Discard;
    use futures::FutureExt as _;

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    #[async_trait]
    impl RunSink for Heard {
        fn progress(&self, progress: Progress) {
            self.0.lock().push(format!("{} {}", progress.fraction, progress.message));
        }
        fn log(&self, line: LogLine) {
            self.0.lock().push(format!("{}: {}", line.level, line.message));
        }
        async fn create_file(&self, _: FileName, _: String) -> Result<Box<dyn FileSink>, String> {
            Ok(Box::new(Discard))
        }
    }

    fn merged(limits: &Limits) -> (Arc<MergedSink>, Arc<Heard>, Stop) {
        let part = |from, rows| Part { from, rows, fuel: 0 };
        let (heard, stop) = (Arc::new(Heard::default()), Stop::default());
        (MergedSink::new(heard.clone(), limits, &[part(0, 24), part(24, 8)], stop.clone()), heard, stop)
    }

    fn report(fraction: f64, message: &str) -> Progress {
        Progress { fraction, message: message.to_owned() }
    }

    #[test]
    fn progress_is_that_of_all_rows_and_never_goes_back() {
        let (merged, heard, _) = merged(&Limits { progress_per_second: u64::from(u32::MAX), ..Limits::default() });
        let (first, second) = (merged.sink(0), merged.sink(1));
        first.progress(report(0.5, "a"));
        second.progress(report(1.0, "b"));
        first.progress(report(0.25, "c"));
        first.progress(report(1.0, "d"));
        assert_eq!(*heard.0.lock(), ["0.375 a", "0.625 b", "0.625 c", "1 d"]);
    }

    #[test]
    fn the_pace_is_that_of_one_run() {
        let (merged, heard, _) = merged(&Limits { progress_per_second: 1, ..Limits::default() });
        for number in [0, 1, 0, 1] {
            merged.sink(number).progress(report(1.0, "done"));
        }
        assert_eq!(*heard.0.lock(), ["0.75 done"]);
        merged.pass_on_rest();
        assert_eq!(*heard.0.lock(), ["0.75 done", "1 done"]);
    }

    #[test]
    fn lines_are_passed_on_in_the_order_of_the_rows_as_far_as_one_log_takes_them() {
        let (merged, heard, _) = merged(&Limits { log_bytes: 140, ..Limits::default() });
        let line = |message: &str| LogLine { level: "info".to_owned(), message: message.to_owned() };
        merged.sink(1).log(line("of the second"));
        merged.sink(0).log(line("one"));
        merged.sink(1).log(line("too much"));
        assert!(heard.0.lock().is_empty());
        assert_eq!(merged.pass_on_rest(), 1);
        assert_eq!(*heard.0.lock(), ["info: one", "info: of the se"]);
    }

    #[tokio::test]
    async fn a_file_ends_all_parts() {
        let (merged, _, stop) = merged(&Limits::default());
        let name: FileName = "report".parse().unwrap_or_else(|_| unreachable!());
        let sink = merged.sink(1);
        let created = sink.create_file(name, "text/plain".to_owned());
        assert!(created.now_or_never().is_none());
        assert!(stop.stopped().now_or_never().is_some());
    }
}
