//! The plain model: jobs in a map, changed by the state machine and nothing else; and maps of all the rest.

mod catalogue;
mod check;
mod deliveries;
mod documents;
mod extend;
mod files;
mod lists;
mod run_events;
mod runs;
mod schedules;
mod submits;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::failure::Failure;
use analyte_core::job::event::JobEvent;
use analyte_core::job::transition::{Event, Left, Refusal, Released, Run, apply};
use analyte_core::job::{Content, Job, Pin, Progress, ResultFile, Status, Usage};
use analyte_core::names::{
    FileName, JobId, Lease, ModelName, Organisation, ProviderKey, ProviderName, RunKey, ScheduleId, SessionId, TaskKey,
};
use analyte_core::timestamp::Timestamp;
use analyte_core::webhook::Outbox;
use bytes::Bytes;

use super::jobs::{bytes_of, content_of, job_with};
use super::steps::{End, Step};
use crate::{
    Age, Before, CancelAnswer, CancelRule, Claimed, Counts, Depth, DocumentRecord, FileRecord, Finished, Idempotency,
    Known, ListQuery, ModelRecord, NewContent, NewFile, NewJob, OrganisationRecord, Outcome, ProviderRecord, Purpose,
    Room, Sorted, Store, StoreError, Submitted, TokenRecord,
};

/// A day in 2026.
const START: i64 = 1_770_000_000_000;
const NODES: [&str; 2] = ["node-a", "node-b"];
const SHAPES: [&[&[usize]]; 4] = [&[&[]], &[&[]], &[&[], &[0]], &[&[], &[0], &[0], &[1, 2]]];
/// Two that differ by case only.
const PROVIDERS: [&str; 3] = ["statistics", "Statistics", "numbers"];
/// Larger than what is kept in a record.
const LARGE: usize = 60_000;

type Place = (Organisation, JobId);

pub(super) struct Model {
    now: Timestamp,
    jobs: BTreeMap<Place, Job>,
    keys: HashMap<(Organisation, u8), (Digest, JobId)>,
    /// By digest, all that were ever given.
    bytes: HashMap<Digest, Bytes>,
    /// Contents that a job no longer names.
    dropped: Vec<(Place, Content)>,
    /// Under which node a lease was given out; `None` after a restart would be as good.
    nodes: HashMap<Lease, usize>,
    /// By name first.
    providers: BTreeMap<(ProviderName, Option<Organisation>), ProviderRecord>,
    models: BTreeMap<(ProviderName, Option<Organisation>, ModelName), ModelRecord>,
    /// Components that were let go of while live jobs pinned them.
    pinned: BTreeSet<Digest>,
    files: BTreeMap<(Organisation, String, String), FileRecord>,
    documents: BTreeMap<documents::Place, DocumentRecord>,
    organisations: BTreeMap<Organisation, OrganisationRecord>,
    tokens: BTreeMap<String, TokenRecord>,
    schedules: BTreeMap<(Organisation, ScheduleId), schedules::Held>,
    schedule_numbers: u64,
    /// What is to be said of jobs; one of which nothing is has none or an empty one.
    outboxes: BTreeMap<Place, Outbox>,
    /// What runs reported, by job.
    run_events: BTreeMap<Place, Vec<JobEvent>>,
    changes: Vec<(Place, Status, Timestamp)>,
    /// Every run that ever was.
    runs: Vec<RunKey>,
    submitted: u64,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            now: Timestamp(START),
            jobs: BTreeMap::new(),
            keys: HashMap::new(),
            bytes: HashMap::new(),
            dropped: Vec::new(),
            nodes: HashMap::new(),
            providers: BTreeMap::new(),
            models: BTreeMap::new(),
            pinned: BTreeSet::new(),
            files: BTreeMap::new(),
            documents: BTreeMap::new(),
            organisations: BTreeMap::new(),
            tokens: BTreeMap::new(),
            outboxes: BTreeMap::new(),
            run_events: BTreeMap::new(),
            schedules: BTreeMap::new(),
            schedule_numbers: 0,
            changes: Vec::new(),
            runs: Vec::new(),
            submitted: 0,
        }
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, store: &T, model: &T) -> Result<(), String> {
    if store == model { Ok(()) } else { Err(format!("{what}:\n  store {store:#?}\n  model {model:#?}")) }
}

