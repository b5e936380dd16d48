//! What parts gave, as one result.

use analyte_core::names::Organisation;
use analyte_core::table::Table;
use analyte_engine::request::RunOutcome;

use crate::manager::Manager;

/// Whether two parts gave the same but for their rows: the same columns, added ones included, and the same warnings. A
/// warning of one part only, or one that counts rows, is not what the unsplit run would have warned of.
pub(super) fn alike(one: &RunOutcome, other: &RunOutcome) -> bool {
    one.output.fields() == other.output.fields() && one.warnings == other.warnings
}

/// The rows of outcomes that are alike, in order. `None` where one instance could not have given as much.
pub(super) async fn joined(
    manager: &Manager,
    organisation: Option<&Organisation>,
    outcomes: Vec<RunOutcome>,
) -> Option<RunOutcome> {
    let limits = &manager.inner.limits;
    let bytes: u64 = outcomes.iter().map(|outcome| outcome.output.buffer_bytes()).sum();
    if bytes > limits.output_bytes.min(limits.table_bytes) {
        return None;
    }
    let warnings = outcomes.first()?.warnings.clone();
    let tables: Vec<Table> = outcomes.into_iter().map(|outcome| outcome.output).collect();
    let size = usize::try_from(bytes).unwrap_or(usize::MAX);
    // Text beyond 2 GiB cannot be one column.
    let output = manager.off_thread(organisation?, size, move || Table::concat(tables)).await.ok()?;
    Some(RunOutcome { output, warnings })
}
