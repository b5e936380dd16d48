//! Goes through several indexes at once and finds the jobs that are in all of them.
//!
//! Every index holds ids in the same order. Whenever one of them has nothing before some id, the others leap there:
//! what is looked at is at most what the shortest index holds, times the number of indexes, without having to know
//! which one is the shortest.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use analyte_core::names::JobId;
use uuid::Uuid;

use crate::Result;
use crate::sled::disk::errors::broken;
use crate::sled::format::keys;

/// A step of this many entries is walked, a longer one leapt.
const NEAR: usize = 2;

/// In which order jobs are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Newest,
    Oldest,
}

impl Order {
    /// Where an id stands: what comes first has the lower number.
    pub(crate) fn rank(self, id: JobId) -> u128 {
        match self {
            Self::Newest => !id.0.as_u128(),
            Self::Oldest => id.0.as_u128(),
        }
    }

    /// The id that stands there.
    pub(crate) fn id(self, rank: u128) -> JobId {
        JobId(Uuid::from_u128(match self {
            Self::Newest => !rank,
            Self::Oldest => rank,
        }))
    }
}

/// Some jobs, in order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum List {
    /// Those whose keys begin so.
    Index(Vec<u8>),
    /// These, oldest first.
    Jobs(Vec<JobId>),
}

/// What the next step led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// To a job that is in all lists.
    Job(JobId),
    /// Nowhere yet: as much was looked at as may be.
    Paused,
    /// There are no more.
    End,
}

/// A walk, from one rank to another. Lives no longer than the lock under which the tree is read.
pub(crate) struct Intersection<'a> {
    order: Order,
    unions: Vec<Union<'a>>,
    start: u128,
    /// Where to go on; `None`: nothing can follow.
    at: Option<u128>,
    end: u128,
    /// Entries that were looked at.
    pub(crate) looked: usize,
}

impl<'a> Intersection<'a> {
    /// Finds what is in one of the lists of each of `all`. There has to be one at least.
    pub(crate) fn new(tree: &'a sled::Tree, all: &'a [Vec<List>], order: Order, at: u128, end: u128) -> Self {
        let unions = all.iter().map(|lists| Union::new(tree, lists, order)).collect();
        Self { order, unions, start: at, at: Some(at), end, looked: 0 }
    }

    /// Where a later walk has to begin to go on from here.
    pub(crate) fn at(&self) -> Option<u128> {
        self.at
    }

    /// Goes on to the next job, or until `most` entries were looked at; always gets ahead.
    pub(crate) fn next(&mut self, most: usize) -> Result<Step> {
        let Some(mut target) = self.at else { return Ok(Step::End) };
        let mut agreed = 0;
        let all = self.unions.len();
        for union in (0..all).cycle() {
            if target > self.end {
                break;
            }
            if agreed == all {
                self.at = target.checked_add(1);
                return Ok(Step::Job(self.order.id(target)));
            }
            if self.looked >= most && target > self.start {
                self.at = Some(target);
                return Ok(Step::Paused);
            }
            let Some(union) = self.unions.get_mut(union) else { break };
            match union.seek(target, &mut self.looked)? {
                None => break,
                Some(found) if found == target => agreed += 1,
                Some(found) => (target, agreed) = (found, 1),
            }
        }
        self.at = None;
        Ok(Step::End)
    }
}

/// What is in one of several lists.
struct Union<'a> {
    runs: Vec<Run<'a>>,
    /// Where each list stands; `None`: it has not been looked at.
    heads: BinaryHeap<Reverse<(Option<u128>, usize)>>,
}

impl<'a> Union<'a> {
    fn new(tree: &'a sled::Tree, lists: &'a [List], order: Order) -> Self {
        let runs: Vec<_> = lists.iter().map(|list| Run { tree, list, order, entries: None }).collect();
        let heads = (0..runs.len()).map(|run| Reverse((None, run))).collect();
        Self { runs, heads }
    }

    /// The first that does not come before `target`. Targets must not go back. Of two lists, one more entry is looked
    /// at than is gone past, whenever a walk begins; it does not count, so that what lies in two places costs what it
    /// costs in one.
    fn seek(&mut self, target: u128, looked: &mut usize) -> Result<Option<u128>> {
        while let Some(Reverse((head, place))) = self.heads.peek().copied() {
            if head.is_some_and(|head| head >= target) {
                return Ok(head);
            }
            self.heads.pop();
            let free = head.is_none() && place == 1 && self.runs.len() == 2;
            let Some(run) = self.runs.get_mut(place) else { continue };
            let found = run.seek(target, looked)?;
            *looked = looked.saturating_sub(usize::from(free));
            if let Some(found) = found {
                self.heads.push(Reverse((Some(found), place)));
            }
        }
        Ok(None)
    }
}

/// One list.
struct Run<'a> {
    tree: &'a sled::Tree,
    list: &'a List,
    order: Order,
    entries: Option<sled::Iter>,
}

impl Run<'_> {
    fn seek(&mut self, target: u128, looked: &mut usize) -> Result<Option<u128>> {
        match self.list {
            List::Jobs(ids) => {
                *looked += 1;
                Ok(match self.order {
                    Order::Oldest => ids.get(ids.partition_point(|id| self.order.rank(*id) < target)),
                    Order::Newest => ids
                        .partition_point(|id| self.order.rank(*id) >= target)
                        .checked_sub(1)
                        .and_then(|at| ids.get(at)),
                }
                .map(|id| self.order.rank(*id)))
            }
            List::Index(prefix) => self.seek_entry(prefix, target, looked),
        }
    }

    fn seek_entry(&mut self, prefix: &[u8], target: u128, looked: &mut usize) -> Result<Option<u128>> {
        let mut tries = if self.entries.is_some() { NEAR } else { 0 };
        loop {
            if tries == 0 {
                self.leap(prefix, target);
                tries = usize::MAX;
            }
            tries -= 1;
            *looked += 1;
            let next = self.entries.as_mut().and_then(|entries| match self.order {
                Order::Newest => entries.next_back(),
                Order::Oldest => entries.next(),
            });
            let Some((key, _)) = next.transpose().map_err(|error| broken("read an index", error))? else {
                return Ok(None);
            };
            let id = (key.len() == prefix.len() + 16).then(|| keys::id_at_end(&key)).flatten();
            match id.map(|id| self.order.rank(id)) {
                Some(rank) if rank >= target => return Ok(Some(rank)),
                _ => {}
            }
        }
    }

    fn leap(&mut self, prefix: &[u8], target: u128) {
        let at = keys::with_id(prefix.to_vec(), self.order.id(target));
        let last = |id| keys::with_id(prefix.to_vec(), JobId(id));
        self.entries = Some(match self.order {
            Order::Newest => self.tree.range(last(Uuid::nil())..=at),
            Order::Oldest => self.tree.range(at..=last(Uuid::max())),
        });
    }
}
