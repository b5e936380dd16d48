//! Removes one ended job with all that belongs to it.

use crate::Result;
use crate::sled::format::keys::Place;
use crate::sled::state::State;

/// `Some(false)`: not ended; `None`: there is none.
pub(crate) fn purge(state: &mut State, place: &Place) -> Result<Option<bool>> {
    let Some(job) = state.load(place)? else { return Ok(None) };
    if !job.status.ended() {
        return Ok(Some(false));
    }
    state.erase(&job)?;
    Ok(Some(true))
}
