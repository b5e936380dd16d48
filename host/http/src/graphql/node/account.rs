//! Who asks: an organisation, and a token as its user.

use analyte_core::names;
use analyte_jobs::Principal;
use async_graphql::SimpleObject;

use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;

/// An organisation.
pub(crate) struct Organization(pub(crate) names::Organisation);

/// A token, which is what a user is here.
pub(crate) struct User(pub(crate) Principal);

/// What the caller's token allows.
#[derive(SimpleObject)]
pub(crate) struct MyRights {
    /// Rights in the words of aiWARE, and in those of this server.
    pub(crate) operations: Vec<String>,
    pub(crate) resources: Option<JsonData>,
}

/// A login.
pub(crate) struct LoginInfo {
    /// Used like a token.
    pub(crate) token: String,
    pub(crate) principal: Principal,
    /// When it ends at the latest; `None`: never, by itself.
    pub(crate) expires: Option<DateTime>,
}
