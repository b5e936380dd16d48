//! `analyte job query`

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use ureq::SendBody;

use super::list::show;
use crate::client::{Connection, Method, json};
use crate::output::list::ListFormat;

/// Lists the jobs that a query selects, in its order.
///
/// A query is JSON: {"filters":{"type":"EQ","fieldName":"status","value":"failed"},"sorts":[{"fieldName":"priority"}]}. Its
/// fields are those of a job as `job status --format json` shows them. `{}` selects all, newest first.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The query; - reads it from stdin.
    #[arg(value_name = "JSON", required_unless_present = "file")]
    json: Option<String>,
    /// A file that holds the query.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    file: Option<PathBuf>,
    /// Most jobs to list.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Where to go on: the cursor that the same query ended with.
    #[arg(long)]
    cursor: Option<String>,
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ListFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl Query {
    pub(crate) fn run(self) -> Result<()> {
        let query = read(self.json.as_deref(), self.file.as_deref())?;
        let mut page = vec![("limit".to_owned(), self.limit.to_string())];
        page.extend(self.cursor.map(|cursor| ("cursor".to_owned(), cursor)));
        let post = Method::Post("application/json", SendBody::from_owned_reader(std::io::Cursor::new(query)));
        show(self.format, &json(self.connection.client()?.call(post, "/v1/jobs/query", &page, &[])?)?)
    }
}

fn read(query: Option<&str>, file: Option<&Path>) -> Result<Vec<u8>> {
    match (query, file) {
        (_, Some(file)) => std::fs::read(file).with_context(|| format!("{} cannot be read", file.display())),
        (Some("-"), None) => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).context("stdin cannot be read")?;
            Ok(bytes)
        }
        (query, None) => Ok(query.unwrap_or_default().into()),
    }
}
