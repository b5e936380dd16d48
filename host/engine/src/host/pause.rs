//! A pause in the middle of a host call.

use std::future::poll_fn;
use std::task::Poll;

/// Lets whoever polls do something else first.
pub(crate) async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
