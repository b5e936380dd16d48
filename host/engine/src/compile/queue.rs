//! Whose component is compiled next.
//!
//! One is compiled at a time: compilers are heavy, and of two installations of one component the second finds the first's
//! code in the cache. The next turn goes to the organisation that had its last one longest ago, and within it to the component
//! that has waited longest. So a crowd of components of one organisation delays one of another by the rest of one
//! compilation, which `compile_seconds` bounds.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::shares::Holder;
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// The line of components that are to be compiled. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct CompileQueue {
    line: Arc<Mutex<Line>>,
}

#[derive(Debug, Default)]
struct Line {
    busy: bool,
    /// Counts turns.
    turns: u64,
    /// The last turn of each organisation since an organisation waited last; none counts as 0.
    last: HashMap<Holder, u64>,
    /// In the order in which they came.
    waiting: Vec<(Holder, oneshot::Sender<Turn>)>,
}

/// The right to compile, until this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    queue: CompileQueue,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = self.queue.next();
        // Without the lock: a caller that has gone meanwhile gives its turn back at once.
        if let Some((waiting, turn)) = next {
            drop(waiting.send(turn));
        }
    }
}

impl CompileQueue {
    /// Waits for a turn of this organisation.
    pub(crate) async fn turn(&self, holder: Holder) -> Turn {
        let turn = {
            let mut line = self.line.lock();
            if line.busy {
                let (sender, receiver) = oneshot::channel();
                line.waiting.push((holder, sender));
                receiver
            } else {
                line.busy = true;
                line.served(holder);
                return Turn { queue: self.clone() };
            }
        };
        match turn.await {
            Ok(turn) => turn,
            // It is answered before it leaves the line; were it not, waiting for ever would be the safe answer.
            Err(_) => std::future::pending().await,
        }
    }

    fn next(&self) -> Option<(oneshot::Sender<Turn>, Turn)> {
        let mut line = self.line.lock();
        line.waiting.retain(|(_, caller)| !caller.is_closed());
        let last = |(holder, _): &(Holder, _)| line.last.get(holder).copied().unwrap_or(0);
        // Of equal ones the first, which came first.
        let next = line.waiting.iter().enumerate().min_by_key(|(_, one)| last(one)).map(|(at, _)| at);
        let Some(next) = next else {
            line.busy = false;
            line.last.clear();
            return None;
        };
        let (holder, caller) = line.waiting.remove(next);
        line.served(holder);
        Some((caller, Turn { queue: self.clone() }))
    }
}

impl Line {
    fn served(&mut self, holder: Holder) {
        self.turns += 1;
        let turn = self.turns;
        self.last.insert(holder, turn);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use analyte_core::names::Organisation;
    use futures::FutureExt as _;
    use std::pin::pin;

    use super::*;

    fn of(name: &str) -> Organisation {
        Organisation::new(name).unwrap()
    }

    #[test]
    fn a_crowd_of_one_organisation_delays_another_by_one_compilation() {
        let queue = CompileQueue::default();
        let turn = queue.turn(Some(of("many"))).now_or_never().unwrap();
        let mut crowd: Vec<_> = (0..10).map(|_| Box::pin(queue.turn(Some(of("many"))))).collect();
        assert!(crowd.iter_mut().all(|one| one.as_mut().now_or_never().is_none()));
        let (mut few, mut own) = (pin!(queue.turn(Some(of("few")))), pin!(queue.turn(None)));
        assert!(few.as_mut().now_or_never().is_none() && own.as_mut().now_or_never().is_none());
        // One of the crowd gives up waiting.
        drop(crowd.remove(0));
        drop(turn);
        let turn = few.as_mut().now_or_never().unwrap();
        assert!(crowd.iter_mut().all(|one| one.as_mut().now_or_never().is_none()));
        drop(turn);
        drop(own.as_mut().now_or_never().unwrap());
        for mut one in crowd {
            drop(one.as_mut().now_or_never().unwrap());
        }
        assert!(!queue.line.lock().busy);
        drop(queue.turn(Some(of("many"))).now_or_never().unwrap());
    }
}
