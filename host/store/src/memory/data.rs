//! What the store has, and how a job changes.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::event::{EventId, JobEvent};
use analyte_core::job::transition::{Event, Refusal, apply};
use analyte_core::job::{Job, Status};
use analyte_core::names::{
    JobId, Lease, ModelName, Organisation, ProviderKey, ProviderName, RunKey, ScheduleId, TaskKey,
};
use analyte_core::schedule::{Firing, Schedule, ScheduleState};
use analyte_core::timestamp::Timestamp;
use analyte_core::webhook::Outbox;
use bytes::Bytes;

use crate::jobs::{named_components, named_contents};
use crate::{
    Change, Changed, Counts, DocumentKind, DocumentRecord, FileRecord, ModelRecord, OrganisationRecord, ProviderRecord,
    TokenRecord,
};

/// Changes that the journal keeps.
const CHANGES: usize = 100_000;

/// Where a job is found.
pub(super) type Place = (Organisation, JobId);

/// A provider, sorting by its name before anything else.
pub(super) type ProviderPlace = (ProviderName, Option<Organisation>);

pub(super) fn provider_place(provider: &ProviderKey) -> ProviderPlace {
    (provider.name.clone(), provider.organisation.clone())
}

/// A job with all that belongs to it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) job: Arc<Job>,
    /// Of every content that the job names.
    pub(super) contents: HashMap<Digest, Bytes>,
    /// What is to be said of it.
    pub(super) outbox: Outbox,
    /// What its runs reported, oldest first.
    pub(super) run_events: VecDeque<JobEvent>,
    /// About the bytes of `run_events`.
    pub(super) run_event_bytes: usize,
    /// The last id that an event of `run_events` was given; none is given twice.
    pub(super) last_run_event: EventId,
}

/// A schedule with all that belongs to it.
#[derive(Debug)]
pub(super) struct ScheduleHeld {
    pub(super) schedule: Arc<Schedule>,
    pub(super) state: ScheduleState,
    /// Of every content that its template names.
    pub(super) contents: HashMap<Digest, Bytes>,
    /// Oldest first.
    pub(super) history: VecDeque<Firing>,
}

/// Everything that the store has.
#[derive(Debug, Default)]
pub(super) struct Data {
    pub(super) jobs: BTreeMap<Place, Entry>,
    /// By organisation and idempotency key: the digest of the request, and its job.
    pub(super) idempotency: HashMap<(Organisation, String), (Digest, JobId)>,
    pub(super) changes: VecDeque<Change>,
    /// Position of the newest change.
    position: u64,
    /// The last lease that was given out.
    lease: u64,
    /// Which node holds a lease; one that is not here is held by a node that is not known.
    pub(super) nodes: HashMap<Lease, Arc<str>>,
    /// The organisation whose task was claimed last.
    pub(super) turn: Option<Organisation>,
    /// When a claim was made last: tasks that were due by then are in the queue.
    pub(super) claimed_at: Option<Timestamp>,
    pub(super) providers: BTreeMap<ProviderPlace, Arc<ProviderRecord>>,
    pub(super) models: BTreeMap<(ProviderPlace, ModelName), Arc<ModelRecord>>,
    /// Components and model files that a provider, a model or a live job names.
    pub(super) components: HashMap<Digest, Bytes>,
    /// By organisation, repository and path.
    pub(super) files: BTreeMap<(Organisation, String, String), (Arc<FileRecord>, Bytes)>,
    /// By organisation, kind and id.
    pub(super) documents: BTreeMap<(Organisation, DocumentKind, u64), Arc<DocumentRecord>>,
    pub(super) schedules: BTreeMap<(Organisation, ScheduleId), ScheduleHeld>,
    /// How many numbers were given to schedules.
    pub(super) schedule_numbers: u64,
    pub(super) organisations: BTreeMap<Organisation, Arc<OrganisationRecord>>,
    pub(super) tokens: BTreeMap<String, Arc<TokenRecord>>,
}

impl Data {
    /// The jobs of one organisation, oldest id first.
    pub(super) fn jobs_of(&self, organisation: &Organisation) -> impl DoubleEndedIterator<Item = &Arc<Job>> {
        let ends = [uuid::Uuid::nil(), uuid::Uuid::max()].map(|id| (organisation.clone(), JobId(id)));
        let [first, last] = ends;
        self.jobs.range(first..=last).map(|(_, entry)| &entry.job)
    }

    /// The live jobs that use a provider: of its organisation, or of all where it is shared.
    pub(super) fn users<'a>(&'a self, provider: &'a ProviderKey) -> impl Iterator<Item = &'a Arc<Job>> {
        let jobs = self.jobs.values().map(|entry| &entry.job);
        jobs.filter(|job| {
            !job.status.ended()
                && provider.organisation.as_ref().is_none_or(|of| *of == job.organisation)
                && job.tasks.iter().any(|task| task.provider == provider.name)
        })
    }

