//! What runs report, and the events that come of it.

use analyte_core::job::Progress;
use analyte_core::job::event::{EventId, Happened, JobEvent, Reported, RunEvent};
use analyte_core::names::RunKey;

use super::{Model, Place, said, same};
use crate::{Events, Store};

impl Model {
    /// As many events as there are texts; every third one is progress.
    pub(super) fn run_events_with(&self, texts: &[usize]) -> Vec<RunEvent> {
        let what = |(number, length): (usize, &usize)| match number % 3 {
            2 => Reported::Progress(Progress { fraction: 0.1, message: "x".repeat(*length) }),
            _ => Reported::Log { level: "info".to_owned(), message: "y".repeat(*length) },
        };
        texts.iter().enumerate().map(|text| RunEvent { at: self.now, what: what(text) }).collect()
    }

    pub(super) async fn keep_run_events(
        &mut self,
        store: &dyn Store,
        pick: usize,
        texts: Vec<usize>,
    ) -> Result<(), String> {
        let Some(run) = pick.checked_rem(self.runs.len()).and_then(|place| self.runs.get(place)).cloned() else {
            return Ok(());
        };
        let events = self.run_events_with(&texts);
        let got = said(store.keep_run_events(vec![(run.clone(), events.clone())]).await)?;
        same("keep run events", &got, &vec![self.note_run_events(&run, events)])?;
        self.check_events(store, &(run.key.organisation.clone(), run.key.job)).await
    }

    /// Notes what a run reported, if it is current.
    pub(super) fn note_run_events(&mut self, run: &RunKey, new: Vec<RunEvent>) -> bool {
        let place = (run.key.organisation.clone(), run.key.job);
        if !self.current().contains(run) {
            return false;
        }
        let revision = self.jobs[&place].revision;
        let events = self.run_events.entry(place).or_default();
        for RunEvent { at, what } in new {
            let before = events.last().map_or(0, |last| last.id.0.saturating_sub(EventId::of_revision(revision).0));
            let id = EventId::of_run_event(revision, before + 1).unwrap();
            let what = Happened::Reported { task: run.key.task.clone(), attempt: run.attempt, what };
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
        expected.extend(self.run_events.get(place).into_iter().flatten().cloned());
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
