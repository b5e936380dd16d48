//! What jobs were given, as it stands in a row: `inputs` and `extraParams` up to [`INLINE`] bytes each. What takes more, as
//! it is stored or as it would be written, is left out, as is what cannot be shown as an InfoTable: infinite numbers.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::limits::Limits;
use analyte_core::names::Organisation;
use analyte_core::shape::Shape;
use analyte_core::table::format::{Format, read};
use analyte_core::table::infotable;
use analyte_jobs::{Manager, StoredInputs};
use bytes::Bytes;

use crate::native::table::computed;
use crate::thingworx::error::ServiceError;

/// Most bytes of one table or of one object within a row.
const INLINE: u64 = 64 * 1024;

/// What one job was given, as JSON text; `None` where it is left out.
pub(super) struct Inputs {
    /// An InfoTable.
    pub(super) inputs: Option<String>,
    /// An object.
    pub(super) extra_params: Option<String>,
}

/// Of some jobs, in their order.
pub(super) async fn of(
    manager: Manager,
    organisation: Organisation,
    jobs: Vec<Arc<Job>>,
) -> Result<Vec<(Arc<Job>, Inputs)>, ServiceError> {
    let stored = manager.stored_inputs(&organisation, &jobs, INLINE).await?;
    let limits = manager.limits().clone();
    let write = move || jobs.into_iter().zip(stored).map(|(job, stored)| (job, as_json(stored, &limits))).collect();
    Ok(computed(&manager.computing(&organisation), write).await?)
}

fn as_json(stored: StoredInputs, limits: &Limits) -> Inputs {
    Inputs {
        inputs: stored.input.and_then(|stream| table(stream, limits)),
        extra_params: stored.parameters.and_then(|text| String::from_utf8(text.into()).ok()),
    }
}

/// The stream carries its own fields; they were checked before it was kept.
fn table(stream: Bytes, limits: &Limits) -> Option<String> {
    let table = read(Format::Arrow, stream, &Shape::any(), limits).ok()?.table;
    String::from_utf8(infotable::write(&table, INLINE).ok()?).ok()
}
