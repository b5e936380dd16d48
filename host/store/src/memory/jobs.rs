//! Jobs: submitted, found, changed and removed.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::event::EventId;
use analyte_core::job::transition::{Event, Refusal, apply};
use analyte_core::job::{Job, Status};
use analyte_core::names::{JobId, Organisation, ProviderKey};
use analyte_core::query::Sort;
use analyte_core::timestamp::Timestamp;
use analyte_core::webhook::Outbox;
use async_trait::async_trait;
use bytes::Bytes;

use crate::jobs::{named_by, named_contents};
use crate::memory::contents::take;
use crate::memory::data::{Data, Entry};
use crate::memory::{MemoryStore, claim, listing};
use crate::{
    CancelAnswer, CancelRule, Change, Changed, Counts, Depth, Events, Idempotency, Jobs, Known, ListQuery, NewContent,
    NewJob, Page, Result, Sorted, StoreError, Submitted,
};

/// A job to be kept, and the bytes of every content that it names.
type Prepared = (NewJob, HashMap<Digest, Bytes>);

/// Finds the bytes of every content that the job names.
fn prepare(mut new: NewJob) -> Result<Prepared> {
    let mut given = HashMap::new();
    for content in std::mem::take(&mut new.contents) {
        let (content, bytes) = take(content)?;
        given.insert(content.digest, bytes);
    }
    let named = named_contents(&new.job);
    if let Some(missing) = named.iter().find(|digest| !given.contains_key(digest)) {
        return Err(StoreError::Missing(missing.to_string()));
    }
    given.retain(|digest, _| named.contains(digest));
    Ok((new, given))
}

impl Data {
    pub(super) fn submit(&mut self, (new, contents): Prepared, now: Timestamp) -> Submitted {
        let NewJob { job, idempotency, queue_cap, .. } = new;
        let place = (job.organisation.clone(), job.id);
        if let Some(Idempotency { key, request }) = &idempotency
            && let Some((before, id)) = self.idempotency.get(&(place.0.clone(), key.clone()))
            && let Some(entry) = self.jobs.get(&(place.0.clone(), *id))
        {
            return if before == request { Submitted::Replayed(Arc::clone(&entry.job)) } else { Submitted::Mismatch };
        }
        // The same id again can only be the same submission.
        if let Some(entry) = self.jobs.get(&place) {
            return Submitted::Replayed(Arc::clone(&entry.job));
        }
        let queued = self.counts(&place.0).queued;
        if queued >= queue_cap {
            return Submitted::QueueFull { queued };
        }
        if let Some(Idempotency { key, request }) = idempotency {
            self.idempotency.insert((place.0.clone(), key), (request, place.1));
        }
        self.record(&job, now);
        let mut outbox = Outbox::default();
        outbox.note(&job, None, now);
        let entry = Entry {
            job: Arc::new(job),
            contents,
            outbox,
            run_events: VecDeque::new(),
            run_event_bytes: 0,
            last_run_event: EventId::default(),
        };
        self.jobs.insert(place, entry);
        Submitted::New
    }

    /// Why a job cannot be cancelled by this rule, as the rule's answer; `None`: it can.
    fn obstacle(
        &self,
        organisation: &Organisation,
        id: JobId,
        rule: &CancelRule,
        now: Timestamp,
    ) -> Option<CancelAnswer> {
        let Some(Entry { job, .. }) = self.jobs.get(&(organisation.clone(), id)) else {
            return Some(CancelAnswer::NotFound);
        };
        if let Some(refusal) = rule.refuses(job) {
            return Some(CancelAnswer::Refused(refusal));
        }
        let refused = apply(&mut Job::clone(job), Event::Cancel { reason: String::new() }, now).err();
        refused.map(CancelAnswer::Refused)
    }
}

