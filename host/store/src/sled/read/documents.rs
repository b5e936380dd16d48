//! Documents of organisations, one or many.

use std::sync::Arc;

use crate::sled::disk::errors::broken;
use crate::sled::format::document_record::read;
use crate::sled::format::envelope::Find;
use crate::{DocumentRecord, Result, StoreError};

/// Records read in one go, while the readers' lock is held.
const PORTION: usize = 256;

/// What came of reading one: the record, or that it is damaged.
pub(crate) type Looked = std::result::Result<Option<Arc<DocumentRecord>>, Vec<u8>>;

/// One record.
pub(crate) fn find(tree: &sled::Tree, key: Vec<u8>) -> Result<Looked> {
    let Some(head) = tree.find(&key)? else { return Ok(Ok(None)) };
    match read(tree, &key, head) {
        Ok(record) => Ok(Ok(Some(Arc::new(record)))),
        Err(StoreError::Damaged { .. }) => Ok(Err(key)),
        Err(error) => Err(error),
    }
}

/// Part of a list.
pub(crate) struct Portion {
    pub(crate) documents: Vec<Arc<DocumentRecord>>,
    /// The keys of those that could not be read and are left out.
    pub(crate) damaged: Vec<Vec<u8>>,
    /// Before which key to go on; `None`: at the end.
    pub(crate) next: Option<Vec<u8>>,
}

/// At most `most` records from this key on and before that one, the last first.
pub(crate) fn portion(tree: &sled::Tree, from: &[u8], to: &[u8], most: usize) -> Result<Portion> {
    let mut portion = Portion { documents: Vec::new(), damaged: Vec::new(), next: None };
    for (looked, entry) in tree.range(from..to).rev().enumerate() {
        if portion.documents.len() >= most {
            break;
        }
        let (key, head) = entry.map_err(|error| broken("read a document", error))?;
        match read(tree, &key, head) {
            Ok(record) => portion.documents.push(Arc::new(record)),
            Err(StoreError::Damaged { .. }) => portion.damaged.push(key.to_vec()),
            Err(error) => return Err(error),
        }
        if looked + 1 >= PORTION {
            portion.next = Some(key.to_vec());
            break;
        }
    }
    Ok(portion)
}
