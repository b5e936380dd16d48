//! All open sessions.

use std::collections::HashMap;

use analyte_core::names::{Organisation, SessionId};
use parking_lot::RwLock;

use super::session::Session;
use crate::access::tokens::Hashed;

#[derive(Default)]
struct Maps {
    by_hash: HashMap<Hashed, Session>,
    by_id: HashMap<SessionId, Session>,
    counts: HashMap<Organisation, u64>,
}

/// All open sessions.
#[derive(Default)]
pub(crate) struct Sessions {
    maps: RwLock<Maps>,
}

impl Sessions {
    /// Takes one up, unless its organisation then had more than `most`; says how many it has where it may not.
    pub(super) fn put(&self, session: Session, most: u64) -> Result<(), u64> {
        let mut maps = self.maps.write();
        let count = maps.counts.entry(session.principal().organisation.clone()).or_default();
        if *count >= most {
            return Err(*count);
        }
        *count += 1;
        maps.by_hash.insert(session.state.hash, session.clone());
        maps.by_id.insert(session.id().clone(), session);
        Ok(())
    }

    pub(super) fn count(&self, organisation: &Organisation) -> u64 {
        self.maps.read().counts.get(organisation).copied().unwrap_or(0)
    }

    pub(super) fn remove(&self, session: &Session) {
        let mut maps = self.maps.write();
        if maps.by_id.remove(session.id()).is_none() {
            return;
        }
        maps.by_hash.remove(&session.state.hash);
        let organisation = &session.principal().organisation;
        if let Some(count) = maps.counts.get_mut(organisation) {
            *count -= 1;
            if *count == 0 {
                maps.counts.remove(organisation);
            }
        }
    }

    pub(super) fn find(&self, hash: Hashed) -> Option<Session> {
        self.maps.read().by_hash.get(&hash).cloned()
    }

    pub(super) fn by_id(&self, id: &SessionId) -> Option<Session> {
        self.maps.read().by_id.get(id).cloned()
    }

    pub(super) fn all(&self) -> Vec<Session> {
        self.maps.read().by_id.values().cloned().collect()
    }
}
