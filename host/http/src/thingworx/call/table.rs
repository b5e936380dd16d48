//! The tables that services answer: their fields, and rows made into a table.

use analyte_core::base_type::BaseType;
use analyte_core::codes::Code;
use analyte_core::shape::Field;
use analyte_core::table::Table;
use analyte_core::table::infotable::{Cell, Rows};

use crate::thingworx::error::ServiceError;

/// A field of this name, base type and description.
pub(crate) fn field(name: &str, base_type: BaseType, description: &str) -> Field {
    Field { description: description.into(), ..Field::new(name, base_type) }
}

/// The same field with one more aspect.
pub(crate) fn with_aspect(aspect: &str, value: &str, field: Field) -> Field {
    Field { extra: vec![(aspect.to_owned(), value.to_owned())], ..field }
}

/// Rows, each as its cells in the order of the fields, as a table.
pub(crate) fn of_cells(fields: Vec<Field>, rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<Table, ServiceError> {
    let mut built = Rows::new(fields);
    rows.into_iter().for_each(|cells| built.push(cells));
    of_rows(built)
}

/// The rows that a service made, as a table.
pub(crate) fn of_rows(rows: Rows) -> Result<Table, ServiceError> {
    rows.table().map_err(|why| {
        tracing::error!(why, "a table of rows cannot be made");
        ServiceError::coded(Code::HostError, "the server failed to answer this call; its log says more")
    })
}
