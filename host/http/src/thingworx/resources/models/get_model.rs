//! `GetModel`: one model, as a table of one row.

use super::named;
use super::row::{self, Row};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::Answer;

pub(crate) fn call(call: &Call) -> Result<Answer, ServiceError> {
    row::table(&[Row::of(named::model(call)?)]).map(Answer::Table)
}
