//! Removes one ended job with all that belongs to it.

use super::work::{Place, Work};
use crate::Result;

/// `Some(false)`: not ended; `None`: there is none.
pub(super) fn purge(work: &mut Work, place: &Place) -> Result<Option<bool>> {
    let Some(job) = work.load(place)? else { return Ok(None) };
    if !job.status.ended() {
        return Ok(Some(false));
    }
    work.erase(&job)?;
    Ok(Some(true))
}
