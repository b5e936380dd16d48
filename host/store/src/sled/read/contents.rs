//! Contents of many jobs at once, for lists that show them.

use analyte_core::job::Content;
use analyte_core::names::{JobId, Organisation};
use bytes::Bytes;

use crate::sled::disk::blobs::Blobs;
use crate::sled::read::content::{Found, find};
use crate::sled::read::reader::Reader;
use crate::sled::state::unconfirmed::Scope;
use crate::{Result, StoreError};

/// Most contents to look up under one hold of the lock.
const PORTION: usize = 256;

/// `None`: the content is damaged or gone. Any other error is the answer of the whole call.
fn lenient<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::Damaged { .. } | StoreError::Missing(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// One answer for each, in order; `None`: the content is damaged or gone.
pub(crate) async fn contents(
    reader: &Reader,
    blobs: &Blobs,
    organisation: &Organisation,
    wanted: &[(JobId, Content)],
) -> Result<Vec<Option<Bytes>>> {
    let mut all = Vec::with_capacity(wanted.len());
    for portion in wanted.chunks(PORTION) {
        let (asked, whose) = (portion.to_vec(), organisation.clone());
        let look = move |tree: &sled::Tree| {
            asked.iter().map(|(job, content)| lenient(find(tree, &whose, *job, content))).collect()
        };
        let scope = Scope::Organisation(organisation.clone());
        let found: Vec<Option<Found>> = reader.read_fixed(scope, look).await?;
        for ((_, content), found) in portion.iter().zip(found) {
            all.push(match found {
                None => None,
                Some(Found::Here(bytes)) => Some(bytes),
                Some(Found::Blob) => lenient(blobs.get(content).await)?,
            });
        }
    }
    Ok(all)
}
