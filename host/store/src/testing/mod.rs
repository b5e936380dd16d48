//! What every implementation of [`Store`] must do: random steps, compared with a plain model that knows only the state
//! machine. A second implementation calls [`agree`] with a function that opens it.

mod jobs;
mod model;
mod records;
mod steps;

use std::sync::Arc;

pub(crate) use jobs::{bytes_of, content_of, job_with, new_job, result_of, room};
pub(crate) use records::{file_of, model_of, provider_of, token_of};
pub(crate) use steps::{End, Step, steps};

use crate::Store;

/// Runs the steps on a store and on the model, and says where they differ. `open` opens the same store again and again;
/// the one before is closed or dropped by then.
pub(crate) async fn agree(steps: Vec<Step>, mut open: impl AsyncFnMut() -> Arc<dyn Store>) -> Result<(), String> {
    let mut model = model::Model::default();
    let mut store = open().await;
    let mut trail = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        trail.push(step.clone());
        let outcome = match step {
            Step::Reopen { close } => {
                if close {
                    store.close().await.map_err(|error| error.to_string())?;
                }
                drop(store);
                store = open().await;
                model.check(&*store).await
            }
            step => model.step(&*store, step).await,
        };
        outcome.map_err(|difference| format!("step {number}: {difference}\nsteps: {trail:#?}"))?;
    }
    model.check(&*store).await.map_err(|difference| format!("at the end: {difference}\nsteps: {trail:#?}"))
}
