//! What an organisation may keep of files, and what becomes of one.

/// Most files, and most bytes in all of them together, that an organisation may have in all repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilesRoom {
    /// How many.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// What became of a file that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKept {
    /// There was none at its path.
    New,
    /// It replaced one.
    Replaced,
    /// It would be more than the organisation may have; nothing was kept. This is what it has.
    Full(FilesRoom),
}
