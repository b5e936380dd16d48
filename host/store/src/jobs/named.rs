//! What a job names: contents that are kept with it, and components that it pins.

use std::collections::BTreeSet;

use analyte_core::digest::Digest;
use analyte_core::job::{Job, Task};

/// Every content that a job names.
pub(crate) fn named_contents(job: &Job) -> BTreeSet<Digest> {
    let mut digests = BTreeSet::new();
    for task in &job.tasks {
        // Results that are a task's input are named by the tasks that gave them.
        digests.extend(task.input.given().map(|content| content.digest));
        digests.insert(task.parameters.digest);
        digests.extend(task.result.iter().chain(&task.log).map(|content| content.digest));
        digests.extend(task.files.iter().map(|file| file.content.digest));
    }
    digests
}

/// Every content that a task names that waits.
pub(crate) fn named_by(task: &Task) -> impl Iterator<Item = Digest> + '_ {
    task.input.given().map(|content| content.digest).into_iter().chain([task.parameters.digest])
}

/// Every component and model file that a job pins.
pub(crate) fn named_components(job: &Job) -> BTreeSet<Digest> {
    job.tasks.iter().flat_map(|task| [Some(task.digest), task.model_file]).flatten().collect()
}
