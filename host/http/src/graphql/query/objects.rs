//! What jobs point at.

use async_graphql::{Context, ID, Object};

use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::load::jobs::there;
use crate::graphql::load::objects;
use crate::graphql::node::object::DataObject;
use crate::graphql::node::page::{DataObjectList, Paging};

/// Of [`Query`](super::Query).
#[derive(Default)]
pub(crate) struct ObjectQueries;

#[Object]
impl ObjectQueries {
    /// One object that jobs point at.
    async fn temporal_data_object(&self, context: &Context<'_>, id: ID) -> Result<Option<DataObject>, Fault> {
        let asked = Asked::reading(context)?;
        objects::one(&asked, &id).await.map(Some)
    }

    /// The objects that jobs point at, newest first.
    async fn temporal_data_objects(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        name: Option<String>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<Option<DataObjectList>, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        let named = |object: &DataObject| {
            name.as_ref().is_none_or(|name| {
                object.body.name.as_ref().is_some_and(|own| own.to_lowercase().contains(&name.to_lowercase()))
            })
        };
        let found = match id {
            Some(id) => paging.part(there(objects::one(&asked, &id).await)?.filter(named)),
            None => objects::list(&asked, paging, named).await?,
        };
        Ok(Some(DataObjectList::of(found, paging)))
    }
}
