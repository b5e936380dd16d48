//! The envelopes around answers.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Refusal;
use crate::aiware::query::Asked;
use crate::native::json;

/// How many items a list has where no number is asked for.
const USUAL: usize = 10;
/// The most items of a list that may be asked for: clients of the product ask for as many.
pub(crate) const MOST: usize = 10_000;

/// `{"job": …}`
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobEnvelope<T> {
    pub(crate) job: T,
}

/// `{"task": …}`
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskEnvelope<T> {
    pub(crate) task: T,
}

/// `{"outputs": …}`
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutputsEnvelope<T> {
    pub(crate) outputs: T,
}

/// `{"output": …}`
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutputEnvelope<T> {
    pub(crate) output: T,
}

/// A single thing and that nothing went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResultEnvelope<T> {
    pub(crate) result: T,
    pub(crate) success: bool,
    /// Nothing: what goes wrong is answered as an error.
    #[schema(value_type = Option<crate::aiware::error::ErrorBody>)]
    pub(crate) error: Option<()>,
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListEnvelope<T> {
    pub(crate) success: bool,
    /// Nothing: what goes wrong is answered as an error.
    #[schema(value_type = Option<crate::aiware::error::ErrorBody>)]
    pub(crate) error: Option<()>,
    pub(crate) result: Vec<T>,
    /// How many there are, not only in this part.
    pub(crate) count: u64,
    pub(crate) offset: u64,
    pub(crate) limit: usize,
}

impl<T> ListEnvelope<T> {
    /// These items, of `count` in all.
    pub(crate) fn of(result: Vec<T>, count: u64, part: Part) -> Self {
        Self { success: true, error: None, result, count, offset: part.offset, limit: part.limit }
    }
}

/// How many things an operation has changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Operation {
    pub(crate) success: bool,
    pub(crate) count: u64,
    /// Nothing: what goes wrong is answered as an error.
    #[schema(value_type = Option<crate::aiware::error::ErrorBody>)]
    pub(crate) error: Option<()>,
}

/// An operation that changed this many things.
pub(crate) fn operation(count: u64) -> Response {
    json::answer(StatusCode::OK, &Operation { success: true, count, error: None })
}

/// That nothing went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Success {
    pub(crate) success: bool,
    /// What went wrong; `None`: nothing.
    #[schema(value_type = Option<crate::aiware::error::ErrorBody>)]
    pub(crate) error: Option<()>,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// How many items stand before it.
    pub(crate) offset: u64,
    /// The most items in it.
    pub(crate) limit: usize,
}

impl Part {
    /// As the parameters `offset` and `limit` say.
    pub(crate) fn of(asked: &Asked, usual: Option<usize>) -> Result<Self, Refusal> {
        const OFFSET: &str = "a whole number, not negative";
        let wanted = format!("a whole number from 0 to {MOST}");
        let limit = asked.read::<usize>("limit", &wanted)?;
        if let Some(limit) = limit.filter(|limit| *limit > MOST) {
            return Err(Refusal::new(
                super::error::ErrorId::InvalidInput,
                format!("the query parameter `limit` must be {wanted}, and is `{limit}`"),
            ));
        }
        let offset = asked.read("offset", OFFSET)?.unwrap_or_default();
        Ok(Self { offset, limit: limit.or(usual).unwrap_or(USUAL) })
    }

    /// Whether the item with this number, counted from 0, is in it.
    pub(crate) fn has(&self, number: u64) -> bool {
        number >= self.offset && number - self.offset < self.limit as u64
    }

    /// Whether all items from this number on stand after it.
    pub(crate) fn is_before(&self, number: u64) -> bool {
        number >= self.offset.saturating_add(self.limit as u64)
    }
}
