//! Runs in progress: what they have reported so far, and how they are stopped.
//!
//! A run is *running*, then either *stopped* or *finishing*, never both: a caller that stops it knows that the
//! run writes nothing, and an attempt that finishes knows that no caller gives its task back to the queue meanwhile.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::job::Progress;
use analyte_core::job::event::{Reported, RunEvent};
use analyte_core::job::transition::Run;
use analyte_core::names::{JobId, Organisation, RunKey, TaskName};
use analyte_core::timestamp::Timestamp;
use analyte_engine::request::LogLine;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::{Mutex as AsyncMutex, Notify, watch};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    Stopped,
    Finishing,
}

/// One run in progress.
pub(crate) struct ActiveRun {
    pub(crate) run: RunKey,
    stage: watch::Sender<Stage>,
    /// Held, by its other end, by everything that the run has of the host.
    present: watch::Sender<()>,
    so_far: Mutex<SoFar>,
    /// Rung when the run reports something.
    bell: Arc<Notify>,
}

#[derive(Default)]
struct SoFar {
    progress: Option<Progress>,
    log: Vec<u8>,
    /// Not kept yet.
    new: Vec<RunEvent>,
    /// Whether the run ever reported anything.
    any: bool,
}

/// One line of a stored log.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: &'a str,
    message: &'a str,
}

impl ActiveRun {
    fn new(run: RunKey, bell: Arc<Notify>) -> Self {
        let (stage, _) = watch::channel(Stage::Running);
        Self { run, stage, present: watch::Sender::new(()), so_far: Mutex::default(), bell }
    }

    /// What is held for as long as the run is there.
    pub(crate) fn presence(&self) -> Presence {
        Presence { _held: self.present.subscribe() }
    }

    /// Waits until it is there no more: its guest has gone, or it never began.
    pub(crate) async fn gone(&self) {
        self.present.closed().await;
    }

    fn is_there(&self) -> bool {
        !self.present.is_closed()
    }

    /// Waits until it is stopped.
    pub(crate) async fn stopped(&self) {
        let mut stage = self.stage.subscribe();
        // The sender is `self`, so it cannot be gone.
        let _ = stage.wait_for(|stage| *stage == Stage::Stopped).await;
    }

    /// Stops it; `false` where it is already stopped or finishing.
    pub(crate) fn stop(&self) -> bool {
        self.leave_running(Stage::Stopped)
    }

    /// Says that its outcome is about to be written; `false` where it was stopped, so nothing may be.
    pub(crate) fn finishing(&self) -> bool {
        self.leave_running(Stage::Finishing)
    }

    fn leave_running(&self, to: Stage) -> bool {
        self.stage.send_if_modified(|stage| {
            let running = *stage == Stage::Running;
            if running {
                *stage = to;
            }
            running
        })
    }

    pub(crate) fn report_progress(&self, time: Timestamp, progress: Progress) {
        let mut so_far = self.so_far.lock();
        so_far.progress = Some(progress.clone());
        so_far.add(time, Reported::Progress(progress));
        drop(so_far);
        self.bell.notify_one();
    }

    pub(crate) fn report_line(&self, time: Timestamp, line: LogLine) {
        let written = Line { time: time.to_string(), level: &line.level, message: &line.message };
        let mut so_far = self.so_far.lock();
        // Three texts always serialise.
        if serde_json::to_writer(&mut so_far.log, &written).is_ok() {
            so_far.log.push(b'\n');
        }
        so_far.add(time, Reported::Log { level: line.level, message: line.message });
        drop(so_far);
        self.bell.notify_one();
    }

    /// Whether it ever reported anything.
    pub(crate) fn has_reported(&self) -> bool {
        self.so_far.lock().any
    }

    /// Takes what is not kept yet.
    pub(crate) fn take_run_events(&self) -> Vec<RunEvent> {
        std::mem::take(&mut self.so_far.lock().new)
    }

    /// Gives back what could not be kept. Of its progress only the last: a store that fails for long must not have it
    /// pile up; lines are bounded by the log.
    pub(crate) fn put_back(&self, mut earlier: Vec<RunEvent>) {
        let progress = |event: &RunEvent| matches!(event.what, Reported::Progress(_));
        let last = earlier.iter().rposition(progress);
        let mut place = 0;
        earlier.retain(|event| {
            place += 1;
            !progress(event) || Some(place - 1) == last
        });
        let mut so_far = self.so_far.lock();
        earlier.append(&mut so_far.new);
        so_far.new = earlier;
    }

    /// Its last progress.
    pub(crate) fn progress(&self) -> Option<Progress> {
        self.so_far.lock().progress.clone()
    }

