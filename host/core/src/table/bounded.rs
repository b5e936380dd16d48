//! Bytes that are written up to a bound.

use std::io;

use crate::table::format::WriteError;

/// Grows up to so many bytes; what would go beyond is refused, and that is remembered.
pub(crate) struct Bounded {
    bytes: Vec<u8>,
    most: u64,
    crossed: bool,
}

impl Bounded {
    pub(crate) fn new(most: u64) -> Self {
        Self { bytes: Vec::new(), most, crossed: false }
    }

    /// Refuses to begin what takes at least so many bytes.
    pub(crate) fn check_least(&self, least: u64) -> Result<(), WriteError> {
        if least > self.most { Err(self.too_large()) } else { Ok(()) }
    }

    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        if self.has_room(bytes.len()) {
            self.bytes.extend_from_slice(bytes);
            return Ok(());
        }
        Err(self.too_large())
    }

    /// Why writing through [`io::Write`] failed.
    pub(crate) fn reason(&self, error: &dyn std::error::Error) -> WriteError {
        if self.crossed { self.too_large() } else { WriteError::Failed(error.to_string()) }
    }

    /// How many more bytes may come.
    pub(crate) fn left(&self) -> u64 {
        self.most.saturating_sub(self.bytes.len() as u64)
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    #[inline]
    fn has_room(&self, more: usize) -> bool {
        (self.bytes.len() as u64).saturating_add(more as u64) <= self.most
    }

    #[cold]
    pub(crate) fn too_large(&self) -> WriteError {
        WriteError::TooLarge { most: self.most }
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.has_room(bytes.len()) {
            self.bytes.extend_from_slice(bytes);
            return Ok(());
        }
        self.crossed = true;
        Err(io::Error::other("more bytes than were allowed"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
