//! Rows that are few enough to be looked at one by one: which of them `query` and `values` select, in which order.

use analyte_core::codes::Code;
use analyte_core::query::{Fields, Filter, Query, SortKey};
use analyte_core::table::Table;

use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;

/// What looking at all rows may cost, in comparisons; a second or so.
const MOST_COST: u64 = 1_000_000;

/// A table of those of these rows that are asked for, at most as many as one answer holds. There may be hundreds of
/// thousands, so they are made where no other call waits behind them.
pub(crate) async fn of<R: Fields + 'static>(
    call: &Call,
    rows: impl FnOnce() -> Vec<R> + Send + 'static,
    table: fn(&[R]) -> Result<Table, ServiceError>,
) -> Result<Table, ServiceError> {
    let query = super::read(call, std::convert::identity).await?;
    let most = usize::try_from(call.shared.limits.thingworx_query_rows).unwrap_or(usize::MAX);
    call.compute(move || {
        let rows = rows();
        let cost = query.filter.as_ref().map_or(1, Filter::weight).saturating_mul(rows.len() as u64);
        if cost > MOST_COST {
            let message = format!("the query is too costly to be tried on {} rows; ask for less in it", rows.len());
            return Err(ServiceError::coded(Code::InvalidInput, message));
        }
        table(&select(rows, &query, most))
    })
    .await?
}

fn select<R: Fields>(mut rows: Vec<R>, query: &Query, most: usize) -> Vec<R> {
    if let Some(filter) = &query.filter {
        rows.retain(|row| filter.matches(row));
    }
    if !query.sorts.is_empty() {
        rows.sort_by_cached_key(|row| SortKey::of(row, &query.sorts));
    }
    rows.truncate(most);
    rows
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::limits::Limits;
    use analyte_core::query::Field;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Row(&'static str, i64);

    impl Fields for Row {
        fn field(&self, name: &str) -> Field<'_> {
            match name {
                "name" => Field::text(self.0),
                "size" => Field::Integer(self.1),
                _ => Field::Missing,
            }
        }
    }

    #[test]
    fn rows_are_filtered_then_sorted_then_cut() {
        let names = |query: &Value, most| {
            let rows = vec![Row("b", 2), Row("a", 2), Row("c", 1), Row("d", 9)];
            let query = Query::of_value(query, &Limits::default()).unwrap();
            select(rows, &query, most).into_iter().map(|row| row.0).collect::<String>()
        };
        let small = json!({"type": "LT", "fieldName": "size", "value": 5});
        let by_size = json!([{"fieldName": "size"}]);
        assert_eq!(names(&json!({}), 10), "bacd");
        assert_eq!(names(&json!({"filters": small}), 10), "bac");
        assert_eq!(names(&json!({"filters": small, "sorts": by_size}), 10), "cba");
        assert_eq!(names(&json!({"filters": small, "sorts": by_size}), 2), "cb");
        assert_eq!(names(&json!({"filters": {"type": "EQ", "fieldName": "other", "value": 1}}), 10), "");
    }
}
