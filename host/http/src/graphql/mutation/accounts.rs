//! Logging in and out: a token's label is the user, the token is the password.

use analyte_core::codes::Code;
use analyte_jobs::{Manager, Principal};
use async_graphql::{Context, Object};

use crate::aiware::admit;
use crate::aiware::error::{ErrorId, Refusal};
use crate::graphql::context::{Asked, now, shared};
use crate::graphql::fault::{Fault, Name};
use crate::graphql::input::account::UserLogin;
use crate::graphql::node::account::LoginInfo;
use crate::graphql::scalar::date_time::DateTime;

/// Of [`Mutation`](super::Mutation).
#[derive(Default)]
pub(crate) struct AccountMutations;

/// What a failed login says.
const NOBODY: &str = "The requested object or entity could not be found";

/// Opens a session for a token.
fn opened(manager: &Manager, principal: Principal) -> Result<LoginInfo, Fault> {
    let (_, secret) = manager.open_session(&principal)?;
    let expires = Some(DateTime(now().plus_ms(manager.limits().session_ms)));
    Ok(LoginInfo { token: secret.reveal().to_owned(), principal, expires })
}

/// Whose token this is, or whose login gave it; only one of the caller's organisation is there.
fn known(asked: &Asked<'_>, token: &str) -> Result<Principal, Fault> {
    let found = admit::principal(asked.manager(), token);
    let found = found.map_err(|refusal: Refusal| match refusal.id() {
        ErrorId::AuthenticationError => Fault::not_found("Token", ""),
        _ => Fault::from(refusal),
    })?;
    if found.organisation == *asked.organisation() { Ok(found) } else { Err(Fault::not_found("Token", "")) }
}

#[Object]
impl AccountMutations {
    /// Logs in. The only mutation that needs no token.
    async fn user_login(&self, context: &Context<'_>, input: UserLogin) -> Result<Option<LoginInfo>, Fault> {
        let manager = &shared(context)?.manager;
        let UserLogin { user_name, password } = input;
        let principal = manager.authenticate_as(&user_name, &password).map_err(|error| match error.code() {
            Code::Unauthorized => Fault::new(Name::NotFound, NOBODY),
            Code::Busy => Fault::new(Name::RateLimited, error.message()),
            _ => Fault::from(error),
        })?;
        opened(manager, principal).map(Some)
    }

    /// Ends a login. A token that was made by an administrator is not ended by this.
    async fn user_logout(&self, context: &Context<'_>, token: String) -> Result<Option<bool>, Fault> {
        let asked = Asked::by(context, None)?;
        let session = asked.manager().find_session(&token);
        let own = session.filter(|session| session.principal().organisation == *asked.organisation());
        let session = own.ok_or_else(|| Fault::not_found("Token", ""))?;
        asked.manager().close_session(&session);
        Ok(Some(true))
    }

    /// A new login in place of one: the old one ends.
    async fn refresh_token(&self, context: &Context<'_>, token: String) -> Result<Option<LoginInfo>, Fault> {
        let asked = Asked::by(context, None)?;
        let principal = known(&asked, &token)?;
        let login = opened(asked.manager(), principal)?;
        if let Some(old) = asked.manager().find_session(&token) {
            asked.manager().close_session(&old);
        }
        Ok(Some(login))
    }

    /// Whose a token is, if it is valid.
    async fn validate_token(&self, context: &Context<'_>, token: String) -> Result<Option<LoginInfo>, Fault> {
        let asked = Asked::by(context, None)?;
        let principal = known(&asked, &token)?;
        Ok(Some(LoginInfo { token, principal, expires: None }))
    }
}
