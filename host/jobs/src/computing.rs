//! Long computations on what clients sent and components gave: none of one organisation's keeps those of others waiting.

use analyte_core::names::Organisation;
use analyte_core::shares::Holder;
use tokio::runtime::Handle;
use tokio::task::JoinError;

use crate::slots::Slots;

/// How many organisations have all the computations in progress that they may, before one that comes has to wait for the
/// end of one: bounds the threads, each of which keeps some memory for itself.
const ORGANISATIONS: usize = 16;

/// Places for long computations on what clients sent and components gave, of one organisation or of all (`None`).
///
/// Each organisation has as many in progress as there are cores, and a line of its own for the rest; where all places are
/// taken, the next one goes to the organisation that has the fewest. Clones share the places.
#[derive(Clone)]
pub struct Computing {
    threads: Handle,
    places: Slots,
    of: Holder,
}

impl Computing {
    /// Places on these threads, of which each organisation has as many as there are `cores`.
    pub fn new(threads: Handle, cores: usize) -> Self {
        let of_one = cores.max(1);
        Self { threads, places: Slots::new(of_one, of_one.saturating_mul(ORGANISATIONS)), of: None }
    }

    /// The same places for another organisation, or for all of them.
    #[must_use]
    pub fn of<'o>(&self, organisation: impl Into<Option<&'o Organisation>>) -> Self {
        Self { of: organisation.into().cloned(), ..self.clone() }
    }

    /// Does something long, as soon as there is a place for it. Goes on to its end also where the caller goes away meanwhile.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
        let place = match &self.of {
            Some(organisation) => self.places.take(organisation).await,
            None => self.places.take_any().await,
        };
        let work = move || {
            // Held until the work is done, which need not be awaited.
            let _place = place;
            work()
        };
        self.threads.spawn_blocking(work).await
    }
}
