//! Lets the disk fail where and how a test wants it to.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::io::Errno;

/// Where the disk can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Point {
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
    pub(crate) const ALL: [Self; 5] = [Self::Apply, Self::Sync, Self::Open, Self::Probe, Self::Blob];
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
pub(crate) struct Faults(Arc<Mutex<State>>);

impl Faults {
    /// Lets the next `times` fail.
    pub(crate) fn next(&self, point: Point, times: usize, errno: Errno) {
        self.0.lock().next.entry(point).or_default().extend(std::iter::repeat_n(Some(errno), times));
    }

    /// Lets one fail after `times` that do not.
    pub(crate) fn next_after(&self, point: Point, times: usize, errno: Errno) {
        let mut state = self.0.lock();
        let next = state.next.entry(point).or_default();
        next.extend(std::iter::repeat_n(None, times));
        next.push_back(Some(errno));
    }

    /// Lets all fail from now on.
    pub(crate) fn stand(&self, points: &[Point], errno: Errno) {
        self.0.lock().standing.extend(points.iter().map(|point| (*point, errno)));
    }

    /// The disk works again.
    pub(crate) fn mend(&self) {
        *self.0.lock() = State::default();
    }

    /// What the disk says is free.
    pub(crate) fn say_free(&self, bytes: u64) {
        self.0.lock().free_bytes = Some(bytes);
    }

    pub(crate) fn free_bytes(&self) -> Option<u64> {
        self.0.lock().free_bytes
    }

    pub(crate) fn check(&self, point: Point) -> io::Result<()> {
        let mut state = self.0.lock();
        let errno = state.next.get_mut(&point).and_then(VecDeque::pop_front).flatten();
        match errno.or_else(|| state.standing.get(&point).copied()) {
            Some(errno) => Err(errno.into()),
            None => Ok(()),
        }
    }
}
