//! Logging in.

use async_graphql::InputObject;

/// A login: the user is the label of a token, the password is the token.
#[derive(InputObject)]
pub(crate) struct UserLogin {
    pub(crate) user_name: String,
    pub(crate) password: String,
}
