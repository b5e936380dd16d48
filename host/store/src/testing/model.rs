//! The plain model: jobs in a map, changed by the state machine and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::failure::Failure;
use analyte_core::job::transition::{Event, Left, Refusal, Released, Run, apply};
use analyte_core::job::{Content, Job, Progress, ResultFile, Status, Usage};
use analyte_core::names::{FileName, JobId, Lease, ModelName, Organisation, ProviderName, RunKey, TaskKey};
use analyte_core::timestamp::Timestamp;
use bytes::Bytes;

use super::jobs::{bytes_of, content_of, job_with};
use super::steps::{End, Step};
use crate::{
    CancelAnswer, CancelRule, Claimed, Counts, Finished, Idempotency, ListQuery, NewContent, NewFile, NewJob, Outcome,
    Store, StoreError, Submitted,
};

/// A day in 2026.
const START: i64 = 1_770_000_000_000;
const NODES: [&str; 2] = ["node-a", "node-b"];
const SHAPES: [&[&[usize]]; 4] = [&[&[]], &[&[]], &[&[], &[0]], &[&[], &[0], &[0], &[1, 2]]];
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
    once: BTreeSet<(u8, u8)>,
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
            once: BTreeSet::new(),
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
        let mut contents = vec![task.input.clone(), task.parameters.clone()];
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
        }
        Some(Ok((new, changed)))
    }

    fn forget(&mut self, place: &Place) {
        if let Some(job) = self.jobs.remove(place) {
            self.dropped.extend(contents(&job).into_iter().map(|content| (place.clone(), content)));
        }
        self.keys.retain(|(organisation, _), (_, id)| *organisation != place.0 || *id != place.1);
    }

    pub(super) async fn step(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        match step {
            Step::Submit { .. } => self.submit(store, step).await,
            Step::Claim { node, n } => self.claim(store, node, n).await,
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
            Step::Retry { pick } => self.request(store, pick, Event::Retry).await,
            Step::Abandon { pick } => {
                let Some(place) = self.pick(pick) else { return Ok(()) };
                let task = self.jobs[&place].tasks[0].name.clone();
                let failure = Failure::new(Code::ProviderUnavailable, "removed");
                self.request(store, pick, Event::Abandon { task, failure }).await
            }
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
            Step::Retire { age, most } => self.retire(store, age, most).await,
            Step::List { .. } => self.list(store, step).await,
            Step::Once { schedule, time } => {
                let at = Timestamp(i64::from(time));
                let got = said(store.put_once(&organisation(0), &format!("schedule {schedule}"), at).await)?;
                same("put_once", &got, &self.once.insert((schedule, time)))
            }
            Step::Tick { ms } => {
                self.now = self.now.plus_ms(ms);
                Ok(())
            }
            Step::Reopen { .. } => Ok(()),
        }
    }

    async fn submit(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        let Step::Submit { organisation: of, shape, priority, later, large, key, tag, cap } = step else {
            return Ok(());
        };
        let of = organisation(of);
        self.submitted += 1;
        let size = if large { LARGE } else { 100 };
        let (mut job, contents) =
            job_with(of.as_str(), self.submitted, self.now, SHAPES[shape % 4], size).ok_or("a job that is none")?;
        job.priority = priority;
        job.run_at = (later > 0).then(|| self.now.plus_ms(later));
        job.tags.insert("tag".to_owned(), tag.to_string());
        for bytes in &contents {
            self.keep(bytes);
        }
        let place = (of.clone(), job.id);
        let request = Digest::of(format!("{shape} {large}").as_bytes());
        let before = key.and_then(|key| self.keys.get(&(of.clone(), key)));
        let queued =
            self.jobs.values().filter(|job| job.organisation == of && job.status == Status::Queued).count() as u64;
        let expected = match before {
            Some((digest, id)) if *digest == request => {
                Submitted::Replayed(self.jobs[&(of.clone(), *id)].clone().into())
            }
            Some(_) => Submitted::Mismatch,
            None if queued >= cap => Submitted::QueueFull { queued },
            None => Submitted::New,
        };
        let new = NewJob {
            job: job.clone(),
            contents: contents.into_iter().map(NewContent::Bytes).collect(),
            idempotency: key.map(|key| Idempotency { key: format!("key {key}"), request }),
            queue_cap: cap,
        };
        same("submit", &said(store.submit(vec![new], self.now).await)?, &vec![expected.clone()])?;
        if expected == Submitted::New {
            if let Some(key) = key {
                self.keys.insert((of, key), (request, job.id));
            }
            self.changes.push((place.clone(), Status::Queued, self.now));
            self.jobs.insert(place, job);
        }
        Ok(())
    }

    /// Tasks that may start now: by organisation, in their order.
    fn ready(&self) -> BTreeMap<Organisation, BTreeSet<(i32, JobId, usize)>> {
        let mut ready: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for job in self.jobs.values() {
            for (place, task) in job.tasks.iter().enumerate() {
                if task.status == Status::Queued && job.waiting(task, self.now).is_none() {
                    ready.entry(job.organisation.clone()).or_default().insert((job.priority, job.id, place));
                }
            }
        }
        ready
    }

    async fn claim(&mut self, store: &dyn Store, node: usize, n: usize) -> Result<(), String> {
        let claims = said(store.claim(NODES[node], n, self.now.plus_ms(60_000), self.now).await)?;
        let ready = self.ready();
        let all: usize = ready.values().map(BTreeSet::len).sum();
        same("how many were claimed", &claims.claimed.len(), &all.min(n))?;
        let mut taken: HashMap<Organisation, usize> = HashMap::new();
        for Claimed { run, job } in claims.claimed {
            let place = (run.key.organisation.clone(), run.key.job);
            let task =
                self.jobs.get(&place).and_then(|job| job.tasks.iter().position(|task| task.name == run.key.task));
            let nth = taken.entry(place.0.clone()).or_default();
            let expected =
                ready.get(&place.0).and_then(|ready| ready.iter().nth(*nth)).map(|(_, id, task)| (*id, *task));
            same("what was claimed", &task.map(|task| (place.1, task)), &expected)?;
            *nth += 1;
            if self.nodes.insert(run.lease, node).is_some() {
                return Err(format!("lease {:?} was given out twice", run.lease));
            }
            let start = Event::Start { task: run.key.task.clone(), lease: run.lease };
            let Some(Ok((expected, _))) = self.apply(&place, start) else {
                return Err(format!("{run:?} cannot start"));
            };
            same("claimed job", &*job, &expected)?;
            let attempt = expected.task(&run.key.task).map(|task| task.attempt);
            same("attempt", &Some(run.attempt), &attempt)?;
            self.runs.push(run);
        }
        for (of, ready) in &ready {
            let had = taken.get(of).copied().unwrap_or_default();
            let unfair = taken.values().any(|other| *other > had + 1);
            if had < ready.len() && unfair {
                return Err(format!("{of} had {had} of its {} turns: {taken:?}", ready.len()));
            }
        }
        let due = self.jobs.values().flat_map(|job| {
            let waits = |task: &&analyte_core::job::Task| {
                task.status == Status::Queued && job.parents_completed(task) && job.not_before(task) > Some(self.now)
            };
            job.tasks.iter().filter(waits).filter_map(|task| job.not_before(task))
        });
        // With no room left, those whose time came meanwhile may still be among the waiting.
        if n > 0 { same("next due", &claims.next_due, &due.min()) } else { Ok(()) }
    }

    async fn heartbeat(&mut self, store: &dyn Store, node: usize) -> Result<(), String> {
        let mine: Vec<_> = self.runs.iter().filter(|run| self.nodes.get(&run.lease) == Some(&node)).cloned().collect();
        let answer = said(store.heartbeat(NODES[node], mine.clone(), self.now.plus_ms(60_000), self.now).await)?;
        let current = self.current();
        let mut got = answer.lost;
        got.extend(answer.cancel_requested);
        got.sort_by_key(|run| run.lease);
        let mut expected: Vec<_> = mine.into_iter().filter(|run| !current.contains(run)).collect();
        expected.sort_by_key(|run| run.lease);
        same("runs to stop", &got, &expected)
    }

    async fn finish(
        &mut self,
        store: &dyn Store,
        run: RunKey,
        end: End,
        large: bool,
        files: usize,
    ) -> Result<(), String> {
        let size = if large { LARGE } else { 100 };
        let name = |what: &str| format!("{what} of lease {}", run.lease.0);
        let usage = Usage { fuel: run.lease.0, peak_memory_bytes: 4 };
        let progress = Some(Progress { fraction: 0.5, message: "half".to_owned() });
        let log = bytes_of(&name("log"), 200);
        let left = Left {
            usage,
            progress: progress.clone(),
            log: Some(self.keep(&log)),
            warnings: vec!["a column was dropped".to_owned()],
        };
        let (outcome, event) = match end {
            End::Completed => {
                let result = bytes_of(&name("result"), size);
                let mut given = Vec::new();
                let mut kept = Vec::new();
                for number in 0..files {
                    // The same bytes in every job: a blob with many owners.
                    let bytes = bytes_of("file", size + number);
                    let content = self.keep(&bytes);
                    let name = FileName::new(&format!("file-{number}")).map_err(|error| error.to_string())?;
                    let media_type = "text/plain".to_owned();
                    kept.push(ResultFile { name: name.clone(), media_type: media_type.clone(), content });
                    let content = if number == 0 {
                        let mut writer = said(store.content_writer().await)?;
                        for piece in bytes.chunks(1_000) {
                            said(writer.write(Bytes::copy_from_slice(piece)).await)?;
                        }
                        NewContent::Staged(said(writer.finish().await)?)
                    } else {
                        NewContent::Bytes(bytes)
                    };
                    given.push(NewFile { name, media_type, content });
                }
                let event = Event::Finish { run: run_of(&run), result: self.keep(&result), files: kept, left };
                (Outcome::Completed { result: NewContent::Bytes(result), files: given }, event)
            }
            End::Failed | End::Retried => {
                let code = if matches!(end, End::Failed) { Code::Trap } else { Code::HostError };
                let failure = Failure::new(code, "it failed");
                let event = Event::Fail { run: run_of(&run), failure: failure.clone(), jitter: 0.5, left };
                (Outcome::Failed { failure, jitter: 0.5 }, event)
            }
        };
        let log = Some(NewContent::Bytes(log));
        let warnings = vec!["a column was dropped".to_owned()];
        let finished = Finished { run: run.clone(), outcome, usage, progress, log, warnings };
        let answers = said(store.finish(vec![finished], self.now).await)?;
        let place = (run.key.organisation.clone(), run.key.job);
        let expected = self.apply(&place, event).and_then(Result::ok).map(|(job, _)| job);
        let got: Vec<_> = answers.into_iter().map(|changed| changed.map(|changed| (*changed.job).clone())).collect();
        same("finish", &got, &vec![expected])
    }

    async fn recover(&mut self, store: &dyn Store, node: usize) -> Result<(), String> {
        let got = said(store.recover(NODES[node], 2, self.now).await)?;
        let mut released = 0;
        for run in self.current() {
            let place = (run.key.organisation.clone(), run.key.job);
            // A store may know that others are gone too; what it says of each run is what counts.
            let job = said(store.job(&place.0, place.1).await)?.ok_or("a job is gone")?;
            let still = job.task(&run.key.task).is_some_and(|task| task.lease == Some(run.lease));
            if still && self.nodes.get(&run.lease) != Some(&node) {
                continue;
            }
            let why = Released::NodeLost { most: 2 };
            let Some(Ok(_)) = self.apply(&place, Event::Release { run: run_of(&run), why }) else {
                // One task's end ended the whole job.
                continue;
            };
            released += 1;
        }
        same("recover", &got, &released)?;
        self.check(store).await
    }

    async fn request(&mut self, store: &dyn Store, pick: usize, event: Event) -> Result<(), String> {
        let Some(place) = self.pick(pick) else { return Ok(()) };
        let got = said(store.apply(&place.0, place.1, event.clone(), self.now).await)?;
        let got = got.map(|answer| answer.map(|changed| (*changed.job).clone()));
        let expected = self.apply(&place, event).map(|answer| answer.map(|(job, _)| job));
        same("apply", &got, &expected)?;
        // Another organisation has no such job.
        let other = organisation(usize::from(place.0 == organisation(0)));
        let foreign = said(store.apply(&other, place.1, Event::Retry, self.now).await)?;
        same("apply from elsewhere", &foreign.is_none(), &true)
    }

    async fn cancel_if(
        &mut self,
        store: &dyn Store,
        picks: Vec<usize>,
        only_queued: bool,
        all_or_nothing: bool,
    ) -> Result<(), String> {
        let of = organisation(0);
        let mine: Vec<_> =
            self.jobs.keys().filter(|(organisation, _)| *organisation == of).map(|(_, id)| *id).collect();
        let unknown = super::jobs::id(self.now, u64::MAX >> 8);
        let choose =
            |pick: &usize| if pick.is_multiple_of(8) || mine.is_empty() { unknown } else { mine[*pick % mine.len()] };
        let jobs: Vec<_> = picks.iter().map(choose).collect();
        let reason = "by rule".to_owned();
        let rule = CancelRule { jobs: jobs.clone(), only_queued, all_or_nothing, reason: reason.clone() };
        let got = said(store.cancel_if(&of, rule, self.now).await)?;
        let can = |model: &Self, id: JobId| match model.jobs.get(&(of.clone(), id)).map(|job| job.status) {
            None => Some("not found"),
            Some(Status::Completed | Status::Failed) => Some("refused"),
            Some(Status::Running) if only_queued => Some("refused"),
            Some(_) => None,
        };
        let held_back = all_or_nothing && jobs.iter().any(|id| can(self, *id).is_some());
        let mut expected = Vec::new();
        for id in jobs {
            let word = match can(self, id) {
                Some(word) => word,
                None if held_back => "untouched",
                None => {
                    self.apply(&(of.clone(), id), Event::Cancel { reason: reason.clone() });
                    "cancelled"
                }
            };
            expected.push((id, word));
        }
        let word = |answer: &CancelAnswer| match answer {
            CancelAnswer::Cancelled(_) => "cancelled",
            CancelAnswer::Untouched => "untouched",
            CancelAnswer::Refused(_) => "refused",
            CancelAnswer::NotFound => "not found",
        };
        same("cancel_if", &got.iter().map(|(id, answer)| (*id, word(answer))).collect(), &expected)?;
        self.check(store).await
    }

    async fn retire(&mut self, store: &dyn Store, age: u64, most: usize) -> Result<(), String> {
        let before = Timestamp(self.now.0 - i64::try_from(age).unwrap_or(0));
        let old: Vec<_> = self
            .jobs
            .iter()
            .filter(|(_, job)| job.status.ended() && job.finished_at.is_some_and(|at| at < before))
            .map(|(place, _)| place.clone())
            .collect();
        same("retire", &said(store.retire(before, most).await)?, &old.len().min(most))?;
        let mut gone = 0;
        for place in old {
            if said(store.job(&place.0, place.1).await)?.is_none() {
                self.forget(&place);
                gone += 1;
            }
        }
        same("retire", &(gone <= most), &true)?;
        self.check(store).await
    }

    async fn list(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        let Step::List { organisation: of, status, model, tag, limit, scan } = step else { return Ok(()) };
        let of = organisation(of);
        let status = status.map(|status| Status::ALL[status]);
        let model = model.map(|even| ModelName::new(if even { "describe" } else { "correlation" }).unwrap());
        let provider = (limit > 1).then(|| ProviderName::new("statistics").unwrap());
        let created_before = (limit == 2).then_some(self.now);
        let created_after = (limit == 3).then(|| Timestamp(self.now.0 - 1_500));
        let tag = tag.map(|tag| ("tag".to_owned(), tag.to_string()));
        let query = ListQuery {
            status,
            provider,
            model: model.clone(),
            tag: tag.clone(),
            created_after,
            created_before,
            after: None,
            limit,
            scan,
        };
        let got = all_pages(store, &of, query).await?;
        let fits = |job: &&Job| {
            job.organisation == of
                && status.is_none_or(|status| job.status == status)
                && model.as_ref().is_none_or(|model| job.tasks[0].model == *model)
                && tag.as_ref().is_none_or(|(tag, value)| job.tags.get(tag) == Some(value))
                && created_after.is_none_or(|after| job.created_at >= after)
                && created_before.is_none_or(|before| job.created_at < before)
        };
        let mut expected: Vec<_> = self.jobs.values().filter(fits).cloned().collect();
        expected.sort_by_key(|job| std::cmp::Reverse(job.id));
        same("list", &got, &expected)
    }

    /// Compares everything that can be seen.
    pub(super) async fn check(&self, store: &dyn Store) -> Result<(), String> {
        for number in 0..3 {
            let of = organisation(number);
            let mut counts = Counts::default();
            for job in self.jobs.values().filter(|job| job.organisation == of) {
                match job.status {
                    Status::Queued => counts.queued += 1,
                    Status::Running => counts.running += 1,
                    Status::Completed => counts.completed += 1,
                    Status::Failed => counts.failed += 1,
                    Status::Cancelled => counts.cancelled += 1,
                }
            }
            same("counts", &said(store.counts(&of).await)?, &counts)?;
        }
        for ((of, id), job) in &self.jobs {
            same("job", &said(store.job(of, *id).await)?.as_deref(), &Some(job))?;
            for content in contents(job) {
                let expected = &self.bytes[&content.digest];
                same("content", &said(store.content(of, *id, &content).await)?, expected)?;
                let middle = content.bytes / 3..content.bytes / 2;
                let part = expected.slice(usize::try_from(middle.start).unwrap()..usize::try_from(middle.end).unwrap());
                same("part of a content", &said(store.content_range(of, *id, &content, middle).await)?, &part)?;
                let other = organisation(usize::from(*of == organisation(0)));
                let foreign = store.content(&other, *id, &content).await;
                same("content from elsewhere", &matches!(foreign, Err(StoreError::Missing(_))), &true)?;
            }
        }
        for ((of, id), content) in &self.dropped {
            let named = self.jobs.get(&(of.clone(), *id)).is_some_and(|job| contents(job).contains(content));
            if !named {
                let left = store.content(of, *id, content).await;
                same("dropped content", &matches!(left, Err(StoreError::Missing(_))), &true)?;
            }
        }
        let provider = ProviderName::new("statistics").unwrap();
        let mut live: Vec<_> = self.jobs.values().filter(|job| !job.status.ended()).collect();
        live.sort_by_key(|job| job.id);
        let unfinished = said(store.unfinished(&provider, usize::MAX).await)?;
        same("unfinished", &unfinished.iter().map(|job| &**job).collect(), &live)?;
        let mut got = Vec::new();
        let mut position = 0;
        loop {
            let changes = said(store.changes_after(position, 7).await)?;
            let Some(last) = changes.last() else { break };
            if changes.first().is_some_and(|first| first.position <= position) {
                return Err(format!("positions do not rise: {changes:?}"));
            }
            position = last.position;
            got.extend(changes.into_iter().map(|change| ((change.organisation, change.job), change.status, change.at)));
        }
        same("changes", &got, &self.changes)
    }
}

async fn all_pages(store: &dyn Store, of: &Organisation, mut query: ListQuery) -> Result<Vec<Job>, String> {
    let mut jobs = Vec::new();
    loop {
        let page = said(store.jobs(of, query.clone()).await)?;
        if page.jobs.len() > query.limit {
            return Err(format!("a page of {} where {} were asked for", page.jobs.len(), query.limit));
        }
        jobs.extend(page.jobs.iter().map(|job| (**job).clone()));
        match page.next {
            Some(next) if query.after.is_some_and(|after| after <= next) => {
                return Err("the cursor stands still".to_owned());
            }
            Some(next) => query.after = Some(next),
            None => return Ok(jobs),
        }
    }
}
