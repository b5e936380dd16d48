//! Writing to stdout, where results go and nothing else.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result};

/// The program that read stdout has closed it.
#[derive(Debug)]
pub(crate) struct ReaderGone;

impl fmt::Display for ReaderGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads the output any more")
    }
}
impl std::error::Error for ReaderGone {}

/// Whether a person looks at stdout.
pub(crate) fn to_person() -> bool {
    io::stdout().is_terminal()
}

/// Writes bytes to stdout, all of them, at once.
pub(crate) fn bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ReaderGone.into()),
        Err(error) => Err(error).context("the result cannot be written to stdout"),
    }
}

/// Writes a text and ends its last line.
pub(crate) fn text(text: &str) -> Result<()> {
    if text.is_empty() || text.ends_with('\n') { bytes(text.as_bytes()) } else { bytes(format!("{text}\n").as_bytes()) }
}

/// Writes a document that is exact where a program reads it; on a terminal its last line ends, so that the prompt does
/// not follow it.
pub(crate) fn document(document: &[u8]) -> Result<()> {
    bytes(document)?;
    if to_person() && !document.is_empty() && !document.ends_with(b"\n") { bytes(b"\n") } else { Ok(()) }
}

/// Copies all of this to stdout.
pub(crate) fn stream(mut from: impl io::Read) -> Result<()> {
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).context("the answer broke off"),
        };
        bytes(piece.get(..read).unwrap_or_default())?;
    }
}
