//! `analyte job files`

use std::path::PathBuf;

use analyte_core::names::{FileName, JobId};
use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::Value;

use crate::client::address;
use crate::client::{Client, Connection, Method};
use crate::output::grid::Column;
use crate::output::list::{ListFormat, items, text};
use crate::output::report;
use crate::output::stdout;

/// Lists the result files of a job, or fetches them.
#[derive(Debug, Args)]
pub(crate) struct Files {
    /// The job.
    id: JobId,
    /// A file whose bytes are written to stdout.
    name: Option<FileName>,
    /// Fetches all files, or the named one, into this folder.
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    #[arg(long, short, value_name = "FORMAT", conflicts_with_all = ["name", "output"])]
    format: Option<ListFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl Files {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        match (&self.name, &self.output) {
            (Some(name), None) => {
                let answer = client.call(Method::Get, &format!("{}/files/{name}", address::job(self.id)), &[], &[])?;
                stdout::stream(answer.into_body().into_reader())
            }
            (Some(name), Some(folder)) => {
                fetch(&client, &format!("{}/files/{name}", address::job(self.id)), folder, name)
            }
            (None, folder) => {
                let list = client.get(&format!("{}/files", address::job(self.id)), &[])?;
                match folder {
                    None => self.list(&list),
                    Some(folder) => items(&list, "/files").try_for_each(|file| {
                        let name: FileName =
                            text(file, "/name").parse().context("the server names a file that cannot be one")?;
                        fetch(&client, &text(file, "/href"), folder, &name)
                    }),
                }
            }
        }
    }

    fn list(&self, list: &Value) -> Result<()> {
        let columns = [Column::words("name"), Column::numbers("size"), Column::words("media type")];
        let row = |file: &Value| ["/name", "/size", "/media_type"].map(|pointer| text(file, pointer)).to_vec();
        ListFormat::show(self.format, list, &columns, items(list, "/files").map(row).collect())
    }
}

/// A file appears under its name only when it is whole.
fn fetch(client: &Client, path: &str, folder: &std::path::Path, name: &FileName) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let target = folder.join(name.as_str());
    let cannot = || format!("{} cannot be written", target.display());
    let answer = client.call(Method::Get, path, &[], &[])?;
    let mut file = tempfile::NamedTempFile::with_prefix_in(".", folder).with_context(cannot)?;
    std::io::copy(&mut answer.into_body().into_reader(), &mut file).with_context(cannot)?;
    file.persist(&target).with_context(cannot)?;
    report::line(&format!("fetched {}", target.display()));
    Ok(())
}
