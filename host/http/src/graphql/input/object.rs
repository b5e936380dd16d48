//! What jobs point at, to be.

use async_graphql::{ID, InputObject};

use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;

/// An object to be.
#[derive(InputObject)]
#[graphql(name = "CreateTDO")]
pub(crate) struct CreateTdo {
    pub(crate) start_date_time: DateTime,
    pub(crate) stop_date_time: DateTime,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    #[graphql(default_with = "Some(\"recorded\".to_owned())")]
    pub(crate) status: Option<String>,
    pub(crate) details: Option<JsonData>,
    pub(crate) source_data: Option<JsonData>,
    pub(crate) is_public: Option<bool>,
    /// Changes nothing: there is no index beside the lists.
    pub(crate) add_to_index: Option<bool>,
    pub(crate) parent_folder_id: Option<ID>,
    pub(crate) thumbnail_url: Option<String>,
    pub(crate) preview_url: Option<String>,
    pub(crate) source_image_url: Option<String>,
}

/// What to change of an object; what is left out stays.
#[derive(InputObject)]
#[graphql(name = "UpdateTDO")]
pub(crate) struct UpdateTdo {
    pub(crate) id: ID,
    pub(crate) start_date_time: Option<DateTime>,
    pub(crate) stop_date_time: Option<DateTime>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) details: Option<JsonData>,
    pub(crate) source_data: Option<JsonData>,
    pub(crate) is_public: Option<bool>,
    pub(crate) thumbnail_url: Option<String>,
    pub(crate) preview_url: Option<String>,
    pub(crate) source_image_url: Option<String>,
}
