//! A test tool, put under a real server with `LD_PRELOAD`: it stands between the program and the C library wherever files
//! below one directory are changed, and either records every change or lets it fail as a broken disk would.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `FAULTS_DIRECTORY` | whose files are looked at; without it nothing is done |
//! | `FAULTS_LOG` | a file outside: every change that succeeded is appended to it, see `record` |
//! | `FAULTS_CONTROL` | a file outside: what is to fail now, see `fault`; may be rewritten at any time |
//!
//! What it promises: the records are in the order in which the changes happened, and a change is in the file before the
//! program hears of its success. A sync does not hold up others; its record says where the log ended when it began, and
//! only what stands before that place is covered by it.
//!
//! What it does not see: changes through a shared mapping or by system calls without the C library, and those of child
//! processes, from which it hides (`LD_PRELOAD` is taken out of the environment). `copy_file_range` and `sendfile` into a
//! file are refused as unknown, so that the caller writes instead.
//!
//! It allocates nothing, panics nowhere, and calls the next library by pointers that were looked up at the start, so it
//! does not call itself. Of other files and of sockets it costs one `fstat` a write.

#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![expect(
    unsafe_code,
    reason = "the C library's functions can be replaced and called in no other way; a test tool, in no binary of ours"
)]

mod calls;
mod fault;
mod next;
mod record;
mod watch;

/// Runs when the library is loaded, before the program's own start.
#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start;

extern "C" fn start() {
    next::look_up();
    watch::begin();
    record::begin();
    fault::begin();
    // SAFETY: the program has one thread yet, and the name is a C string.
    unsafe { libc::unsetenv(c"LD_PRELOAD".as_ptr()) };
}
