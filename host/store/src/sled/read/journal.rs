//! Changes of jobs, as the journal keeps them.

use crate::sled::disk::errors::broken;
use crate::sled::format::{journal_block, keys};
use crate::{Change, Result, StoreError};

/// Changes after a position, oldest first, and the keys of blocks that could not be read and are left out.
pub(crate) fn after(tree: &sled::Tree, position: u64, most: usize) -> Result<(Vec<Change>, Vec<Vec<u8>>)> {
    let mut changes = Vec::new();
    let mut damaged = Vec::new();
    let from = keys::journal(position.saturating_add(1));
    for entry in tree.range(from..=keys::journal(u64::MAX)) {
        if changes.len() >= most {
            break;
        }
        let (key, head) = entry.map_err(|error| broken("read the journal", error))?;
        match journal_block::read(tree, &key, head) {
            Ok(block) => changes.extend(block.into_iter().filter(|change| change.position > position)),
            Err(StoreError::Damaged { .. }) => damaged.push(key.to_vec()),
            Err(error) => return Err(error),
        }
    }
    changes.truncate(most);
    Ok((changes, damaged))
}
