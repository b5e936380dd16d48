//! An instance with the memory that was reserved for it.
//!
//! A large one is [dropped apart](crate::apart); its memory counts until it has gone.

use std::sync::Arc;

use crate::apart::Apart;
use crate::budget::Reservation;
use crate::run::instance::Live;

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
        if let Some((live, room)) = self.both.take() {
            let bytes = usize::try_from(live.memory_bytes()).unwrap_or(usize::MAX);
            // The sink last: when it goes, the caller takes the run for gone, and its memory with it.
            let sink = live.sink();
            let all = (live, room, sink);
            // A small one goes here, with what was to make it.
            drop(Apart::if_large_for_guests(bytes, || all));
        }
    }
}