    pub(super) fn counts(&self, organisation: &Organisation) -> Counts {
        let mut counts = Counts::default();
        for job in self.jobs_of(organisation) {
            let count = match job.status {
                Status::Queued => &mut counts.queued,
                Status::Running => &mut counts.running,
                Status::Completed => &mut counts.completed,
                Status::Failed => &mut counts.failed,
                Status::Cancelled => &mut counts.cancelled,
            };
            *count += 1;
        }
        counts
    }

    /// Runs that go on, oldest lease first.
    pub(super) fn runs(&self) -> Vec<RunKey> {
        let of_job = |job: &Job| {
            let run = |task: &analyte_core::job::Task| {
                let key = TaskKey { organisation: job.organisation.clone(), job: job.id, task: task.name.clone() };
                task.lease.map(|lease| RunKey { key, attempt: task.attempt, lease })
            };
            job.tasks.iter().filter_map(run).collect::<Vec<_>>()
        };
        let mut runs: Vec<RunKey> = self.jobs.values().flat_map(|entry| of_job(&entry.job)).collect();
        runs.sort_by_key(|run| run.lease);
        runs
    }

    /// Whether a run goes on under just this attempt and lease.
    pub(super) fn is_current(&self, run: &RunKey) -> bool {
        let entry = self.jobs.get(&(run.key.organisation.clone(), run.key.job));
        let task = entry.and_then(|entry| entry.job.task(&run.key.task));
        task.is_some_and(|task| task.lease == Some(run.lease) && task.attempt == run.attempt)
    }

    /// A lease that was never given out.
    pub(super) fn lease(&mut self) -> Lease {
        self.lease += 1;
        Lease(self.lease)
    }

    /// Lets an event happen to a job; `brought` are the contents that it brings. `None`: there is no such job.
    pub(super) fn apply(
        &mut self,
        place: &Place,
        event: Event,
        brought: Vec<(Digest, Bytes)>,
        now: Timestamp,
    ) -> Option<Result<Changed, Refusal>> {
        let entry = self.jobs.get_mut(place)?;
        let old = Arc::clone(&entry.job);
        let mut new = Job::clone(&old);
        let effects = match apply(&mut new, event, now) {
            Ok(effects) => effects,
            Err(refusal) => return Some(Err(refusal)),
        };
        if new.revision == old.revision {
            return Some(Ok(Changed { job: old, effects }));
        }
        let job = Arc::new(new);
        entry.job = Arc::clone(&job);
        entry.outbox.note(&job, Some(old.status), now);
        entry.contents.extend(brought);
        let named = named_contents(&job);
        entry.contents.retain(|digest, _| named.contains(digest));
        for lease in old.tasks.iter().filter_map(|task| task.lease) {
            if !job.tasks.iter().any(|task| task.lease == Some(lease)) {
                self.nodes.remove(&lease);
            }
        }
        self.record(&job, now);
        for digest in named_components(&old) {
            self.drop_component(digest);
        }
        Some(Ok(Changed { job, effects }))
    }

    /// Notes a change in the journal.
    pub(super) fn record(&mut self, job: &Job, now: Timestamp) {
        self.position += 1;
        self.changes.push_back(Change {
            position: self.position,
            organisation: job.organisation.clone(),
            job: job.id,
            status: job.status,
            at: now,
        });
        if self.changes.len() > CHANGES {
            self.changes.pop_front();
        }
    }

    /// Removes an ended job with all that belongs to it; `Some(false)`: it has not ended, `None`: there is none.
    pub(super) fn purge(&mut self, place: &Place) -> Option<bool> {
        if !self.jobs.get(place)?.job.status.ended() {
            return Some(false);
        }
        self.jobs.remove(place);
        self.idempotency.retain(|(organisation, _), (_, id)| (organisation, *id) != (&place.0, place.1));
        Some(true)
    }

    /// Removes a component or model file that no provider, model or live job names any more.
    /// Whether a provider or model is made of it.
    pub(super) fn has_a_component(&self, digest: Digest) -> bool {
        self.providers.values().any(|record| record.digest == Some(digest))
            || self.models.values().any(|record| record.digest == digest)
    }

    pub(super) fn drop_component(&mut self, digest: Digest) {
        let named = self.has_a_component(digest)
            || self
                .jobs
                .values()
                .any(|Entry { job, .. }| !job.status.ended() && named_components(job).contains(&digest));
        if !named {
            self.components.remove(&digest);
        }
    }
}
