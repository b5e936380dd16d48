//! What a run gave.

use analyte_core::failure::Failure;
use analyte_core::job::Usage;
use analyte_core::table::Table;

use crate::error::Refused;

/// What a run gave.
#[derive(Debug)]
pub struct RunReport {
    /// The result, or why there is none.
    pub outcome: Result<RunOutcome, Failure>,
    /// What it cost.
    pub usage: Usage,
    /// Log lines that were beyond the limit.
    pub log_lines_dropped: u64,
}

impl RunReport {
    /// Of a run that never began.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { outcome: Err(failure), usage: Usage::default(), log_lines_dropped: 0 }
    }

    /// Of a run that never began, or that was left behind.
    pub fn refused(refused: Refused) -> Self {
        let mut failure = Failure::new(refused.code, refused.message);
        failure.causes = refused.causes;
        Self::failed(failure)
    }
}

/// A result that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOutcome {
    /// The table, under the model's output shape with the fields that the model added.
    pub output: Table,
    /// What the client should know.
    pub warnings: Vec<String>,
}
