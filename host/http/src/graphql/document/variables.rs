//! Variables that an operation needs and that did not come. The library would find them one by one, when the fields that use
//! them are answered; a client learns it before anything is done.

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument};
use async_graphql::{Value, Variables};

use crate::graphql::fault::Fault;

/// Refuses a request without a variable that the operation of this name needs; `None`: the only one.
pub(crate) fn check(document: &ExecutableDocument, name: Option<&str>, given: &Variables) -> Result<(), Fault> {
    let operation = match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => match name {
            Some(name) => operations.get(name),
            None => operations.values().next().filter(|_| operations.len() == 1),
        },
    };
    // One that is not there is for the library to refuse.
    for variable in operation.iter().flat_map(|operation| &operation.node.variable_definitions) {
        let variable = &variable.node;
        let name = &variable.name.node;
        let missing = matches!(given.get(name), None | Some(Value::Null));
        if missing && !variable.var_type.node.nullable && variable.default_value.is_none() {
            let shown: String = name.chars().take(80).collect();
            return Err(Fault::invalid(format!(
                "the variable `${shown}` of type `{}` is missing",
                variable.var_type.node
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn what_may_not_be_null_must_come() {
        let query = "query a($x: ID!, $y: Int = 1, $z: Int) {b} query c {d}";
        let check = |name: Option<&str>, given: serde_json::Value| {
            let document = parse_query(query).map_err(|error| error.to_string())?;
            super::check(&document, name, &Variables::from_json(given)).map_err(|fault| fault.message)
        };
        assert_eq!(check(Some("a"), serde_json::json!({"x": 1})), Ok(()));
        for missing in [serde_json::json!({}), serde_json::json!({"x": null})] {
            assert_eq!(check(Some("a"), missing), Err("the variable `$x` of type `ID!` is missing".to_owned()));
        }
        assert_eq!(check(Some("c"), serde_json::json!({})), Ok(()));
    }
}
