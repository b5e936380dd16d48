//! Files that are sent to the server.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::output::report::Report;

/// Opens a file to be sent.
pub(crate) fn open(path: &Path) -> Result<File> {
    let file = File::open(path).with_context(|| format!("the file {} cannot be read", path.display()))?;
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if is_file { Ok(file) } else { Err(Report::new(format!("{} is not a file", path.display())).into()) }
}
