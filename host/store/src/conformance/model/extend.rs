//! Jobs of which nothing has begun get further tasks and parents.

use analyte_core::job::transition::Event;
use analyte_core::job::{Input, Task};
use analyte_core::names::{ModelName, ProviderName, TaskName};
use bytes::Bytes;

use super::{Digest, LARGE, Model, NewContent, Place, Store, StoreError, organisation, said, same};
use crate::conformance::jobs::bytes_of;

impl Model {
    /// A task of another model, which takes the result of the first one or has a table of its own.
    pub(super) async fn add_task(
        &mut self,
        store: &dyn Store,
        pick: usize,
        large: bool,
        most: u64,
    ) -> Result<(), String> {
        let Some(place) = self.pick(pick) else { return Ok(()) };
        let tasks = &self.jobs[&place].tasks;
        let (first, number) = (tasks[0].name.clone(), tasks.len());
        self.submitted += 1;
        let input = bytes_of(&format!("input {} of a further task", self.submitted), if large { LARGE } else { 100 });
        let takes = pick.is_multiple_of(2);
        let named = || -> Option<_> {
            let provider = if pick.is_multiple_of(3) { "statistics" } else { "forecast" };
            let name = format!("further-{}", if pick.is_multiple_of(5) { 0 } else { number });
            Some((TaskName::new(&name).ok()?, ProviderName::new(provider).ok()?, ModelName::new("trend").ok()?))
        };
        let (name, provider, model) = named().ok_or("a name that is none")?;
        let parameters = self.keep(&Bytes::from_static(b"{}"));
        let of = vec![first];
        let input = if takes { Input::Results { of: of.clone() } } else { Input::Given(self.keep(&input)) };
        let given = input.given().cloned();
        let task = Task {
            parents: if takes { of } else { Vec::new() },
            ..Task::queued(name, (provider, model), Digest::of(b"another component"), input, parameters.clone())
        };
        let contents = given.iter().chain([&parameters]).map(|content| self.bytes[&content.digest].clone());
        let contents: Vec<_> = contents.map(NewContent::Bytes).collect();
        let event = Event::AddTask { task: Box::new(task), most };
        let without = store.extend(&place.0, place.1, event.clone(), Vec::new(), self.now).await;
        same("a task without its contents", &matches!(without, Err(StoreError::Missing(_))), &true)?;
        self.extend(store, &place, event, contents).await
    }

    pub(super) async fn extend(
        &mut self,
        store: &dyn Store,
        place: &Place,
        event: Event,
        contents: Vec<NewContent>,
    ) -> Result<(), String> {
        let other = organisation(usize::from(place.0 == organisation(0)));
        let foreign = said(store.extend(&other, place.1, event.clone(), contents.clone(), self.now).await)?;
        same("extend from elsewhere", &foreign.is_none(), &true)?;
        let got = said(store.extend(&place.0, place.1, event.clone(), contents, self.now).await)?;
        let got = got.map(|answer| answer.map(|changed| (*changed.job).clone()));
        let expected = self.apply(place, event).map(|answer| answer.map(|(job, _)| job));
        same("extend", &got, &expected)
    }
}
