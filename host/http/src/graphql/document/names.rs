//! Names of older documents: the scalar that is called `JSONData` today was `JSON` in 2019, and is taken under either name as the
//! type of a variable.

use async_graphql::Name;
use async_graphql::parser::types::{BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, Type};

const OLD: &str = "JSON";
const NEW: &str = "JSONData";

/// Puts today's names into a document.
pub(super) fn renew(document: &mut ExecutableDocument) {
    match &mut document.operations {
        DocumentOperations::Single(operation) => of_operation(&mut operation.node),
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                of_operation(&mut operation.node);
            }
        }
    }
}

fn of_operation(operation: &mut OperationDefinition) {
    for variable in &mut operation.variable_definitions {
        of_type(&mut variable.node.var_type.node);
    }
}

fn of_type(of: &mut Type) {
    match &mut of.base {
        BaseType::Named(name) if name.as_str() == OLD => *name = Name::new(NEW),
        BaseType::Named(_) => {}
        BaseType::List(inner) => of_type(inner),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn variables_of_the_old_type_have_the_new_one() {
        let types = |text: &str| {
            let mut document = parse_query(text).ok()?;
            renew(&mut document);
            let (_, operation) = document.operations.iter().next()?;
            Some(
                operation
                    .node
                    .variable_definitions
                    .iter()
                    .map(|one| one.node.var_type.node.to_string())
                    .collect::<Vec<_>>(),
            )
        };
        let expected = ["JSONData!", "[JSONData]", "ID"].map(str::to_owned).to_vec();
        assert_eq!(types("query ($a: JSON!, $b: [JSON], $c: ID) {a}"), Some(expected));
    }
}
