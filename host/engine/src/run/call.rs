//! One run of one model, from a table to a checked table.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::RunLimits;
use analyte_core::limits::Limits;
use analyte_core::model::ModelInfo;
use analyte_core::names::Organisation;
use analyte_core::shares::Holder;
use tokio::task::{JoinHandle, unconstrained};
use wasmtime::AsContextMut as _;

use crate::component::Component;
use crate::component::validate;
use crate::contract::bindings::analyte::plugin::analysis::AnalysisError;
use crate::cut::cut;
use crate::error::HostFault;
use crate::error::Refused;
use crate::host::{Call, Terms};
use crate::lift_lower::{Lowered, Request, Transfer, UncheckedOutcome, deferred_answer, table_of, take};
use crate::machine::background_drop::BackgroundDrop;
use crate::machine::budget::Reservation;
use crate::request::{RunOutcome, RunReport, RunRequest};
use crate::run::diagnose::capability_denied;
use crate::run::instance::GuestInstance;
use crate::run::reserved_instance::ReservedInstance;
use crate::schedule::inline_run::{LONGEST, MEMORY, RunHistory, SLICE_FUEL, STEP};
use crate::schedule::watchdog::Guest;

/// Longest message, warning or detail of a component, in bytes.
const TEXT_BYTES: usize = 1_024;
/// Most details of an error.
const DETAILS: usize = 32;

impl Component {
    /// Runs one model in a fresh instance. Waits for room in the memory budget first, as long as it takes; the time limit
    /// begins after that. Dropping the future stops the guest at its next yield.
    pub async fn run(&self, request: RunRequest) -> RunReport {
        let room = self.room_for(request.organisation.as_ref(), request.limits).await;
        self.run_admitted(request, room).await
    }

    /// Waits until the memory budget has room for a run of this organisation with these limits. A caller that waits here must
    /// hold nothing of the budget: the run may need all of it.
    pub async fn room_for(&self, organisation: Option<&Organisation>, limits: RunLimits) -> Reservation {
        let platform = self.platform();
        platform.budget().reserve_whole(organisation, platform.run_bytes(limits)).await
    }

    /// Like [`Component::run`], in room that was [made](Component::room_for) before; it is given back when the guest has
    /// gone, unless the caller holds it too: with the report in hand the caller may use it for another run.
    pub async fn run_admitted(&self, request: RunRequest, room: impl Into<Arc<Reservation>>) -> RunReport {
        let guest = match self.guest(request.organisation.as_ref(), &request.identity.job) {
            Ok(guest) => guest,
            Err(refused) => return RunReport::refused(refused),
        };
        let place = match self.place().await {
            Ok(place) => place,
            Err(refused) => return RunReport::refused(refused),
        };
        let (this, room) = (self.clone(), room.into());
        let memory_bytes = request.limits.memory_bytes;
        let organisation = request.organisation.clone();
        // What goes in is copied, which takes its time, too.
        let history = self.history(&organisation);
        let here = history.trusted() && request.input.memory_bytes() as u64 <= MEMORY / 16;
        // What goes in may be large, and the run may be dropped before it begins: the request first, then this.
        let apart = BackgroundDrop::if_large_for_guests(request.input.memory_bytes(), || request.input.clone());
        let held = (request, apart);
        let work = async move {
            let (request, _apart) = held;
            let live = GuestInstance::new(this, memory_bytes, place);
            let live = if here { live.in_small_steps(SLICE_FUEL, MEMORY) } else { live };
            match ReservedInstance::new(live, room).live() {
                Some(live) => Ok(run_in(live, request).await),
                None => Err(Refused::host("the instance has gone")),
            }
        };
        let (report, long) = if here {
            self.begun_here(&history, guest, organisation, work).await
        } else {
            (self.on_guest_thread(guest, organisation, work).await, false)
        };
        match report {
            Ok(report) => {
                // A long one that had begun here has been noted.
                if !long {
                    history.note(report.usage);
                }
                report
            }
            Err(refused) => RunReport::refused(refused),
        }
    }

