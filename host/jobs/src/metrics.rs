//! Figures of the job manager for an operator's dashboards and alarms.
//!
//! Labels hold providers and codes only, of which there are few: never ids, models or anything that a client chooses.

use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::job::{Job, Status, Task};
use analyte_core::names::ProviderName;
use analyte_core::timestamp::Timestamp;
use analyte_core::webhook::Answered;
use analyte_store::Claimed;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds in seconds, from a warm run of a small model to the longest time limit.
const SECONDS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3_600.0];

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    provider: String,
    /// `completed`, or why it did not.
    outcome: &'static str,
}

/// How a try of a notification ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Notified {
    outcome: &'static str,
}

/// Counters and histograms; clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    ended: Family<Ended, Counter>,
    submitted: Counter,
    submit: Histogram,
    wait: Histogram,
    run: Histogram,
    fuel: Counter,
    attempts: Counter,
    split: Counter,
    split_parts: Counter,
    split_in_vain: Counter,
    schedule_late: Histogram,
    notified: Family<Notified, Counter>,
    notify: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let histogram = || Histogram::new(SECONDS);
        Self {
            inner: Arc::new(Inner {
                ended: Family::default(),
                submitted: Counter::default(),
                submit: histogram(),
                wait: histogram(),
                run: histogram(),
                fuel: Counter::default(),
                attempts: Counter::default(),
                split: Counter::default(),
                split_parts: Counter::default(),
                split_in_vain: Counter::default(),
                schedule_late: histogram(),
                notified: Family::default(),
                notify: histogram(),
            }),
        }
    }
}

impl Metrics {
    /// Adds them to what is answered to `GET /metrics`.
    pub fn register(&self, registry: &mut Registry) {
        let Inner {
            ended,
            submitted,
            submit,
            wait,
            run,
            fuel,
            attempts,
            split,
            split_parts,
            split_in_vain,
            schedule_late,
            notified,
            notify,
        } = &*self.inner;
        registry.register(
            "analyte_jobs_ended",
            "Jobs that ended, by provider and outcome: completed, or a code; a job counts under each of its providers",
            ended.clone(),
        );
        registry.register("analyte_jobs_submitted", "Jobs that were kept", submitted.clone());
        registry.register("analyte_attempts", "Runs that were begun", attempts.clone());
        registry.register("analyte_split_runs", "Runs whose rows were split", split.clone());
        registry.register("analyte_split_parts", "Parts that they were split into", split_parts.clone());
        registry.register("analyte_split_in_vain", "Split runs that were done again unsplit", split_in_vain.clone());
        registry.register("analyte_fuel", "Fuel units burnt by runs that ended", fuel.clone());
        registry.register_with_unit(
            "analyte_submit",
            "From a submission that was read to its durable job",
            Unit::Seconds,
            submit.clone(),
        );
        registry.register_with_unit(
            "analyte_wait",
            "From the time a task could have started to its start",
            Unit::Seconds,
            wait.clone(),
        );
        registry.register_with_unit(
            "analyte_schedule_late",
            "From a fire time of a schedule to its durable job, where it was not missed",
            Unit::Seconds,
            schedule_late.clone(),
        );
        registry.register(
            "analyte_webhook_tries",
            "Tries of notifications, by outcome: delivered, again, given-up or gone",
            notified.clone(),
        );
        registry.register_with_unit(
            "analyte_webhook_try",
            "From the begin of a try of a notification to its end",
            Unit::Seconds,
            notify.clone(),
        );
        registry.register_with_unit("analyte_run", "From the start of a run to its end", Unit::Seconds, run.clone());
    }

    /// Jobs were kept, after this long.
    pub(crate) fn submitted(&self, jobs: u64, took: Duration) {
        self.inner.submitted.inc_by(jobs);
        self.inner.submit.observe(took.as_secs_f64());
    }

    /// A schedule submitted a job this long after its fire time.
    pub(crate) fn fired(&self, late_ms: u64) {
        self.inner.schedule_late.observe(seconds(late_ms));
    }

    /// A notification was tried.
    pub(crate) fn notified(&self, answered: Answered, took_ms: u64) {
        let outcome = match answered {
            Answered::Taken => "delivered",
            Answered::Again { .. } => "again",
            Answered::GivenUp => "given-up",
            Answered::Gone => "gone",
        };
        self.inner.notified.get_or_create(&Notified { outcome }).inc();
        self.inner.notify.observe(seconds(took_ms));
    }

