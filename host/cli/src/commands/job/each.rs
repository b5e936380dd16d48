//! One command for several jobs.

use analyte_core::names::JobId;
use anyhow::Result;

use crate::output::report::{self, Report};

/// Does something to each job. Where the server refuses it for one of several, stderr gets the refusal and the others
/// go on.
pub(super) fn each(ids: &[JobId], what: &str, mut act: impl FnMut(JobId) -> Result<()>) -> Result<()> {
    if let [only] = ids {
        return act(*only);
    }
    let mut failed = 0;
    for id in ids {
        match act(*id) {
            Ok(()) => {}
            Err(error) => {
                // What is not the server's word about this job would be the same for all.
                let mut report = error.downcast::<Report>()?;
                report.facts.insert(0, format!("job {id}"));
                report::error(&report.into());
                failed += 1;
            }
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Report::new(format!("{failed} of {} jobs were not {what}", ids.len())).into())
}