    /// Begins work where it is asked for; what is not done at its first pause goes on on the threads of the guests. Whether
    /// it turned out to be long; then its organisation's runs of the component have lost their trust at once, also where the
    /// caller goes away.
    async fn begun_here<T: Send + 'static>(
        &self,
        history: &RunHistory,
        guest: Guest,
        organisation: Holder,
        work: impl Future<Output = Result<T, Refused>> + Send + 'static,
    ) -> (Result<T, Refused>, bool) {
        let mut work = Box::pin(work);
        // Unconstrained: that the caller's task has done enough for now says nothing of this work.
        let step =
            poll_fn(|context| Poll::Ready(guest.step_here(STEP, || pin!(unconstrained(work.as_mut())).poll(context))));
        let (polled, took) = step.await;
        let long = polled.is_pending() || took > LONGEST;
        if long {
            history.lose();
        }
        match polled {
            Poll::Ready(done) => (done, long),
            Poll::Pending => (self.on_guest_thread(guest, organisation, work).await, long),
        }
    }

    /// A guest of this component, which may not run where an earlier one could not be stopped.
    pub(crate) fn guest(&self, of: Option<&Organisation>, what: impl Into<String>) -> Result<Guest, Refused> {
        let watchdog = self.platform().watchdog();
        watchdog.admits(&self.digest())?;
        Ok(watchdog.guest(self.digest(), of, what))
    }

    /// Runs an organisation's work on the threads of the guests, in its turns; dropping the future drops the work. Ends without it where it has to be given
    /// up.
    pub(crate) async fn on_guest_thread<T: Send + 'static>(
        &self,
        guest: Guest,
        organisation: Holder,
        work: impl Future<Output = Result<T, Refused>> + Send + 'static,
    ) -> Result<T, Refused> {
        let Some((threads, turns)) = self.platform().guests() else {
            return Err(Refused::host("the engine has stopped"));
        };
        let given_up = guest.given_up();
        // Its turn is waited for here: a task on the guests' threads would first wait for one of them to be able to ask.
        let turn = turns.turn(&organisation).await;
        let mut guest = AbortOnDrop(threads.spawn(turn.begin(guest.in_steps(work))));
        let ended = tokio::select! {
            biased;
            ended = &mut guest.0 => ended,
            () = given_up => Ok(None),
        };
        match ended {
            Ok(Some(result)) => result,
            Ok(None) => Err(not_stopped(self.platform().limits())),
            Err(error) => Err(Refused::host("the run's thread failed").because(error.to_string())),
        }
    }
}

fn not_stopped(limits: &Limits) -> Refused {
    let most = Duration::from_millis(limits.unpaused_ms);
    Refused {
        code: Code::NotStopped,
        message: format!(
            "the run computed for more than {most:?} without coming to a point where it can be stopped (limit unpaused_ms), \
             and was left behind"
        ),
        causes: Vec::new(),
    }
}

