//! Warm instances that do not run at the moment. A run that takes one out has it alone.

use std::collections::{BTreeMap, HashMap};

use analyte_core::digest::Digest;
use analyte_core::names::{Organisation, ProviderName, SessionId};
use analyte_engine::run::session::WarmInstance;
use parking_lot::Mutex;

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
    size: Size,
}

/// What instances hold while they wait, or may hold together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Memory set aside.
    pub(crate) bytes: u64,
    /// Places in the sandbox's pool of instances, which fresh ones need, too.
    pub(crate) places: u64,
}

impl Size {
    fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes.saturating_add(other.bytes), places: self.places.saturating_add(other.places) }
    }

    fn minus(self, other: Self) -> Self {
        Self { bytes: self.bytes.saturating_sub(other.bytes), places: self.places.saturating_sub(other.places) }
    }

    fn fits(self, most: Self) -> bool {
        self.bytes <= most.bytes && self.places <= most.places
    }
}

struct State<T> {
    next: u64,
    /// What all of them hold.
    size: Size,
    /// The longest unused first.
    idle: BTreeMap<u64, Idle<T>>,
    places: HashMap<Key, u64>,
    /// What those of each organisation hold.
    shares: HashMap<Organisation, Size>,
}

/// Instances that wait for their next run.
pub(crate) struct Pool<T = WarmInstance> {
    state: Mutex<State<T>>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        let state = State {
            next: 0,
            size: Size::default(),
            idle: BTreeMap::new(),
            places: HashMap::new(),
            shares: HashMap::new(),
        };
        Self { state: Mutex::new(state) }
    }
}

impl<T> State<T> {
    fn remove(&mut self, place: u64) -> Option<T> {
        let idle = self.idle.remove(&place)?;
        self.places.remove(&idle.key);
        self.size = self.size.minus(idle.size);
        if let Some(share) = self.shares.get_mut(&idle.key.organisation) {
            *share = share.minus(idle.size);
            if *share == Size::default() {
                self.shares.remove(&idle.key.organisation);
            }
        }
        Some(idle.instance)
    }

