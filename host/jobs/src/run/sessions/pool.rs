//! Warm instances that do not run at the moment. A run that takes one out has it alone.

use std::collections::{BTreeMap, HashMap};

use analyte_core::digest::Digest;
use analyte_core::names::{Organisation, ProviderName, SessionId};
use analyte_engine::run::session::WarmInstance;
use parking_lot::Mutex;

/// Most instances that are kept, whatever their size: each takes places in the sandbox's pool, which fresh ones need too.
const INSTANCES: usize = 100;

/// What an instance is for: one component of one provider in one session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) organisation: Organisation,
    pub(crate) session: SessionId,
    pub(crate) provider: ProviderName,
    pub(crate) component: Digest,
}

struct Idle<T> {
    key: Key,
    instance: T,
    bytes: u64,
}

struct State<T> {
    next: u64,
    /// Memory set aside for all of them.
    bytes: u64,
    /// The longest unused first.
    idle: BTreeMap<u64, Idle<T>>,
    places: HashMap<Key, u64>,
    /// Memory set aside by organisation.
    shares: HashMap<Organisation, u64>,
}

/// Instances that wait for their next run.
pub(crate) struct Pool<T = WarmInstance> {
    state: Mutex<State<T>>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        let state = State { next: 0, bytes: 0, idle: BTreeMap::new(), places: HashMap::new(), shares: HashMap::new() };
        Self { state: Mutex::new(state) }
    }
}

impl<T> State<T> {
    fn remove(&mut self, place: u64) -> Option<T> {
        let idle = self.idle.remove(&place)?;
        self.places.remove(&idle.key);
        self.bytes = self.bytes.saturating_sub(idle.bytes);
        if let Some(share) = self.shares.get_mut(&idle.key.organisation) {
            *share = share.saturating_sub(idle.bytes);
            if *share == 0 {
                self.shares.remove(&idle.key.organisation);
            }
        }
        Some(idle.instance)
    }

    /// The longest unused instance of the organisation that has set aside the most, `more` counted to one of them: a crowd
    /// of one organisation makes room by its own.
    fn first_to_go(&self, more: Option<(&Organisation, u64)>) -> Option<u64> {
        let share = |organisation: &Organisation| {
            let added = more.filter(|(other, _)| *other == organisation).map_or(0, |(_, bytes)| bytes);
            self.shares.get(organisation).copied().unwrap_or(0).saturating_add(added)
        };
        let largest = self.shares.keys().max_by_key(|organisation| (share(organisation), *organisation))?;
        self.idle.iter().find(|(_, idle)| idle.key.organisation == *largest).map(|(place, _)| *place)
    }
}

impl<T: Usable> Pool<T> {
    /// Takes out the instance for this.
    pub(super) fn take(&self, key: &Key) -> Option<T> {
        let mut state = self.state.lock();
        let place = *state.places.get(key)?;
        state.remove(place)
    }

    /// Takes back an instance, if it can run again and is still wanted. Answers those that must go instead, so that
    /// all that stay hold at most `most` bytes together.
    pub(super) fn keep(&self, key: &Key, instance: T, bytes: u64, most: u64, wanted: impl FnOnce() -> bool) -> Vec<T> {
        let mut state = self.state.lock();
        if !instance.usable() || bytes > most || !wanted() {
            return vec![instance];
        }
        let mut gone: Vec<T> = Vec::new();
        // A run whose lease was lost may come back after the one that took its place.
        if let Some(place) = state.places.get(key).copied() {
            gone.extend(state.remove(place));
        }
        while (state.bytes.saturating_add(bytes) > most || state.idle.len() >= INSTANCES)
            && let Some(first) = state.first_to_go(Some((&key.organisation, bytes)))
        {
            gone.extend(state.remove(first));
        }
        let place = state.next;
        state.next += 1;
        state.bytes = state.bytes.saturating_add(bytes);
        *state.shares.entry(key.organisation.clone()).or_default() += bytes;
        state.places.insert(key.clone(), place);
        state.idle.insert(place, Idle { key: key.clone(), instance, bytes });
        gone
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.state.lock().idle.is_empty()
    }

