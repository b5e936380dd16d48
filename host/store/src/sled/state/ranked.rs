//! A sorted set that can tell how many of its members come before one of them.
//!
//! Sorted chunks of bounded length: a change moves at most one chunk's members, a rank adds up the lengths of the
//! chunks before it. With 100,000 members that is a few hundred steps.

/// A chunk that grows beyond this is cut in two.
const CHUNK: usize = 512;

/// The set, as sorted chunks.
#[derive(Debug)]
pub(crate) struct Ranked<T> {
    /// None of them empty; all members of one come before all of the next.
    chunks: Vec<Vec<T>>,
}

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T: Ord + Copy> Ranked<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub(crate) fn first(&self) -> Option<T> {
        self.chunks.first().and_then(|chunk| chunk.first()).copied()
    }

    /// The chunk in which a member is, or would be unless it comes after all of them.
    fn chunk_of(&self, member: &T) -> usize {
        self.chunks.partition_point(|chunk| chunk.last().is_some_and(|last| last < member))
    }

    /// Says whether it was new.
    pub(crate) fn insert(&mut self, member: T) -> bool {
        let place = self.chunk_of(&member).min(self.chunks.len().saturating_sub(1));
        let Some(chunk) = self.chunks.get_mut(place) else {
            self.chunks.push(vec![member]);
            return true;
        };
        let Err(at) = chunk.binary_search(&member) else { return false };
        chunk.insert(at, member);
        if chunk.len() > CHUNK {
            let after = chunk.split_off(chunk.len() / 2);
            self.chunks.insert(place + 1, after);
        }
        true
    }

    /// Says whether it was there.
    pub(crate) fn remove(&mut self, member: &T) -> bool {
        let place = self.chunk_of(member);
        let Some(chunk) = self.chunks.get_mut(place) else { return false };
        let Ok(at) = chunk.binary_search(member) else { return false };
        chunk.remove(at);
        let left = chunk.len();
        if left == 0 {
            self.chunks.remove(place);
        } else if left < CHUNK / 4 {
            self.join_next(place);
            if let Some(before) = place.checked_sub(1) {
                self.join_next(before);
            }
        }
        true
    }

    /// Puts a short chunk and the next one together, so that many removals do not leave many short ones.
    fn join_next(&mut self, place: usize) {
        let length = |place: usize| self.chunks.get(place).map_or(CHUNK, Vec::len);
        if length(place) + length(place + 1) > CHUNK / 2 {
            return;
        }
        let mut next = self.chunks.remove(place + 1);
        if let Some(chunk) = self.chunks.get_mut(place) {
            chunk.append(&mut next);
        }
    }

    /// How many members come before this one, which need not be a member.
    pub(crate) fn rank(&self, member: &T) -> u64 {
        let place = self.chunk_of(member);
        let before: usize = self.chunks.iter().take(place).map(Vec::len).sum();
        let within = self.chunks.get(place).map_or(0, |chunk| chunk.partition_point(|other| other < member));
        (before + within) as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn does_what_a_sorted_list_does(changes in proptest::collection::vec((any::<bool>(), 0..2_000_u32), 1..6_000)) {
            let mut ranked = Ranked::default();
            let mut plain: Vec<u32> = Vec::new();
            // Enough of them that chunks are cut.
            for member in (0..4_000).step_by(3) {
                ranked.insert(member);
                plain.push(member);
            }
            for (add, member) in changes {
                let at = plain.binary_search(&member);
                prop_assert_eq!(ranked.rank(&member), at.unwrap_or_else(|at| at) as u64);
                match (add, at) {
                    (true, Err(at)) => plain.insert(at, member),
                    (false, Ok(at)) => {
                        plain.remove(at);
                    }
                    _ => {}
                }
                let changed = if add { ranked.insert(member) } else { ranked.remove(&member) };
                prop_assert_eq!(changed, add == at.is_err());
                prop_assert_eq!(ranked.first(), plain.first().copied());
            }
            let members: Vec<u32> = ranked.chunks.iter().flatten().copied().collect();
            prop_assert_eq!(&members, &plain);
            prop_assert!(ranked.chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= CHUNK));
            for member in plain {
                prop_assert!(ranked.remove(&member));
            }
            prop_assert!(ranked.is_empty());
        }
    }

    #[test]
    fn removals_do_not_leave_many_short_chunks() {
        let mut ranked = Ranked::default();
        for member in 0..100_000_u32 {
            ranked.insert(member);
        }
        for member in (0..100_000).filter(|member| member % 100 != 0) {
            ranked.remove(&member);
        }
        assert!(ranked.chunks.len() < 1_000 / (CHUNK / 8), "{}", ranked.chunks.len());
        assert_eq!(ranked.rank(&50_000), 500);
    }
}
