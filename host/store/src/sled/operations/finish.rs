//! Ends runs, and keeps what they gave.

use std::sync::Arc;

use analyte_core::job::event::RunEvent;
use analyte_core::job::transition::{Event, Left};
use analyte_core::job::{Progress, ResultFile, Usage};
use analyte_core::names::RunKey;
use analyte_core::timestamp::Timestamp;

use crate::sled::disk::blobs::Blobs;
use crate::sled::operations::apply::{Applied, apply_event, run_of};
use crate::sled::state::State;
use crate::{Changed, Finished, NewFile, Outcome, Result, Staged};

/// A finished run whose large contents are written.
pub(crate) struct Prepared {
    run: RunKey,
    event: Event,
    contents: Vec<Staged>,
    run_events: Vec<RunEvent>,
}

/// Writes large contents.
pub(crate) async fn prepare(blobs: &Arc<Blobs>, finished: Finished) -> Result<Prepared> {
    let Finished { run, outcome, usage, progress, log, run_events, warnings } = finished;
    let mut contents = Vec::new();
    let log = match log {
        Some(log) => Some(staged(blobs, log, &mut contents).await?),
        None => None,
    };
    let left = left(usage, progress, log, warnings);
    let this = run_of(&run);
    let event = match outcome {
        Outcome::Completed { result, files } => {
            let result = staged(blobs, result, &mut contents).await?;
            let mut kept = Vec::with_capacity(files.len());
            for NewFile { name, media_type, content } in files {
                let content = staged(blobs, content, &mut contents).await?;
                kept.push(ResultFile { name, media_type, content });
            }
            Event::Finish { run: this, result, files: kept, left }
        }
        Outcome::Failed { failure, jitter } => Event::Fail { run: this, failure, jitter, left },
    };
    Ok(Prepared { run, event, contents, run_events })
}

async fn staged(
    blobs: &Arc<Blobs>,
    content: crate::NewContent,
    contents: &mut Vec<Staged>,
) -> Result<analyte_core::job::Content> {
    let staged = blobs.stage(content).await?;
    let content = staged.content.clone();
    contents.push(staged);
    Ok(content)
}

fn left(
    usage: Usage,
    progress: Option<Progress>,
    log: Option<analyte_core::job::Content>,
    warnings: Vec<String>,
) -> Left {
    Left { usage, progress, log, warnings }
}

/// One answer each, in order.
pub(crate) fn finish(state: &mut State, finished: Vec<Prepared>, now: Timestamp) -> Result<Vec<Option<Changed>>> {
    let mut answers = Vec::with_capacity(finished.len());
    for Prepared { run, event, contents, run_events } in finished {
        // Before the run ends: what it reported belongs to the time when it ran.
        state.keep_run_events(&run, run_events)?;
        let place = (run.key.organisation, run.key.job);
        let applied = apply_event(state, &place, event, &contents, now)?;
        answers.push(match applied {
            Applied::Changed(changed) => Some(changed),
            Applied::Refused(_) | Applied::NotFound => None,
        });
    }
    Ok(answers)
}
