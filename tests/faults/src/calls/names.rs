//! Calls that make, change and remove names.

use libc::{c_char, c_int, mode_t};

use crate::fault::{self, Call};
use crate::record::{self, Kind, Record};
use crate::{next, watch};

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn renameat(from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char) -> c_int {
    // SAFETY: the caller gives C strings.
    let paths = unsafe { watch::Path::given(from_at, from).zip(watch::Path::given(to_at, to)) };
    let Some((old, new)) = paths else {
        // SAFETY: the caller keeps what the C library asks for.
        return unsafe { next::renameat(from_at, from, to_at, to) };
    };
    let order = record::in_order();
    if fault::fails(Call::Create) {
        return -1;
    }
    let replaced = new.stat();
    // SAFETY: the caller keeps what the C library asks for.
    let done = unsafe { next::renameat(from_at, from, to_at, to) };
    if done == 0 {
        freed(replaced);
        let renamed = Record {
            directory: new.parent(),
            old_directory: old.parent(),
            name: new.name(),
            old_name: old.name(),
            ..Record::of(Kind::Rename, new.stat().map_or(0, |now| now.st_ino))
        };
        record::append(&renamed, &[]);
    }
    drop(order);
    done
}

/// The room of a file whose last name is gone. One that is still open keeps it for a while, which no test here notices.
fn freed(file: Option<libc::stat64>) {
    if let Some(file) = file.filter(|file| file.st_nlink == 1 && file.st_mode & libc::S_IFMT == libc::S_IFREG) {
        fault::give_room(u64::try_from(file.st_size).unwrap_or(0));
    }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { renameat(libc::AT_FDCWD, from, libc::AT_FDCWD, to) }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn linkat(
    from_at: c_int,
    from: *const c_char,
    to_at: c_int,
    to: *const c_char,
    flags: c_int,
) -> c_int {
    // SAFETY: the caller gives a C string.
    let Some(new) = (unsafe { watch::Path::given(to_at, to) }) else {
        // SAFETY: the caller keeps what the C library asks for.
        return unsafe { next::linkat(from_at, from, to_at, to, flags) };
    };
    let order = record::in_order();
    if fault::fails(Call::Create) {
        return -1;
    }
    // SAFETY: the caller keeps what the C library asks for.
    let done = unsafe { next::linkat(from_at, from, to_at, to, flags) };
    if done == 0 {
        let number = new.stat().map_or(0, |now| now.st_ino);
        let linked = Record { directory: new.parent(), name: new.name(), ..Record::of(Kind::Link, number) };
        record::append(&linked, &[]);
    }
    drop(order);
    done
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn link(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { linkat(libc::AT_FDCWD, from, libc::AT_FDCWD, to, 0) }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn unlinkat(at: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the caller gives a C string.
    let Some(place) = (unsafe { watch::Path::given(at, path) }) else {
        // SAFETY: the caller keeps what the C library asks for.
        return unsafe { next::unlinkat(at, path, flags) };
    };
    let order = record::in_order();
    let before = place.stat();
    if before.is_some() && fault::fails(Call::Remove) {
        return -1;
    }
    // SAFETY: the caller keeps what the C library asks for.
    let done = unsafe { next::unlinkat(at, path, flags) };
    if done == 0 {
        freed(before);
        let number = before.map_or(0, |before| before.st_ino);
        let removed = Record { directory: place.parent(), name: place.name(), ..Record::of(Kind::Remove, number) };
        record::append(&removed, &[]);
    }
    drop(order);
    done
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { unlinkat(libc::AT_FDCWD, path, 0) }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn rmdir(path: *const c_char) -> c_int {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { unlinkat(libc::AT_FDCWD, path, libc::AT_REMOVEDIR) }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn mkdirat(at: c_int, path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller gives a C string.
    let Some(place) = (unsafe { watch::Path::given(at, path) }) else {
        // SAFETY: the caller keeps what the C library asks for.
        return unsafe { next::mkdirat(at, path, mode) };
    };
    let order = record::in_order();
    if place.stat().is_none() && fault::fails(Call::Create) {
        return -1;
    }
    // SAFETY: the caller keeps what the C library asks for.
    let done = unsafe { next::mkdirat(at, path, mode) };
    if done == 0 {
        let number = place.stat().map_or(0, |now| now.st_ino);
        let created =
            Record { directory: place.parent(), name: place.name(), ..Record::of(Kind::MakeDirectory, number) };
        record::append(&created, &[]);
    }
    drop(order);
    done
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { mkdirat(libc::AT_FDCWD, path, mode) }
}
