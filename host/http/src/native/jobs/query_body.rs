//! A query as clients write it; its grammar is the one of `analyte_core::query`.

use analyte_core::limits::Limits;
use analyte_core::query::Query;
use utoipa::ToSchema;

use crate::problem::{FieldError, Problem};

/// What a body may have around a query.
const AROUND: u64 = 1_024;

/// Longest body that holds a query; the query itself is measured as it is read.
pub(crate) fn most_bytes(limits: &Limits) -> u64 {
    limits.query_bytes.saturating_add(AROUND)
}

/// Which jobs, and in which order; `{}` means all of them, newest first.
#[derive(ToSchema)]
#[schema(as = Query)]
#[expect(dead_code, reason = "documents what analyte_core::query reads")]
pub(crate) struct QueryBody {
    /// One condition, or several under `AND` or `OR`, at any depth.
    filters: Option<FilterBody>,
    /// The most important first.
    sorts: Option<Vec<SortBody>>,
}

/// A condition. Which members it has depends on its type.
#[derive(ToSchema)]
#[schema(as = Filter)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "documents what analyte_core::query reads")]
pub(crate) struct FilterBody {
    /// `AND`, `OR`; `EQ`, `NE`, `GT`, `GE`, `LT`, `LE`; `LIKE`, `NOTLIKE`; `IN`, `NOTIN`; `BETWEEN`, `NOTBETWEEN`; `MATCHES`,
    /// `NOTMATCHES`; `MISSINGVALUE`, `NOTMISSINGVALUE`; `TAGGED`, `NOTTAGGED`; `NEAR`, `NOTNEAR`. In capitals or not.
    #[serde(rename = "type")]
    #[schema(example = "EQ")]
    kind: String,
    /// The field that it is about.
    #[schema(example = "status")]
    field_name: Option<String>,
    /// Compared with the field; for `LIKE` a pattern with `*`, `%` and `?`.
    value: Option<serde_json::Value>,
    /// For `IN` and `NOTIN`.
    values: Option<Vec<serde_json::Value>>,
    /// Lower end of a range, inclusive.
    from: Option<serde_json::Value>,
    /// Upper end of a range, inclusive.
    to: Option<serde_json::Value>,
    /// A regular expression, for `MATCHES` and `NOTMATCHES`.
    expression: Option<String>,
    /// Whether capitals matter; usually not.
    is_case_sensitive: Option<bool>,
    /// Conditions under `AND` or `OR`.
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    filters: Option<Vec<serde_json::Value>>,
    /// For `NEAR` and `NOTNEAR`: how far from the location at most, in `units`.
    distance: Option<f64>,
    /// Of the distance: `M` for miles, as usual, `K` for kilometres, `N` for nautical miles.
    units: Option<String>,
    /// For `NEAR` and `NOTNEAR`: `{"latitude", "longitude"}` in degrees, and perhaps `elevation`, which does not matter.
    #[schema(value_type = Option<Object>)]
    location: Option<serde_json::Value>,
    /// For `TAGGED` and `NOTTAGGED`: `{"vocabulary", "vocabularyTerm"}`, the key and the value of a tag.
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    tags: Option<Vec<serde_json::Value>>,
}

/// One part of an order.
#[derive(ToSchema)]
#[schema(as = Sort)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "documents what analyte_core::query reads")]
pub(crate) struct SortBody {
    /// The field.
    #[schema(example = "created_at")]
    field_name: String,
    /// Usually true.
    is_ascending: Option<bool>,
    /// Usually true.
    is_case_sensitive: Option<bool>,
}

/// Reads a query; `pointer` says where it stands in the body.
pub(crate) fn read(json: &str, pointer: &str, limits: &Limits) -> Result<Query, Problem> {
    Query::read(json.as_bytes(), limits).map_err(|problem| {
        let place = format!("{pointer}{}", problem.pointer);
        let named = if place.is_empty() { "the query".to_owned() } else { format!("`{place}`") };
        let detail = format!("{named}: {}", problem.message);
        Problem::new(problem.code(), detail).errors(vec![FieldError::at(place, problem.message)])
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::openapi::members;

    /// The members that the reader knows in the object at this place, by its refusal of another one.
    fn known(query: &str) -> BTreeSet<String> {
        let refused = read(query, "", &Limits::default()).err().map(|problem| problem.detail().to_owned());
        let detail = refused.unwrap_or_default();
        let (_, list) = detail.split_once("its members are ").unwrap_or_default();
        list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    /// A query is read by core, which knows nothing of this description; both have the same members.
    #[test]
    fn what_is_described_is_what_is_read() {
        let described = |members: Vec<String>| members.into_iter().collect::<BTreeSet<_>>();
        assert_eq!(known(r#"{"x":1}"#), described(members::<QueryBody>()));
        assert_eq!(known(r#"{"sorts":[{"x":1}]}"#), described(members::<SortBody>()));
        let kinds = ["AND", "EQ", "GT", "LIKE", "IN", "BETWEEN", "MATCHES", "MISSINGVALUE", "TAGGED", "NEAR"];
        let of_kind = |kind| known(&format!(r#"{{"filters":{{"type":"{kind}","x":1}}}}"#));
        assert_eq!(kinds.into_iter().flat_map(of_kind).collect::<BTreeSet<_>>(), described(members::<FilterBody>()));
    }
}