    /// Its log as NDJSON.
    pub(crate) fn log_so_far(&self) -> Vec<u8> {
        self.so_far.lock().log.clone()
    }
}

impl SoFar {
    fn add(&mut self, at: Timestamp, what: Reported) {
        self.any = true;
        self.new.push(RunEvent { at, what });
    }
}

/// All runs in progress, those claimed ahead and those whose outcome is being kept among them: some hundreds at most beside the
/// slots, so looking through them is quick.
pub(crate) struct ActiveRuns {
    runs: Mutex<HashMap<RunKey, Arc<ActiveRun>>>,
    /// Those that are over for their jobs while something of them is still there.
    leaving: Mutex<Vec<Arc<ActiveRun>>>,
    count: watch::Sender<usize>,
    bell: Arc<Notify>,
    /// Held while what runs reported is on its way to the store.
    pub(crate) keeping: AsyncMutex<()>,
}

impl Default for ActiveRuns {
    fn default() -> Self {
        Self {
            runs: Mutex::default(),
            leaving: Mutex::default(),
            count: watch::channel(0).0,
            bell: Arc::default(),
            keeping: AsyncMutex::default(),
        }
    }
}

impl ActiveRuns {
    /// Takes up a run, until the answer is dropped.
    pub(crate) fn begin(self: &Arc<Self>, run: RunKey) -> Begun {
        let live = Arc::new(ActiveRun::new(run.clone(), self.bell.clone()));
        let mut runs = self.runs.lock();
        runs.insert(run, live.clone());
        self.count.send_replace(runs.len());
        Begun { present: Some(live.presence()), live, all: self.clone() }
    }

    /// The latest run of this task, if one is in progress.
    pub(crate) fn of(&self, organisation: &Organisation, job: JobId, task: &TaskName) -> Option<Arc<ActiveRun>> {
        let runs = self.runs.lock();
        let same = |run: &&Arc<ActiveRun>| {
            run.run.key.job == job && run.run.key.task == *task && run.run.key.organisation == *organisation
        };
        runs.values().filter(same).max_by_key(|run| run.run.attempt).cloned()
    }

    /// Every run of this job that is in progress, or of which something is still there.
    pub(crate) fn of_job(&self, organisation: &Organisation, job: JobId) -> Vec<Arc<ActiveRun>> {
        self.of_jobs(organisation, &[job])
    }

    /// Every run of these jobs that is in progress, or of which something is still there.
    pub(crate) fn of_jobs(&self, organisation: &Organisation, jobs: &[JobId]) -> Vec<Arc<ActiveRun>> {
        let same = |run: &&Arc<ActiveRun>| jobs.contains(&run.run.key.job) && run.run.key.organisation == *organisation;
        let mut found: Vec<_> = self.runs.lock().values().filter(same).cloned().collect();
        found.extend(self.leaving.lock().iter().filter(same).cloned());
        found
    }

    /// Stops one run of this job, if it is in progress here.
    pub(crate) fn stop(&self, organisation: &Organisation, job: JobId, run: &Run) {
        if let Some(live) = self.of(organisation, job, &run.task)
            && live.run.attempt == run.attempt
            && live.run.lease == run.lease
        {
            live.stop();
        }
    }

    /// Stops just this run, if it is in progress here.
    pub(crate) fn stop_run(&self, run: &RunKey) {
        if let Some(live) = self.runs.lock().get(run) {
            live.stop();
        }
    }

    /// Stops all, and says which were running until now.
    pub(crate) fn stop_all(&self) -> Vec<RunKey> {
        self.runs.lock().values().filter(|live| live.stop()).map(|live| live.run.clone()).collect()
    }

    /// Waits until a run has reported something.
    pub(crate) async fn reported(&self) {
        self.bell.notified().await;
    }

    /// Says that runs have reported something that is not kept yet.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Takes what runs have reported and is not kept yet.
    pub(crate) fn take_run_events(&self) -> Vec<(Arc<ActiveRun>, Vec<RunEvent>)> {
        let taken = |run: &Arc<ActiveRun>| (run.clone(), run.take_run_events());
        self.runs.lock().values().map(taken).filter(|(_, events)| !events.is_empty()).collect()
    }

    /// Every run in progress.
    pub(crate) fn keys(&self) -> Vec<RunKey> {
        self.runs.lock().keys().cloned().collect()
    }

    /// Waits until no run is in progress.
    pub(crate) async fn empty(&self) {
        let mut count = self.count.subscribe();
        // The sender is `self`, so it cannot be gone.
        let _ = count.wait_for(|count| *count == 0).await;
    }
}

/// That a run is still there.
pub(crate) struct Presence {
    _held: watch::Receiver<()>,
}

