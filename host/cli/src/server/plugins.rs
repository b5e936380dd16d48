//! `--plugins DIR`: every component in a folder becomes a provider under its file's name.

use std::path::{Path, PathBuf};

use analyte_core::digest::Digest;
use analyte_core::names::{Organisation, ProviderKey, ProviderName};
use analyte_jobs::{InstallProvider, Manager};
use anyhow::{Context as _, Result};
use bytes::Bytes;

use crate::output::report;

/// Installs what is in the folder. A file that cannot be installed is reported and left out; the server goes on with the
/// others, and with what was installed before. What is installed already is not installed again.
pub(super) async fn install(manager: &Manager, folder: &Path) -> Result<()> {
    for path in components(folder)? {
        // What is installed the manager itself logs.
        if let Err(error) = one(manager, &path).await {
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            report::warning(&format!("{} is not installed: {}", path.display(), causes.join(": ")));
        }
    }
    Ok(())
}

/// Every `*.wasm`, by name.
fn components(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("the folder {} cannot be read", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        if path.extension().is_some_and(|end| end == "wasm") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

async fn one(manager: &Manager, path: &Path) -> Result<()> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = ProviderName::new(&stem)?;
    let most = manager.limits().component_bytes;
    let size = std::fs::metadata(path)?.len();
    anyhow::ensure!(size <= most, "it has {size} bytes; {most} are allowed (limit component_bytes)");
    let component = Bytes::from(tokio::fs::read(path).await?);
    let digest = Digest::of(&component);
    let key = ProviderKey::shared(name);
    let before = manager.provider(&Organisation::default_one(), &key.name).ok();
    if before.is_some_and(|before| before.key() == key && before.record.digest == Some(digest)) {
        return Ok(());
    }
    manager.install_provider(InstallProvider { key, component: component.into() }).await.map_err(|error| {
        let causes: Vec<&str> = error.details().iter().map(|(_, value)| value.as_str()).collect();
        if causes.is_empty() { anyhow::anyhow!("{error}") } else { anyhow::anyhow!("{error}: {}", causes.join(": ")) }
    })?;
    Ok(())
}
