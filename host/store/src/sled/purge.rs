//! Removes ended jobs: one by name, or those that ended long ago.

use analyte_core::names::JobId;
use analyte_core::timestamp::Timestamp;

use super::keys::{self, Class};
use super::records::Shelf;
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

/// A job cannot end before it is created, and its id tells when that was: the walk from the oldest stops here. The clock
/// that made the id may have been ahead by so much.
const SLACK_MS: u64 = 60_000;

/// Removes up to `most` jobs that ended before `before`.
pub(super) fn retire(
    work: &mut Work,
    shelf: &parking_lot::RwLock<Shelf>,
    before: Timestamp,
    most: usize,
) -> Result<usize> {
    // What earlier operations of this batch wrote is to be seen by the walk.
    work.apply(shelf)?;
    let mut found: Vec<Place> = Vec::new();
    for organisation in work.counts.organisations() {
        for class in [Class::Completed, Class::Failed, Class::Cancelled] {
            let room = most.saturating_sub(found.len());
            for entry in work.records.scan(&keys::states(&organisation, class)) {
                let (key, ended) = entry?;
                let Some(id) = keys::id_at_end(&key) else { continue };
                if found.len() >= most || room == 0 || made(id) >= before.plus_ms(SLACK_MS) {
                    break;
                }
                let ended = ended.as_ref().try_into().map(i64::from_be_bytes);
                if ended.is_ok_and(|ended| Timestamp(ended) < before) {
                    found.push((organisation.clone(), id));
                }
            }
        }
    }
    let mut retired = 0;
    for place in found {
        retired += usize::from(purge(work, &place)? == Some(true));
    }
    Ok(retired)
}

fn made(id: JobId) -> Timestamp {
    Timestamp(i64::try_from(id.0.as_u128() >> 80).unwrap_or(i64::MAX))
}
