//! What was removed or cancelled.

use async_graphql::{ID, SimpleObject};

/// What was removed or cancelled.
#[derive(SimpleObject)]
pub(crate) struct DeletePayload {
    pub(crate) id: ID,
    pub(crate) message: Option<String>,
}

impl DeletePayload {
    /// That this has become of it.
    pub(crate) fn of(id: impl Into<ID>, message: &str) -> Self {
        Self { id: id.into(), message: Some(message.to_owned()) }
    }
}
