//! Running a job again, in place.

use crate::job::transition::{Effect, Refusal, requeue, stop};
use crate::job::{Job, Pin, Status, Usage};

/// What has not completed runs again, on what the pins say: errors, results, files and logs are cleared, inputs and attempt
/// numbers kept. A task that completed keeps its result, which its children take, and what it ran on.
pub(super) fn retry(job: &mut Job, pins: Vec<Pin>, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
    if pins.len() != job.tasks.len() {
        return Err(Refusal::WrongPins { tasks: job.tasks.len(), pins: pins.len() });
    }
    for (place, pin) in pins.into_iter().enumerate() {
        if job.tasks.get(place).is_none_or(|task| task.status == Status::Completed) {
            continue;
        }
        let Some(task) = job.tasks.get_mut(place) else { continue };
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
    for (_, task) in job.unblocked() {
        effects.push(Effect::Ready { task: task.name.clone(), not_before: job.run_at });
    }
    Ok(())
}
