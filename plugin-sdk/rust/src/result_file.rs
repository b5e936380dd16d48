//! Files that belong to a job's result, beside its table.

use std::io;

use crate::raw::result_files::FileError;
use crate::{Error, Result, host};

/// Bytes that are gathered before they leave the component.
const BUFFER: usize = 64 * 1024;
/// The most that leaves it at once: a host takes some megabytes in one call.
const PIECE: usize = 1024 * 1024;

/// A file of the result, being written. Dropped before [`finish`](Self::finish), it is discarded.
///
/// ```
/// use std::io::Write as _;
/// use analyte_sdk::ResultFile;
///
/// let mut report = ResultFile::create("report.txt", "text/plain")?;
/// writeln!(report, "All is well.")?;
/// report.finish()?;
/// # Ok::<(), analyte_sdk::Error>(())
/// ```
#[derive(Debug)]
pub struct ResultFile {
    file: host::ResultFile,
    buffer: Vec<u8>,
}

impl ResultFile {
    /// Begins a file; names are `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`, unique within the task.
    pub fn create(name: &str, media_type: &str) -> Result<Self> {
        Ok(Self { file: host::create_file(name, media_type)?, buffer: Vec::with_capacity(BUFFER) })
    }

    /// Ends the file; only a finished file belongs to the result.
    pub fn finish(mut self) -> Result<()> {
        self.send()?;
        Ok(host::finish_file(self.file)?)
    }

    fn send(&mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            self.file.write(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

impl io::Write for ResultFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.send().map_err(io::Error::other)?;
        }
        let taken = bytes.get(..PIECE).unwrap_or(bytes);
        if taken.len() >= BUFFER {
            self.file.write(taken).map_err(|error| io::Error::other(Error::from(error)))?;
        } else {
            self.buffer.extend_from_slice(taken);
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send().map_err(io::Error::other)
    }
}

/// Codes `file-name`, `file-exists`, `file-limit`, `file-failed`.
impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::InvalidName(message) => Self::new("file-name", message),
            FileError::Exists(message) => Self::new("file-exists", message),
            FileError::Limit(message) => Self::new("file-limit", message),
            FileError::Failed(message) => Self::new("file-failed", message),
        }
    }
}
