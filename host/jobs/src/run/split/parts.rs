//! Runs the parts, all at once, and joins what they give; the first one that does not do what is expected stops all.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::{RunLimits, Usage};
use analyte_engine::Component;
use analyte_engine::machine::budget::Reservation;
use analyte_engine::request::stop::{Stop, StopConditions};
use analyte_engine::request::{RunReport, RunRequest};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::join::{alike, joined};
use super::merged_sink::MergedSink;
use super::plan::Part;
use crate::manager::Manager;
use crate::run::slots::Loan;

/// What a further part holds of the machine.
pub(super) struct Further {
    pub(super) loan: Loan,
    pub(super) room: Reservation,
}

/// Parts that did not make one result.
pub(super) struct Apart {
    /// What they cost.
    pub(super) usage: Usage,
    /// Whether the host is to blame, and not what ran.
    pub(super) by_host: bool,
}

/// Runs one part in `room`, which is the run's own and kept, and one in the room of each further one. All ends of them are over
/// when this answers.
pub(super) async fn run(
    component: &Component,
    whole: &RunRequest,
    parts: Vec<Part>,
    room: &Arc<Reservation>,
    further: Vec<Further>,
    manager: &Manager,
) -> Result<RunReport, Apart> {
    let (stop, limits) = (Stop::default(), &*manager.inner.limits);
    let merged = MergedSink::new(whole.sink.clone(), limits, &parts, stop.clone());
    let (mut loans, rooms): (Vec<Loan>, Vec<_>) =
        further.into_iter().map(|further| (further.loan, Arc::new(further.room))).unzip();
    let rooms = std::iter::once(room.clone()).chain(rooms);
    let mut running: FuturesUnordered<_> = parts
        .iter()
        .zip(rooms)
        .enumerate()
        .map(|(number, (part, room))| {
            let request = RunRequest {
                input: whole.input.slice(part.from, part.rows),
                limits: RunLimits { fuel: part.fuel, ..whole.limits },
                sink: merged.sink(number),
                stop_conditions: StopConditions { stop: Some(stop.clone()), ..whole.stop_conditions.clone() },
                ..whole.clone()
            };
            let component = component.clone();
            async move { (number, component.run_admitted(request, room).await) }
        })
        .collect();

    let mut outcomes: Vec<Option<_>> = parts.iter().map(|_| None).collect();
    let mut ended = Ended::default();
    while let Some((number, report)) = running.next().await {
        // As many places as parts that still run; the last one is the run's own.
        drop(loans.pop());
        ended.usage.fuel = ended.usage.fuel.saturating_add(report.usage.fuel);
        ended.usage.peak_memory_bytes = ended.usage.peak_memory_bytes.saturating_add(report.usage.peak_memory_bytes);
        ended.log_lines_dropped += report.log_lines_dropped;
        match report.outcome {
            Ok(outcome) if outcomes.iter().flatten().all(|other| alike(other, &outcome)) => {
                if let Some(place) = outcomes.get_mut(number) {
                    *place = Some(outcome);
                }
            }
            other => {
                stop.stop();
                ended.failures.extend(other.err());
            }
        }
    }
    let usage = ended.usage;
    let failed = |code: Code| ended.failures.iter().position(|failure| failure.code == code);
    let by_host = failed(Code::HostError).is_some();
    let outcome = if let Some(place) = failed(Code::Timeout) {
        // The time of all is over; there is none left to try it in another way.
        Err(ended.failures.swap_remove(place))
    } else {
        let all: Option<Vec<_>> = outcomes.into_iter().collect();
        let joined = match all {
            Some(outcomes) => joined(manager, whole.organisation.as_ref(), outcomes).await,
            None => None,
        };
        Ok(joined.ok_or(Apart { usage, by_host })?)
    };
    let log_lines_dropped = ended.log_lines_dropped.saturating_add(merged.pass_on_rest());
    Ok(RunReport { outcome, usage, log_lines_dropped })
}

/// What parts that have ended came to.
#[derive(Default)]
struct Ended {
    usage: Usage,
    log_lines_dropped: u64,
    failures: Vec<Failure>,
}
