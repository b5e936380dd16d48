//! Running a model at once, without a job: nothing is stored.
//!
//! Such a run takes a place and memory of its organisation's like any other and waits for them only so long. It ends when its caller's future is dropped: a
//! client that goes away stops the guest at its next yield.

use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::job::RunLimits;
use analyte_core::names::Organisation;
use analyte_core::shares::Lack;
use analyte_engine::Component;
use analyte_engine::machine::background_drop::BackgroundDrop;
use analyte_engine::machine::budget::Reservation;
use analyte_engine::request::stop::StopConditions;
use analyte_engine::request::{Discard, Identity, RunReport, RunRequest};
use tokio::time::{Instant, timeout, timeout_at};

use crate::catalogue::installed::{Model, Provider, restrict};
use crate::end::phase::Phase;
use crate::error::JobsError;
use crate::intake::prepare::{Fitted, fitted, work};
use crate::intake::submission::Execution;
use crate::manager::Manager;
use crate::run::held_up::{HOLDS_ITS_SHARE, NO_MEMORY};
use crate::run::sessions::{BEFORE_ENDING_IDLE, Needed};

impl Manager {
    /// Runs a model and answers what it gave. Refused before the run with a [`JobsError`]; a run that failed is an answer,
    /// whose outcome holds the failure.
    pub async fn execute(&self, organisation: &Organisation, execution: Execution) -> Result<RunReport, JobsError> {
        self.refuse_while_stopping()?;
        let (provider, model) = self.inner.catalogue.model(organisation, &execution.provider, &execution.model)?;
        model.refuse_disabled()?;
        let limits = self.inner.limits.clone();
        let Execution { input, input_warnings, parameters, limits: asked, .. } = execution;
        // However this ends, a large table is not dropped by the thread that answers.
        let _apart = BackgroundDrop::if_large(input.memory_bytes(), || input.clone());
        let fitting = model.clone();
        let budget = self.inner.engine.budget().largest_run();
        let schema = self.schema(&model).await?;
        let size = work(input.memory_bytes(), &parameters, &schema);
        let fitted = self
            .off_thread(organisation, size, move || {
                fitted((&fitting, &schema), &input, input_warnings, parameters, asked, &limits, budget)
            })
            .await?;
        tokio::select! {
            report = self.run_at_once(organisation, &provider, &model, fitted) => report,
            () = self.reached(Phase::Stopping) => Err(JobsError::stopping()),
        }
    }

    async fn run_at_once(
        &self,
        organisation: &Organisation,
        provider: &Provider,
        model: &Model,
        fitted: Fitted,
    ) -> Result<RunReport, JobsError> {
        let _apart = BackgroundDrop::if_large(fitted.input.memory_bytes(), || fitted.input.clone());
        // One patience for the place and the memory together.
        let until = Instant::now() + self.inner.execute_wait;
        // A crowd of such runs waits here, and not in the line for places, where its organisation's jobs stand.
        let (slots, shares) = (&self.inner.slots, &self.inner.executes);
        let Ok(_share) = timeout_at(until, slots.take_share(shares, organisation)).await else {
            return Err(JobsError::quota(self.runs_all_it_may(), Duration::from_secs(1)));
        };
        let Ok(slot) = timeout_at(until, slots.take(organisation)).await else {
            let own = slots.counts().get(organisation).copied().unwrap_or(0);
            return Err(if own >= slots.most_of_one() {
                JobsError::quota(self.runs_all_it_may(), Duration::from_secs(1))
            } else {
                JobsError::busy(self.all_places_taken(), Duration::from_secs(1))
            });
        };
        let _slot = slot.ok_or_else(JobsError::stopping)?;
        let Some(digest) = model.digest else {
            let message = format!("provider `{}` has no component that could run this model", model.provider);
            return Err(JobsError::new(Code::ProviderUnavailable, message));
        };
        let component = self.component(digest).await.map_err(JobsError::refused)?;
        let model_file = match (model.file, &model.published) {
            (Some(file), published) => {
                let media_type = published.as_ref().map(|record| record.media_type.clone()).unwrap_or_default();
                Some(self.model_file(file, &model.info.name, media_type).await.map_err(JobsError::refused)?)
            }
            (None, _) => None,
        };
        let Fitted { input, mut warnings, parameters, limits } = fitted;
        let request = RunRequest {
            model: model.info.clone(),
            input,
            parameters,
            limits,
            organisation: Some(organisation.clone()),
            identity: Identity { attempt: 1, ..Identity::default() },
            grants: Arc::new(restrict(&self.grants(&provider.key()), &model.grants)),
            model_file,
            sink: Arc::new(Discard),
            stop_conditions: StopConditions::default(),
        };
        let Ok(room) = timeout_at(until, self.room_for(&component, organisation, request.limits)).await else {
            return Err(self.no_room_for(organisation, request.limits));
        };
        let mut report = self.run(&component, request, room, Some(shares)).await;
        if let Ok(outcome) = &mut report.outcome {
            // The input's come first, as in a job.
            warnings.append(&mut outcome.warnings);
            outcome.warnings = warnings;
        }
        Ok(report)
    }
}

impl Manager {
    /// Waits until there is room for a run, and lets warm instances go that nobody uses.
    pub(crate) async fn room_for(
        &self,
        component: &Component,
        organisation: &Organisation,
        limits: RunLimits,
    ) -> Reservation {
        let mut room = std::pin::pin!(component.room_for(Some(organisation), limits));
        loop {
            match timeout(BEFORE_ENDING_IDLE, room.as_mut()).await {
                Ok(room) => return room,
                Err(_) if self.end_idle_instance(Needed::Memory) => {}
                Err(_) => return room.await,
            }
        }
    }
}

impl Manager {
    /// Why there was no room for a run in time.
    fn no_room_for(&self, organisation: &Organisation, limits: RunLimits) -> JobsError {
        let bytes = limits.memory_bytes.saturating_add(self.inner.limits.output_bytes);
        let shares = self.inner.engine.budget().shares();
        match shares.admits_run(&Some(organisation.clone()), bytes.min(shares.largest_run())) {
            Err(Lack::Share) => JobsError::quota(HOLDS_ITS_SHARE, Duration::from_secs(1)),
            // What it waited for may be free by now.
            Err(Lack::Memory) | Ok(()) => JobsError::busy(NO_MEMORY, Duration::from_secs(1)),
        }
    }
}
