//! An instance with the memory that was reserved for it.
//!
//! Giving back what a large instance has touched takes the system up to a tenth of a second for each GiB, and cannot be
//! interrupted. So such a one goes on a thread where nobody waits; its memory counts until it has gone.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::budget::Reservation;
use crate::run::instance::Live;

/// What goes where it is, in bytes: some milliseconds.
const SMALL: u64 = 32 << 20;

/// Until both go.
pub(crate) struct Housed {
    both: Option<(Live, Arc<Reservation>)>,
}

impl Housed {
    pub(crate) fn new(live: Live, room: Arc<Reservation>) -> Self {
        Self { both: Some((live, room)) }
    }

    /// The instance.
    pub(crate) fn live(&mut self) -> Option<&mut Live> {
        self.both.as_mut().map(|(live, _)| live)
    }
}

impl Drop for Housed {
    fn drop(&mut self) {
        let Some((live, room)) = self.both.take() else { return };
        if live.memory_bytes() > SMALL
            && let Ok(runtime) = Handle::try_current()
        {
            // Where the runtime is stopping it is dropped here after all.
            drop(runtime.spawn_blocking(move || {
                drop(live);
                drop(room);
            }));
        }
    }
}