/// Runs one model in an instance, be it new or warm. The memory limit that counts is the instance's.
pub(super) async fn run_in(live: &mut GuestInstance, request: RunRequest) -> RunReport {
    let RunRequest {
        model,
        input,
        parameters,
        limits,
        identity,
        grants,
        model_file,
        sink,
        stop_conditions,
        organisation: _,
    } = request;
    let component = live.component().clone();
    let host_limits = component.platform().limits().clone();
    let transfer = Transfer::result(&host_limits);
    let own = Instant::now() + Duration::from_millis(limits.timeout_ms);
    let deadline = stop_conditions.deadline.map_or(own, |shared| shared.min(own));
    let limits_here = host_limits.clone();
    let call = Call::new(Terms { limits: limits_here, identity, grants, model_file, sink, deadline, stop_conditions });
    let lowered = Lowered::new(&input).await;
    let columns = lowered.columns();
    let wit =
        Request { model: model.name.as_str(), input: lowered.rows(&columns), parameters: &parameters, extra: &[] };
    let called = live
        .call(limits, transfer, call, async |store, instance| {
            let run = component.run_function().of(store, instance)?;
            let called = run.call_async(&mut *store, (wit,)).await;
            // Taken in any case, so that it is not found by another.
            let answer = deferred_answer();
            called?;
            match (store.data_mut().taken.take(), answer) {
                (Some(taken), _) => Ok(taken),
                (None, Some(answer)) => {
                    let allowed = store.data().allowed();
                    take(store.as_context_mut(), *answer, allowed).await
                }
                (None, None) => Err(HostFault::new("the result is not there", "no answer was laid apart").into()),
            }
        })
        .await;
    let outcome = match called.answer {
        Err(failure) => Err(failure),
        Ok(Err(error)) => {
            let mut failure = reported(error, called.call.kept.settings.denied.as_deref());
            failure.stderr = called.output.text();
            Err(failure)
        }
        Ok(Ok(given)) => accepted(given, model, input.rows(), host_limits).await.map_err(|mut failure| {
            failure.stderr = called.output.text();
            failure
        }),
    };
    RunReport { outcome, usage: called.usage, log_lines_dropped: called.call.kept.log.lines_dropped }
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The failure that a component reported itself.
fn reported(error: AnalysisError, denied: Option<&str>) -> Failure {
    let AnalysisError { code, message, details, .. } = error;
    let short = |text: &str| cut(text, TEXT_BYTES).to_owned();
    if !is_error_code(&code) {
        return Failure::new(
            Code::InvalidResult,
            format!(
                "the component reported an error whose code `{}` is not of the form [a-z0-9][a-z0-9-]{{0,63}}; its message: {}",
                cut(&code, 64).escape_debug(),
                short(&message)
            ),
        );
    }
    let own = Failure::new(Code::AnalysisError, short(&message)).detail("code", code);
    let mut failure = match denied {
        None => own,
        Some(denied) => {
            let mut failure = capability_denied(denied);
            failure.causes.push(own.message);
            failure
        }
    };
    let facts = details.into_iter().take(DETAILS).filter(|(name, _)| name != "code" && name != "capability");
    failure.details.extend(facts.map(|(name, value)| (short(&name), short(&value))));
    failure
}

/// Whether a code is a word that programs can rely on, as the contract asks.
fn is_error_code(code: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    code.len() <= 64 && code.bytes().next().is_some_and(word) && code.bytes().all(|b| word(b) || b == b'-')
}

/// What is looked at where it is, in bytes: some milliseconds.
const SMALL: usize = 1 << 20;
/// What looking at a column takes beside its bytes, as if it were bytes.
const COLUMN: usize = 1 << 10;

/// [Checks](accept) a result; a large one on a thread of its own, since that takes its time and cannot be interrupted.
async fn accepted(
    given: UncheckedOutcome,
    model: Arc<ModelInfo>,
    input_rows: usize,
    limits: Arc<Limits>,
) -> Result<RunOutcome, Failure> {
    let columns = given.output.columns.len().saturating_add(given.added.len());
    let data: usize = given.output.columns.iter().map(|column| column.data.len()).sum();
    let bytes = data.saturating_add(columns.saturating_mul(COLUMN));
    let check = move || accept(given, &model, input_rows, &limits);
    let checked = if bytes <= SMALL {
        check()
    } else {
        match tokio::task::spawn_blocking(check).await {
            Ok(checked) => checked,
            Err(error) => {
                return Err(Failure::new(Code::HostError, format!("the result could not be checked: {error}")));
            }
        }
    };
    checked.map_err(|why| Failure::new(Code::InvalidResult, why))
}

/// Believes a result only after it was checked.
fn accept(
    given: UncheckedOutcome,
    model: &ModelInfo,
    input_rows: usize,
    limits: &Limits,
) -> Result<RunOutcome, String> {
    let added = given
        .added
        .into_iter()
        .map(|field| validate::field("the result", field, limits).map_err(|refused| refused.message))
        .collect::<Result<Vec<_>, _>>()?;
    let output = table_of(given.output, added, &model.output, limits)?;
    model.cardinality.check_output(input_rows, output.rows())?;
    let mut warnings: Vec<String> = given.warnings.iter().map(|text| cut(text, TEXT_BYTES).to_owned()).collect();
    if given.further_warnings > 0 {
        warnings.push(format!("{} further warnings were dropped (limit warnings)", given.further_warnings));
    }
    Ok(RunOutcome { output, warnings })
}
