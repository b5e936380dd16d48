//! The log of what was changed.
//!
//! One record after the other, in the order in which the changes happened. Numbers are little-endian.
//!
//! | bytes | meaning |
//! | --- | --- |
//! | 8 | what happened, see [`Kind`] |
//! | 8 | number (inode) of the file or directory that it happened to |
//! | 8 | number of the directory in which its name is |
//! | 8 | number of the directory in which its old name was |
//! | 8 | offset, length, or place in this log, see [`Kind`] |
//! | 8 | length of the name |
//! | 8 | length of the old name |
//! | 8 | length of the data |
//! | … | name, old name, data |

use std::ffi::c_void;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use libc::{c_int, iovec};

use crate::{next, watch};

/// What happened.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(crate) enum Kind {
    /// First record: the number of the directory that is looked at.
    Root = 0,
    /// A file was made.
    Create = 1,
    /// A directory was made.
    MakeDirectory = 2,
    /// Data was written at an offset.
    Write = 3,
    /// A file got this length.
    Resize = 4,
    /// A file or directory was synced; covers what stands before this place in the log.
    Sync = 5,
    /// Something got another name, which replaced what had that name.
    Rename = 6,
    /// A name was removed.
    Remove = 7,
    /// A file got one more name.
    Link = 8,
}

/// A change.
pub(crate) struct Record<'a> {
    pub(crate) kind: Kind,
    pub(crate) file: u64,
    pub(crate) directory: u64,
    pub(crate) old_directory: u64,
    pub(crate) place: u64,
    pub(crate) name: &'a [u8],
    pub(crate) old_name: &'a [u8],
}

impl Record<'_> {
    /// Of a file, with nothing more to say.
    pub(crate) fn of(kind: Kind, file: u64) -> Self {
        Self { kind, file, directory: 0, old_directory: 0, place: 0, name: b"", old_name: b"" }
    }
}

/// The log; none where nothing is recorded.
static FILE: AtomicI32 = AtomicI32::new(-1);
/// Its length.
static LENGTH: AtomicU64 = AtomicU64::new(0);
/// Held while something is changed and recorded.
static ORDER: Mutex<()> = Mutex::new(());

/// Opens the log.
pub(crate) fn begin() {
    let (Some(path), Some(_)) = (watch::variable(c"FAULTS_LOG"), watch::directory()) else { return };
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND | libc::O_CLOEXEC;
    // SAFETY: the path is a C string.
    let fd = unsafe { next::openat(libc::AT_FDCWD, path.as_ptr(), flags, 0o600) };
    FILE.store(fd, Ordering::Relaxed);
    // SAFETY: a variable's value is a C string.
    let root = watch::variable(c"FAULTS_DIRECTORY")
        .and_then(|path| unsafe { watch::Path::given(libc::AT_FDCWD, path.as_ptr()) })
        .and_then(|path| path.stat());
    append(&Record::of(Kind::Root, root.map_or(0, |root| root.st_ino)), &[]);
}

/// Keeps others from changing anything until the answer is dropped.
pub(crate) fn in_order() -> MutexGuard<'static, ()> {
    ORDER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the log ends now.
pub(crate) fn end() -> u64 {
    LENGTH.load(Ordering::SeqCst)
}

/// Appends a record with the first `count` bytes of the pieces. The caller holds the order.
pub(crate) fn append_pieces(record: &Record<'_>, pieces: &[iovec], count: u64) {
    if FILE.load(Ordering::Relaxed) < 0 {
        return;
    }
    let numbers = [
        record.kind as u64,
        record.file,
        record.directory,
        record.old_directory,
        record.place,
        record.name.len() as u64,
        record.old_name.len() as u64,
        count,
    ];
    let mut head = [0_u8; 64];
    for (bytes, number) in head.chunks_exact_mut(8).zip(numbers) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    put(&head);
    put(record.name);
    put(record.old_name);
    let mut left = usize::try_from(count).unwrap_or(usize::MAX);
    for piece in pieces {
        let length = piece.iov_len.min(left);
        if length == 0 {
            continue;
        }
        // SAFETY: the program gave these bytes to be written, and they were.
        put(unsafe { std::slice::from_raw_parts(piece.iov_base.cast::<u8>(), length) });
        left -= length;
    }
}

/// Appends a record with data. The caller holds the order.
pub(crate) fn append(record: &Record<'_>, data: &[u8]) {
    let piece = iovec { iov_base: data.as_ptr().cast::<c_void>().cast_mut(), iov_len: data.len() };
    append_pieces(record, &[piece], data.len() as u64);
}

fn put(mut bytes: &[u8]) {
    let fd: c_int = FILE.load(Ordering::Relaxed);
    while !bytes.is_empty() {
        // SAFETY: as many bytes as are said are there.
        let written = unsafe { next::write(fd, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(written) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(_) if interrupted() => continue,
            // A log with a hole would be worse than none: the test sees it end here.
            Err(_) => return FILE.store(-1, Ordering::Relaxed),
        }
        LENGTH.fetch_add(u64::try_from(written).unwrap_or(0), Ordering::SeqCst);
    }
}

fn interrupted() -> bool {
    // SAFETY: each thread has such a number.
    unsafe { *libc::__errno_location() == libc::EINTR }
}
