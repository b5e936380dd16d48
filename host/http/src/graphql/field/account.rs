//! The fields of organisations, users and logins.

use async_graphql::{ID, Object};

use crate::aiware::ids::names;
use crate::graphql::node::account::{LoginInfo, Organization, User};
use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;

/// An organisation.
#[Object(name = "Organization")]
impl Organization {
    async fn id(&self) -> ID {
        names::organisation(&self.0).to_string().into()
    }

    async fn name(&self) -> Option<&str> {
        Some(self.0.as_str())
    }

    #[graphql(name = "type")]
    async fn kind(&self) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    async fn status(&self) -> Option<&str> {
        Some("active")
    }

    async fn jsondata(&self) -> Option<JsonData> {
        None
    }

    async fn image_url(&self) -> Option<String> {
        None
    }

    async fn seat_limit(&self) -> Option<i32> {
        None
    }
}

/// What a token allows, as a role.
#[derive(async_graphql::SimpleObject)]
struct Role {
    id: ID,
    name: String,
    description: Option<String>,
    app_name: Option<String>,
}

/// A user: the token that a call is made with.
#[Object(name = "User")]
impl User {
    async fn id(&self) -> ID {
        self.0.token.as_str().into()
    }

    async fn name(&self) -> String {
        self.0.label.to_string()
    }

    async fn first_name(&self) -> Option<String> {
        None
    }

    async fn last_name(&self) -> Option<String> {
        None
    }

    async fn email(&self) -> Option<String> {
        None
    }

    async fn status(&self) -> Option<&str> {
        Some("active")
    }

    async fn organization_id(&self) -> Option<ID> {
        Some(names::organisation(&self.0.organisation).to_string().into())
    }

    async fn organization(&self) -> Option<Organization> {
        Some(Organization(self.0.organisation.clone()))
    }

    /// One for each right of the token.
    async fn roles(&self) -> Option<Vec<Role>> {
        let role = |right: &analyte_jobs::Right| Role {
            id: right.as_str().into(),
            name: right.as_str().to_owned(),
            description: None,
            app_name: None,
        };
        Some(self.0.rights.iter().map(role).collect())
    }

    async fn role_ids(&self) -> Option<Vec<ID>> {
        Some(self.0.rights.iter().map(|right| right.as_str().into()).collect())
    }

    async fn permissions(&self) -> Option<Vec<String>> {
        Some(self.0.rights.iter().map(|right| right.as_str().to_owned()).collect())
    }

    async fn user_settings(&self) -> Option<JsonData> {
        None
    }
}

/// A login.
#[Object(name = "LoginInfo")]
impl LoginInfo {
    /// Used like a token.
    async fn token(&self) -> Option<&str> {
        Some(&self.token)
    }

    /// Nothing: a token that lasts is made by an administrator.
    async fn api_token(&self) -> Option<String> {
        None
    }

    async fn token_expiration(&self) -> Option<DateTime> {
        self.expires
    }

    async fn organization(&self) -> Option<Organization> {
        Some(Organization(self.principal.organisation.clone()))
    }

    async fn user(&self) -> Option<User> {
        Some(User(self.principal.clone()))
    }

    async fn user_name(&self) -> Option<String> {
        Some(self.principal.label.to_string())
    }

    async fn groups(&self) -> Option<Vec<JsonData>> {
        Some(Vec::new())
    }

    async fn applications(&self) -> Option<Vec<JsonData>> {
        Some(Vec::new())
    }

    async fn last_logged_in(&self) -> Option<DateTime> {
        None
    }

    async fn has_password(&self) -> Option<bool> {
        Some(true)
    }

    async fn password_reset_required(&self) -> Option<bool> {
        Some(false)
    }
}