/// A run that was taken up; dropped when all about it is done.
pub(crate) struct Begun {
    pub(crate) live: Arc<ActiveRun>,
    present: Option<Presence>,
    all: Arc<ActiveRuns>,
}

impl Drop for Begun {
    fn drop(&mut self) {
        // What it still has of the host is looked at without its own part.
        self.present = None;
        let mut leaving = self.all.leaving.lock();
        leaving.retain(|run| run.is_there());
        if self.live.is_there() {
            leaving.push(self.live.clone());
        }
        drop(leaving);
        let mut runs = self.all.runs.lock();
        runs.remove(&self.live.run);
        self.all.count.send_replace(runs.len());
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::names::{Attempt, Lease, TaskKey};
    use uuid::Uuid;

    use super::*;

    fn key(attempt: u32) -> RunKey {
        let key =
            TaskKey { organisation: Organisation::default_one(), job: JobId(Uuid::nil()), task: TaskName::only() };
        RunKey { key, attempt: Attempt(attempt), lease: Lease(u64::from(attempt)) }
    }

    #[tokio::test]
    async fn a_run_is_either_stopped_or_finished() {
        let live = Arc::new(ActiveRuns::default());
        let (first, second) = (live.begin(key(1)), live.begin(key(2)));
        assert!(second.live.finishing());
        assert_eq!(live.stop_all(), [key(1)]);
        assert!(!first.live.finishing() && !second.live.stop());
        first.live.stopped().await;
        drop((first, second));
        live.empty().await;
        assert!(live.keys().is_empty());
    }

    #[tokio::test]
    async fn a_run_is_gone_when_nothing_of_it_is_left() {
        let live = Arc::new(ActiveRuns::default());
        let begun = live.begin(key(1));
        let organisation = Organisation::default_one();
        let [run] = live.of_job(&organisation, JobId(Uuid::nil())).try_into().ok().unwrap();
        let (guest, soon) = (run.presence(), std::time::Duration::from_millis(1));
        drop(begun);
        // It is found for as long as it is there, by each caller that asks again.
        assert_eq!(live.of_job(&organisation, JobId(Uuid::nil())).len(), 1);
        assert!(live.keys().is_empty());
        assert!(tokio::time::timeout(soon, run.gone()).await.is_err());
        drop(guest);
        run.gone().await;
        drop(live.begin(key(2)));
        assert!(live.of_job(&organisation, JobId(Uuid::nil())).is_empty());
    }

    #[test]
    fn the_latest_run_of_a_task_is_shown_and_only_the_one_named_is_stopped() {
        let live = Arc::new(ActiveRuns::default());
        let (old, new) = (live.begin(key(1)), live.begin(key(2)));
        let organisation = Organisation::default_one();
        let shown = |organisation: &Organisation| {
            live.of(organisation, JobId(Uuid::nil()), &TaskName::only()).map(|live| live.run.attempt)
        };
        assert_eq!(shown(&organisation), Some(Attempt(2)));
        assert_eq!(shown(&Organisation::new("other").unwrap()), None);
        let stale = Run { task: TaskName::only(), attempt: Attempt(2), lease: Lease(9) };
        live.stop(&organisation, JobId(Uuid::nil()), &stale);
        live.stop_run(&key(1));
        assert!(!old.live.finishing() && new.live.finishing());
    }

    #[test]
    fn log_lines_are_ndjson() {
        let run = ActiveRun::new(key(1), Arc::default());
        run.report_line(Timestamp(0), LogLine { level: "info".into(), message: "a\n\"b\"".into() });
        run.report_line(Timestamp(1), LogLine { level: "error".into(), message: "ü".into() });
        assert_eq!(
            String::from_utf8(run.log_so_far()).unwrap(),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"info\",\"message\":\"a\\n\\\"b\\\"\"}\n\
             {\"time\":\"1970-01-01T00:00:00.001Z\",\"level\":\"error\",\"message\":\"ü\"}\n"
        );
    }

    #[test]
    fn run_events_are_taken_once_and_in_order_also_after_they_were_given_back() {
        let live = Arc::new(ActiveRuns::default());
        let run = live.begin(key(1));
        assert!(!run.live.has_reported() && live.take_run_events().is_empty());
        let said = |message: &str| LogLine { level: "info".into(), message: message.into() };
        run.live.report_line(Timestamp(0), said("a"));
        let earlier = run.live.take_run_events();
        run.live.report_progress(Timestamp(1), Progress { fraction: 0.5, message: "b".into() });
        run.live.put_back(earlier);
        let times: Vec<_> =
            live.take_run_events().into_iter().flat_map(|(_, events)| events).map(|event| event.at.0).collect();
        assert_eq!(times, [0, 1]);
        assert!(run.live.has_reported() && live.take_run_events().is_empty());
    }
}
