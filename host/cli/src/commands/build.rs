//! `analyte build`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::local::build::build;
use crate::output::stdout;

/// Builds a plugin from its source.
///
/// Takes a folder with a Rust package (a Cargo.toml) whose library has `crate-type = ["cdylib"]`, builds it with `cargo`
/// for wasm32-wasip2, optimised and with the settings that make metering cheap, and looks at what came out. The
/// component's path is the last line on stdout. The target is added with rustup where it is missing.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Folder with the plugin's source.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Where cargo puts what it builds; else as cargo decides.
    #[arg(long, value_name = "DIR")]
    target_dir: Option<PathBuf>,
}

impl Build {
    pub(crate) fn run(self) -> Result<()> {
        let path = build(&self.folder, self.target_dir.as_deref())?;
        stdout::text(&path.display().to_string())
    }
}
