//! A plugin's source becomes a component.

mod rust;
mod wasm_target;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::output::report::{self, Report, grouped};

/// Builds the plugin in this folder and says where its component lies.
pub(crate) fn build(folder: &Path, target_dir: Option<&Path>) -> Result<PathBuf> {
    let folder = folder.canonicalize().with_context(|| format!("the folder {} cannot be read", folder.display()))?;
    let path = match language(&folder)? {
        Language::Rust => rust::build(&folder, target_dir)?,
    };
    let bytes = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let outside = analyte_engine::component::inspect::inspect(&bytes).map_err(Report::from)?;
    report::line(&format!(
        "built a {} component for contract {}, {} bytes",
        outside.kind,
        outside.contract,
        grouped(bytes.len() as u64)
    ));
    Ok(path)
}

enum Language {
    Rust,
}

fn language(folder: &Path) -> Result<Language> {
    let has = |name: &str| folder.join(name).is_file();
    if has("Cargo.toml") {
        return Ok(Language::Rust);
    }
    let other = [("pyproject.toml", "Python"), ("package.json", "JavaScript")].into_iter().find(|(name, _)| has(name));
    let report = match other {
        Some((name, language)) => {
            Report::new(format!("{} has a {name}: {language} plugins cannot be built yet", folder.display()))
                .hint("Rust plugins can: a folder with a Cargo.toml")
        }
        None => Report::new(format!("{} holds no plugin that can be built: there is no Cargo.toml", folder.display()))
            .hint("name the folder of a plugin's source: `analyte build DIR`"),
    };
    Err(report.into())
}
