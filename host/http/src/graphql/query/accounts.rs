//! Who asks, and what they may.

use analyte_jobs::Right;
use async_graphql::{Context, ID, Object};

use crate::aiware::ids::names;
use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::node::account::{MyRights, Organization, User};
use crate::graphql::scalar::json_data::JsonData;

/// Of [`Query`](super::Query).
#[derive(Default)]
pub(crate) struct AccountQueries;

/// The words of aiWARE for what each right allows.
const OPERATIONS: [(Right, &[&str]); 3] = [
    (Right::JobsRead, &["job.read", "task.read", "recording.read", "developer.engine.read"]),
    (
        Right::JobsWrite,
        &[
            "job.create",
            "job.update",
            "job.delete",
            "task.create",
            "task.update",
            "recording.create",
            "recording.update",
            "recording.delete",
        ],
    ),
    (Right::ProvidersWrite, &["developer.engine.create", "developer.engine.update", "developer.engine.delete"]),
];

#[Object]
impl AccountQueries {
    /// The caller: the token that the call is made with.
    async fn me(&self, context: &Context<'_>) -> Result<Option<User>, Fault> {
        let asked = Asked::by(context, None)?;
        Ok(Some(User(asked.caller.principal().clone())))
    }

    /// A user; a caller sees only itself.
    async fn user(&self, context: &Context<'_>, id: ID) -> Result<Option<User>, Fault> {
        let principal = Asked::by(context, None)?.caller.principal();
        if principal.token == id.as_str() {
            Ok(Some(User(principal.clone())))
        } else {
            Err(Fault::not_found("User", &id))
        }
    }

    /// What the caller's token allows.
    async fn my_rights(&self, context: &Context<'_>) -> Result<Option<MyRights>, Fault> {
        let principal = Asked::by(context, None)?.caller.principal();
        let of_product = OPERATIONS.iter().filter(|(right, _)| principal.may(*right)).flat_map(|(_, words)| *words);
        let own = Right::ALL.into_iter().filter(|right| principal.may(*right)).map(Right::as_str);
        let operations = of_product.copied().chain(own).map(str::to_owned).collect();
        Ok(Some(MyRights { operations, resources: Some(JsonData::of(serde_json::json!({}))) }))
    }

    /// The caller's organisation, by its id or its name. Another one is answered like one that does not exist.
    async fn organization(&self, context: &Context<'_>, id: ID) -> Result<Option<Organization>, Fault> {
        let own = Asked::by(context, None)?.organisation();
        if names::is_organisation(&id, own) {
            Ok(Some(Organization(own.clone())))
        } else {
            Err(Fault::not_found("Organization", &id))
        }
    }
}