    /// The longest unused instance of the organisation that holds the most of what is `needed`, `more` counted to one of
    /// them: a crowd of one organisation makes room by its own.
    fn first_to_go(&self, needed: Needed, more: Option<(&Organisation, Size)>) -> Option<u64> {
        let share = |organisation: &Organisation| {
            let added = more.filter(|(other, _)| *other == organisation).map_or(Size::default(), |(_, size)| size);
            let size = self.shares.get(organisation).copied().unwrap_or_default().plus(added);
            match needed {
                Needed::Memory => (size.bytes, size.places),
                Needed::Places => (size.places, size.bytes),
            }
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

    /// Takes back an instance, if it can run again and is still wanted. Answers those that must go instead, so that all
    /// that stay hold no more than `most` together.
    pub(super) fn keep(&self, key: &Key, instance: T, size: Size, most: Size, wanted: impl FnOnce() -> bool) -> Vec<T> {
        let mut state = self.state.lock();
        if !instance.usable() || !size.fits(most) || !wanted() {
            return vec![instance];
        }
        let mut gone: Vec<T> = Vec::new();
        // A run whose lease was lost may come back after the one that took its place.
        if let Some(place) = state.places.get(key).copied() {
            gone.extend(state.remove(place));
        }
        loop {
            let then = state.size.plus(size);
            let needed = if then.places > most.places { Needed::Places } else { Needed::Memory };
            if then.fits(most) {
                break;
            }
            let Some(first) = state.first_to_go(needed, Some((&key.organisation, size))) else { break };
            gone.extend(state.remove(first));
        }
        let place = state.next;
        state.next += 1;
        state.size = state.size.plus(size);
        let share = state.shares.entry(key.organisation.clone()).or_default();
        *share = share.plus(size);
        state.places.insert(key.clone(), place);
        state.idle.insert(place, Idle { key: key.clone(), instance, size });
        gone
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.state.lock().idle.is_empty()
    }

    /// Takes out the one that can be missed most easily: the longest unused of the organisation that has set aside the
    /// most of what is needed. `None` where there is none.
    pub(super) fn spare(&self, needed: Needed) -> Option<T> {
        let mut state = self.state.lock();
        let place = state.first_to_go(needed, None)?;
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

/// What room is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needed {
    /// Memory of the budget.
    Memory,
    /// Places in the sandbox's pool of instances.
    Places,
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

    /// Memory; of places there are enough.
    fn bytes(bytes: u64) -> Size {
        Size { bytes, places: 0 }
    }

    #[test]
    fn the_longest_unused_go_first_when_there_is_too_much() {
        let pool = Pool::default();
        for (name, provider) in [("a", "p"), ("b", "q"), ("c", "r")] {
            assert_eq!(pool.keep(&key("s", provider), Instance(name, true), bytes(10), bytes(30), || true), []);
        }
        let a = pool.take(&key("s", "p")).unwrap();
        assert_eq!(pool.take(&key("s", "p")), None);
        assert_eq!(pool.keep(&key("s", "p"), a, bytes(10), bytes(30), || true), []);
        // The other organisation's first instance pushes out two of the one's, and its second only its own first.
        assert_eq!(
            pool.keep(&key("t", "p"), Instance("d", true), bytes(15), bytes(30), || true),
            [Instance("b", true), Instance("c", true)]
        );
        assert_eq!(
            pool.keep(&key("t", "q"), Instance("e", true), bytes(15), bytes(30), || true),
            [Instance("d", true)]
        );
        assert_eq!(pool.spare(Needed::Memory), Some(Instance("e", true)));
        assert_eq!(pool.spare(Needed::Memory), Some(Instance("a", true)));
        assert_eq!(pool.keep(&key("t", "p"), Instance("d", true), bytes(15), bytes(30), || true), []);
        assert_eq!(pool.take_all(&SessionId::new("t").unwrap()), [Instance("d", true)]);
        assert_eq!(pool.state.lock().size, Size::default());
    }

    #[test]
    fn what_cannot_run_again_or_is_not_wanted_or_too_large_is_not_kept() {
        let pool = Pool::default();
        let p = key("s", "p");
        assert_eq!(pool.keep(&p, Instance("dead", false), bytes(1), bytes(9), || true), [Instance("dead", false)]);
        assert_eq!(pool.keep(&p, Instance("large", true), bytes(10), bytes(9), || true), [Instance("large", true)]);
        assert_eq!(pool.keep(&p, Instance("late", true), bytes(1), bytes(9), || false), [Instance("late", true)]);
        assert_eq!(pool.keep(&p, Instance("one", true), bytes(1), bytes(9), || true), []);
        assert_eq!(pool.keep(&p, Instance("other", true), bytes(1), bytes(9), || true), [Instance("one", true)]);
        assert_eq!(pool.clear(), [Instance("other", true)]);
    }

    #[test]
    fn those_of_the_organisation_that_holds_the_most_places_make_room_for_places() {
        let pool = Pool::default();
        let (large, most) = (Size { bytes: 1, places: 20 }, Size { bytes: 100, places: 45 });
        let small = Size { bytes: 30, places: 1 };
        for (name, provider) in [("a", "p"), ("b", "q")] {
            assert_eq!(pool.keep(&key("t", provider), Instance(name, true), large, most, || true), []);
        }
        for (name, provider) in [("c", "p"), ("d", "q"), ("e", "r")] {
            assert_eq!(pool.keep(&key("s", provider), Instance(name, true), small, most, || true), []);
        }
        // Of memory the one organisation holds the most, of places the other.
        assert_eq!(pool.keep(&key("s", "u"), Instance("f", true), large, most, || true), [Instance("a", true)]);
        assert_eq!(pool.spare(Needed::Places), Some(Instance("c", true)));
        assert_eq!(pool.spare(Needed::Places), Some(Instance("d", true)));
        let huge = Size { bytes: 1, places: 46 };
        assert_eq!(pool.keep(&key("s", "v"), Instance("g", true), huge, most, || true), [Instance("g", true)]);
    }
}
