//! The file of the model that is being run or inspected.

use std::io::{self, Read, Seek, SeekFrom};

use crate::host;
use crate::raw::model_files;

/// The model's file, read from its start; seekable. Reads large pieces well and small ones badly: wrap it in a
/// [`BufReader`](std::io::BufReader) for those.
#[derive(Debug, Clone)]
pub struct ModelFile {
    info: model_files::ModelFile,
    position: u64,
}

impl ModelFile {
    /// The file, where the model has one.
    pub fn open() -> Option<Self> {
        Some(Self { info: host::model_file()?, position: 0 })
    }

    /// The name it was published under.
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// Its media type.
    pub fn media_type(&self) -> &str {
        &self.info.media_type
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.info.size
    }

    /// `sha256:` and 64 hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.info.digest
    }
}

impl Read for ModelFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = u32::try_from(into.len()).unwrap_or(u32::MAX);
        let bytes = host::read_model_file(self.position, length);
        let Some(place) = into.get_mut(..bytes.len()) else {
            return Err(io::Error::other("the host gave more bytes than it was asked for"));
        };
        place.copy_from_slice(&bytes);
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Seek for ModelFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.info.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position =
            position.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek to before the file's start"))?;
        Ok(self.position)
    }
}
