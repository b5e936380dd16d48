//! One instance that keeps its memory between runs, for a stateful session.
//!
//! Only the memory lasts. Fuel, time, identity, grants, the model's file and the allowances for log, progress and files
//! are set anew for each run, and between runs the instance holds nothing of the last one: a file that is unfinished when
//! its run ends is discarded, and a handle that the component kept of it is refused.
//!
//! A run that does not come to its end (a trap, no fuel, no time, a result that breaks the component model's own rules or
//! is too large to be handed over, an instance that cannot be made) is the last one, and so is one whose future is dropped.
//! An error that the component reports, and a result that does not fit its model, leave the instance as it is.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::failure::Failure;

use crate::component::Component;
use crate::error::Refused;
use crate::machine::background_drop::BackgroundDrop;
use crate::machine::budget::Reservation;
use crate::request::{RunReport, RunRequest};
use crate::run::call::run_in;
use crate::run::instance::GuestInstance;
use crate::run::reserved_instance::ReservedInstance;

/// One warm instance of a component that keeps its memory between runs.
pub struct WarmInstance {
    component: Component,
    memory_bytes: u64,
    /// Absent while a run has it, and after its last one.
    kept: Option<ReservedInstance>,
}

impl WarmInstance {
    /// An instance with so much memory, in room that was [made](Component::room_for) before and is held as long as the
    /// instance lives. Waits for its place in the pool of instances. It is made in the first run, at that run's cost.
    pub async fn new(component: Component, memory_bytes: u64, room: Reservation) -> Result<Self, Refused> {
        let live = GuestInstance::new(component.clone(), memory_bytes, component.place().await?);
        let kept = ReservedInstance::new(live, Arc::new(room));
        Ok(Self { component, memory_bytes, kept: Some(kept) })
    }

    /// Whose instance it is.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// How far its memory may grow.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// Whether it can run again.
    pub fn usable(&self) -> bool {
        self.kept.is_some()
    }

    /// Runs one model in it. The run's own memory limit does not matter: the instance's does. Dropping the future stops
    /// the guest at its next yield.
    pub async fn run(&mut self, request: RunRequest) -> RunReport {
        let guest = match self.component.guest(request.organisation.as_ref(), &request.identity.job) {
            Ok(guest) => guest,
            Err(refused) => return RunReport::refused(refused),
        };
        let Some(mut kept) = self.kept.take() else { return RunReport::failed(gone()) };
        let organisation = request.organisation.clone();
        let apart = BackgroundDrop::if_large_for_guests(request.input.memory_bytes(), || request.input.clone());
        let held = (request, apart);
        let work = async move {
            let (request, _apart) = held;
            let Some(live) = kept.live() else { return Err(Refused::host("the instance has gone")) };
            let report = run_in(live, request).await;
            let usable = live.usable();
            // One that has ended goes here, on the guests' threads.
            Ok((report, usable.then_some(kept)))
        };
        match self.component.on_guest_thread(guest, organisation, work).await {
            Ok((report, kept)) => {
                self.kept = kept;
                report
            }
            Err(refused) => RunReport::refused(refused),
        }
    }
}

impl Drop for WarmInstance {
    fn drop(&mut self) {
        if let (Some(kept), Some((threads, _))) = (self.kept.take(), self.component.platform().guests()) {
            // Where the threads have stopped the work is dropped at once, and the instance with it.
            drop(threads.spawn(async move { drop(kept) }));
        }
    }
}

impl std::fmt::Debug for WarmInstance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WarmInstance")
            .field("component", &self.component.digest())
            .field("memory_bytes", &self.memory_bytes)
            .field("usable", &self.usable())
            .finish_non_exhaustive()
    }
}

fn gone() -> Failure {
    Failure::new(Code::HostError, "the session's instance ended with an earlier run")
}
