//! Runs: claimed, kept alive, ended, given back.

use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::event::RunEvent;
use analyte_core::job::transition::{Event, Left, Released, Run};
use analyte_core::job::{Content, ResultFile};
use analyte_core::names::RunKey;
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;

use crate::memory::contents::take;
use crate::memory::data::Data;
use crate::memory::{MemoryStore, claim};
use crate::{Changed, Claims, Finished, Heartbeat, NewContent, Outcome, Result, Room, Runs};

/// The run, as the state machine names it.
fn run_of(run: &RunKey) -> Run {
    Run { task: run.key.task.clone(), attempt: run.attempt, lease: run.lease }
}

/// A finished run as an event.
struct Prepared {
    run: RunKey,
    event: Event,
    /// The contents that it brings.
    brought: Vec<(Digest, Bytes)>,
    run_events: Vec<RunEvent>,
}

fn prepare(finished: Finished) -> Result<Prepared> {
    let Finished { run, outcome, usage, progress, log, run_events, warnings } = finished;
    let mut brought = Vec::new();
    let mut keep = |content: NewContent| -> Result<Content> {
        let (content, bytes) = take(content)?;
        brought.push((content.digest, bytes));
        Ok(content)
    };
    let left = Left { usage, progress, log: log.map(&mut keep).transpose()?, warnings };
    let this = run_of(&run);
    let event = match outcome {
        Outcome::Completed { result, files } => {
            let result = keep(result)?;
            let mut kept = Vec::with_capacity(files.len());
            for file in files {
                let content = keep(file.content)?;
                kept.push(ResultFile { name: file.name, media_type: file.media_type, content });
            }
            Event::Finish { run: this, result, files: kept, left }
        }
        Outcome::Failed { failure, jitter } => Event::Fail { run: this, failure, jitter, left },
    };
    Ok(Prepared { run, event, brought, run_events })
}

impl Data {
    /// `None`: the run is stale.
    fn end(&mut self, run: RunKey, event: Event, brought: Vec<(Digest, Bytes)>, now: Timestamp) -> Option<Changed> {
        self.apply(&(run.key.organisation, run.key.job), event, brought, now)?.ok()
    }
}

#[async_trait]
impl Runs for MemoryStore {
    async fn claim(&self, node: &str, room: Room, _lease_until: Timestamp, now: Timestamp) -> Result<Claims> {
        Ok(claim::claim(&mut *self.lock()?, &Arc::from(node), &room, now))
    }

    /// A lease ends with its run, not with time: the process that holds it is this one.
    async fn heartbeat(
        &self,
        node: &str,
        leases: Vec<RunKey>,
        _lease_until: Timestamp,
        _now: Timestamp,
    ) -> Result<Heartbeat> {
        let data = self.lock()?;
        let holds =
            |run: &RunKey| data.is_current(run) && data.nodes.get(&run.lease).is_none_or(|holder| **holder == *node);
        let lost = leases.into_iter().filter(|run| !holds(run)).collect();
        // A cancel ends the lease at once.
        Ok(Heartbeat { lost, cancel_requested: Vec::new() })
    }

    async fn finish(&self, finished: Vec<Finished>, now: Timestamp) -> Result<Vec<Option<Changed>>> {
        let prepared = finished.into_iter().map(prepare).collect::<Result<Vec<_>>>()?;
        let mut data = self.lock()?;
        let mut answers = Vec::with_capacity(prepared.len());
        for Prepared { run, event, brought, run_events } in prepared {
            // Before the run ends: what it reported belongs to the time when it ran.
            data.keep_run_events(&run, run_events);
            answers.push(data.end(run, event, brought, now));
        }
        Ok(answers)
    }

    async fn release(&self, runs: Vec<(RunKey, Released)>, now: Timestamp) -> Result<Vec<Option<Changed>>> {
        let mut data = self.lock()?;
        let release = |(run, why): (RunKey, Released)| {
            let event = Event::Release { run: run_of(&run), why };
            data.end(run, event, Vec::new(), now)
        };
        Ok(runs.into_iter().map(release).collect())
    }

    async fn recover(&self, node: &str, most_crashes: u32, now: Timestamp) -> Result<u64> {
        let mut data = self.lock()?;
        let mut lost = data.runs();
        lost.retain(|run| data.nodes.get(&run.lease).is_none_or(|holder| **holder == *node));
        let mut released = 0;
        for run in lost {
            let event = Event::Release { run: run_of(&run), why: Released::NodeLost { most: most_crashes } };
            released += u64::from(data.end(run, event, Vec::new(), now).is_some());
        }
        Ok(released)
    }

    async fn keep_run_events(&self, reported: Vec<(RunKey, Vec<RunEvent>)>) -> Result<Vec<bool>> {
        let mut data = self.lock()?;
        Ok(reported.into_iter().map(|(run, events)| data.keep_run_events(&run, events)).collect())
    }
}
