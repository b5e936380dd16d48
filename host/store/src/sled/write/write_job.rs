//! Writes a changed job with everything that follows from the change: indexes, counts, queue, contents, journal.

use std::collections::BTreeSet;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::{Job, JobChange, Status, Task};
use analyte_core::names::{Lease, Organisation, RunKey, TaskKey};
use analyte_core::timestamp::Timestamp;
use bytes::Bytes;

use crate::jobs::{named_components, named_contents};
use crate::sled::format::envelope::{self, Find};
use crate::sled::format::inline_contents::{self, Small};
use crate::sled::format::job_record::{Since, Start};
use crate::sled::format::keys::{self, Class, Place};
use crate::sled::state::counters::count;
use crate::sled::state::{Running, State};
use crate::{Result, Staged};

/// Whether one of the tasks that changed runs on something else now.
fn other_pins(old: &Job, new: &Job, changed: &[usize]) -> bool {
    let pins = |job: &Job, place: usize| job.tasks.get(place).map(|task| (task.digest, task.model_file));
    changed.iter().any(|place| pins(old, *place) != pins(new, *place))
}

/// Fewest steps after which a job is written whole again; a job of more tasks takes as many as it has tasks.
const STEPS: usize = 16;

impl State {
    /// A job that was just submitted; its entries are written by the caller.
    pub(crate) fn enter(&mut self, job: &Arc<Job>) {
        self.count_in(job);
        self.come_alive(job);
        self.keep_warm((job.organisation.clone(), job.id), job);
    }

    /// Takes up a live job that was found when the store opened.
    pub(crate) fn found_live(&mut self, job: &Arc<Job>, since: Since) {
        self.count_in(job);
        self.come_alive(job);
        let place = (job.organisation.clone(), job.id);
        if since != Since::default() {
            self.since.insert(place.clone(), since);
        }
        self.keep_warm(place, job);
    }

    /// Counts an ended job that was found when the store opened.
    pub(crate) fn found_ended(&mut self, organisation: &Organisation, status: Status) {
        *count(self.counts.of(organisation), status) += 1;
    }

    /// Takes a job of this class out of the counts, where the job itself cannot be read. A live one is believed to be
    /// queued; the next opening counts anew.
    pub(crate) fn forget_count(&mut self, organisation: &Organisation, class: Class) {
        let counts = self.counts.of(organisation);
        let count = match class {
            Class::Live if counts.queued > 0 => &mut counts.queued,
            Class::Live => &mut counts.running,
            Class::Completed => &mut counts.completed,
            Class::Failed => &mut counts.failed,
            Class::Cancelled => &mut counts.cancelled,
        };
        *count = count.saturating_sub(1);
    }

    /// Writes what changed of a job; `brought` are the contents that are new to it, and `freed` those that it may no longer
    /// name.
    pub(crate) fn write_change(
        &mut self,
        old: &Job,
        new: Job,
        (brought, freed): (&[Staged], &[Digest]),
        now: Timestamp,
    ) -> Result<Arc<Job>> {
        let place = (new.organisation.clone(), new.id);
        let steps = match self.since.get(&place) {
            None => Some(0),
            Some(Since::Steps { steps }) => Some(*steps),
            // By an older version.
            Some(Since::Starts(_)) => None,
        };
        let most = new.tasks.len().max(STEPS);
        // Another graph is written whole, with the entries by which the job is found.
        let same_graph = new.tasks.is_same_graph(&old.tasks);
        let steps =
            steps.filter(|_| same_graph).filter(|steps| usize::try_from(*steps).is_ok_and(|steps| steps < most));
        match steps {
            Some(number) if new.tasks.len() > 1 && !old.status.ended() && !new.status.ended() => {
                self.write_step(old, &new, &place, number, (brought, freed))?;
            }
            _ => self.write_whole(old, &new, &place, brought)?,
        }
        if !same_graph {
            self.records.insert(index_keys(&new).into_iter().map(|key| (key, Vec::new())).collect());
        }
        self.settle(old, new, place, now)
    }

    fn write_step(
        &mut self,
        old: &Job,
        new: &Job,
        place: &Place,
        number: u32,
        (brought, freed): (&[Staged], &[Digest]),
    ) -> Result<()> {
        let bytes = envelope::json(&JobChange::between(old, new))?;
        self.records.insert(envelope::entries(keys::step(&place.0, place.1, number), &bytes));
        let since = Since::Steps { steps: number.saturating_add(1) };
        self.records.put(keys::starts(&place.0, place.1), &envelope::json(&since)?)?;
        self.since.insert(place.clone(), since);
        for staged in brought {
            self.keep_content(place, staged)?;
        }
        if !freed.is_empty() {
            let named = named_contents(new);
            for digest in freed.iter().filter(|digest| !named.contains(*digest)) {
                self.drop_content(place, *digest)?;
            }
        }
        Ok(())
    }

