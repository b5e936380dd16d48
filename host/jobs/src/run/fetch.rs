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
    pub(crate) input: Bytes,
    pub(crate) parameters: Bytes,
}

/// What the tasks of one organisation are given.
#[derive(Default)]
struct Wanted {
    /// Where each stands in the claim.
    places: Vec<usize>,
    /// Two for each: input and parameters.
    contents: Vec<(JobId, Content)>,
}

/// One for each task, in order; `None` where they are large or cannot be had, which the run itself finds out.
pub(crate) async fn fetch(manager: &Manager, claimed: &[Claimed]) -> Vec<Option<Fetched>> {
    let mut wanted: HashMap<Organisation, Wanted> = HashMap::new();
    for (at, Claimed { run, job }) in claimed.iter().enumerate() {
        let Some(task) = job.task(&run.key.task) else { continue };
        if task.input.bytes <= SMALL && task.parameters.bytes <= SMALL {
            let wanted = wanted.entry(job.organisation.clone()).or_default();
            wanted.places.push(at);
            wanted.contents.extend([(job.id, task.input.clone()), (job.id, task.parameters.clone())]);
        }
    }
    let mut fetched: Vec<Option<Fetched>> = claimed.iter().map(|_| None).collect();
    for (organisation, Wanted { places, contents }) in wanted {
        // A store that cannot be read tells each run so.
        let Ok(found) = manager.inner.store.contents(&organisation, contents).await else { continue };
        for (at, pair) in places.into_iter().zip(found.as_chunks::<2>().0) {
            if let ([Some(input), Some(parameters)], Some(place)) = (pair, fetched.get_mut(at)) {
                *place = Some(Fetched { input: input.clone(), parameters: parameters.clone() });
            }
        }
    }
    fetched
}
