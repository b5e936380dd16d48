//! Reads beside the committer, without making it wait for them.
//!
//! A reader holds the snapshot's lock while it looks, so it sees whole batches only. A long look holds it for a portion
//! at a time and decodes what it found in between: each job is seen with its index entries and record of one moment,
//! the whole of an answer need not be. What was read may be applied and not yet durable; it is answered when it is. If
//! the store failed in between, it is read again.
//!
//! [`ReadAdmission`] bounds how many long looks go on at once, and for how long each: then a page ends where it is, and
//! a list in an order of its own is too long. One whose caller has gone ends with its next portion.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use crate::sled::committer::handle::Committer;
use crate::sled::committer::shared::Shared;
use crate::sled::disk::errors::io_error;
use crate::sled::read::read_admission::{ReadAdmission, ReadPermit, ReadRequest};
use crate::sled::state::unconfirmed::Scope;
use crate::{Result, StoreError};

/// What reads beside the committer; clones read the same store.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(crate) shared: Arc<Shared>,
    committer: Committer,
    pub(crate) admission: Arc<ReadAdmission>,
}

/// A look that takes long.
pub(crate) trait Look: Send + 'static {
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

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>, committer: Committer) -> Self {
        Self { shared, committer, admission: Arc::default() }
    }

    /// Reads from the tree on a thread that may wait for the disk, and answers what is durable.
    pub(crate) async fn read<A: Send + 'static>(
        &self,
        scope: Scope,
        look: impl Fn(&sled::Tree) -> Result<A> + Send + Sync + 'static,
    ) -> Result<A> {
        let look = Arc::new(look);
        self.again_until_durable(None, |_| self.begin(&look, &scope)).await
    }

    /// The same for what never changes, and is named by records only that the caller has read: it need not wait until
    /// that is durable.
    pub(crate) async fn read_fixed<A: Send + 'static>(
        &self,
        scope: Scope,
        look: impl Fn(&sled::Tree) -> Result<A> + Send + Sync + 'static,
    ) -> Result<A> {
        let look = Arc::new(look);
        loop {
            if let Some((answer, _)) = self.begin(&look, &scope).await.map_err(panicked)? {
                return answer;
            }
            self.open_again().await?;
        }
    }

    /// One look, on a thread that may wait for the disk; says after which batch it was. `None`: there is no tree, or
    /// what is to be read is unconfirmed.
    fn begin<A: Send + 'static>(
        &self,
        look: &Arc<impl Fn(&sled::Tree) -> Result<A> + Send + Sync + 'static>,
        scope: &Scope,
    ) -> JoinHandle<Option<(Result<A>, u64)>> {
        let (shared, look, scope) = (Arc::clone(&self.shared), Arc::clone(look), scope.clone());
        spawn_blocking(move || {
            let snapshot = shared.snapshot.read();
            snapshot.visible(&scope).map(|(tree, applied)| (look(tree), applied))
        })
    }

    /// Looks portion by portion, as soon as it is admitted. `begin` is asked again where the store failed meanwhile.
    pub(crate) async fn read_long<L: Look>(
        &self,
        request: ReadRequest<'_>,
        begin: impl Fn() -> L,
    ) -> Result<L::Answer> {
        let most = request.time();
        let here = Arc::new(());
        let begin = |permit| {
            let (shared, mut look) = (Arc::clone(&self.shared), begin());
            let here = Arc::downgrade(&here);
            spawn_blocking(move || {
                // Held by the thread that looks, and no longer: it goes on to its next portion where the caller has
                // gone.
                let _permit = permit;
                let (scope, since) = (look.scope(), Instant::now());
                look.prepare();
                while here.strong_count() > 0 {
                    let snapshot = shared.snapshot.read();
                    let (tree, applied) = snapshot.visible(&scope)?;
                    let fetched = look.fetch(tree);
                    drop(snapshot);
                    match fetched.and_then(|()| look.digest()).transpose() {
                        None if since.elapsed() >= most => return Some((Ok(look.out_of_time()), applied)),
                        None => {}
                        Some(answer) => return Some((answer, applied)),
                    }
                }
                None
            })
        };
        self.again_until_durable(Some(request), begin).await
    }

    /// Has something read until what was read is durable. `read` says after which batch it was read; `None`: there was
    /// no tree, or what was to be read is unconfirmed.
    async fn again_until_durable<A>(
        &self,
        request: Option<ReadRequest<'_>>,
        read: impl Fn(Option<ReadPermit>) -> JoinHandle<Option<(Result<A>, u64)>>,
    ) -> Result<A> {
        let mut durable = self.shared.durable.subscribe();
        loop {
            let openings = durable.borrow_and_update().openings;
            let permit = match request {
                Some(request) => Some(request.take(&self.admission).await?),
                None => None,
            };
            let Some((answer, applied)) = read(permit).await.map_err(panicked)? else {
                self.open_again().await?;
                continue;
            };
            let seen = durable.wait_for(|now| now.batches >= applied || now.openings != openings).await;
            let seen = *seen.map_err(|_| StoreError::Closed)?;
            if seen.openings == openings {
                return answer;
            }
        }
    }

    /// The store is closed, or failed: any operation has the committer open it anew, or says why it cannot be.
    async fn open_again(&self) -> Result<()> {
        self.committer.commit(|_| Ok(())).await
    }
}

fn panicked(error: JoinError) -> StoreError {
    io_error("could not read records".to_owned(), error.into())
}
