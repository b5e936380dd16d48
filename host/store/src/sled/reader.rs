//! Reads beside the committer, without making it wait for them.
//!
//! A reader holds the shelf's lock while it looks, so it sees whole batches only. A long look holds it for a portion at a
//! time and decodes what it found in between: each job is seen with its index entries and record of one moment, the whole
//! of an answer need not be. What was read may be applied and not yet durable; it is answered when it is. If the store
//! failed in between, it is read again.
//!
//! Only so many long looks go on at once (`lanes.rs`), and each for so long: then a page ends where it is, and a list in an
//! order of its own is too long. One whose caller has gone ends with its next portion.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use super::committer::{Committer, Shared};
use super::doubt::Scope;
use super::io_error;
use super::lanes::{Lane, Wanted};
use crate::{Result, StoreError};

/// Reads from the tree on a thread that may wait for the disk, and answers what is durable.
pub(super) async fn read<A: Send + 'static>(
    shared: &Arc<Shared>,
    committer: &Committer,
    scope: Scope,
    look: impl Fn(&sled::Tree) -> Result<A> + Send + Sync + 'static,
) -> Result<A> {
    let look = Arc::new(look);
    again_until_durable(shared, committer, None, |_| begin(shared, &look, &scope)).await
}

/// The same for what never changes, whose name only those know who have seen a record that names it: there is no need to
/// wait until it is durable.
pub(super) async fn read_fixed<A: Send + 'static>(
    shared: &Arc<Shared>,
    committer: &Committer,
    scope: Scope,
    look: impl Fn(&sled::Tree) -> Result<A> + Send + Sync + 'static,
) -> Result<A> {
    let look = Arc::new(look);
    loop {
        if let Some((answer, _)) = begin(shared, &look, &scope).await.map_err(panicked)? {
            return answer;
        }
        // As below.
        committer.commit(|_| Ok(())).await?;
    }
}

/// One look, on a thread that may wait for the disk; says after which batch it was. `None`: there is no tree, or a doubt.
fn begin<A: Send + 'static>(
    shared: &Arc<Shared>,
    look: &Arc<impl Fn(&sled::Tree) -> Result<A> + Send + Sync + 'static>,
    scope: &Scope,
) -> JoinHandle<Option<(Result<A>, u64)>> {
    let (shared, look, scope) = (Arc::clone(shared), Arc::clone(look), scope.clone());
    spawn_blocking(move || {
        let shelf = shared.shelf.read();
        shelf.visible(&scope).map(|(tree, applied)| (look(tree), applied))
    })
}

/// A look that takes long.
pub(super) trait Look: Send + 'static {
    /// What comes of it.
    type Answer: Send + 'static;
    /// Of what it reads.
    fn scope(&self) -> Scope;
    /// Does what needs no tree, before the lock is first taken.
    fn prepare(&mut self);
    /// Takes the next portion, under the lock.
    fn fetch(&mut self, tree: &sled::Tree) -> Result<()>;
    /// Makes of it what can be made, without the lock; an answer ends the look.
    fn digest(&mut self) -> Result<Option<Self::Answer>>;
    /// Ends the look after a portion that was digested: it has taken all the time it may.
    fn out_of_time(&mut self) -> Self::Answer;
}

/// Looks portion by portion, as soon as there is a lane. `begin` may be asked again, where the store failed meanwhile.
pub(super) async fn read_long<L: Look>(
    shared: &Arc<Shared>,
    committer: &Committer,
    lane: Wanted<'_>,
    begin: impl Fn() -> L,
) -> Result<L::Answer> {
    let most = lane.time();
    let here = Arc::new(());
    let begin = |lane| {
        let (shared, mut look) = (Arc::clone(shared), begin());
        let here = Arc::downgrade(&here);
        spawn_blocking(move || {
            // Held by the thread that looks, and no longer: it goes on to its next portion where the caller has gone.
            let _lane = lane;
            let (scope, since) = (look.scope(), Instant::now());
            look.prepare();
            while here.strong_count() > 0 {
                let shelf = shared.shelf.read();
                let (tree, applied) = shelf.visible(&scope)?;
                let fetched = look.fetch(tree);
                drop(shelf);
                match fetched.and_then(|()| look.digest()).transpose() {
                    None if since.elapsed() >= most => return Some((Ok(look.out_of_time()), applied)),
                    None => {}
                    Some(answer) => return Some((answer, applied)),
                }
            }
            None
        })
    };
    again_until_durable(shared, committer, Some(lane), begin).await
}

/// Has something read until what was read is durable. `read` says after which batch it was read; `None`: there was no
/// tree, or a doubt.
async fn again_until_durable<A>(
    shared: &Shared,
    committer: &Committer,
    lane: Option<Wanted<'_>>,
    read: impl Fn(Option<Lane>) -> JoinHandle<Option<(Result<A>, u64)>>,
) -> Result<A> {
    let mut durable = shared.durable.subscribe();
    loop {
        let openings = durable.borrow_and_update().openings;
        let lane = match lane {
            Some(lane) => Some(lane.take(&shared.lanes).await?),
            None => None,
        };
        let Some((answer, applied)) = read(lane).await.map_err(panicked)? else {
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

fn panicked(error: JoinError) -> StoreError {
    io_error("could not read records".to_owned(), error.into())
}
