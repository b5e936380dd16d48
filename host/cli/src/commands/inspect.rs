//! `analyte inspect`: what a component is, by its outside and by its own word, without running a model.

use std::path::PathBuf;

use analyte_core::limits::Limits;
use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::local::sandbox::Sandbox;
use crate::output::in_words;
use crate::output::list::{ThingFormat, facts};
use crate::output::report::grouped;

/// Shows what a component is: its models and their shapes, what it imports and asks for, its digest.
///
/// The component is compiled and asked to describe itself, in the sandbox and under its limits; no model is run. It is
/// refused as the server would refuse it.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A component, for instance as `analyte build` made it.
    component: PathBuf,
    /// Writes JSON.
    #[arg(long)]
    json: bool,
    /// Folder for compiled code; else `analyte` in the user's cache folder.
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
}

impl Inspect {
    pub(crate) fn run(self) -> Result<()> {
        let sandbox = Sandbox::start(Limits::default(), self.cache_dir.as_deref())?;
        let (component, description, size) = sandbox.install(&self.component)?;
        let inspection = component.inspection();
        let info = &description.provider;
        let whole = json!({
            "digest": component.digest(),
            "size": size,
            "kind": inspection.kind.to_string(),
            "contract": inspection.contract,
            "title": info.title,
            "version": info.version,
            "description": info.description,
            "models": description.models,
            "capabilities": info.capabilities,
            "imports": inspection.imports,
            "exports": inspection.exports,
        });
        let asked = if self.json { ThingFormat::Json } else { ThingFormat::Text };
        ThingFormat::show(Some(asked), &whole, || {
            let capabilities = info.capabilities.iter().map(|one| format!("{}: {}", one.name, one.reason));
            let about = facts(&[
                ("kind", inspection.kind.to_string()),
                ("contract", inspection.contract.clone()),
                ("title", info.title.clone()),
                ("version", info.version.clone()),
                ("about", info.description.clone()),
                ("digest", component.digest().to_string()),
                ("size", format!("{} bytes", grouped(size))),
                ("asks for", or_nothing(&capabilities.collect::<Vec<_>>())),
                ("imports", or_nothing(&inspection.imports)),
                ("models", description.models.len().to_string()),
            ]);
            std::iter::once(about).chain(description.models.iter().map(in_words::model)).collect::<Vec<_>>().join("\n")
        })
    }
}

fn or_nothing(lines: &[String]) -> String {
    if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n") }
}
