//! Calls that make changes last.

use libc::{c_int, off64_t};

use crate::fault::{self, Call};
use crate::record::{self, Kind, Record};
use crate::{next, watch};

/// Not under the lock while it lasts, since others write meanwhile; its record says where the log ended before it.
fn synced(fd: c_int, sync: impl FnOnce() -> c_int) -> c_int {
    let Some(file) = watch::descriptor(fd) else { return sync() };
    let before = {
        let _order = record::in_order();
        record::end()
    };
    if fault::fails(Call::Sync) {
        return -1;
    }
    let done = sync();
    if done == 0 {
        let _order = record::in_order();
        record::append(&Record { place: before, ..Record::of(Kind::Sync, file.st_ino) }, &[]);
    }
    done
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    // SAFETY: the caller keeps what the C library asks for.
    synced(fd, || unsafe { next::fsync(fd) })
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    // SAFETY: the caller keeps what the C library asks for.
    synced(fd, || unsafe { next::fdatasync(fd) })
}

/// Begins to write and promises nothing, so it is not recorded; but it can fail.
///
/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn sync_file_range(fd: c_int, at: off64_t, count: off64_t, flags: libc::c_uint) -> c_int {
    if watch::descriptor(fd).is_some() && fault::fails(Call::Sync) {
        return -1;
    }
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { next::sync_file_range(fd, at, count, flags) }
}
