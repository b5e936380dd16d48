//! Queries of calls that are about one organisation.

use analyte_core::names::Organisation;

/// The query of a call about this organisation; empty for `None`, which leaves the server to take the caller's own.
pub(crate) fn of_organisation(name: Option<&Organisation>) -> Vec<(String, String)> {
    name.map(|name| ("organisation".to_owned(), name.to_string())).into_iter().collect()
}

/// The query of a removal.
pub(crate) fn of_removal(force: bool, organisation: Option<&Organisation>) -> Vec<(String, String)> {
    let mut query = of_organisation(organisation);
    if force {
        query.push(("force".to_owned(), "true".to_owned()));
    }
    query
}
