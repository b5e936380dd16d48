//! Lets the disk fail where and how a test wants it to.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::io::Errno;

/// Where the disk can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Point {
    /// Before a batch is handed to sled: nothing of it is there afterwards.
    Apply,
    /// Before a batch is made durable: it may be there afterwards, or not.
    Sync,
    /// Before the store is opened anew.
    Open,
    /// When the disk is tried out.
    Probe,
    /// When a blob is written.
    Blob,
}

impl Point {
    /// All that writes.
    pub(super) const ALL: [Self; 5] = [Self::Apply, Self::Sync, Self::Open, Self::Probe, Self::Blob];
}

#[derive(Debug, Default)]
struct State {
    /// `None`: that time it works.
    next: HashMap<Point, VecDeque<Option<Errno>>>,
    standing: HashMap<Point, Errno>,
    free_bytes: Option<u64>,
}

/// Shared with the store that was opened with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Arc<Mutex<State>>);

impl Faults {
    /// Lets the next `times` fail.
    pub(super) fn next(&self, point: Point, times: usize, errno: Errno) {
        self.0.lock().next.entry(point).or_default().extend(std::iter::repeat_n(Some(errno), times));
    }

    /// Lets one fail after so many that do not.
    pub(super) fn next_after(&self, point: Point, times: usize, errno: Errno) {
        let mut state = self.0.lock();
        let next = state.next.entry(point).or_default();
        next.extend(std::iter::repeat_n(None, times));
        next.push_back(Some(errno));
    }

    /// Lets all fail from now on.
    pub(super) fn stand(&self, points: &[Point], errno: Errno) {
        self.0.lock().standing.extend(points.iter().map(|point| (*point, errno)));
    }

    /// The disk works again.
    pub(super) fn mend(&self) {
        *self.0.lock() = State::default();
    }

    /// What the disk says is free.
    pub(super) fn say_free(&self, bytes: u64) {
        self.0.lock().free_bytes = Some(bytes);
    }

    pub(super) fn free_bytes(&self) -> Option<u64> {
        self.0.lock().free_bytes
    }

    pub(super) fn check(&self, point: Point) -> io::Result<()> {
        let mut state = self.0.lock();
        let errno = state.next.get_mut(&point).and_then(VecDeque::pop_front).flatten();
        match errno.or_else(|| state.standing.get(&point).copied()) {
            Some(errno) => Err(errno.into()),
            None => Ok(()),
        }
    }
}
