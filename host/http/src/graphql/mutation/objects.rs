//! Making, changing and removing what jobs point at.

use async_graphql::{Context, ID, Object};

use crate::graphql::context::Asked;
use crate::graphql::create::object;
use crate::graphql::fault::Fault;
use crate::graphql::input::object::{CreateTdo, UpdateTdo};
use crate::graphql::load::objects;
use crate::graphql::node::object::DataObject;
use crate::graphql::node::removed::DeletePayload;

/// Of [`Mutation`](super::Mutation).
#[derive(Default)]
pub(crate) struct ObjectMutations;

#[Object]
impl ObjectMutations {
    /// Makes an object that jobs can point at.
    #[graphql(name = "createTDO")]
    async fn create_tdo(&self, context: &Context<'_>, input: Option<CreateTdo>) -> Result<Option<DataObject>, Fault> {
        let asked = Asked::writing(context)?;
        let input = input.ok_or_else(|| Fault::at("/input", "is missing"))?;
        let by = asked.caller.principal().label.to_string();
        let body = object::of_input(input, by, &asked.shared.limits)?;
        objects::keep(&asked, &body).await.map(Some)
    }

    /// Changes what is said of an object; what is left out stays.
    #[graphql(name = "updateTDO")]
    async fn update_tdo(&self, context: &Context<'_>, input: Option<UpdateTdo>) -> Result<Option<DataObject>, Fault> {
        let asked = Asked::writing(context)?;
        let input = input.ok_or_else(|| Fault::at("/input", "is missing"))?;
        let old = objects::one(&asked, &input.id).await?;
        let body = object::changed(&old.body, input, &asked.shared.limits)?;
        objects::replace(&asked, &old, &body).await.map(Some)
    }

    /// Removes an object. Jobs that point at it stay.
    #[graphql(name = "deleteTDO")]
    async fn delete_tdo(&self, context: &Context<'_>, id: ID) -> Result<Option<DeletePayload>, Fault> {
        let asked = Asked::writing(context)?;
        let object = objects::one(&asked, &id).await?;
        objects::remove(&asked, &object).await?;
        let id = object.record.id.to_string();
        Ok(Some(DeletePayload::of(id, "TemporalDataObject deleted")))
    }
}
