//! What is to fail now.
//!
//! The control file is eight numbers of eight bytes each, mapped into memory, so that asking costs nothing. The first
//! five are the error that a kind of call gets (0: none), see [`Call`]. Then the bytes of free space (negative: without
//! end): growing files use it up, shorter and removed ones give it back, a write that is too long is cut short, and the
//! next one fails with `ENOSPC`. The last one counts how many calls were failed.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use libc::{c_int, stat64};

use crate::{next, watch};

/// Numbers in the control file.
const NUMBERS: usize = 8;
const ROOM: usize = 5;
const FAILED: usize = 6;

/// A kind of call that can fail.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Call {
    /// Data is written, a file is made longer.
    Write = 0,
    /// A file or directory is synced.
    Sync = 1,
    /// A name is made: file, directory, link, rename.
    Create = 2,
    /// A file that is there is opened for writing.
    Open = 3,
    /// A name is removed, a file is made shorter.
    Remove = 4,
}

static CONTROL: OnceLock<&'static [AtomicI64; NUMBERS]> = OnceLock::new();

/// Maps the control file.
pub(crate) fn begin() {
    let (Some(path), Some(_)) = (watch::variable(c"FAULTS_CONTROL"), watch::directory()) else { return };
    // SAFETY: the path is a C string; the file is as long as its numbers, is never made shorter, and the mapping is never
    // taken away.
    unsafe {
        let fd = next::openat(libc::AT_FDCWD, path.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC, 0);
        let length = size_of::<[AtomicI64; NUMBERS]>();
        let place =
            libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, fd, 0);
        if place != libc::MAP_FAILED {
            let _ = CONTROL.set(&*place.cast());
        }
    }
}

fn number(at: usize) -> Option<&'static AtomicI64> {
    CONTROL.get()?.get(at)
}

fn failed(error: c_int) -> c_int {
    if let Some(count) = number(FAILED) {
        count.fetch_add(1, Ordering::SeqCst);
    }
    // SAFETY: each thread has such a number.
    unsafe { *libc::__errno_location() = error };
    -1
}

/// Whether a call is to fail; `errno` is then set.
pub(crate) fn fails(call: Call) -> bool {
    let error = number(call as usize).map_or(0, |number| number.load(Ordering::SeqCst));
    match c_int::try_from(error) {
        Ok(error) if error > 0 => failed(error) < 0,
        _ => false,
    }
}

/// How much of a write of `count` bytes at an offset there is room for; `None`: none at all, and `errno` is set. The room is
/// taken.
pub(crate) fn take_room(file: &stat64, at: u64, count: u64) -> Option<u64> {
    let Some(room) = number(ROOM) else { return Some(count) };
    let length = u64::try_from(file.st_size).unwrap_or(0);
    let growth = at.saturating_add(count).saturating_sub(length.max(at));
    let free = room.load(Ordering::SeqCst);
    let Ok(free) = u64::try_from(free) else { return Some(count) };
    let taken = growth.min(free);
    let possible = count - (growth - taken);
    if possible == 0 && count > 0 {
        failed(libc::ENOSPC);
        return None;
    }
    // No other thread takes room meanwhile: the caller holds the order.
    room.fetch_sub(i64::try_from(taken).unwrap_or(i64::MAX), Ordering::SeqCst);
    Some(possible)
}

/// Gives back room.
pub(crate) fn give_room(bytes: u64) {
    if let Some(room) = number(ROOM)
        && room.load(Ordering::SeqCst) >= 0
    {
        room.fetch_add(i64::try_from(bytes).unwrap_or(0), Ordering::SeqCst);
    }
}
