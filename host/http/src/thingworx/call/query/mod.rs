//! The parameters `query` and `values`, as one query. Both given: a row has to fulfil both.

use analyte_core::codes::Code;
use analyte_core::limits::Limits;
use analyte_core::query::{Query, QueryProblem};

use crate::thingworx::call::Call;
use crate::thingworx::call::parameter::Parameter;
use crate::thingworx::error::ServiceError;

mod normalize;
pub(crate) mod select;
mod values;

/// The parameter `values`.
pub(crate) const VALUES: Parameter =
    Parameter::new("values", "INFOTABLE", "Rows of which one has to agree in every field that it sets.");
/// The parameter `query`.
pub(crate) const QUERY: Parameter = Parameter::new("query", "QUERY", "What has to hold, and the order.");

/// The query of a call, over the names that `translate` gives the fields. However short, a query may hold expressions that
/// take long to compile, so it is read where no other call waits behind it. Without both parameters it selects everything.
pub(crate) async fn read(call: &Call, translate: fn(Query) -> Query) -> Result<Query, ServiceError> {
    let (query, values, limits) = (call.bytes("query"), call.bytes("values"), call.shared.limits.clone());
    if query.is_none() && values.is_none() {
        return Ok(Query::default());
    }
    call.compute(move || parse(query.as_deref(), values.as_deref(), &limits).map(translate)).await?
}

/// One query of the JSON of both parameters.
pub(crate) fn parse(query: Option<&[u8]>, values: Option<&[u8]>, limits: &Limits) -> Result<Query, ServiceError> {
    let mut query = query.map_or_else(|| Ok(Query::default()), |json| of_query(json, limits))?;
    let values = values.map_or(Ok(None), |json| values::read(json, limits))?;
    query.filter = match (query.filter, values) {
        (Some(filter), Some(values)) => Some(filter.and(values)),
        (filter, values) => filter.or(values),
    };
    Ok(query)
}

/// An object, or, as some clients have it, a string that holds one. The empty string is no query.
fn of_query(json: &[u8], limits: &Limits) -> Result<Query, ServiceError> {
    if json.first() != Some(&b'"') {
        return of_object(json, limits);
    }
    let text: String = serde_json::from_slice(json)
        .map_err(|error| ServiceError::coded(Code::Malformed, format!("the parameter query: {error}")))?;
    if text.is_empty() {
        return Ok(Query::default());
    }
    of_object(text.as_bytes(), limits)
}

fn of_object(json: &[u8], limits: &Limits) -> Result<Query, ServiceError> {
    let refused = |problem: QueryProblem| ServiceError::coded(problem.code(), problem.to_string());
    // Text that is too long, too deep or not JSON is refused as everywhere.
    let readable = (json.len() as u64 <= limits.query_bytes).then(|| serde_json::from_slice(json).ok()).flatten();
    match readable {
        Some(value) => Query::of_value(&normalize::normalize(value), limits).map_err(refused),
        None => Query::read(json, limits).map_err(refused),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::query::{Field, Fields};
    use serde_json::{Value, json};

    use super::*;

    fn read(query: Option<&Value>, values: Option<&Value>) -> Result<Query, ServiceError> {
        let text = |value: Option<&Value>| value.map(|value| value.to_string().into_bytes());
        parse(text(query).as_deref(), text(values).as_deref(), &Limits::default())
    }

    #[test]
    fn a_query_is_an_object_or_a_string_that_holds_one() {
        let query = json!({"filters": {"type": "EQ", "fieldName": "providerName", "value": "p"}, "sorts": []});
        let plain = read(Some(&query), None).unwrap();
        assert_eq!(plain, read(Some(&json!(query.to_string())), None).unwrap());
        assert!(plain.filter.is_some());
        for nothing in
            [None, Some(&json!({})), Some(&json!("")), Some(&json!("{}")), Some(&json!({"filters": {}, "maxItems": 3}))]
        {
            assert_eq!(read(nothing, None).unwrap(), Query::default(), "{nothing:?}");
        }
        for wrong in [
            json!([]),
            json!(1),
            json!("["),
            json!("nonsense"),
            json!({"filters": {"type": "NOR"}}),
            json!({"filters": []}),
        ] {
            assert!(read(Some(&wrong), None).is_err(), "{wrong}");
        }
    }

    struct Status(&'static str);

    impl Fields for Status {
        fn field(&self, _: &str) -> Field<'_> {
            Field::text(self.0)
        }
    }

    #[test]
    fn both_have_to_be_fulfilled() {
        let query = json!({"filters": {"type": "NE", "fieldName": "status", "value": "FAILED"}});
        let values = json!({"rows": [{"status": "FAILED"}, {"status": "WAITING"}]});
        let both = read(Some(&query), Some(&values)).unwrap().filter.unwrap();
        let fulfils = ["FAILED", "WAITING", "COMPLETED"].map(|status| both.matches(&Status(status)));
        assert_eq!(fulfils, [false, true, false]);
    }
}
