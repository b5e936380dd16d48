//! Tables as JSON, in rows and in columns.

pub(crate) mod cell_context;
pub(crate) mod cells;
pub(crate) mod read;
pub(crate) mod text;
pub(crate) mod write;

/// What a value may be beside the JSON that its base type calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Hardly anything; see [`crate::table::read::cell`].
    Client,
    /// A number may be `"NaN"`, `"inf"` and `"-inf"`, as Analyte writes its own records.
    Record,
    /// What ThingWorx takes; see [`crate::table::infotable`].
    ThingWorx,
}
