//! `GetProvider`: one provider, as a table of one row.

use analyte_core::names::ProviderName;

use super::row::{self, Row};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::resources::jobs::find;
use crate::thingworx::service::Answer;

pub(crate) fn call(call: &Call) -> Result<Answer, ServiceError> {
    let name: ProviderName = find::name(call, "providerName", "provider")?;
    let provider = call.manager().provider(call.organisation(), &name)?;
    row::table(&[Row::of(call.manager(), provider)]).map(Answer::Table)
}
