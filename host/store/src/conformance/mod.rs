//! What every store must do: random steps, compared with a plain model that knows only the state machine.
//!
//! A store of another crate enables the feature `conformance` for its tests and calls [`run`] with functions that open
//! it.

mod jobs;
mod model;
mod records;
mod steps;

use std::sync::Arc;

use proptest::test_runner::{Config, TestRunner};

pub use jobs::{bytes_of, content_of, job_with, new_job, result_of, room};
pub use records::{file_of, model_of, provider_of, token_of};
pub use steps::steps;
#[cfg(test)]
pub(crate) use steps::{End, Step};

use crate::Store;

/// Runs `cases` random sequences of up to `most` steps, each on a store of its own: `fresh` makes one, and what it
/// returns opens that one again and again, while the handle before is closed or dropped.
///
/// # Panics
/// Where the store and the model differ: with the shortest sequence that was found, and what both have.
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn run<O: AsyncFnMut() -> Arc<dyn Store>>(cases: u32, most: usize, fresh: impl Fn() -> O) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps(most), |steps| {
        runtime.block_on(agree(steps, fresh())).map_err(proptest::test_runner::TestCaseError::fail)
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// Runs the steps on a store and on the model, and says where they differ. `open` opens the same store again and again;
/// the handle before is closed or dropped by then.
pub async fn agree(steps: Vec<steps::Step>, mut open: impl AsyncFnMut() -> Arc<dyn Store>) -> Result<(), String> {
    let mut model = model::Model::default();
    let mut store = open().await;
    let mut trail = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        trail.push(step.clone());
        let outcome = match step {
            steps::Step::Reopen { close } => {
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
