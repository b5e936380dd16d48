//! What is checked of a document before it is executed, in steps of which each bounds the next: its length, its tokens, then how
//! much it selects. Each takes time in proportion to the text, whatever the text says.

mod extent;
mod names;
mod tokens;
pub(super) mod variables;

use analyte_core::limits::Limits;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::parser::{Error, parse_query};

use super::fault::{Fault, Name};

/// Reads a document.
pub(super) fn read(text: &str, limits: &Limits) -> Result<ExecutableDocument, Fault> {
    let most = limits.graphql_document_bytes;
    if text.len() as u64 > most {
        let message = format!(
            "the document has {} bytes; {most} are allowed (limit graphql_document_bytes); put what is large into its variables",
            text.len()
        );
        return Err(Fault::new(Name::CapacityExceeded, message));
    }
    tokens::check(text, limits)?;
    let mut document = parse_query(text).map_err(|error| {
        if matches!(error, Error::RecursionLimitExceeded) {
            return Fault::new(
                Name::CapacityExceeded,
                "the document nests deeper than it can be parsed (limit graphql_depth)",
            );
        }
        let message: String = error.to_string().chars().take(400).collect();
        Fault::invalid(format!("the document cannot be parsed: {message}"))
    })?;
    extent::check(&document, limits)?;
    names::renew(&mut document);
    Ok(document)
}
