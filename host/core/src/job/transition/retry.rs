//! Running a job again, in place.

use crate::job::transition::{Effect, Refusal, requeue, stop};
use crate::job::{Job, Pin, Usage};

/// Everything runs again, on what the pins say: errors, results, files and logs are cleared, inputs and attempt numbers
/// kept.
pub(super) fn retry(job: &mut Job, pins: Vec<Pin>, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
    if pins.len() != job.tasks.len() {
        return Err(Refusal::WrongPins { tasks: job.tasks.len(), pins: pins.len() });
    }
    for (task, pin) in job.tasks.iter_mut().zip(pins) {
        task.digest = pin.digest;
        task.model_file = pin.model_file;
        task.grants = pin.grants;
        stop(task, effects);
        effects.extend(task.result.take().map(Effect::Free));
        effects.extend(task.log.take().map(Effect::Free));
        effects.extend(task.files.drain(..).map(|file| Effect::Free(file.content)));
        task.error = None;
        task.failures = 0;
        task.crashes = 0;
        task.progress = None;
        task.warnings.clear();
        task.usage = Usage::default();
        task.started_at = None;
        requeue(task, None);
    }
    job.started_at = None;
    job.finished_at = None;
    for task in &job.tasks {
        if task.parents.is_empty() {
            effects.push(Effect::Ready { task: task.name.clone(), not_before: job.run_at });
        }
    }
    Ok(())
}
