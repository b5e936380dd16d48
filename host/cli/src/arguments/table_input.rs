//! Tables from files and from stdin.

use std::io::Read as _;
use std::path::Path;

use analyte_core::limits::Limits;
use analyte_core::shape::Shape;
use analyte_core::table::format::{Format, Read, read};
use anyhow::{Context as _, Result};
use bytes::Bytes;
use clap::{Args, ValueEnum};

use crate::output::report::Report;

/// How an input table is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// Rows or columns, with or without a data shape.
    Json,
    /// RFC 4180 with a header row.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
}

/// The input of a run or job.
#[derive(Debug, Clone, Args)]
pub(crate) struct Input {
    /// File with the input table, or `-` for stdin.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) input: std::path::PathBuf,
    /// How the input is written down; without it the file's name decides, or else its first byte.
    #[arg(long, value_name = "FORMAT")]
    input_format: Option<InputFormat>,
}

/// Bytes that should be a table.
#[derive(Debug, Clone)]
pub(crate) struct TableFile {
    /// All of them.
    pub(crate) bytes: Bytes,
    /// How they are to be read.
    pub(crate) format: Format,
}

impl Input {
    /// Reads the file or stdin; `most` bytes at most.
    pub(crate) fn read(&self, most: u64) -> Result<TableFile> {
        TableFile::read(&self.input, self.input_format, most)
    }
}

impl TableFile {
    /// Reads a file, or stdin where it is `-`; `most` bytes at most. Without a format the file's name decides, or else its first
    /// byte.
    pub(crate) fn read(path: &Path, format: Option<InputFormat>, most: u64) -> Result<Self> {
        let stdin = path == Path::new("-");
        let mut bytes = Vec::new();
        let wanted = most.saturating_add(1);
        let read = if stdin {
            std::io::stdin().lock().take(wanted).read_to_end(&mut bytes)
        } else {
            std::fs::File::open(path).and_then(|file| file.take(wanted).read_to_end(&mut bytes))
        };
        let name = || if stdin { "stdin".to_owned() } else { path.display().to_string() };
        read.with_context(|| format!("the input {} cannot be read", name()))?;
        if bytes.len() as u64 > most {
            return Err(Report::new(format!(
                "too-large: the input {} has more than {most} bytes (limit body_bytes)",
                name()
            ))
            .into());
        }
        let format = match format {
            Some(InputFormat::Json) => Format::Json,
            Some(InputFormat::Csv) => Format::Csv,
            Some(InputFormat::Arrow) => Format::Arrow,
            None => by_name(path).unwrap_or_else(|| by_first_byte(&bytes)),
        };
        Ok(Self { bytes: bytes.into(), format })
    }

    /// The table, meant for this shape.
    pub(crate) fn table(&self, shape: &Shape, limits: &Limits) -> Result<Read> {
        Ok(read(self.format, self.bytes.clone(), shape, limits).map_err(Report::from)?)
    }
}

fn by_name(path: &Path) -> Option<Format> {
    let end = path.extension()?.to_str()?.to_ascii_lowercase();
    match end.as_str() {
        "json" => Some(Format::Json),
        "csv" => Some(Format::Csv),
        "arrow" | "arrows" | "ipc" => Some(Format::Arrow),
        _ => None,
    }
}

/// An Arrow stream begins with a continuation marker, JSON with a bracket.
fn by_first_byte(bytes: &[u8]) -> Format {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(0xff) => Format::Arrow,
        Some(b'{' | b'[') | None => Format::Json,
        Some(_) => Format::Csv,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_follows_from_the_name_then_from_the_first_byte() {
        assert_eq!(by_name(Path::new("a/b.CSV")), Some(Format::Csv));
        assert_eq!(by_name(Path::new("a.arrows")), Some(Format::Arrow));
        assert_eq!(by_name(Path::new("-")), None);
        assert_eq!(by_first_byte(b"\n [{}]"), Format::Json);
        assert_eq!(by_first_byte(b"\xff\xff\xff\xff"), Format::Arrow);
        assert_eq!(by_first_byte(b"a,b\n1,2\n"), Format::Csv);
    }
}
