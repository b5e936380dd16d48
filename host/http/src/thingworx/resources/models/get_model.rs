//! `GetModel`: one model, as a table of one row.

use super::super::super::call::Call;
use super::super::super::error::ServiceError;
use super::super::super::service::Answer;
use super::named;
use super::row::{self, Row};

pub(crate) fn call(call: &Call) -> Result<Answer, ServiceError> {
    row::table(&[Row::of(named::model(call)?)]).map(Answer::Table)
}
