//! Gives memory that was freed back to the system.
//!
//! mimalloc keeps what is freed for a second, and then gives it back the next time it is asked for memory in certain ways.
//! A server that has become idle asks for none, so what a crowd of uploads took would stay with the process for ever. One
//! thread therefore has it look once a second; where nothing was freed, a look takes microseconds.

#![expect(
    unsafe_code,
    reason = "mimalloc is C, and its crate has no function for this; the call takes no memory of ours and may be made by any \
              thread at any time"
)]

use std::time::Duration;

/// How often freed memory is looked for; mimalloc's own delay is as long.
const EVERY: Duration = Duration::from_secs(1);

unsafe extern "C" {
    /// Gives back what this process freed longer ago than mimalloc's delay; with `force`, all that is free.
    fn mi_collect(force: bool);
}

/// Starts to give back what is freed, until the process ends.
pub(crate) fn give_back() -> std::io::Result<()> {
    std::thread::Builder::new().name("memory".to_owned()).spawn(|| {
        loop {
            std::thread::sleep(EVERY);
            // SAFETY: see the module.
            unsafe { mi_collect(false) };
        }
    })?;
    Ok(())
}
