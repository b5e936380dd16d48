//! What `analyte model enable` and `analyte model disable` do.

use analyte_core::names::{ModelName, Organisation, ProviderName};
use anyhow::Result;
use ureq::SendBody;

use crate::client::query::of_organisation;
use crate::client::{Client, Method, address, json};
use crate::output::stdout;

/// Switches a model on or off.
pub(super) fn switch(
    client: &Client,
    provider: &ProviderName,
    model: &ModelName,
    organisation: Option<&Organisation>,
    verb: &str,
) -> Result<()> {
    let post = Method::Post("application/json", SendBody::none());
    let path = format!("{}/{verb}", address::model(provider, model));
    json(client.call(post, &path, &of_organisation(organisation), &[])?)?;
    stdout::text(&format!("{verb}d {model} of {provider}"))
}
