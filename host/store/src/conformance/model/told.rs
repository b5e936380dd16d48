//! What runs tell, and the events that come of it.

use analyte_core::job::Progress;
use analyte_core::job::event::{EventId, Happened, JobEvent, Telling, Told};
use analyte_core::names::RunKey;

use super::{Model, Place, said, same};
use crate::{Events, Store};

impl Model {
    /// As many events as there are texts; every third one is progress.
    pub(super) fn telling(&self, texts: &[usize]) -> Vec<Told> {
        let what = |(number, length): (usize, &usize)| match number % 3 {
            2 => Telling::Progress(Progress { fraction: 0.1, message: "x".repeat(*length) }),
            _ => Telling::Log { level: "info".to_owned(), message: "y".repeat(*length) },
        };
        texts.iter().enumerate().map(|told| Told { at: self.now, what: what(told) }).collect()
    }

    pub(super) async fn tell(&mut self, store: &dyn Store, pick: usize, texts: Vec<usize>) -> Result<(), String> {
        let Some(run) = pick.checked_rem(self.runs.len()).and_then(|place| self.runs.get(place)).cloned() else {
            return Ok(());
        };
        let told = self.telling(&texts);
        let got = said(store.tell(vec![(run.clone(), told.clone())]).await)?;
        same("tell", &got, &vec![self.told_by(&run, told)])?;
        self.check_events(store, &(run.key.organisation.clone(), run.key.job)).await
    }

    /// Notes what a run reported, if it is current.
    pub(super) fn told_by(&mut self, run: &RunKey, told: Vec<Told>) -> bool {
        let place = (run.key.organisation.clone(), run.key.job);
        if !self.current().contains(run) {
            return false;
        }
        let revision = self.jobs[&place].revision;
        let events = self.told.entry(place).or_default();
        for Told { at, what } in told {
            let before = events.last().map_or(0, |last| last.id.0.saturating_sub(EventId::of_revision(revision).0));
            let id = EventId::of_told(revision, before + 1).unwrap();
            let what = Happened::Told { task: run.key.task.clone(), attempt: run.attempt, what };
            events.push(JobEvent { id, at, what });
        }
        true
    }

    /// All events of a job, at once and in portions.
    pub(super) async fn check_events(&self, store: &dyn Store, place: &Place) -> Result<(), String> {
        let Some(job) = self.jobs.get(place) else {
            return same("events of no job", &said(store.events(&place.0, place.1, EventId(0), 9).await)?, &None);
        };
        let mut expected = job.events_after(EventId(0));
        expected.extend(self.told.get(place).into_iter().flatten().cloned());
        expected.sort_by_key(|event| event.id);
        let ended = job.status.ended();
        let all = Events { events: expected.clone(), complete: true, ended };
        same("events", &said(store.events(&place.0, place.1, EventId(0), expected.len()).await)?, &Some(all))?;
        let mut after = EventId(0);
        for (number, portion) in expected.chunks(3).enumerate() {
            let complete = (number + 1) * 3 >= expected.len();
            let wanted = Events { events: portion.to_vec(), complete, ended };
            same("some events", &said(store.events(&place.0, place.1, after, 3).await)?, &Some(wanted))?;
            after = portion.last().map_or(after, |event| event.id);
        }
        Ok(())
    }
}
