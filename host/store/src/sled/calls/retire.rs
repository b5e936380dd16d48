//! Removes what is old: jobs that ended long ago.
//!
//! What is old is looked for beside the committer, in portions; each portion is then removed in an operation of its
//! own, which looks again. So no other operation waits long, however much there is to remove. How it is found is in
//! [`expired`](crate::sled::read::expired).

use std::sync::Arc;

use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;
use uuid::Uuid;

use crate::sled::format::keys::{Class, Place};
use crate::sled::operations::purge::purge;
use crate::sled::read::expired::{Walk, old};
use crate::sled::state::State;
use crate::sled::state::unconfirmed::Scope;
use crate::sled::store::SledStore;
use crate::{Age, Before, Result};

/// Jobs removed in one operation.
const PORTION: usize = 64;

/// Removes up to `most` jobs; says how many.
pub(crate) async fn retire(store: &SledStore, age: &Age, most: usize) -> Result<usize> {
    store.committer.open()?;
    let organisations: Vec<_> = store.reader.shared.counts.read().keys().cloned().collect();
    let mut retired = 0;
    let age = Arc::new(age.clone());
    for organisation in organisations {
        let Before { completed, failed, cancelled } = age.of(&organisation);
        for (class, before) in [(Class::Completed, completed), (Class::Failed, failed), (Class::Cancelled, cancelled)] {
            retired += of_class(store, &age, &organisation, (class, before), most - retired).await?;
            if retired >= most {
                return Ok(retired);
            }
        }
        retired += of_providers(store, &age, &organisation, most - retired).await?;
    }
    Ok(retired)
}

async fn of_class(
    store: &SledStore,
    age: &Arc<Age>,
    organisation: &Organisation,
    (class, before): (Class, Timestamp),
    most: usize,
) -> Result<usize> {
    let mut retired = 0;
    let mut from = Some(JobId(Uuid::nil()));
    while let (Some(after), true) = (from, retired < most) {
        let of = organisation.clone();
        let portion = PORTION.min(most - retired);
        let look = move |tree: &sled::Tree| old(tree, &of, class, after, before, portion);
        let scope = Scope::Organisation(organisation.clone());
        let (found, next) = store.reader.read(scope, look).await?;
        if !found.is_empty() {
            let age = Arc::clone(age);
            retired += store.committer.commit(move |state| remove(state, &age, found)).await?;
        }
        from = next;
    }
    Ok(retired)
}

/// Those that are old because of their provider.
async fn of_providers(store: &SledStore, age: &Arc<Age>, organisation: &Organisation, most: usize) -> Result<usize> {
    let mut retired = 0;
    let mut walk = Walk::over(organisation, &age.providers(organisation));
    while !walk.left.is_empty() && retired < most {
        let portion = PORTION.min(most - retired);
        let before = walk.clone();
        let look = move |tree: &sled::Tree| {
            let mut walk = before.clone();
            let found = walk.portion(tree, portion)?;
            Ok((found, walk))
        };
        let scope = Scope::Organisation(organisation.clone());
        let (found, after) = store.reader.read(scope, look).await?;
        if !found.is_empty() {
            let age = Arc::clone(age);
            retired += store.committer.commit(move |state| remove(state, &age, found)).await?;
        }
        walk = after;
    }
    Ok(retired)
}

/// Removes those that are old indeed: a job may have been run again meanwhile, or run on another provider whose jobs are
/// kept longer.
fn remove(state: &mut State, age: &Age, found: Vec<Place>) -> Result<usize> {
    let mut removed = 0;
    for place in found {
        let Some(job) = state.load(&place)? else {
            state.quarantine_entries(&place)?;
            continue;
        };
        if age.is_old(&job) {
            removed += usize::from(purge(state, &place)? == Some(true));
        }
    }
    Ok(removed)
}
