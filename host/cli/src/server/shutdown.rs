//! Requests to stop the server: SIGTERM, or Ctrl-C on a terminal.

use anyhow::{Context as _, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::output::report;

/// Hears every request to stop from the moment it is made.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Begins to listen; from now on such a signal does not end the process by itself.
    pub(crate) fn listen() -> Result<Self> {
        let on = |kind| signal(kind).context("signals cannot be listened for");
        Ok(Self { terminate: on(SignalKind::terminate())?, interrupt: on(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Tells a server to stop, and then to do so at once.
pub(crate) struct Requests {
    /// Comes first; also where the other end is gone.
    pub(crate) stop: oneshot::Receiver<()>,
    /// May come after it.
    pub(crate) at_once: oneshot::Receiver<()>,
}

/// The other end of [`Requests`].
pub(crate) struct Stopper {
    /// Asks to stop.
    pub(crate) stop: oneshot::Sender<()>,
    /// Asks to do so at once.
    pub(crate) at_once: oneshot::Sender<()>,
}

/// Both ends.
pub(crate) fn requests() -> (Stopper, Requests) {
    let (stop, stopped) = oneshot::channel();
    let (at_once, hurried) = oneshot::channel();
    (Stopper { stop, at_once }, Requests { stop: stopped, at_once: hurried })
}

impl Stopper {
    /// Asks to stop at the first signal, and to do so at once at the second.
    pub(crate) async fn relay(self, mut signals: Signals) {
        signals.next().await;
        report::line("stopping: what runs gets a grace period; once more to stop at once");
        // An error: the server has ended already.
        let _ = self.stop.send(());
        signals.next().await;
        let _ = self.at_once.send(());
    }
}
