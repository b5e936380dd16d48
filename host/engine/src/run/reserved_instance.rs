//! An instance with the memory that was reserved for it.
//!
//! A large one is [dropped apart](crate::machine::background_drop); its memory counts until it has gone.

use std::sync::Arc;

use crate::machine::background_drop::BackgroundDrop;
use crate::machine::budget::Reservation;
use crate::run::instance::GuestInstance;

/// Until both go.
pub(crate) struct ReservedInstance {
    both: Option<(GuestInstance, Arc<Reservation>)>,
}

impl ReservedInstance {
    pub(crate) fn new(live: GuestInstance, room: Arc<Reservation>) -> Self {
        Self { both: Some((live, room)) }
    }

    /// The instance.
    pub(crate) fn live(&mut self) -> Option<&mut GuestInstance> {
        self.both.as_mut().map(|(live, _)| live)
    }
}

impl Drop for ReservedInstance {
    fn drop(&mut self) {
        if let Some((live, room)) = self.both.take() {
            let bytes = usize::try_from(live.memory_bytes()).unwrap_or(usize::MAX);
            // The sink last: when it goes, the caller takes the run for gone, and its memory with it.
            let sink = live.sink();
            let all = (live, room, sink);
            // A small one goes here, with what was to make it.
            drop(BackgroundDrop::if_large_for_guests(bytes, || all));
        }
    }
}
