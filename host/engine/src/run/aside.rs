//! Large things, dropped where nobody waits.
//!
//! Giving memory back that was touched takes the system up to a tenth of a second for each GiB, and cannot be interrupted. So
//! what is large goes on a thread for long work.

use tokio::runtime::Handle;

/// What goes where it is, in bytes: some milliseconds.
const SMALL: u64 = 32 << 20;

/// Drops something that holds this number of bytes.
pub(crate) fn drop_aside<T: Send + 'static>(what: T, bytes: u64) {
    if bytes > SMALL
        && let Ok(runtime) = Handle::try_current()
    {
        // Where the runtime is stopping it is dropped here after all.
        drop(runtime.spawn_blocking(move || drop(what)));
    }
}

/// Something that holds this number of bytes, which is dropped aside. Whoever has a clone of it must drop that before.
pub(crate) struct Aside<T: Send + 'static> {
    both: Option<(T, u64)>,
}

impl<T: Send + 'static> Aside<T> {
    pub(crate) fn new(what: T, bytes: u64) -> Self {
        Self { both: Some((what, bytes)) }
    }
}

impl<T: Send + 'static> Drop for Aside<T> {
    fn drop(&mut self) {
        if let Some((what, bytes)) = self.both.take() {
            drop_aside(what, bytes);
        }
    }
}