fn said<T>(answer: crate::Result<T>) -> Result<T, String> {
    answer.map_err(|error| format!("the store failed: {error:?}"))
}

fn organisation(number: usize) -> Organisation {
    Organisation::new(["default", "a.b", "ab"][number % 3]).unwrap()
}

fn contents(job: &Job) -> Vec<Content> {
    let of_task = |task: &analyte_core::job::Task| {
        let mut contents = vec![task.parameters.clone()];
        contents.extend(task.input.given().cloned());
        contents.extend(task.result.iter().chain(&task.log).cloned());
        contents.extend(task.files.iter().map(|file| file.content.clone()));
        contents
    };
    job.tasks.iter().flat_map(of_task).collect()
}

fn run_of(run: &RunKey) -> Run {
    Run { task: run.key.task.clone(), attempt: run.attempt, lease: run.lease }
}

impl Model {
    fn keep(&mut self, bytes: &Bytes) -> Content {
        let content = content_of(bytes);
        self.bytes.insert(content.digest, bytes.clone());
        content
    }

    fn pick(&self, number: usize) -> Option<Place> {
        self.jobs.keys().nth(number.checked_rem(self.jobs.len())?).cloned()
    }

    /// Runs that are current, oldest lease first.
    fn current(&self) -> Vec<RunKey> {
        let mut runs: Vec<_> = self
            .jobs
            .values()
            .flat_map(|job| {
                job.tasks.iter().filter_map(|task| {
                    let key = TaskKey { organisation: job.organisation.clone(), job: job.id, task: task.name.clone() };
                    task.lease.map(|lease| RunKey { key, attempt: task.attempt, lease })
                })
            })
            .collect();
        runs.sort_by_key(|run| run.lease);
        runs
    }

    /// Lets an event happen here; the store is then to have the same job.
    fn apply(&mut self, place: &Place, event: Event) -> Option<Result<(Job, bool), Refusal>> {
        let job = self.jobs.get_mut(place)?;
        let old = job.clone();
        if let Err(refusal) = apply(job, event, self.now) {
            return Some(Err(refusal));
        }
        let new = job.clone();
        let changed = new.revision != old.revision;
        if changed {
            self.changes.push((place.clone(), new.status, self.now));
            let named = contents(&new);
            let dropped = contents(&old).into_iter().filter(|content| !named.contains(content));
            self.dropped.extend(dropped.map(|content| (place.clone(), content)));
            self.note(place, Some(old.status));
        }
        Some(Ok((new, changed)))
    }

    fn forget(&mut self, place: &Place) {
        if let Some(job) = self.jobs.remove(place) {
            self.dropped.extend(contents(&job).into_iter().map(|content| (place.clone(), content)));
        }
        self.run_events.remove(place);
        self.outboxes.remove(place);
        self.keys.retain(|(organisation, _), (_, id)| *organisation != place.0 || *id != place.1);
    }

    pub(super) async fn step(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        self.change(store, step).await?;
        self.let_go_of_pins();
        Ok(())
    }

