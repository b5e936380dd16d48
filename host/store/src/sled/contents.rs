//! Contents of many jobs at once, for lists that show them.

use analyte_core::job::Content;
use analyte_core::names::{JobId, Organisation};
use bytes::Bytes;

use super::content::{Found, find};
use super::doubt::Scope;
use super::{SledStore, reader};
use crate::{Result, StoreError};

/// Most contents to look up under one hold of the lock.
const PORTION: usize = 256;

/// One that is damaged or gone is none; anything else stops the whole.
fn lenient<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::Damaged { .. } | StoreError::Missing(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

impl SledStore {
    pub(super) async fn several(
        &self,
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
            let found: Vec<Option<Found>> = reader::read_fixed(&self.shared, &self.committer, scope, look).await?;
            for ((_, content), found) in portion.iter().zip(found) {
                all.push(match found {
                    None => None,
                    Some(Found::Here(bytes)) => Some(bytes),
                    Some(Found::Blob) => lenient(self.blobs.get(content).await)?,
                });
            }
        }
        Ok(all)
    }
}
