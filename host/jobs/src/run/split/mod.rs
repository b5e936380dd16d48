//! One run of a model whose rows are independent, in several instances at once where cores are idle.
//!
//! A caller shall see no difference but the time. The rows are cut into parts, each of which runs in an instance of
//! its own, and the results are joined. Should any part do anything but give a result like those of its sisters (fail,
//! reach a limit, warn of something else, add other columns, make a file), then all are stopped, their log lines are
//! dropped, and the whole runs in one instance as though nothing had been: what comes out, and the row that an error
//! names, is what one instance says. Where that gives a result, it was the splitting that failed, and the model is not
//! split again before the next start. All of it ends by the run's one time limit, and when its future is dropped.
//!
//! What it costs other runs: nothing that they would wait for. Further parts get only slots that no run waits for, and
//! give them back as soon as one does (see [`crate::run::slots`]); memory only beyond what one more usual run needs,
//! and never while a task waits for memory.
//!
//! What differs from one instance: fuel and memory are those of all parts together. Each part may use its share of the fuel,
//! by rows, and the whole memory limit. A run that had to be done again has used up to twice its fuel. A run that asks for
//! less fuel than usual is not split: its limit may be too tight for shares.

mod join;
mod merged_sink;
mod parts;
mod plan;
mod splitting;
mod unsuited;

use std::sync::Arc;
use std::time::{Duration, Instant};

use analyte_core::job::{RunLimits, Usage};
use analyte_core::model::Cardinality;
use analyte_core::names::Organisation;
use analyte_engine::Component;
use analyte_engine::machine::budget::Reservation;
use analyte_engine::request::{RunReport, RunRequest};
use tokio::time::timeout;

use self::parts::Further;
pub(crate) use self::splitting::Splitting;
use self::unsuited::Kind;
use crate::manager::Manager;
use crate::shares::Shares;

/// A claim usually takes some milliseconds. Where one hangs because the store does, a run waits no longer before it begins
/// unsplit.
const CLAIM: Duration = Duration::from_secs(1);

impl Manager {
    /// Runs a model in instances of its own: usually one, in the room that was made for it. The caller holds its place. For a run
    /// that is not stored, `share` is what its further parts come out of.
    pub(crate) async fn run(
        &self,
        component: &Component,
        mut request: RunRequest,
        room: Reservation,
        share: Option<&Shares>,
    ) -> RunReport {
        let most = self.most_parts(&request);
        if most < 2 {
            return component.run_admitted(request, room).await;
        }
        let kind = Kind::of(component, &request);
        if self.inner.splitting.unsuited.is(&kind) {
            return component.run_admitted(request, room).await;
        }
        let Some(organisation) = request.organisation.clone() else {
            return component.run_admitted(request, room).await;
        };
        let further = self.further(most, &organisation, request.limits, share).await;
        if further.is_empty() {
            return component.run_admitted(request, room).await;
        }
        let room = Arc::new(room);
        request.stop_conditions.deadline = Some(Instant::now() + Duration::from_millis(request.limits.timeout_ms));
        let parts = plan::parts(request.input.rows(), further.len() + 1, request.limits.fuel);
        self.inner.metrics.split(parts.len());
        match parts::run(component, &request, parts, &room, further, self).await {
            Ok(report) => report,
            Err(apart) => {
                self.inner.metrics.split_in_vain();
                tracing::debug!(component = %component.digest(), model = %request.model.name, "a run is done again unsplit");
                let mut report = component.run_admitted(request, room).await;
                if report.outcome.is_ok() && !apart.by_host {
                    self.inner.splitting.unsuited.remember(kind);
                }
                report.usage = Usage {
                    fuel: report.usage.fuel.saturating_add(apart.usage.fuel),
                    peak_memory_bytes: report.usage.peak_memory_bytes.max(apart.usage.peak_memory_bytes),
                };
                report
            }
        }
    }

    /// Into how many parts this run may be split at all.
    fn most_parts(&self, request: &RunRequest) -> usize {
        let limits = &self.inner.limits;
        let independent = request.model.independent_rows && request.model.cardinality == Cardinality::NxN;
        if !independent || request.limits.fuel < limits.fuel {
            return 1;
        }
        plan::most_parts(request.input.rows(), limits.split_rows, self.inner.splitting.cores)
    }

    /// What is free now for the parts beside the first.
    async fn further(
        &self,
        most: usize,
        organisation: &Organisation,
        limits: RunLimits,
        share: Option<&Shares>,
    ) -> Vec<Further> {
        // A claim counts on what is free until its tasks have begun.
        let Ok(_no_claim) = timeout(CLAIM, self.inner.claiming.lock()).await else { return Vec::new() };
        let one = |_| {
            let loan = self.inner.slots.lend(self.inner.splitting.cores, organisation, share)?;
            let room = self.spare_room(organisation, limits)?;
            Some(Further { loan, room })
        };
        (1..most).map_while(one).collect()
    }

    /// Room for a part, if there is room for one more usual run beside it and no task waits for memory.
    fn spare_room(&self, organisation: &Organisation, limits: RunLimits) -> Option<Reservation> {
        if self.inner.held_up.lacks_memory() {
            return None;
        }
        let (engine, usual) = (&self.inner.engine, &self.inner.limits);
        let room = engine.try_room_for(Some(organisation), limits)?;
        let left = engine.budget().capacity().saturating_sub(engine.budget().reserved());
        (left >= usual.memory_bytes.saturating_add(usual.output_bytes)).then_some(room)
    }
}
