//! What one answer may cost: the values that are found for it are counted, and memory is set aside for them, as they are found.
//!
//! A document of a few fields can ask for lists within lists, or for the schema within itself, without end. So each field and
//! each item of a list takes one of `graphql_values`; where none is left, or no memory, the rest is not looked for, and the
//! answer is the reason alone. Between fields the thread is handed on, so that other calls are answered meanwhile.
//!
//! It is also here that a field which fails becomes `null`, and nothing around it, where its type allows that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use analyte_core::names::Organisation;
use analyte_jobs::Reservation;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo};
use async_graphql::{Response, ServerError, ServerResult, Value};
use parking_lot::Mutex;

use super::fault::{Fault, Name};
use crate::shared::Shared;

/// What a value takes in memory and in the answer's text, in bytes, beside its own text.
const VALUE_BYTES: u64 = 192;
/// Memory is set aside in steps of this many bytes; what one answer takes at most without.
const STEP: u64 = 256 * 1024;
/// After this many values other calls have a turn.
const TURN: u64 = 256;

/// What is left for one answer.
pub(super) struct Budget {
    shared: Arc<Shared>,
    /// For whom memory is set aside; `None`: for a caller who is not known, and who gets only what is short.
    organisation: Option<Organisation>,
    values: AtomicU64,
    bytes: AtomicU64,
    jobs: AtomicU64,
    begun: AtomicBool,
    spent: Mutex<Option<Fault>>,
    errors: Mutex<Vec<ServerError>>,
    held: Mutex<Vec<Reservation>>,
}

impl Budget {
    pub(super) fn new(shared: Arc<Shared>, organisation: Option<Organisation>) -> Self {
        Self {
            shared,
            organisation,
            values: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            jobs: AtomicU64::new(0),
            begun: AtomicBool::new(false),
            spent: Mutex::new(None),
            errors: Mutex::new(Vec::new()),
            held: Mutex::new(Vec::new()),
        }
    }

    /// Whether the document was found to be right, so that fields were answered.
    pub(super) fn begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// What went wrong with single fields; and what ended the answer, where something did.
    pub(super) fn end(&self) -> (Vec<ServerError>, Option<Fault>, Vec<Reservation>) {
        (std::mem::take(&mut *self.errors.lock()), self.spent.lock().take(), std::mem::take(&mut *self.held.lock()))
    }

    /// How many bytes the answer takes, about.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    /// Counts a job that has to be looked at for a list. All lists of one document together look at `sort_items`.
    pub(super) fn look_at(&self) -> Result<(), Fault> {
        let most = self.shared.limits.sort_items;
        if self.jobs.fetch_add(1, Ordering::AcqRel) < most {
            return Ok(());
        }
        let message = format!(
            "more than {most} jobs would have to be looked at (limit sort_items); narrow the list by a state or by times"
        );
        Err(Fault::new(Name::CapacityExceeded, message))
    }

    fn is_spent(&self) -> bool {
        self.spent.lock().is_some()
    }

    fn spend(&self, fault: Fault) {
        self.spent.lock().get_or_insert(fault);
    }

    /// Takes one value; says how many there are, or `None` where there may be no more.
    fn value(&self) -> Option<u64> {
        let most = self.shared.limits.graphql_values;
        let number = self.values.fetch_add(1, Ordering::AcqRel) + 1;
        if number > most {
            let message =
                format!("the answer has more than {most} values (limit graphql_values); ask for less at once");
            self.spend(Fault::new(Name::CapacityExceeded, message));
        }
        (!self.is_spent()).then_some(number)
    }

    /// Sets memory aside for so much of the answer.
    pub(super) fn hold(&self, bytes: u64) -> Result<(), Fault> {
        let before = self.bytes.fetch_add(bytes, Ordering::AcqRel);
        let steps = (before + bytes) / STEP - before / STEP;
        if steps == 0 {
            return Ok(());
        }
        let Some(organisation) = &self.organisation else {
            return Err(Fault::new(Name::AuthenticationError, "an answer of this length needs a token"));
        };
        let held = self.shared.manager.reserve_memory(organisation, steps.saturating_mul(STEP))?;
        self.held.lock().push(held);
        Ok(())
    }
}

/// What a value takes beside what is counted for each: the length of its texts, and all within it where it is a document.
fn own_bytes(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Boolean(_) | Value::Number(_) | Value::Enum(_) => 0,
        Value::String(text) => (text.len() as u64).saturating_mul(2),
        Value::Binary(bytes) => bytes.len() as u64,
        Value::List(items) => items.iter().map(|item| VALUE_BYTES + own_bytes(item)).sum(),
        Value::Object(members) => {
            members.iter().map(|(name, item)| VALUE_BYTES + name.len() as u64 + own_bytes(item)).sum()
        }
    }
}

/// Counts what is answered, against the [`Budget`] that comes with each request.
pub(super) struct Counting;

impl ExtensionFactory for Counting {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Counting {
    async fn execute(
        &self,
        context: &ExtensionContext<'_>,
        operation: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        if let Some(budget) = context.data_opt::<Arc<Budget>>() {
            budget.begun.store(true, Ordering::Release);
        }
        next.run(context, operation).await
    }

    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let Some(budget) = context.data_opt::<Arc<Budget>>() else { return next.run(context, info).await };
        let Some(number) = budget.value() else { return Ok(Some(Value::Null)) };
        if number % TURN == 0 {
            tokio::task::yield_now().await;
        }
        if budget.organisation.is_none() && matches!(info.name, "__schema" | "__type") {
            let fault = Fault::new(Name::AuthenticationError, "the schema is shown to callers with a token only");
            budget.spend(fault);
            return Ok(Some(Value::Null));
        }
        let may_be_null = !info.return_type.ends_with('!');
        let is_leaf = info.field.selection_set.node.items.is_empty();
        match next.run(context, info).await {
            Ok(value) => {
                let value = value.unwrap_or_default();
                let own = if is_leaf { own_bytes(&value) } else { 0 };
                if let Err(fault) = budget.hold(VALUE_BYTES.saturating_add(own)) {
                    budget.spend(fault);
                }
                Ok(Some(value))
            }
            Err(error) if may_be_null => {
                budget.errors.lock().push(error);
                Ok(Some(Value::Null))
            }
            Err(error) => Err(error),
        }
    }
}
