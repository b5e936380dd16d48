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

/// One for each task, in order; `None` where they are large or cannot be had, which the run itself finds out.
pub(crate) async fn fetch(manager: &Manager, claimed: &[Claimed]) -> Vec<Option<Fetched>> {
    let mut wanted: HashMap<Organisation, (Vec<usize>, Vec<(JobId, Content)>)> = HashMap::new();
    for (at, Claimed { run, job }) in claimed.iter().enumerate() {
        let Some(task) = job.task(&run.key.task) else { continue };
        if task.input.bytes <= SMALL && task.parameters.bytes <= SMALL {
            let (places, contents) = wanted.entry(job.organisation.clone()).or_default();
            places.push(at);
            contents.extend([(job.id, task.input.clone()), (job.id, task.parameters.clone())]);
        }
    }
    let mut fetched: Vec<Option<Fetched>> = claimed.iter().map(|_| None).collect();
    for (organisation, (places, contents)) in wanted {
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
