//! `GetProvider`: one provider, as a table of one row.

use analyte_core::names::ProviderName;

use super::super::super::call::Call;
use super::super::super::error::ServiceError;
use super::super::super::service::Answer;
use super::super::jobs::find;
use super::row::{self, Row};

pub(crate) fn call(call: &Call) -> Result<Answer, ServiceError> {
    let name: ProviderName = find::name(call, "providerName", "provider")?;
    let provider = call.manager().provider(call.organisation(), &name)?;
    row::table(&[Row::of(call.manager(), provider)]).map(Answer::Table)
}
