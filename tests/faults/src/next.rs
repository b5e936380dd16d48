//! The functions that would have been called without this library.

use std::ffi::{CStr, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use libc::{c_char, c_int, iovec, mode_t, off64_t, size_t, ssize_t};

/// One function of the next library.
pub(crate) struct Next {
    name: &'static CStr,
    found: AtomicPtr<c_void>,
}

impl Next {
    const fn new(name: &'static CStr) -> Self {
        Self { name, found: AtomicPtr::new(std::ptr::null_mut()) }
    }

    /// Its address. Looked up here only for a call that comes before the library's own start.
    fn address(&self) -> *mut c_void {
        let known = self.found.load(Ordering::Acquire);
        if !known.is_null() {
            return known;
        }
        // SAFETY: the name is a C string; asking changes nothing.
        let found = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) };
        if found.is_null() {
            // A C library without one of its own functions: there is nothing to go on with.
            // SAFETY: ends the process.
            unsafe { libc::_exit(127) };
        }
        self.found.store(found, Ordering::Release);
        found
    }
}

macro_rules! next {
    ($($(#[$doc:meta])* $name:ident as $symbol:literal ($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        /// All of them.
        struct All { $($name: Next,)* }

        static ALL: All = All { $($name: Next::new($symbol),)* };

        /// Looks all of them up.
        pub(crate) fn look_up() {
            $(ALL.$name.address();)*
            OPENAT.address();
        }

        $(
            $(#[$doc])*
            /// # Safety
            /// As the C library's function of this name asks.
            pub(crate) unsafe fn $name($($argument: $type),*) -> $answer {
                // SAFETY: the address is that of the C library's function of this name, whose signature this is.
                let function: unsafe extern "C" fn($($type),*) -> $answer =
                    unsafe { std::mem::transmute(ALL.$name.address()) };
                // SAFETY: the caller keeps what the C library asks for.
                unsafe { function($($argument),*) }
            }
        )*
    };
}

next! {
    write as c"write" (fd: c_int, data: *const c_void, count: size_t) -> ssize_t;
    pwrite as c"pwrite64" (fd: c_int, data: *const c_void, count: size_t, at: off64_t) -> ssize_t;
    writev as c"writev" (fd: c_int, pieces: *const iovec, count: c_int) -> ssize_t;
    pwritev as c"pwritev64" (fd: c_int, pieces: *const iovec, count: c_int, at: off64_t) -> ssize_t;
    ftruncate as c"ftruncate64" (fd: c_int, length: off64_t) -> c_int;
    fallocate as c"fallocate64" (fd: c_int, mode: c_int, at: off64_t, length: off64_t) -> c_int;
    fsync as c"fsync" (fd: c_int) -> c_int;
    fdatasync as c"fdatasync" (fd: c_int) -> c_int;
    sync_file_range as c"sync_file_range" (fd: c_int, at: off64_t, count: off64_t, flags: libc::c_uint) -> c_int;
    renameat as c"renameat" (from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char) -> c_int;
    linkat as c"linkat" (from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char, flags: c_int) -> c_int;
    unlinkat as c"unlinkat" (at: c_int, path: *const c_char, flags: c_int) -> c_int;
    mkdirat as c"mkdirat" (at: c_int, path: *const c_char, mode: mode_t) -> c_int;
    copy_file_range as c"copy_file_range" (
        from: c_int, from_at: *mut off64_t, to: c_int, to_at: *mut off64_t, count: size_t, flags: libc::c_uint
    ) -> ssize_t;
    sendfile as c"sendfile64" (to: c_int, from: c_int, at: *mut off64_t, count: size_t) -> ssize_t;
}

static OPENAT: Next = Next::new(c"openat64");

/// `openat64` takes its mode as one of a variable number of arguments, which some machines pass in another way.
///
/// # Safety
/// As `openat` asks.
pub(crate) unsafe fn openat(at: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the address is that of the C library's function of this name, whose signature this is.
    let function: unsafe extern "C" fn(c_int, *const c_char, c_int, ...) -> c_int =
        unsafe { std::mem::transmute(OPENAT.address()) };
    // SAFETY: the caller keeps what the C library asks for.
    unsafe { function(at, path, flags, mode) }
}
