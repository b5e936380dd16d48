//! Figures of the job manager for an operator's dashboards and alarms.
//!
//! Labels hold providers and codes only, of which there are few: never ids, models or anything that a client chooses.

use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::job::{Job, Status};
use analyte_core::timestamp::Timestamp;
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
            }),
        }
    }
}

impl Metrics {
    /// Adds them to what is answered to `GET /metrics`.
    pub fn register(&self, registry: &mut Registry) {
        let Inner { ended, submitted, submit, wait, run, fuel, attempts, split, split_parts, split_in_vain } =
            &*self.inner;
        registry.register(
            "analyte_jobs_ended",
            "Jobs that ended, by provider and outcome: completed, or a code",
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
        registry.register_with_unit("analyte_run", "From the start of a run to its end", Unit::Seconds, run.clone());
    }

    /// Jobs were kept, after this long.
    pub(crate) fn submitted(&self, jobs: u64, took: Duration) {
        self.inner.submitted.inc_by(jobs);
        self.inner.submit.observe(took.as_secs_f64());
    }

    /// A task was started.
    pub(crate) fn started(&self, claimed: &Claimed, now: Timestamp) {
        self.inner.attempts.inc();
        // Waiting for a first start; later ones wait for reasons of their own.
        if claimed.run.attempt.0 == 1 {
            let since = claimed.job.run_at.unwrap_or(claimed.job.created_at).max(claimed.job.created_at);
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
        let outcome = match job.status {
            Status::Completed => "completed",
            Status::Cancelled => Code::Cancelled.as_str(),
            Status::Failed | Status::Queued | Status::Running => {
                job.error().map_or(Code::HostError, |failure| failure.code).as_str()
            }
        };
        let provider = job.leading_task().map(|task| task.provider.to_string()).unwrap_or_default();
        self.inner.ended.get_or_create(&Ended { provider, outcome }).inc();
    }
}

fn seconds(ms: u64) -> f64 {
    Duration::from_millis(ms).as_secs_f64()
}
