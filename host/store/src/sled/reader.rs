//! Reads beside the committer, without making it wait for them.
//!
//! A reader holds the shelf's lock while it reads, so it sees whole batches only. What it read may be applied and not yet
//! durable; it answers when it is. If the store failed in between, it reads again.

use std::sync::Arc;

use super::committer::{Committer, Shared};
use super::io_error;
use crate::{Result, StoreError};

/// Reads from the tree on a thread that may wait for the disk, and answers what is durable.
pub(super) async fn read<A: Send + 'static>(
    shared: &Arc<Shared>,
    committer: &Committer,
    look: impl Fn(&sled::Tree) -> Result<A> + Send + Sync + 'static,
) -> Result<A> {
    let mut durable = shared.durable.subscribe();
    let look = Arc::new(look);
    loop {
        let openings = durable.borrow_and_update().openings;
        let (shared, look) = (Arc::clone(shared), Arc::clone(&look));
        let read = tokio::task::spawn_blocking(move || {
            let shelf = shared.shelf.read();
            shelf.tree.as_ref().map(|tree| (look(tree), shelf.applied))
        });
        let read = read.await.map_err(|error| io_error("could not read a record".to_owned(), error.into()))?;
        let Some((answer, applied)) = read else {
            // Closed, or failed: then any operation has it opened anew, or says why it cannot be.
            committer.commit(|_| Ok(())).await?;
            continue;
        };
        let seen = durable.wait_for(|now| now.batches >= applied || now.openings != openings).await;
        let seen = *seen.map_err(|_| StoreError::Closed)?;
        if seen.openings == openings {
            return answer;
        }
    }
}
