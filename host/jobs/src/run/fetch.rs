//! Fetches what claimed tasks are given, inputs and parameters, for all of a claim together: one look into the store
//! instead of two for each run.

use std::collections::HashMap;

use analyte_core::job::Content;
use analyte_core::names::{JobId, Organisation};
use analyte_store::Claimed;
use bytes::Bytes;

use crate::manager::Manager;

/// Contents above this size are left to each run: it may wait for them, and others need not.
const SMALL: u64 = 48 * 1024;

/// Input and parameters of a task.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// The stored tables that make up its input, in their order.
    pub(crate) input: Vec<Bytes>,
    pub(crate) parameters: Bytes,
}

/// What the tasks of one organisation are given.
#[derive(Default)]
struct Wanted {
    /// Where each stands in the claim, and how many tables make up its input.
    places: Vec<(usize, usize)>,
    /// Of each its tables and its parameters.
    contents: Vec<(JobId, Content)>,
}

/// One for each task, in order; `None` where they are large or cannot be had, which the run itself finds out.
pub(crate) async fn fetch(manager: &Manager, claimed: &[Claimed]) -> Vec<Option<Fetched>> {
    let mut wanted: HashMap<Organisation, Wanted> = HashMap::new();
    for (at, Claimed { run, job }) in claimed.iter().enumerate() {
        let Some(task) = job.task(&run.key.task) else { continue };
        let Some(tables) = job.input_of(task) else { continue };
        let bytes = tables.iter().map(|content| content.bytes).fold(0, u64::saturating_add);
        if bytes <= SMALL && task.parameters.bytes <= SMALL {
            let wanted = wanted.entry(job.organisation.clone()).or_default();
            wanted.places.push((at, tables.len()));
            let contents = tables.into_iter().chain([&task.parameters]);
            wanted.contents.extend(contents.map(|content| (job.id, content.clone())));
        }
    }
    let mut fetched: Vec<Option<Fetched>> = claimed.iter().map(|_| None).collect();
    for (organisation, Wanted { places, contents }) in wanted {
        // A store that cannot be read tells each run so.
        let Ok(found) = manager.inner.store.contents(&organisation, contents).await else { continue };
        let mut found = found.into_iter();
        for (at, tables) in places {
            let input: Vec<_> = found.by_ref().take(tables).collect();
            let parameters = found.next().flatten();
            let input: Option<Vec<Bytes>> = input.into_iter().collect();
            if let (Some(input), Some(parameters), Some(place)) = (input, parameters, fetched.get_mut(at)) {
                *place = Some(Fetched { input, parameters });
            }
        }
    }
    fetched
}