    fn write_whole(&mut self, old: &Job, new: &Job, place: &Place, brought: &[Staged]) -> Result<()> {
        self.write_record(Class::of(old.status), new, brought)?;
        if let Some(since) = self.since.remove(place) {
            if let Since::Steps { steps } = since {
                self.remove_steps(place, steps)?;
            }
            self.records.take_away(keys::starts(&place.0, place.1))?;
        }
        for digest in named_contents(old).difference(&named_contents(new)) {
            self.drop_content(place, *digest)?;
        }
        Ok(())
    }

    /// Removes the first steps of a job, as many as this: it is written whole, or they are lost.
    pub(crate) fn remove_steps(&mut self, (organisation, id): &Place, steps: u32) -> Result<()> {
        (0..steps).try_for_each(|number| self.records.take_away(keys::step(organisation, *id, number)))
    }

    /// Writes the record of a job that was of this class, with the small contents that it has or that are brought.
    fn write_record(&mut self, was: Class, job: &Job, brought: &[Staged]) -> Result<()> {
        let place = (job.organisation.clone(), job.id);
        let before = keys::job(&place.0, was, place.1);
        let mut small = match self.records.find(&before)? {
            Some(value) => inline_contents_of(&value, job),
            None => Vec::new(),
        };
        for staged in brought {
            match &staged.inline {
                Some(bytes) if bytes.len() <= inline_contents::MOST => {
                    // Also in place of the same one, where that is damaged.
                    small.retain(|small: &Small<Bytes>| small.digest != staged.content.digest);
                    small.push(Small::new(staged.content.digest, bytes.clone()));
                }
                _ => self.keep_content(&place, staged)?,
            }
        }
        self.put_job(before, job, small)
    }

    /// Writes a job's record in place of the one under the key `before`.
    pub(crate) fn put_job(&mut self, before: Vec<u8>, job: &Job, small: Vec<Small<Bytes>>) -> Result<()> {
        let place = (job.organisation.clone(), job.id);
        let key = keys::job(&place.0, Class::of(job.status), place.1);
        let (entries, outside) = inline_contents::entries(key, &envelope::json(job)?, small);
        self.records.take_away(before)?;
        self.records.insert(entries);
        // A damaged one would get a new checksum there.
        for small in outside.iter().filter(|small| small.whole()) {
            self.keep_bytes(&place, small.digest, &small.bytes)?;
        }
        Ok(())
    }

    /// Writes only that a task was started.
    pub(crate) fn write_start(&mut self, old: &Job, new: Job, start: Start, node: &Arc<str>) -> Result<Arc<Job>> {
        let (lease, at) = (start.lease, start.at);
        let job = if new.tasks.len() > 1 {
            self.write_change(old, new, (&[], &[]), at)?
        } else {
            let place = (new.organisation.clone(), new.id);
            let mut starts = match self.since.remove(&place) {
                Some(Since::Starts(starts)) => starts,
                // A job of one task takes no steps.
                None | Some(Since::Steps { .. }) => Vec::new(),
            };
            starts.push(start);
            let since = Since::Starts(starts);
            self.records.put(keys::starts(&place.0, place.1), &envelope::json(&since)?)?;
            self.since.insert(place.clone(), since);
            self.settle(old, new, place, at)?
        };
        if let Some(running) = self.running.get_mut(&lease) {
            running.node = Some(Arc::clone(node));
        }
        Ok(job)
    }

    fn settle(&mut self, old: &Job, new: Job, place: Place, now: Timestamp) -> Result<Arc<Job>> {
        let (was, is) = (Class::of(old.status), Class::of(new.status));
        if was != is {
            if was != Class::Live {
                self.records.remove(keys::with_id(keys::states(&place.0, was), place.1));
            }
            self.state_entry(&new);
        }
        let same_graph = new.tasks.is_same_graph(&old.tasks);
        if old.status != new.status || !same_graph {
            self.count_out(old);
            self.count_in(&new);
            self.note(&new, Some(old.status), now)?;
        }
        // Only what changed: the others stay as they are, and a live job stays among the users of its providers.
        let changed: Vec<usize> = new.tasks.changed_since(&old.tasks).collect();
        self.queue.change(old, &new, &changed);
        self.leases_changed(old, &new, &changed);
        if was == Class::Live && is != Class::Live {
            self.jobs_by_provider.leave(old);
            for digest in named_components(old) {
                self.unpin_component(&old.organisation, digest)?;
            }
        } else if was != Class::Live && is == Class::Live {
            self.join_users(&new);
        } else if is == Class::Live && !same_graph {
            self.jobs_by_provider.leave(old);
            // The new components first, so that what both name is never without.
            self.join_users(&new);
            for digest in named_components(old) {
                self.unpin_component(&old.organisation, digest)?;
            }
        } else if is == Class::Live && other_pins(old, &new, &changed) {
            // Run again in place: the new ones first, so that what both name is never without.
            for digest in named_components(&new) {
                self.pin_component(&new.organisation, digest);
            }
            for digest in named_components(old) {
                self.unpin_component(&old.organisation, digest)?;
            }
        }
        self.journal.push(&new, now);
        let job = Arc::new(new);
        self.keep_warm(place, &job);
        Ok(job)
    }

