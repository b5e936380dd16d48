//! The surface for clients of aiWARE's AI Data GraphQL interface, at `/v3/graphql`: jobs, tasks, schedules, templates, engines and
//! what belongs to them.
//!
//! What a client may rely on is written down in `docs/aiware.md`; the schema is checked in as `docs/reference/graphql.graphql`.
//! What this surface shares with the REST one (ids, words for states, how payloads are read) it takes from
//! [`aiware`](crate::aiware).
//!
//! From below to above: [`fault`], how fields fail; [`budget`], what one answer may cost; [`context`], who asks; [`scalar`] and
//! [`word`], values; [`node`], what is answered about; [`input`], what is asked with; [`load`], where things are found;
//! [`create`], how jobs are made; [`field`], how nodes are answered; [`query`] and [`mutation`], what can be asked; [`document`],
//! what is checked before a document is executed; [`transport`], the call itself.
//!
//! How it fails: as `fault` says. Nothing here decides what a job may do or what is kept; the job manager does.

#![expect(clippy::unused_async, reason = "a field may wait, and the library has each written as if it did")]

use std::sync::Arc;

use async_graphql::{EmptySubscription, Schema};
use axum::Router;
use axum::routing::post;

mod budget;
mod context;
mod create;
mod document;
mod fault;
mod field;
mod input;
mod load;
mod mutation;
mod node;
mod query;
mod scalar;
mod transport;
mod word;

use self::mutation::Mutation;
use self::query::Query;
use crate::shared::Shared;

/// Where it is.
const ADDRESS: &str = "/v3/graphql";

/// Whether an address belongs to this surface.
pub(crate) fn is_here(path: &str) -> bool {
    path.strip_prefix(ADDRESS).is_some_and(|rest| rest.is_empty() || rest == "/")
}

/// Everything that can be asked.
type Everything = Schema<Query, Mutation, EmptySubscription>;

fn schema(depth: u64) -> Everything {
    let depth = usize::try_from(depth).unwrap_or(usize::MAX);
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .register_output_type::<node::page::Page>()
        // What `document` lets pass is at most this deep.
        .limit_recursive_depth(depth.saturating_add(1))
        .extension(budget::Counting)
        .finish()
}

/// The schema as its own language writes it.
#[cfg(test)]
fn sdl() -> String {
    schema(0).sdl()
}

/// The only call.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let served = Arc::new(transport::Served { schema: schema(shared.limits.graphql_depth), shared });
    let call = post(transport::call).fallback(transport::other_method);
    Router::new().route(ADDRESS, call.clone()).route("/v3/graphql/", call).with_state(served)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// What clients see of the schema changes on purpose only; `ANALYTE_BLESS=1` writes the document anew.
    #[test]
    fn the_graphql_schema_is_documented() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/graphql.graphql");
        let now = super::sdl();
        if std::env::var_os("ANALYTE_BLESS").is_some() {
            assert!(std::fs::write(&path, &now).is_ok(), "{} cannot be written", path.display());
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == now,
            "docs/reference/graphql.graphql is not what the code says; write it anew with ANALYTE_BLESS=1"
        );
    }
}
