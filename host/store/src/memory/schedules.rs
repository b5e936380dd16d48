//! Schedules, and what they fire.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::Content;
use analyte_core::names::{Organisation, ScheduleId};
use analyte_core::schedule::{Firing, Schedule, ScheduleState};
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;

use crate::jobs::named_contents;
use crate::memory::MemoryStore;
use crate::memory::contents::take;
use crate::memory::data::{Data, ScheduleHeld};
use crate::{
    Fired, FiredJob, KeptSchedule, NewFiring, NewJob, NewSchedule, Result, ScheduleKept, Schedules, StoreError,
    Submitted,
};

impl ScheduleHeld {
    fn kept(&self) -> KeptSchedule {
        KeptSchedule { schedule: Arc::clone(&self.schedule), state: self.state.clone() }
    }
}

/// The bytes of every content that the template names, of those given and those that the schedule has.
fn contents_of(
    schedule: &Schedule,
    given: &HashMap<Digest, Bytes>,
    had: Option<&ScheduleHeld>,
) -> Result<HashMap<Digest, Bytes>> {
    let find = |digest: Digest| {
        let bytes = given.get(&digest).or_else(|| had.and_then(|had| had.contents.get(&digest)));
        bytes.map(|bytes| (digest, bytes.clone())).ok_or_else(|| StoreError::Missing(digest.to_string()))
    };
    named_contents(&schedule.template).into_iter().map(find).collect()
}

fn given(new: &mut NewSchedule) -> Result<HashMap<Digest, Bytes>> {
    let contents = std::mem::take(&mut new.contents).into_iter().map(take);
    contents.map(|taken| taken.map(|(content, bytes)| (content.digest, bytes))).collect()
}

impl Data {
    fn fire(&mut self, new: NewFiring, now: Timestamp) -> Result<Fired> {
        let NewFiring { organisation, schedule, revision, step, job, keep } = new;
        let place = (organisation, schedule);
        let Some(held) = self.schedules.get(&place) else { return Ok(Fired::NotFound) };
        if held.schedule.revision != revision {
            return Ok(Fired::Changed);
        }
        let mut state = held.state.clone();
        let firing = match state.take(step, now) {
            Ok(firing) => firing,
            Err(refusal) => return Ok(Fired::Refused(refusal)),
        };
        if let Some(FiredJob { job, queue_cap }) = job {
            let contents = named_contents(&job).into_iter().map(|digest| {
                let bytes = held.contents.get(&digest).cloned();
                bytes.map(|bytes| (digest, bytes)).ok_or_else(|| StoreError::Missing(digest.to_string()))
            });
            let contents = contents.collect::<Result<HashMap<_, _>>>()?;
            let new = NewJob { job, contents: Vec::new(), idempotency: None, queue_cap };
            if let Submitted::QueueFull { queued } = self.submit((new, contents), now) {
                return Ok(Fired::QueueFull { queued });
            }
        }
        if let Some(held) = self.schedules.get_mut(&place) {
            held.state = state;
            held.history.push_back(firing.clone());
            while held.history.len() as u64 > keep.max(1) {
                held.history.pop_front();
            }
        }
        Ok(Fired::Kept(firing))
    }
}

#[async_trait]
impl Schedules for MemoryStore {
    async fn create_schedule(&self, mut new: NewSchedule, most: u64, now: Timestamp) -> Result<ScheduleKept> {
        let given = given(&mut new)?;
        let mut data = self.lock()?;
        let mut schedule = new.schedule;
        let has = data.schedules.keys().filter(|(of, _)| *of == schedule.organisation).count() as u64;
        if has >= most {
            return Ok(ScheduleKept::Full { has });
        }
        let contents = contents_of(&schedule, &given, None)?;
        data.schedule_numbers += 1;
        (schedule.number, schedule.revision) = (data.schedule_numbers, 1);
        let place = (schedule.organisation.clone(), schedule.id);
        let (schedule, state) = (Arc::new(schedule), ScheduleState::new(now));
        let held = ScheduleHeld { schedule, state, contents, history: VecDeque::new() };
        let kept = held.kept();
        data.schedules.insert(place, held);
        Ok(ScheduleKept::Kept(kept))
    }

