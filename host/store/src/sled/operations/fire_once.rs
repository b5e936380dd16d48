//! Remembers that a schedule fired.

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;

use crate::Result;
use crate::sled::format::envelope::Find;
use crate::sled::format::keys;
use crate::sled::state::State;

/// `false`: it is remembered already.
pub(crate) fn fire_once(state: &mut State, organisation: &Organisation, schedule: &str, at: Timestamp) -> Result<bool> {
    let key = keys::once(organisation, schedule, at);
    let new = state.records.find(&key)?.is_none();
    if new {
        state.records.set(key, Vec::new());
    }
    Ok(new)
}
