//! One attempt of one task, from its claim to the outcome that is kept.
//!
//! Whatever happens here ends in exactly one of three ways: an outcome is kept, the run was stopped and keeps nothing, or
//! the process ends and the next start puts the task back. A panic on the way becomes a `host-error`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::{Job, Task, Usage};
use analyte_core::names::Organisation;
use analyte_core::table::Table;
use analyte_core::table::format::{Format, Read, write};
use analyte_engine::Component;
use analyte_engine::machine::budget::Reservation;
use analyte_engine::request::stop::StopConditions;
use analyte_engine::request::{Identity, RunOutcome, RunReport, RunRequest};
use analyte_engine::run::session::WarmInstance;
use analyte_store::{Claimed, Finished, NewContent, Outcome, Purpose, StoreError};
use bytes::Bytes;
use futures::FutureExt as _;

use crate::catalogue::installed::restrict;
use crate::manager::Manager;
use crate::run::active_runs::Begun;
use crate::run::fetch::Fetched;
use crate::run::pinned::Pinned;
use crate::run::run_sink::Sink;
use crate::run::sessions::InSession;
use crate::run::slots::Slot;

/// Contents above this size are written before the outcome, so that a large one holds up no others.
const LARGE: usize = 64 * 1024;

/// How a run ended and what it cost, before that is kept.
struct Ended {
    outcome: Result<(NewContent, Vec<String>), Failure>,
    usage: Usage,
}

/// What a run begins with.
pub(crate) struct Held {
    /// A place among those that run; without one it waits for its turn.
    pub(crate) slot: Option<Slot>,
    /// Its memory, where it was free at once.
    pub(crate) room: Option<Reservation>,
    /// What it is given, where that was fetched already.
    pub(crate) given: Option<Fetched>,
}

/// Runs a claimed task and keeps what it gives. `begun` and what is held end with it.
pub(crate) async fn attempt(manager: Manager, claimed: Claimed, begun: Begun, held: Held) {
    let Held { slot, room, given: fetched } = held;
    let Claimed { run, job } = claimed;
    let live = begun.live.clone();
    let slot = if slot.is_some() {
        slot
    } else {
        tokio::select! {
            biased;
            () = live.stopped() => return,
            slot = manager.inner.slots.take(&job.organisation) => slot,
        }
    };
    let begun_at = Instant::now();
    let sink = Arc::new(Sink::new(live.clone(), manager.inner.store.clone(), manager.inner.clock.clone()));
    let Some(task) = job.task(&run.key.task) else {
        tracing::error!(job = %job.id, task = %run.key.task, "a task was claimed that its job does not have");
        return;
    };
    let running = AssertUnwindSafe(run_to_the_end(&manager, &job, task, &sink, room, fetched)).catch_unwind();
    let ended = tokio::select! {
        biased;
        // Dropping the run stops the guest.
        () = live.stopped() => return,
        ended = running => ended.unwrap_or_else(|_| {
            tracing::error!(job = %job.id, task = %task.name, "the host panicked while it looked after a run");
            Ended::failed(Failure::new(Code::HostError, "the server failed while it looked after this run"))
        }),
    };
    let log = match live.log_so_far() {
        lines if lines.is_empty() => None,
        lines => Some(stage(&manager, lines.into()).await),
    };
    let outcome = match ended.outcome {
        Ok((result, warnings)) => (Outcome::Completed { result, files: sink.take_files() }, warnings),
        Err(failure) => (Outcome::Failed { failure, jitter: jitter() }, Vec::new()),
    };
    if !live.finishing() {
        return;
    }
    let finished = Finished {
        run,
        outcome: outcome.0,
        usage: ended.usage,
        progress: live.progress(),
        log,
        run_events: manager.last_words(&live).await,
        warnings: outcome.1,
    };
    manager.inner.metrics.ran(ended.usage.fuel, begun_at.elapsed());
    // Another task may run while the store keeps this one's outcome; at most `outcomes::MOST` may wait for that.
    let place = manager.inner.finisher.place().await;
    drop(slot);
    let changed = manager.inner.finisher.finish(finished).await;
    // The place among the live runs goes first, so that the callers and the dispatcher, once woken, find it free.
    drop((begun, place));
    match changed {
        Some(changed) => manager.follow(&changed),
        // Its place was taken from it, or it was kept by a try that was thought to have failed; others may start now.
        None => manager.inner.wake.notify_one(),
    }
}

impl Ended {
    fn failed(failure: Failure) -> Self {
        Self { outcome: Err(failure), usage: Usage::default() }
    }
}