    /// A task was started.
    pub(crate) fn started(&self, claimed: &Claimed, now: Timestamp) {
        self.inner.attempts.inc();
        // Waiting for a first start; later ones wait for reasons of their own.
        if claimed.run.attempt.0 == 1 {
            let job = &claimed.job;
            let parents = job.task(&claimed.run.key.task).map_or(&[][..], |task| task.parents.as_slice());
            let parents_ended = parents.iter().filter_map(|parent| job.task(parent)?.finished_at);
            let since = parents_ended.chain(job.run_at).fold(job.created_at, Timestamp::max);
            self.inner.wait.observe(seconds(now.ms_since(since)));
        }
    }

    /// A run was split into `parts` parts.
    pub(crate) fn split(&self, parts: usize) {
        self.inner.split.inc();
        self.inner.split_parts.inc_by(parts as u64);
    }

    /// A split run has to be done again unsplit.
    pub(crate) fn split_in_vain(&self) {
        self.inner.split_in_vain.inc();
    }

    /// A run ended with an outcome of its own.
    pub(crate) fn ran(&self, fuel: u64, took: Duration) {
        self.inner.fuel.inc_by(fuel);
        self.inner.run.observe(took.as_secs_f64());
    }

    /// A job ended.
    pub(crate) fn ended(&self, job: &Job) {
        for provider in job.providers() {
            let outcome = outcome(job, provider);
            self.inner.ended.get_or_create(&Ended { provider: provider.to_string(), outcome }).inc();
        }
    }
}

/// How an ended job ended for one of its providers: `completed` where all tasks on that provider did, else the code of the
/// first of them that failed, else of the first that was cancelled.
fn outcome(job: &Job, provider: &ProviderName) -> &'static str {
    let first = |status| job.tasks.iter().find(|task| task.provider == *provider && task.status == status);
    let code = |task: &Task, usual: Code| task.error.as_ref().map_or(usual, |failure| failure.code).as_str();
    match (first(Status::Failed), first(Status::Cancelled)) {
        (Some(task), _) => code(task, Code::HostError),
        (None, Some(task)) => code(task, Code::Cancelled),
        (None, None) => "completed",
    }
}

fn seconds(ms: u64) -> f64 {
    Duration::from_millis(ms).as_secs_f64()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::digest::Digest;
    use analyte_core::failure::Failure;
    use analyte_core::job::{Content, RunLimits};
    use analyte_core::names::{JobId, ModelName, Organisation, TaskName};
    use prometheus_client::encoding::text::encode;

    use super::*;

    #[test]
    fn a_job_counts_once_under_each_of_its_providers_as_it_ended_there() {
        let content = Content { digest: Digest::of(b""), bytes: 0 };
        let task = |name: &str, provider: &str, status: Status, code: Option<Code>| {
            let named = (ProviderName::new(provider).unwrap(), ModelName::new("m").unwrap());
            let name = TaskName::new(name).unwrap();
            let error = code.map(|code| Failure::new(code, "why"));
            Task { status, error, ..Task::queued(name, named, Digest::of(b""), content.clone(), content.clone()) }
        };
        let tasks = vec![
            task("one", "fine", Status::Completed, None),
            task("two", "wrong", Status::Completed, None),
            task("three", "wrong", Status::Failed, Some(Code::Trap)),
            task("four", "wrong", Status::Cancelled, Some(Code::ParentFailed)),
            task("five", "held", Status::Cancelled, Some(Code::ParentFailed)),
            task("six", "fine", Status::Completed, None),
        ];
        let limits = RunLimits { fuel: 1, memory_bytes: 1, timeout_ms: 1 };
        let (id, organisation) = (JobId(uuid::Uuid::nil()), Organisation::default_one());
        let job = Job { status: Status::Failed, ..Job::queued(id, organisation, tasks, limits, Timestamp(0)) };
        let (metrics, mut registry, mut text) = (Metrics::default(), Registry::default(), String::new());
        metrics.register(&mut registry);
        metrics.ended(&job);
        encode(&mut text, &registry).unwrap();
        let mut counted: Vec<&str> = text.lines().filter(|line| line.starts_with("analyte_jobs_ended_total")).collect();
        counted.sort_unstable();
        let expected = [("fine", "completed"), ("held", "parent-failed"), ("wrong", "trap")]
            .map(|(of, how)| format!("analyte_jobs_ended_total{{provider=\"{of}\",outcome=\"{how}\"}} 1"));
        assert_eq!(counted, expected);
    }
}
