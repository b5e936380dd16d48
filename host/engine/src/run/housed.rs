//! An instance with the memory that was reserved for it.
//!
//! A large one is [dropped aside](super::aside); its memory counts until it has gone.

use std::sync::Arc;

use crate::budget::Reservation;
use crate::run::aside::drop_aside;
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
            let bytes = live.memory_bytes();
            drop_aside((live, room), bytes);
        }
    }
}
