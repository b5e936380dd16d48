//! Who asks, and what every field can reach.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{Manager, Right};
use async_graphql::Context;

use super::budget::Budget;
use super::fault::{Fault, Name};
use crate::entry::auth::Caller;
use crate::shared::Shared;

/// What time it is.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or_default())
}

/// Who asks: a caller with a valid token, or what is wrong with the token.
pub(super) struct Asking(pub(super) Result<Caller, String>);

/// What comes with each request.
pub(super) struct Asked<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) caller: &'a Caller,
    pub(super) budget: &'a Arc<Budget>,
}

impl<'a> Asked<'a> {
    /// For a caller with this right; `None`: with a token at all.
    pub(super) fn by(context: &Context<'a>, right: Option<Right>) -> Result<Self, Fault> {
        let missing = |_| Fault::new(Name::InternalError, "the request came without its caller");
        let asking: &'a Asking = context.data::<Asking>().map_err(missing)?;
        let caller = asking.0.as_ref().map_err(|why| Fault::new(Name::AuthenticationError, why.as_str()))?;
        if let Some(right) = right {
            caller.require(right)?;
        }
        Ok(Self { shared: shared(context)?, caller, budget: context.data::<Arc<Budget>>().map_err(missing)? })
    }

    /// For a caller who may read jobs.
    pub(super) fn reading(context: &Context<'a>) -> Result<Self, Fault> {
        Self::by(context, Some(Right::JobsRead))
    }

    /// For a caller who may write jobs.
    pub(super) fn writing(context: &Context<'a>) -> Result<Self, Fault> {
        Self::by(context, Some(Right::JobsWrite))
    }

    pub(super) fn manager(&self) -> &'a Manager {
        &self.shared.manager
    }

    /// Whose data the caller may see.
    pub(super) fn organisation(&self) -> &'a Organisation {
        self.caller.organisation()
    }
}

/// What all calls share, also for callers who are not known.
pub(super) fn shared<'a>(context: &Context<'a>) -> Result<&'a Arc<Shared>, Fault> {
    context
        .data::<Arc<Shared>>()
        .map_err(|_| Fault::new(Name::InternalError, "the request came without the server that it asks"))
}
