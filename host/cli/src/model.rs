//! `analyte model`: publish, list, show, enable, disable, remove.

use std::path::PathBuf;

use analyte_core::names::{ModelName, Organisation, ProviderName};
use analyte_core::shape::Shape;
use anyhow::{Context as _, Result};
use clap::Subcommand;
use serde_json::Value;
use ureq::SendBody;

use crate::client::{Client, Connection, Method, json};
use crate::inspect::{parameters, shape_in_words};
use crate::progress::Progress;
use crate::provider::{self, of, open, removal};
use crate::report::grouped;
use crate::show;
use crate::show::grid::Column;
use crate::show::list::{ListFormat, ThingFormat, facts, items, text};

/// Publishes, lists, shows, switches and removes models of a provider.
#[derive(Debug, Subcommand)]
pub(crate) enum Model {
    /// Publishes a model, or replaces the published one of this name.
    ///
    /// A component (`application/wasm`) is a model of its own, and an empty provider is made for it if there is none. Any
    /// other file is a model file: its provider looks at it before anything changes, and runs it. Jobs that were submitted
    /// keep the version that they were submitted for.
    Publish {
        /// Under which provider.
        provider: ProviderName,
        /// The name it shall go by.
        model: ModelName,
        /// The component or model file.
        file: PathBuf,
        /// What the file is; else `application/wasm` for what ends in .wasm, and `application/octet-stream` for the rest.
        #[arg(long, value_name = "TYPE")]
        media_type: Option<String>,
        /// Whose the provider is, for administrators: that of this organisation instead of the one for all.
        #[arg(long, value_name = "NAME")]
        organisation: Option<Organisation>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists the models of a provider.
    List {
        provider: ProviderName,
        /// As this organisation sees it, for administrators.
        #[arg(long, value_name = "NAME")]
        organisation: Option<Organisation>,
        #[arg(long, short, value_name = "FORMAT")]
        format: Option<ListFormat>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows one model: its shapes, parameters and examples.
    Show {
        provider: ProviderName,
        model: ModelName,
        /// As this organisation sees it, for administrators.
        #[arg(long, value_name = "NAME")]
        organisation: Option<Organisation>,
        #[arg(long, short, value_name = "FORMAT")]
        format: Option<ThingFormat>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lets a model take jobs again.
    Enable {
        provider: ProviderName,
        model: ModelName,
        /// Whose the provider is, for administrators: that of this organisation instead of the one for all.
        #[arg(long, value_name = "NAME")]
        organisation: Option<Organisation>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lets a model, built in or published, take no new jobs; those that were submitted go on.
    Disable {
        provider: ProviderName,
        model: ModelName,
        /// Whose the provider is, for administrators: that of this organisation instead of the one for all.
        #[arg(long, value_name = "NAME")]
        organisation: Option<Organisation>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Removes a published model; a built-in one cannot be removed on its own.
    Remove {
        provider: ProviderName,
        model: ModelName,
        /// Ends its unfinished jobs: queued ones fail, running ones are cancelled.
        #[arg(long)]
        force: bool,
        /// Whose the provider is, for administrators: that of this organisation instead of the one for all.
        #[arg(long, value_name = "NAME")]
        organisation: Option<Organisation>,
        #[command(flatten)]
        connection: Connection,
    },
}

impl Model {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Publish { provider, model, file, media_type, organisation, connection } => {
                let client = connection.client()?;
                let wasm = file.extension().is_some_and(|end| end.eq_ignore_ascii_case("wasm"));
                let usual = if wasm { "application/wasm" } else { "application/octet-stream" };
                let body = SendBody::from_owned_reader(open(&file)?);
                let put = Method::Put(media_type.as_deref().unwrap_or(usual), body);
                let progress = Progress::begin(&format!("publishing {model}"));
                let answer = client.call(put, &address(&provider, &model), &of(organisation.as_ref()), &[])?;
                progress.end();
                let verb = if answer.status() == 200 { "replaced" } else { "published" };
                let published = json(answer)?;
                let digest = ["/file/digest", "/digest"].map(|pointer| text(&published, pointer));
                let digest = digest.iter().find(|digest| !digest.is_empty()).cloned().unwrap_or_default();
                show::text(&format!("{verb} {model} of {provider}: {digest}"))
            }
            Self::List { provider, organisation, format, connection } => {
                let path = format!("{}/models", provider::address(&provider));
                let list = connection.client()?.get(&path, &of(organisation.as_ref()))?;
                let columns = ["name", "kind", "rows", "state", "description"].map(Column::words);
                let row = |model: &Value| {
                    let about = text(model, "/description").lines().next().unwrap_or_default().to_owned();
                    vec![text(model, "/name"), text(model, "/kind"), text(model, "/cardinality"), state(model), about]
                };
                ListFormat::show(format, &list, &columns, items(&list, "/models").map(row).collect())
            }
            Self::Show { provider, model, organisation, format, connection } => {
                let found = connection.client()?.get(&address(&provider, &model), &of(organisation.as_ref()))?;
                ThingFormat::show(format, &found, || in_words(&found))
            }
            Self::Enable { provider, model, organisation, connection } => {
                switch(&connection.client()?, &provider, &model, organisation.as_ref(), "enable")
            }
            Self::Disable { provider, model, organisation, connection } => {
                switch(&connection.client()?, &provider, &model, organisation.as_ref(), "disable")
            }
            Self::Remove { provider, model, force, organisation, connection } => {
                let query = removal(force, organisation.as_ref());
                connection.client()?.call(Method::Delete, &address(&provider, &model), &query, &[])?;
                show::text(&format!("removed {model} of {provider}"))
            }
        }
    }
}

/// Switches a model on or off.
fn switch(
    client: &Client,
    provider: &ProviderName,
    model: &ModelName,
    organisation: Option<&Organisation>,
    verb: &str,
) -> Result<()> {
    let post = Method::Post("application/json", SendBody::none());
    json(client.call(post, &format!("{}/{verb}", address(provider, model)), &of(organisation), &[])?)?;
    show::text(&format!("{verb}d {model} of {provider}"))
}

/// Whether it takes jobs.
fn state(model: &Value) -> String {
    let off = model.get("enabled") == Some(&Value::Bool(false));
    if off { "off" } else { "on" }.to_owned()
}

/// Where a model is.
pub(crate) fn address(provider: &ProviderName, model: &ModelName) -> String {
    format!("{}/models/{model}", provider::address(provider))
}

/// What is needed to prepare input and parameters for a model.
pub(crate) struct Interface {
    /// Of the input.
    pub(crate) input: Shape,
    /// Of the parameters.
    pub(crate) parameters: Option<Value>,
}

impl Interface {
    /// Asks the server for it.
    pub(crate) fn of(client: &Client, provider: &ProviderName, model: &ModelName) -> Result<Self> {
        let found = client.get(&address(provider, model), &[])?;
        Ok(Self {
            input: shape(&found, "input")?,
            parameters: found.get("parameters_schema").filter(|schema| !schema.is_null()).cloned(),
        })
    }
}

fn shape(model: &Value, member: &str) -> Result<Shape> {
    let found = model.get(member).cloned().unwrap_or_default();
    serde_json::from_value(found).with_context(|| format!("the server's word on the model's {member} cannot be read"))
}

fn file_in_words(model: &Value) -> String {
    let size = model.pointer("/file/size").and_then(Value::as_u64);
    let [digest, kind, source] = ["/file/digest", "/file/media_type", "/file/source"].map(|place| text(model, place));
    let size = size.map(|size| format!("{} bytes", grouped(size))).unwrap_or_default();
    [digest, kind, size, source].into_iter().filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join("\n")
}

fn in_words(model: &Value) -> String {
    let shape = |member| shape(model, member).map_or_else(|_| String::new(), |shape| shape_in_words(&shape));
    let columns: Vec<String> =
        items(model, "/column_parameters").filter_map(Value::as_str).map(str::to_owned).collect();
    let example = |one: &Value| match text(one, "/description") {
        about if about.is_empty() => text(one, "/name"),
        about => format!("{}: {about}", text(one, "/name")),
    };
    let independent =
        if model.get("independent_rows") == Some(&Value::Bool(true)) { ", rows are independent" } else { "" };
    facts(&[
        ("model", text(model, "/name")),
        ("provider", text(model, "/provider")),
        ("kind", text(model, "/kind")),
        ("takes jobs", if state(model) == "on" { "yes" } else { "no, it is switched off" }.to_owned()),
        ("version", text(model, "/version")),
        ("about", text(model, "/description")),
        ("rows", format!("{} (in x out){independent}", text(model, "/cardinality"))),
        ("takes", shape("input")),
        ("gives", shape("output")),
        ("parameters", parameters(model.get("parameters_schema"), &columns)),
        ("examples", items(model, "/examples").map(example).collect::<Vec<_>>().join("\n")),
        ("digest", text(model, "/digest")),
        ("file", file_in_words(model)),
        ("published", text(model, "/created_at")),
        ("updated", text(model, "/updated_at")),
    ])
}