    /// Removes an ended job with all that belongs to it.
    pub(crate) fn erase(&mut self, job: &Job) -> Result<()> {
        let place = (job.organisation.clone(), job.id);
        let (organisation, id) = &place;
        self.touched.push(place.clone());
        self.records.take_away(keys::job(organisation, Class::of(job.status), *id))?;
        self.records.remove(keys::with_id(keys::states(organisation, Class::of(job.status)), *id));
        for key in index_keys(job) {
            self.records.remove(key);
        }
        for digest in named_contents(job) {
            self.drop_content(&place, digest)?;
        }
        let named = keys::job_idempotency(organisation, *id);
        if let Some(hash) = self.records.find(&named)? {
            self.records.remove(keys::idempotency_of(organisation, &hash));
            self.records.remove(named);
        }
        for key in self.records.under(&keys::run_events_of(organisation, *id))?.into_keys() {
            self.records.take_away(key)?;
        }
        if !job.webhooks.is_empty() {
            self.drop_outbox(job)?;
        }
        self.count_out(job);
        self.forget(&place);
        Ok(())
    }

    fn come_alive(&mut self, job: &Arc<Job>) {
        self.queue.add(job);
        self.join_users(job);
        for (lease, run) in leases(job) {
            self.running.insert(lease, Running { run, node: None });
        }
    }

    fn join_users(&mut self, job: &Job) {
        self.jobs_by_provider.join(job);
        for digest in named_components(job) {
            self.pin_component(&job.organisation, digest);
        }
    }

    fn leases_changed(&mut self, old: &Job, new: &Job, changed: &[usize]) {
        for place in changed {
            let (before, now) = (old.tasks.get(*place), new.tasks.get(*place));
            let lease_of = |task: Option<&Task>| task.and_then(|task| task.lease);
            if let Some(lease) = lease_of(before).filter(|lease| lease_of(now) != Some(*lease)) {
                self.running.remove(&lease);
            }
            if let Some((lease, run)) = now.and_then(|task| lease_of_run(new, task)) {
                self.running.entry(lease).or_insert(Running { run, node: None });
            }
        }
    }

    fn count_in(&mut self, job: &Job) {
        *count(self.counts.of(&job.organisation), job.status) += 1;
        self.depths.count_in(job);
    }

    fn count_out(&mut self, job: &Job) {
        let count = count(self.counts.of(&job.organisation), job.status);
        *count = count.saturating_sub(1);
        self.depths.count_out(job);
    }

    /// The entry by which a job that ended is found in its state.
    pub(crate) fn state_entry(&mut self, job: &Job) {
        let class = Class::of(job.status);
        if class == Class::Live {
            return;
        }
        let key = keys::with_id(keys::states(&job.organisation, class), job.id);
        let value = job.finished_at.map_or_else(Vec::new, |at| at.0.to_be_bytes().to_vec());
        self.records.set(key, value);
    }
}

/// The contents within a record that a job still names, damaged ones as they are.
pub(crate) fn inline_contents_of(value: &[u8], job: &Job) -> Vec<Small<Bytes>> {
    let named = named_contents(job);
    inline_contents::all(value).filter(|small| named.contains(&small.digest)).map(|small| small.owned()).collect()
}

/// Index entries that never change while the job exists.
pub(crate) fn index_keys(job: &Job) -> Vec<Vec<u8>> {
    let model = |task: &Task| keys::model_jobs(&job.organisation, &task.provider, &task.model);
    // Tasks of the same model share an entry.
    let models: BTreeSet<_> = job.tasks.iter().map(model).collect();
    let tags = job.tags.iter().map(|(tag, value)| keys::tag_jobs(&job.organisation, tag, value));
    models.into_iter().chain(tags).map(|prefix| keys::with_id(prefix, job.id)).collect()
}

fn leases(job: &Job) -> impl Iterator<Item = (Lease, RunKey)> {
    job.tasks.iter().filter_map(|task| lease_of_run(job, task))
}

fn lease_of_run(job: &Job, task: &Task) -> Option<(Lease, RunKey)> {
    let lease = task.lease?;
    let key = TaskKey { organisation: job.organisation.clone(), job: job.id, task: task.name.clone() };
    Some((lease, RunKey { key, attempt: task.attempt, lease }))
}