    async fn replace_schedule(
        &self,
        mut new: NewSchedule,
        revision: u64,
        now: Option<Timestamp>,
    ) -> Result<ScheduleKept> {
        let given = given(&mut new)?;
        let mut data = self.lock()?;
        let mut schedule = new.schedule;
        let Some(held) = data.schedules.get_mut(&(schedule.organisation.clone(), schedule.id)) else {
            return Ok(ScheduleKept::NotFound);
        };
        if held.schedule.revision != revision {
            return Ok(ScheduleKept::Changed { revision: held.schedule.revision });
        }
        held.contents = contents_of(&schedule, &given, Some(held))?;
        (schedule.number, schedule.revision) = (held.schedule.number, revision + 1);
        held.schedule = Arc::new(schedule);
        if let Some(now) = now {
            held.state.begin(now);
        }
        Ok(ScheduleKept::Kept(held.kept()))
    }

    async fn remove_schedule(&self, organisation: &Organisation, id: ScheduleId) -> Result<bool> {
        Ok(self.lock()?.schedules.remove(&(organisation.clone(), id)).is_some())
    }

    async fn schedule(&self, organisation: &Organisation, id: ScheduleId) -> Result<Option<KeptSchedule>> {
        Ok(self.lock()?.schedules.get(&(organisation.clone(), id)).map(ScheduleHeld::kept))
    }

    async fn schedules_of(&self, wanted: Vec<(Organisation, ScheduleId)>) -> Result<Vec<Option<KeptSchedule>>> {
        let data = self.lock()?;
        Ok(wanted.iter().map(|place| data.schedules.get(place).map(ScheduleHeld::kept)).collect())
    }

    async fn schedules(
        &self,
        organisation: &Organisation,
        after: Option<ScheduleId>,
        most: usize,
    ) -> Result<Vec<KeptSchedule>> {
        let data = self.lock()?;
        let own = data
            .schedules
            .iter()
            .rev()
            .filter(|((of, id), _)| of == organisation && after.is_none_or(|after| *id < after));
        Ok(own.take(most).map(|(_, held)| held.kept()).collect())
    }

    async fn all_schedules(&self, after: Option<(Organisation, ScheduleId)>, most: usize) -> Result<Vec<KeptSchedule>> {
        let data = self.lock()?;
        let later = data.schedules.iter().filter(|(place, _)| after.as_ref().is_none_or(|after| *place > after));
        Ok(later.take(most).map(|(_, held)| held.kept()).collect())
    }

    async fn fire(&self, firings: Vec<NewFiring>, now: Timestamp) -> Result<Vec<Fired>> {
        let mut data = self.lock()?;
        firings.into_iter().map(|firing| data.fire(firing, now)).collect()
    }

    async fn firings(
        &self,
        organisation: &Organisation,
        id: ScheduleId,
        before: Option<u64>,
        most: usize,
    ) -> Result<Option<Vec<Firing>>> {
        let data = self.lock()?;
        let Some(held) = data.schedules.get(&(organisation.clone(), id)) else { return Ok(None) };
        let below = held.history.iter().rev().filter(|firing| before.is_none_or(|before| firing.number < before));
        Ok(Some(below.take(most).cloned().collect()))
    }

    async fn schedule_content(&self, organisation: &Organisation, id: ScheduleId, content: &Content) -> Result<Bytes> {
        let data = self.lock()?;
        let held = data.schedules.get(&(organisation.clone(), id));
        let bytes = held.and_then(|held| held.contents.get(&content.digest));
        bytes.cloned().ok_or_else(|| StoreError::Missing(content.digest.to_string()))
    }
}