    async fn change(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        match step {
            Step::Submit { .. } => self.submit(store, step).await,
            Step::Claim { node, n, memory } => self.claim(store, node, n, memory).await,
            Step::Heartbeat { node } => self.heartbeat(store, node).await,
            Step::Finish { pick, end, large, files } => {
                let current = self.current();
                let Some(run) = pick.checked_rem(current.len()).and_then(|place| current.get(place)) else {
                    return Ok(());
                };
                self.finish(store, run.clone(), end, large, files).await
            }
            Step::FinishStale { pick } => {
                let Some(run) = pick.checked_rem(self.runs.len()).and_then(|place| self.runs.get(place)).cloned()
                else {
                    return Ok(());
                };
                self.finish(store, run, End::Completed, true, 1).await
            }
            Step::Release { pick, lost } => {
                let Some(run) = pick.checked_rem(self.runs.len()).and_then(|place| self.runs.get(place)).cloned()
                else {
                    return Ok(());
                };
                let why = if lost { Released::NodeLost { most: 2 } } else { Released::Drained };
                let answers = said(store.release(vec![(run.clone(), why)], self.now).await)?;
                let place = (run.key.organisation.clone(), run.key.job);
                let expected = self.apply(&place, Event::Release { run: run_of(&run), why });
                let expected = vec![expected.and_then(Result::ok).map(|(job, _)| job)];
                let got = answers.into_iter().map(|changed| changed.map(|changed| (*changed.job).clone())).collect();
                same("release", &got, &expected)
            }
            Step::Recover { node } => self.recover(store, node).await,
            Step::Cancel { pick } => {
                self.request(store, pick, Event::Cancel { reason: "no longer needed".to_owned() }).await
            }
            Step::Retry { pick } => {
                let Some(place) = self.pick(pick) else { return Ok(()) };
                let pin = Pin { digest: Digest::of(&[u8::from(pick % 2 == 0)]), model_file: None, grants: Vec::new() };
                let pins = vec![pin; self.jobs[&place].tasks.len()];
                self.request(store, pick, Event::Retry { pins }).await
            }
            Step::Abandon { pick } => {
                let Some(place) = self.pick(pick) else { return Ok(()) };
                let task = self.jobs[&place].tasks[0].name.clone();
                let failure = Failure::new(Code::ProviderUnavailable, "removed");
                self.request(store, pick, Event::Abandon { task, failure }).await
            }
            Step::AddTask { pick, large, most } => self.add_task(store, pick, large, most).await,
            Step::AddParent { pick } => {
                let Some(place) = self.pick(pick) else { return Ok(()) };
                let tasks = &self.jobs[&place].tasks;
                let name = |number: usize| tasks[number % tasks.len()].name.clone();
                let event = Event::AddParent { task: name(pick / 7), parent: name(pick / 3) };
                self.extend(store, &place, event, Vec::new()).await
            }
            Step::SubmitTogether { jobs, cap } => self.submit_together(store, jobs, cap).await,
            Step::CancelIf { picks, only_queued, all_or_nothing } => {
                self.cancel_if(store, picks, only_queued, all_or_nothing).await
            }
            Step::Purge { pick } => {
                let Some(place) = self.pick(pick) else { return Ok(()) };
                let ended = self.jobs[&place].status.ended();
                same("purge", &said(store.purge(&place.0, place.1).await)?, &Some(ended))?;
                if ended {
                    self.forget(&place);
                    same("purge twice", &said(store.purge(&place.0, place.1).await)?, &None)?;
                }
                Ok(())
            }
            Step::KeepRunEvents { pick, texts } => self.keep_run_events(store, pick, texts).await,
            Step::Retire { age, most, providers } => self.retire(store, age, most, &providers).await,
            Step::PutProvider { .. }
            | Step::RemoveProvider { .. }
            | Step::PutModel { .. }
            | Step::RemoveModel { .. }
            | Step::PutOrganisation { .. }
            | Step::PutToken { .. }
            | Step::TokensUsed { .. } => self.catalogue(store, step).await,
            Step::PutFile { .. } | Step::RemoveFile { .. } => self.file(store, step).await,
            Step::PutDocument { .. } | Step::RemoveDocument { .. } => self.document(store, step).await,
            Step::PutSchedule { .. } | Step::RemoveSchedule { .. } | Step::Fire { .. } => {
                self.schedule_step(store, step).await
            }
            Step::Deliver { .. } => self.deliver(store, step).await,
            Step::List { .. } => self.list(store, step).await,
            Step::Sorted { .. } => self.sorted(store, step).await,
            Step::Tick { ms } => {
                self.now = self.now.plus_ms(ms);
                Ok(())
            }
            Step::Reopen { .. } => Ok(()),
        }
    }
}
