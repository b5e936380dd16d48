//! The whole grammar of queries: what is read, what holds for a row, in which order rows come, what a store may plan with.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod agreement;
mod jobs;
mod like;
mod naive;
mod operators;
mod order;
mod places;
mod plan;
mod reading;
mod refusals;

use analyte_core::limits::Limits;
use analyte_core::query::{Field, Fields, Query};
use serde_json::Value;

/// A row of named values.
#[derive(Debug, Clone)]
struct Row(Vec<(&'static str, Field<'static>)>);

impl Fields for Row {
    fn field(&self, name: &str) -> Field<'_> {
        self.0.iter().find(|(known, _)| *known == name).map_or(Field::Missing, |(_, field)| field.clone())
    }
}

/// A row whose only field is `f`.
fn one(field: Field<'static>) -> Row {
    Row(vec![("f", field)])
}

fn query(value: &Value) -> Query {
    Query::of_value(value, &Limits::default()).unwrap_or_else(|problem| panic!("{value}: {problem}"))
}

/// Whether a filter holds for a row; also reads the filter as text and asks through `dyn`, which must not differ.
fn holds(filter: &Value, row: &Row) -> bool {
    let value = serde_json::json!({ "filters": filter });
    let read = Query::read(value.to_string().as_bytes(), &Limits::default()).expect("the same as text");
    let query = query(&value);
    assert_eq!(read, query);
    let filter = query.filter.expect("a filter");
    let shown: &dyn Fields = row;
    assert_eq!(filter.matches(row), filter.matches(shown));
    filter.matches(row)
}
