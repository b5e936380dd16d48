//! Calls that open files, and make or empty them.
//!
//! The C library declares them with a variable number of arguments; the mode is the one that may be missing. Reading it
//! where it was not given yields something meaningless that the system does not look at.

use libc::{c_char, c_int, mode_t};

use crate::fault::{self, Call};
use crate::record::{self, Kind, Record};
use crate::{next, watch};

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn openat64(at: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    let changes = flags & libc::O_ACCMODE != libc::O_RDONLY || flags & (libc::O_CREAT | libc::O_TRUNC) != 0;
    // SAFETY: the caller gives a C string.
    let watched = if changes && watch::directory().is_some() { unsafe { watch::Path::given(at, path) } } else { None };
    let Some(place) = watched else {
        // SAFETY: the caller keeps what the C library asks for.
        return unsafe { next::openat(at, path, flags, mode) };
    };
    let order = record::in_order();
    let before = place.stat();
    if fault::fails(if before.is_none() { Call::Create } else { Call::Open }) {
        return -1;
    }
    // SAFETY: the caller keeps what the C library asks for.
    let fd = unsafe { next::openat(at, path, flags, mode) };
    // Not asked where there is none: asking would replace `errno`.
    if fd >= 0
        && let Some(now) = watch::descriptor(fd)
    {
        if before.is_none() {
            let created =
                Record { directory: place.parent(), name: place.name(), ..Record::of(Kind::Create, now.st_ino) };
            record::append(&created, &[]);
        } else if flags & libc::O_TRUNC != 0 {
            fault::give_room(before.and_then(|before| u64::try_from(before.st_size).ok()).unwrap_or(0));
            record::append(&Record::of(Kind::Resize, now.st_ino), &[]);
        }
    }
    drop(order);
    fd
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn openat(at: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { openat64(at, path, flags, mode) }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { openat64(libc::AT_FDCWD, path, flags, mode) }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { openat64(libc::AT_FDCWD, path, flags, mode) }
}