#[async_trait]
impl Jobs for MemoryStore {
    async fn submit(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Submitted>> {
        let prepared = jobs.into_iter().map(prepare).collect::<Result<Vec<_>>>()?;
        let mut data = self.lock()?;
        Ok(prepared.into_iter().map(|job| data.submit(job, now)).collect())
    }

    async fn submit_together(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Submitted>> {
        let prepared = jobs.into_iter().map(prepare).collect::<Result<Vec<_>>>()?;
        let mut data = self.lock()?;
        let full = prepared.iter().find_map(|(new, _)| {
            let queued = data.counts(&new.job.organisation).queued;
            let room = queued.saturating_add(prepared.len() as u64) <= new.queue_cap;
            (!room).then_some(Submitted::QueueFull { queued })
        });
        match full {
            Some(full) => Ok(vec![full; prepared.len()]),
            None => Ok(prepared.into_iter().map(|job| data.submit(job, now)).collect()),
        }
    }

    async fn job(&self, organisation: &Organisation, id: JobId) -> Result<Option<Arc<Job>>> {
        let data = self.lock()?;
        Ok(data.jobs.get(&(organisation.clone(), id)).map(|entry| Arc::clone(&entry.job)))
    }

    async fn known(&self, organisation: &Organisation, key: &str) -> Result<Option<Known>> {
        let data = self.lock()?;
        let Some((request, id)) = data.idempotency.get(&(organisation.clone(), key.to_owned())) else {
            return Ok(None);
        };
        let entry = data.jobs.get(&(organisation.clone(), *id));
        Ok(entry.map(|entry| Known { request: *request, job: Arc::clone(&entry.job) }))
    }

    async fn jobs(&self, organisation: &Organisation, query: ListQuery) -> Result<Page> {
        Ok(listing::page(&*self.lock()?, organisation, &query))
    }

    async fn sorted(
        &self,
        organisation: &Organisation,
        query: ListQuery,
        sorts: Arc<[Sort]>,
        skip: usize,
        most: usize,
    ) -> Result<Sorted> {
        Ok(listing::sorted(&*self.lock()?, organisation, &query, &sorts, skip, most))
    }

    async fn events(
        &self,
        organisation: &Organisation,
        id: JobId,
        after: EventId,
        most: usize,
    ) -> Result<Option<Events>> {
        let data = self.lock()?;
        let Some(Entry { job, run_events, .. }) = data.jobs.get(&(organisation.clone(), id)) else { return Ok(None) };
        let mut events = job.events_after(after);
        events.extend(run_events.iter().filter(|event| event.id > after).cloned());
        events.sort_by_key(|event| event.id);
        let complete = events.len() <= most;
        events.truncate(most);
        Ok(Some(Events { events, complete, ended: job.status.ended() }))
    }

    async fn queue_positions(&self, organisation: &Organisation, ids: &[JobId]) -> Result<Vec<Option<u64>>> {
        let data = self.lock()?;
        // A task whose time has come joins the queue with the next claim.
        let queue = claim::ready(&data, data.claimed_at.unwrap_or(Timestamp(i64::MIN)));
        let line: Vec<JobId> = queue.get(organisation).into_iter().flatten().map(|entry| entry.job).collect();
        let position = |id: &JobId| line.iter().position(|other| other == id).map(|position| position as u64);
        Ok(ids.iter().map(position).collect())
    }

    async fn depths(&self) -> Result<Vec<Depth>> {
        let data = self.lock()?;
        let mut depths: BTreeMap<_, Depth> = BTreeMap::new();
        for Entry { job, .. } in data.jobs.values().filter(|entry| !entry.job.status.ended()) {
            for provider in job.providers() {
                let (organisation, provider) = (job.organisation.clone(), provider.clone());
                let none = Depth { organisation, provider, queued: 0, running: 0, oldest: None };
                let depth = depths.entry((none.organisation.clone(), none.provider.clone())).or_insert(none);
                if job.status == Status::Queued {
                    let due = job.run_at.map_or(job.created_at, |at| at.max(job.created_at));
                    depth.oldest = Some(depth.oldest.map_or(due, |oldest| oldest.min(due)));
                    depth.queued += 1;
                } else {
                    depth.running += 1;
                }
            }
        }
        Ok(depths.into_values().collect())
    }

    async fn counts(&self, organisation: &Organisation) -> Result<Counts> {
        Ok(self.lock()?.counts(organisation))
    }

    async fn apply(
        &self,
        organisation: &Organisation,
        id: JobId,
        event: Event,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<Changed, Refusal>>> {
        let (mut data, place) = (self.lock()?, (organisation.clone(), id));
        // Events of a run come with the run.
        if !matches!(event, Event::Cancel { .. } | Event::Retry { .. } | Event::Abandon { .. }) {
            return Ok(data.jobs.contains_key(&place).then_some(Err(Refusal::Stale)));
        }
        Ok(data.apply(&place, event, Vec::new(), now))
    }

    async fn extend(
        &self,
        organisation: &Organisation,
        id: JobId,
        event: Event,
        contents: Vec<NewContent>,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<Changed, Refusal>>> {
        let mut brought = Vec::with_capacity(contents.len());
        for content in contents {
            let (content, bytes) = take(content)?;
            brought.push((content.digest, bytes));
        }
        let (mut data, place) = (self.lock()?, (organisation.clone(), id));
        match &event {
            Event::AddTask { task, .. } => {
                let given = |digest: &Digest| brought.iter().any(|(brought, _)| brought == digest);
                if let Some(missing) = named_by(task).find(|digest| !given(digest)) {
                    return Err(StoreError::Missing(missing.to_string()));
                }
            }
            Event::AddParent { .. } => {}
            _ => return Ok(data.jobs.contains_key(&place).then_some(Err(Refusal::Stale))),
        }
        Ok(data.apply(&place, event, brought, now))
    }

    async fn cancel_if(
        &self,
        organisation: &Organisation,
        rule: CancelRule,
        now: Timestamp,
    ) -> Result<Vec<(JobId, CancelAnswer)>> {
        let mut data = self.lock()?;
        let obstacles: Vec<_> = rule.jobs.iter().map(|id| data.obstacle(organisation, *id, &rule, now)).collect();
        let held_back = rule.all_or_nothing && obstacles.iter().any(Option::is_some);
        let mut answers = Vec::with_capacity(obstacles.len());
        for (id, obstacle) in rule.jobs.iter().zip(obstacles) {
            let answer = match obstacle {
                Some(obstacle) => obstacle,
                None if held_back => CancelAnswer::Untouched,
                None => {
                    let event = Event::Cancel { reason: rule.reason.clone() };
                    match data.apply(&(organisation.clone(), *id), event, Vec::new(), now) {
                        Some(Ok(changed)) => CancelAnswer::Cancelled(changed),
                        Some(Err(refusal)) => CancelAnswer::Refused(refusal),
                        None => CancelAnswer::NotFound,
                    }
                }
            };
            answers.push((*id, answer));
        }
        Ok(answers)
    }

    async fn purge(&self, organisation: &Organisation, id: JobId) -> Result<Option<bool>> {
        Ok(self.lock()?.purge(&(organisation.clone(), id)))
    }

    async fn unfinished(
        &self,
        provider: &ProviderKey,
        after: Option<(Organisation, JobId)>,
        most: usize,
    ) -> Result<Vec<Arc<Job>>> {
        let data = self.lock()?;
        let later = |job: &&Arc<Job>| {
            after.as_ref().is_none_or(|(organisation, id)| (&job.organisation, job.id) > (organisation, *id))
        };
        Ok(data.users(provider).filter(later).take(most).cloned().collect())
    }

    async fn changes_after(&self, position: u64, most: usize) -> Result<Vec<Change>> {
        let data = self.lock()?;
        Ok(data.changes.iter().filter(|change| change.position > position).take(most).cloned().collect())
    }
}