    /// Takes out the one that can be missed most easily: the longest unused of the organisation that has set aside the
    /// most memory. `None` where there is none.
    pub(super) fn spare(&self) -> Option<T> {
        let mut state = self.state.lock();
        let place = state.first_to_go(None)?;
        state.remove(place)
    }

    /// Takes out all of a session.
    pub(super) fn take_all(&self, session: &SessionId) -> Vec<T> {
        let mut state = self.state.lock();
        let own = |(key, place): (&Key, &u64)| (key.session == *session).then_some(*place);
        let places: Vec<u64> = state.places.iter().filter_map(own).collect();
        places.into_iter().filter_map(|place| state.remove(place)).collect()
    }

    /// Takes out all there are.
    pub(crate) fn clear(&self) -> Vec<T> {
        let mut state = self.state.lock();
        let places: Vec<u64> = state.idle.keys().copied().collect();
        places.into_iter().filter_map(|place| state.remove(place)).collect()
    }
}

/// What can be used again, or not.
pub(crate) trait Usable {
    fn usable(&self) -> bool;
}

impl Usable for WarmInstance {
    fn usable(&self) -> bool {
        Self::usable(self)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Instance(&'static str, bool);

    impl Usable for Instance {
        fn usable(&self) -> bool {
            self.1
        }
    }

    fn key(session: &str, provider: &str) -> Key {
        Key {
            organisation: Organisation::new(if session == "t" { "other" } else { "one" }).unwrap(),
            session: SessionId::new(session).unwrap(),
            provider: ProviderName::new(provider).unwrap(),
            component: Digest::of(b""),
        }
    }

    #[test]
    fn the_longest_unused_go_first_when_there_is_too_much() {
        let pool = Pool::default();
        for (name, provider) in [("a", "p"), ("b", "q"), ("c", "r")] {
            assert_eq!(pool.keep(&key("s", provider), Instance(name, true), 10, 30, || true), []);
        }
        let a = pool.take(&key("s", "p")).unwrap();
        assert_eq!(pool.take(&key("s", "p")), None);
        assert_eq!(pool.keep(&key("s", "p"), a, 10, 30, || true), []);
        // The other organisation's first instance pushes out two of the one's, and its second only its own first.
        assert_eq!(
            pool.keep(&key("t", "p"), Instance("d", true), 15, 30, || true),
            [Instance("b", true), Instance("c", true)]
        );
        assert_eq!(pool.keep(&key("t", "q"), Instance("e", true), 15, 30, || true), [Instance("d", true)]);
        assert_eq!(pool.spare(), Some(Instance("e", true)));
        assert_eq!(pool.spare(), Some(Instance("a", true)));
        assert_eq!(pool.keep(&key("t", "p"), Instance("d", true), 15, 30, || true), []);
        assert_eq!(pool.take_all(&SessionId::new("t").unwrap()), [Instance("d", true)]);
        assert_eq!(pool.state.lock().bytes, 0);
    }

    #[test]
    fn what_cannot_run_again_or_is_not_wanted_or_too_large_is_not_kept() {
        let pool = Pool::default();
        let p = key("s", "p");
        assert_eq!(pool.keep(&p, Instance("dead", false), 1, 9, || true), [Instance("dead", false)]);
        assert_eq!(pool.keep(&p, Instance("large", true), 10, 9, || true), [Instance("large", true)]);
        assert_eq!(pool.keep(&p, Instance("late", true), 1, 9, || false), [Instance("late", true)]);
        assert_eq!(pool.keep(&p, Instance("one", true), 1, 9, || true), []);
        assert_eq!(pool.keep(&p, Instance("other", true), 1, 9, || true), [Instance("one", true)]);
        assert_eq!(pool.clear(), [Instance("other", true)]);
    }
}