async fn run_to_the_end(
    manager: &Manager,
    job: &Job,
    task: &Task,
    sink: &Arc<Sink>,
    room: Option<Reservation>,
    fetched: Option<Fetched>,
) -> Ended {
    // Making a component ready takes memory of its own, and nobody may wait for memory with memory in hand.
    let room = room.filter(|_| manager.at_hand(&job.organisation, task));
    let request = match request(manager, job, task, sink, fetched).await {
        Ok(request) => request,
        Err(failure) => return Ended::failed(failure),
    };
    let Requested { pinned, request, mut warnings } = request;
    let RunReport { outcome, usage, log_lines_dropped } = if let Some(session) = manager.in_session(job, task) {
        run_warm(manager, &session, &pinned.component, (&job.organisation, request), room).await
    } else {
        let room = match room {
            Some(room) => room,
            None => manager.room_for(&pinned.component, &job.organisation, request.limits).await,
        };
        manager.run(&pinned.component, request, room, None).await
    };
    if log_lines_dropped > 0 {
        let most = manager.inner.limits.log_bytes;
        sink.note(
            "warn",
            format!("{log_lines_dropped} further lines were not kept: the log is full (limit log_bytes, {most} bytes)"),
        );
    }
    let outcome = match outcome {
        Ok(RunOutcome { output, warnings: further }) => {
            // What there is to say of the input comes first.
            warnings.extend(further);
            encoded(manager, &job.organisation, output).await.map(|result| (result, warnings))
        }
        Err(failure) => Err(failure),
    };
    Ended { outcome, usage }
}

/// Runs in the session's own instance, which is made where there is none.
async fn run_warm(
    manager: &Manager,
    session: &InSession,
    component: &Component,
    (organisation, mut request): (&Organisation, RunRequest),
    room: Option<Reservation>,
) -> RunReport {
    request.identity.session = Some(session.id().to_string());
    let mut instance = match (session.take(), room) {
        // It has room of its own.
        (Some(instance), _) => instance,
        (None, room) => {
            let room = match room {
                Some(room) => room,
                None => manager.room_for(component, organisation, request.limits).await,
            };
            match WarmInstance::new(component.clone(), request.limits.memory_bytes, room).await {
                Ok(instance) => instance,
                Err(refused) => return RunReport::refused(refused),
            }
        }
    };
    let report = instance.run(request).await;
    session.keep(instance);
    report
}

/// A run that is ready to begin.
struct Requested {
    pinned: Pinned,
    request: RunRequest,
    /// What the client should know of its input, beside what was said at the submission.
    warnings: Vec<String>,
}

async fn request(
    manager: &Manager,
    job: &Job,
    task: &Task,
    sink: &Arc<Sink>,
    fetched: Option<Fetched>,
) -> Result<Requested, Failure> {
    let pinned = manager.recall(&job.organisation, task).await?;
    let content = async |content| {
        let read = manager.inner.store.content(&job.organisation, job.id, content).await;
        read.map_err(|error| unreadable(job, &error))
    };
    let Fetched { input, parameters } = if let Some(fetched) = fetched {
        fetched
    } else {
        let tables = job.input_of(task).ok_or_else(|| {
            Failure::new(Code::HostError, "a task whose result is part of the input has completed without one")
        })?;
        let mut input = Vec::with_capacity(tables.len());
        for table in tables {
            input.push(content(table).await?);
        }
        Fetched { input, parameters: content(&task.parameters).await? }
    };
    let parameters = String::from_utf8(parameters.into())
        .map_err(|_| Failure::new(Code::HostError, "the stored parameters are damaged"))?;
    let Read { table, warnings } = manager.input(job, task, &pinned, input, &parameters).await?;
    let request = RunRequest {
        model: pinned.model.clone(),
        input: table,
        parameters,
        limits: job.limits_of(task),
        organisation: Some(job.organisation.clone()),
        identity: Identity {
            job: job.id.to_string(),
            task: task.name.to_string(),
            attempt: task.attempt.0,
            session: None,
        },
        grants: Arc::new(restrict(&manager.grants(&pinned.provider), &task.grants)),
        model_file: pinned.file.clone(),
        sink: sink.clone(),
        stop_conditions: StopConditions::default(),
    };
    Ok(Requested { pinned, request, warnings })
}

fn unreadable(job: &Job, error: &StoreError) -> Failure {
    tracing::error!(job = %job.id, error = error as &dyn std::error::Error, "the input of a job cannot be read");
    Failure::new(Code::HostError, "the job's input cannot be read from the server's store")
}

async fn encoded(manager: &Manager, of: &Organisation, output: Table) -> Result<NewContent, Failure> {
    let bytes = manager
        .off_thread(of, output.memory_bytes(), move || write(Format::Arrow, &output))
        .await
        .map_err(|error| Failure::new(Code::InvalidResult, error.to_string()))?;
    Ok(stage(manager, bytes.into()).await)
}

/// Writes large contents ahead. Where that fails they go with the outcome, which is tried until it succeeds.
async fn stage(manager: &Manager, bytes: Bytes) -> NewContent {
    if bytes.len() < LARGE {
        return NewContent::Bytes(bytes);
    }
    let staged = async {
        let mut writer = manager.inner.store.content_writer(Purpose::Outcome).await?;
        writer.write(bytes.clone()).await?;
        writer.finish().await
    };
    match staged.await {
        Ok(staged) => NewContent::Staged(staged),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a result could not be written ahead");
            NewContent::Bytes(bytes)
        }
    }
}

/// From 0 to 1, random, to spread tries; need not be unpredictable.
pub(crate) fn jitter() -> f64 {
    let mut bytes = [0; 4];
    // Without random numbers all tries come at the middle of their range.
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}
