//! Large memory is given back on a thread where no other call waits: the system takes some milliseconds for it.

use tokio::runtime::Handle;

/// What is dropped where it is, in bytes: some tenths of a millisecond.
const SMALL: usize = 1 << 20;
/// The same on a thread where components run, which gives way now and then anyway: some milliseconds.
const SMALL_FOR_GUESTS: usize = 32 << 20;

/// Drops what it holds on such a thread.
///
/// A clone of something that is shared can be held so, until after all the others have gone.
#[derive(Debug)]
pub struct BackgroundDrop<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> BackgroundDrop<T> {
    /// Holds this.
    pub fn new(held: T) -> Self {
        Self(Some(held))
    }

    /// Holds this if it takes more than 1 MiB, so that dropping it takes long; `None` where it takes less: what would be held
    /// is not even made.
    pub fn if_large(bytes: usize, held: impl FnOnce() -> T) -> Option<Self> {
        (bytes > SMALL).then(|| Self::new(held()))
    }

    /// The same for what is dropped on a thread where components run.
    pub(crate) fn if_large_for_guests(bytes: usize, held: impl FnOnce() -> T) -> Option<Self> {
        (bytes > SMALL_FOR_GUESTS).then(|| Self::new(held()))
    }

    /// What it held, which is dropped where the caller drops it.
    pub fn take(mut self) -> Option<T> {
        self.0.take()
    }
}

impl<T: Send + 'static> Drop for BackgroundDrop<T> {
    fn drop(&mut self) {
        let Some(held) = self.0.take() else { return };
        // Where there is no runtime any more, no call waits either.
        if let Ok(handle) = Handle::try_current() {
            drop(handle.spawn_blocking(move || drop(held)));
        }
    }
}

impl<T: AsRef<[u8]> + Send + 'static> AsRef<[u8]> for BackgroundDrop<T> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], T::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::thread::ThreadId;

    use super::*;

    struct Reports(Sender<ThreadId>);

    impl Drop for Reports {
        fn drop(&mut self) {
            // The test may have ended.
            let _ = self.0.send(std::thread::current().id());
        }
    }

    #[test]
    fn what_is_small_is_not_held() {
        assert!(BackgroundDrop::if_large(SMALL, || 1).is_none());
        assert_eq!(BackgroundDrop::if_large(SMALL + 1, || 1).and_then(BackgroundDrop::take), Some(1));
    }

    #[tokio::test]
    async fn what_is_large_is_dropped_by_another_thread() {
        let (sender, dropped) = channel();
        drop(BackgroundDrop::new(Reports(sender.clone())));
        assert!(dropped.recv().is_ok_and(|thread| thread != std::thread::current().id()));
        drop(BackgroundDrop::new(Reports(sender)).take());
        assert_eq!(dropped.recv(), Ok(std::thread::current().id()));
    }
}
