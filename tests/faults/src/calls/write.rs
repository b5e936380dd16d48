//! Calls that change what is in a file.

use std::ffi::c_void;

use libc::{c_int, iovec, off64_t, size_t, ssize_t, stat64};

use crate::fault::{self, Call};
use crate::record::{self, Kind, Record};
use crate::{next, watch};

/// Most pieces of one call that are looked at; a longer list is written in several calls by any program.
const PIECES: usize = 64;

/// Writes at an offset, or where the file stands.
///
/// # Safety
/// As `pwritev` asks.
unsafe fn write_pieces(fd: c_int, file: &stat64, pieces: &[iovec], at: Option<off64_t>) -> ssize_t {
    let order = record::in_order();
    if fault::fails(Call::Write) {
        return -1;
    }
    let place = u64::try_from(at.unwrap_or_else(|| position(fd, file))).unwrap_or(0);
    let count: usize = pieces.iter().map(|piece| piece.iov_len).sum();
    let Some(possible) = fault::take_room(file, place, count as u64) else { return -1 };
    let mut cut = [iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; PIECES];
    let mut left = usize::try_from(possible).unwrap_or(count);
    for (to, from) in cut.iter_mut().zip(pieces) {
        *to = iovec { iov_base: from.iov_base, iov_len: from.iov_len.min(left) };
        left -= to.iov_len;
    }
    let number = c_int::try_from(pieces.len().min(PIECES)).unwrap_or(0);
    // SAFETY: the pieces are those of the caller, or shorter.
    let written = unsafe {
        match at {
            Some(at) => next::pwritev(fd, cut.as_ptr(), number, at),
            None => next::writev(fd, cut.as_ptr(), number),
        }
    };
    if let Ok(written) = u64::try_from(written) {
        let record = Record { place, ..Record::of(Kind::Write, file.st_ino) };
        record::append_pieces(&record, pieces, written);
    }
    drop(order);
    written
}

/// Where the next write goes.
fn position(fd: c_int, file: &stat64) -> off64_t {
    // SAFETY: both only ask.
    let (flags, here) = unsafe { (libc::fcntl(fd, libc::F_GETFL), libc::lseek64(fd, 0, libc::SEEK_CUR)) };
    if flags & libc::O_APPEND != 0 { file.st_size } else { here }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn write(fd: c_int, data: *const c_void, count: size_t) -> ssize_t {
    let piece = iovec { iov_base: data.cast_mut(), iov_len: count };
    // SAFETY: the caller keeps what the C library asks for.
    unsafe {
        match watch::descriptor(fd) {
            None => next::write(fd, data, count),
            Some(file) => write_pieces(fd, &file, &[piece], None),
        }
    }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(fd: c_int, data: *const c_void, count: size_t, at: off64_t) -> ssize_t {
    let piece = iovec { iov_base: data.cast_mut(), iov_len: count };
    // SAFETY: the caller keeps what the C library asks for.
    unsafe {
        match watch::descriptor(fd) {
            None => next::pwrite(fd, data, count, at),
            Some(file) => write_pieces(fd, &file, &[piece], Some(at)),
        }
    }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite(fd: c_int, data: *const c_void, count: size_t, at: off64_t) -> ssize_t {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { pwrite64(fd, data, count, at) }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn writev(fd: c_int, pieces: *const iovec, count: c_int) -> ssize_t {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe {
        match (watch::descriptor(fd), usize::try_from(count)) {
            (Some(file), Ok(count)) if !pieces.is_null() => {
                write_pieces(fd, &file, std::slice::from_raw_parts(pieces, count.min(PIECES)), None)
            }
            _ => next::writev(fd, pieces, count),
        }
    }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn pwritev64(fd: c_int, pieces: *const iovec, count: c_int, at: off64_t) -> ssize_t {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe {
        match (watch::descriptor(fd), usize::try_from(count)) {
            (Some(file), Ok(count)) if !pieces.is_null() => {
                write_pieces(fd, &file, std::slice::from_raw_parts(pieces, count.min(PIECES)), Some(at))
            }
            _ => next::pwritev(fd, pieces, count, at),
        }
    }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn pwritev(fd: c_int, pieces: *const iovec, count: c_int, at: off64_t) -> ssize_t {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { pwritev64(fd, pieces, count, at) }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate64(fd: c_int, length: off64_t) -> c_int {
    let Some(file) = watch::descriptor(fd) else {
        // SAFETY: the caller keeps what the C library asks for.
        return unsafe { next::ftruncate(fd, length) };
    };
    let order = record::in_order();
    if fault::fails(if length < file.st_size { Call::Remove } else { Call::Write }) {
        return -1;
    }
    // SAFETY: the caller keeps what the C library asks for.
    let done = unsafe { next::ftruncate(fd, length) };
    if done == 0 {
        // A longer file has a hole at its end, which takes no room.
        fault::give_room(u64::try_from(file.st_size - length).unwrap_or(0));
        resized(&file, length);
    }
    drop(order);
    done
}

fn resized(file: &stat64, length: off64_t) {
    let place = u64::try_from(length).unwrap_or(0);
    record::append(&Record { place, ..Record::of(Kind::Resize, file.st_ino) }, &[]);
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate(fd: c_int, length: off64_t) -> c_int {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { ftruncate64(fd, length) }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn fallocate64(fd: c_int, mode: c_int, at: off64_t, length: off64_t) -> c_int {
    let Some(file) = watch::descriptor(fd) else {
        // SAFETY: the caller keeps what the C library asks for.
        return unsafe { next::fallocate(fd, mode, at, length) };
    };
    if mode != 0 {
        return refused(libc::EOPNOTSUPP);
    }
    let order = record::in_order();
    let (begin, count) = (u64::try_from(at).unwrap_or(0), u64::try_from(length).unwrap_or(0));
    if fault::fails(Call::Write) {
        return -1;
    }
    match fault::take_room(&file, begin, count) {
        Some(possible) if possible == count => {}
        // All or nothing: what there was of it is given back.
        Some(possible) => {
            fault::give_room(possible);
            return refused(libc::ENOSPC);
        }
        None => return -1,
    }
    // SAFETY: the caller keeps what the C library asks for.
    let done = unsafe { next::fallocate(fd, mode, at, length) };
    if done == 0 && at.saturating_add(length) > file.st_size {
        resized(&file, at.saturating_add(length));
    }
    drop(order);
    done
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn fallocate(fd: c_int, mode: c_int, at: off64_t, length: off64_t) -> c_int {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { fallocate64(fd, mode, at, length) }
}

fn refused(error: c_int) -> c_int {
    // SAFETY: each thread has such a number.
    unsafe { *libc::__errno_location() = error };
    -1
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn copy_file_range(
    from: c_int,
    from_at: *mut off64_t,
    to: c_int,
    to_at: *mut off64_t,
    count: size_t,
    flags: libc::c_uint,
) -> ssize_t {
    if watch::descriptor(to).is_some() {
        return refused(libc::ENOSYS) as ssize_t;
    }
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { next::copy_file_range(from, from_at, to, to_at, count, flags) }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn sendfile64(to: c_int, from: c_int, at: *mut off64_t, count: size_t) -> ssize_t {
    if watch::descriptor(to).is_some() {
        return refused(libc::ENOSYS) as ssize_t;
    }
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { next::sendfile(to, from, at, count) }
}

/// # Safety
/// As the C library asks.
#[unsafe(no_mangle)]
unsafe extern "C" fn sendfile(to: c_int, from: c_int, at: *mut off64_t, count: size_t) -> ssize_t {
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { sendfile64(to, from, at, count) }
}
