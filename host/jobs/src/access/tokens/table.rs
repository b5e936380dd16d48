//! All tokens in memory, by the hash of their secret.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use analyte_core::timestamp::Timestamp;
use analyte_store::TokenRecord;
use governor::clock::{Clock as _, MonotonicClock};
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use parking_lot::RwLock;

use super::principal::Principal;
use super::secret::Hashed;
use crate::error::JobsError;

type Rate =
    RateLimiter<NotKeyed, InMemoryState, MonotonicClock, governor::middleware::NoOpMiddleware<std::time::Instant>>;

/// One token, and how it is used.
pub(crate) struct Entry {
    pub(crate) record: Arc<TokenRecord>,
    pub(crate) principal: Principal,
    rate: Rate,
    most: NonZeroU32,
    /// Milliseconds; 0: never.
    used: AtomicI64,
    /// What the store knows of it.
    kept: AtomicI64,
}

impl Entry {
    fn new(record: Arc<TokenRecord>, usual: u32, used: i64) -> Self {
        let most = NonZeroU32::new(record.requests_per_second.unwrap_or(usual)).unwrap_or(NonZeroU32::MIN);
        let principal = Principal {
            organisation: record.organisation.clone(),
            token: record.id.clone(),
            label: record.label.as_str().into(),
            rights: record.rights.clone(),
        };
        let kept = record.last_used_at.map_or(0, |at| at.0);
        let rate = RateLimiter::direct_with_clock(Quota::per_second(most), MonotonicClock);
        Self { record, principal, rate, most, used: AtomicI64::new(used.max(kept)), kept: AtomicI64::new(kept) }
    }

    /// Counts a call; refuses it where there were too many.
    pub(super) fn admit(&self) -> Result<(), JobsError> {
        self.rate.check().map_err(|not_until| {
            let pause = not_until.wait_time_from(MonotonicClock.now());
            too_fast(self.most.get(), pause.max(Duration::from_millis(1)))
        })
    }

    /// Remembers that it was used.
    pub(super) fn used(&self, now: Timestamp) {
        self.used.fetch_max(now.0, Ordering::Relaxed);
    }

    fn shown(&self) -> Arc<TokenRecord> {
        let used = self.used.load(Ordering::Relaxed);
        if used == self.record.last_used_at.map_or(0, |at| at.0) {
            return self.record.clone();
        }
        Arc::new(TokenRecord { last_used_at: Some(Timestamp(used)), ..self.record.as_ref().clone() })
    }
}

#[derive(Default)]
struct Maps {
    by_hash: HashMap<Hashed, Arc<Entry>>,
    by_id: HashMap<String, Arc<Entry>>,
}

/// All tokens.
#[derive(Default)]
pub(crate) struct Tokens {
    maps: RwLock<Maps>,
}

impl Tokens {
    pub(super) fn put(&self, record: Arc<TokenRecord>, usual: u32) {
        let mut maps = self.maps.write();
        let used = maps.by_id.get(&record.id).map_or(0, |old| old.used.load(Ordering::Relaxed));
        let entry = Arc::new(Entry::new(record, usual, used));
        maps.by_hash.insert(Hashed(entry.record.hash), entry.clone());
        maps.by_id.insert(entry.record.id.clone(), entry);
    }

    pub(super) fn find(&self, hash: Hashed) -> Option<Arc<Entry>> {
        self.maps.read().by_hash.get(&hash).cloned()
    }

    pub(super) fn by_id(&self, id: &str) -> Option<Arc<Entry>> {
        self.maps.read().by_id.get(id).cloned()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.maps.read().by_id.is_empty()
    }

    /// Oldest first.
    pub(super) fn all(&self) -> Vec<Arc<TokenRecord>> {
        let mut all: Vec<_> = self.maps.read().by_id.values().map(|entry| entry.shown()).collect();
        all.sort_by(|left, right| (left.created_at, &left.id).cmp(&(right.created_at, &right.id)));
        all
    }

    /// Uses that the store does not know of.
    pub(super) fn new_uses(&self) -> Vec<(String, Timestamp)> {
        let new = |entry: &Arc<Entry>| {
            let used = entry.used.load(Ordering::Relaxed);
            (used > entry.kept.load(Ordering::Relaxed)).then(|| (entry.record.id.clone(), Timestamp(used)))
        };
        self.maps.read().by_id.values().filter_map(new).collect()
    }

    /// The store knows of these now.
    pub(super) fn uses_kept(&self, kept: &[(String, Timestamp)]) {
        let maps = self.maps.read();
        for (id, at) in kept {
            if let Some(entry) = maps.by_id.get(id) {
                entry.kept.fetch_max(at.0, Ordering::Relaxed);
            }
        }
    }
}

/// Too many calls; worth trying again after this long.
fn too_fast(most: u32, pause: Duration) -> JobsError {
    JobsError::quota(format!("the token makes more than {most} calls a second (limit requests_per_second)"), pause)
}

#[cfg(test)]
mod tests {
    use analyte_core::digest::Digest;
    use analyte_core::names::Organisation;
    use analyte_store::Right;

    use super::*;

    fn record(last_used_at: Option<Timestamp>) -> Arc<TokenRecord> {
        Arc::new(TokenRecord {
            id: "one".to_owned(),
            organisation: Organisation::default_one(),
            label: "l".to_owned(),
            hash: Digest::of(b"secret"),
            rights: vec![Right::JobsRead],
            created_at: Timestamp(1),
            expires_at: None,
            revoked_at: None,
            last_used_at,
            requests_per_second: Some(3),
        })
    }

    #[test]
    fn a_use_is_new_until_it_is_kept_and_outlives_a_change_of_the_record() {
        let tokens = Tokens::default();
        tokens.put(record(Some(Timestamp(5))), 10);
        assert_eq!(tokens.new_uses(), []);
        let entry = tokens.find(Hashed::of("secret"));
        assert!(entry.is_some() && tokens.find(Hashed::of("other")).is_none());
        for at in [9, 7] {
            let entry = entry.as_ref();
            entry.inspect(|entry| entry.used(Timestamp(at)));
        }
        tokens.put(record(Some(Timestamp(5))), 10);
        let new = vec![("one".to_owned(), Timestamp(9))];
        assert_eq!(tokens.new_uses(), new);
        assert_eq!(tokens.all().first().and_then(|record| record.last_used_at), Some(Timestamp(9)));
        tokens.uses_kept(&new);
        assert_eq!(tokens.new_uses(), []);
    }

    #[test]
    fn calls_beyond_the_rate_are_refused_with_when_to_come_back() {
        let entry = Entry::new(record(None), 10, 0);
        let answers: Vec<_> = (0..4).map(|_| entry.admit().map_err(|error| error.message().to_owned())).collect();
        let refusal = Err("the token makes more than 3 calls a second (limit requests_per_second)".to_owned());
        assert_eq!(answers, [Ok(()), Ok(()), Ok(()), refusal]);
        let pause = entry.admit().err().and_then(|error| error.retry_after());
        assert!(pause.is_some_and(|pause| !pause.is_zero() && pause <= Duration::from_secs(1)), "{pause:?}");
    }
}
