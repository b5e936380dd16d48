//! Guests take turns: each computes until its next pause, then another one goes on.
//!
//! A runtime alone would do that, too: a guest that pauses goes to the end of its queue. But one that is cancelled stands in
//! that queue as well, and is gone only after each of the others has computed for up to a slice. And an organisation that runs
//! many guests would get many turns for each one of an organisation that runs one. Here only as many guests as there are threads
//! stand in the runtime's queue, and the rest waits in a line of its own, so that the runtime comes to a guest that is
//! to be dropped after a few slices.
//!
//! The next turn goes to the organisation that has had the least processor time, and within it to the guest that has
//! waited longest. A guest that was waiting for the host goes to the end of its organisation's line like the others. An
//! organisation that had nothing to do for a while begins with as much time as the one that is served at that moment:
//! it comes next, and has saved up nothing. (This is start-time fair queueing.)

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use analyte_core::shares::Holder;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::schedule::step::processor_time;
use crate::schedule::wake_flag::{WakeFlag, pause};

/// Turns of guests on some threads. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Turns {
    line: Arc<Mutex<Line>>,
}

#[derive(Debug)]
struct Line {
    /// Turns that are not taken.
    free: usize,
    /// Turns that are not given again when they end.
    surplus: usize,
    /// Those that have a turn, wait for one, or have had more time than others.
    holders: HashMap<Holder, Had>,
    /// The time of the organisation that was served last, when it was.
    now: Duration,
    /// Counts those that came, for their order.
    came: u64,
}

/// What one organisation has had, and has waiting.
#[derive(Debug, Default)]
struct Had {
    /// Processor time, the turns in progress estimated.
    time: Duration,
    /// How long its last turn took: what the next one is expected to take.
    last: Duration,
    /// In progress.
    turns: usize,
    waiting: VecDeque<(u64, oneshot::Sender<Turn>)>,
}

/// One turn, until this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    line: Turns,
    holder: Holder,
    expected: Duration,
    took: Duration,
    /// It has ended already.
    over: bool,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let turns = self.line.clone();
        let mut line = turns.line.lock();
        self.end(&mut line);
        let next = turns.next(&mut line);
        // Sent without the lock: a guest that has gone meanwhile gives its turn back at once.
        drop(line);
        if let Some((waiting, turn)) = next {
            drop(waiting.send(turn));
        }
    }
}

impl Turn {
    /// Begins work with this turn, and does it in turns: from one pause to the next each.
    pub(crate) async fn begin<T>(self, work: impl Future<Output = T>) -> T {
        self.line.clone().go_on(self, work).await
    }

    fn end(&mut self, line: &mut Line) {
        self.over = true;
        match line.surplus.checked_sub(1) {
            Some(fewer) => line.surplus = fewer,
            None => line.free += 1,
        }
        if let Some(had) = line.holders.get_mut(&self.holder) {
            had.turns = had.turns.saturating_sub(1);
            had.time = (had.time + self.took).saturating_sub(self.expected);
            had.last = self.took;
        }
    }

    /// Ends it, and asks for the next one of the same guest in one step: were it not in line when this one ends, another would
    /// always be next.
    fn again(mut self) -> Asked {
        let turns = self.line.clone();
        let mut line = turns.line.lock();
        self.end(&mut line);
        let mut receiver = line.stand(&self.holder);
        let next = turns.next(&mut line);
        drop(line);
        if let Some((waiting, turn)) = next {
            drop(waiting.send(turn));
        }
        match receiver.try_recv() {
            Ok(turn) => Asked::Now(turn),
            Err(_) => Asked::Later(receiver),
        }
    }
}

/// What comes of asking for a turn.
enum Asked {
    Now(Turn),
    Later(oneshot::Receiver<Turn>),
}

impl Turns {
    /// For this number of threads.
    pub(crate) fn new(threads: usize) -> Self {
        let line = Line { free: threads, surplus: 0, holders: HashMap::new(), now: Duration::ZERO, came: 0 };
        Self { line: Arc::new(Mutex::new(line)) }
    }

    /// One more turn at a time from now on: a thread was added.
    pub(crate) fn add_place(&self) {
        let mut line = self.line.lock();
        line.free += 1;
        let next = self.next(&mut line);
        drop(line);
        if let Some((waiting, turn)) = next {
            drop(waiting.send(turn));
        }
    }

    /// One turn less at a time, as soon as one ends: a thread was taken away.
    pub(crate) fn remove_place(&self) {
        let mut line = self.line.lock();
        if line.free > 0 {
            line.free -= 1;
        } else {
            line.surplus += 1;
        }
    }

    /// Does work of an organisation in turns: from one pause to the next each. The first one is this.
    async fn go_on<T>(self, mut turn: Turn, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let (wake, holder) = (Arc::new(WakeFlag::default()), turn.holder.clone());
        loop {
            let began = processor_time();
            let polled = poll_fn(|context| Poll::Ready(wake.poll(work.as_mut(), context))).await;
            turn.took = processor_time().saturating_sub(began);
            if let Poll::Ready(done) = polled {
                return done;
            }
            if wake.wants_to_go_on() {
                // It wants to go on. In line at once, not when the runtime comes to it again.
                turn = match turn.again() {
                    // No other waits, but the runtime may have other things to do first. It was wake, and will come back.
                    Asked::Now(turn) => {
                        pause().await;
                        turn
                    }
                    Asked::Later(line) => self.later(&holder, line).await,
                };
            } else {
                // It waits for the host, and holds up no other meanwhile.
                drop(turn);
                pause().await;
                turn = self.turn(&holder).await;
            }
        }
    }

    /// Waits for a turn of an organisation's work that is to [begin](Turn::begin).
    pub(crate) async fn turn(&self, holder: &Holder) -> Turn {
        match self.ask(holder) {
            Asked::Now(turn) => turn,
            Asked::Later(line) => self.later(holder, line).await,
        }
    }

    async fn later(&self, holder: &Holder, mut line: oneshot::Receiver<Turn>) -> Turn {
        loop {
            match (&mut line).await {
                Ok(turn) => return turn,
                // Those in line are never dropped from it while they wait; were one, it would stand there anew.
                Err(_) => match self.ask(holder) {
                    Asked::Now(turn) => return turn,
                    Asked::Later(again) => line = again,
                },
            }
        }
    }

    fn ask(&self, holder: &Holder) -> Asked {
        let mut line = self.line.lock();
        if line.free > 0 {
            return Asked::Now(self.give(&mut line, holder.clone()));
        }
        Asked::Later(line.stand(holder))
    }

    /// The next turn, if one is free, and the guest whose it is.
    fn next(&self, line: &mut Line) -> Option<(oneshot::Sender<Turn>, Turn)> {
        if line.free == 0 {
            return None;
        }
        let now = line.now;
        line.holders.retain(|_, had| {
            while had.waiting.front().is_some_and(|(_, guest)| guest.is_closed()) {
                had.waiting.pop_front();
            }
            had.turns > 0 || !had.waiting.is_empty() || had.time > now
        });
        let order = |(_, had): &(&Holder, &Had)| (had.time, had.turns, had.waiting.front().map(|(came, _)| *came));
        let waiting = line.holders.iter().filter(|(_, had)| !had.waiting.is_empty());
        let holder = waiting.min_by_key(order)?.0.clone();
        let (_, guest) = line.holders.get_mut(&holder)?.waiting.pop_front()?;
        let turn = self.give(line, holder);
        Some((guest, turn))
    }

    /// A free turn for an organisation.
    fn give(&self, line: &mut Line, holder: Holder) -> Turn {
        let now = line.now;
        line.free -= 1;
        let had = line.holders.entry(holder.clone()).or_default();
        let begins = had.time.max(now);
        let expected = had.last;
        had.time = begins + expected;
        had.turns += 1;
        line.now = begins;
        Turn { line: self.clone(), holder, expected, took: Duration::ZERO, over: false }
    }
}

impl Line {
    /// A place at the end of the organisation's line.
    fn stand(&mut self, holder: &Holder) -> oneshot::Receiver<Turn> {
        self.came += 1;
        let (came, now) = (self.came, self.now);
        let (sender, receiver) = oneshot::channel();
        let had = self.holders.entry(holder.clone()).or_default();
        had.time = had.time.max(now);
        had.waiting.push_back((came, sender));
        receiver
    }
}

#[cfg(test)]
impl Turns {
    /// Waits for a turn, and does work in turns.
    async fn take<T>(self, holder: Holder, work: impl Future<Output = T>) -> T {
        let turn = self.turn(&holder).await;
        turn.begin(work).await
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use analyte_core::names::Organisation;
    use tokio::task::yield_now;

    use super::*;

    /// Which worker did something, in order.
    type Log = Arc<Mutex<Vec<usize>>>;

    /// Pauses as guests do: wakes its task at once. ([`yield_now`] does so when the runtime has nothing else to do.)
    async fn pause_for_a_turn() {
        let mut paused = false;
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// A worker that wants to go on for ever.
    async fn busy(number: usize, log: Log) {
        loop {
            log.lock().push(number);
            pause_for_a_turn().await;
        }
    }

    /// Notes how many turns there were when it was dropped.
    struct NotesItsEnd(Arc<AtomicUsize>, Log);

    impl Drop for NotesItsEnd {
        fn drop(&mut self) {
            self.0.store(self.1.lock().len(), Ordering::Release);
        }
    }

    #[tokio::test]
    async fn all_have_their_turns_in_order() {
        let (turns, log) = (Turns::new(1), Log::default());
        let workers: Vec<_> =
            (0..5).map(|number| tokio::spawn(turns.clone().take(None, busy(number, log.clone())))).collect();
        while log.lock().len() < 50 {
            yield_now().await;
        }
        // The first one goes on until the others are in line.
        let log = log.lock().split_off(10);
        assert!(log.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 5), "{log:?}");
        workers.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test]
    async fn a_dropped_worker_waits_for_no_line() {
        let (turns, log, gone) = (Turns::new(1), Log::default(), Arc::new(AtomicUsize::new(0)));
        let workers: Vec<_> = (0..100)
            .map(|number| {
                let (work, notes) =
                    (busy(number, log.clone()), (number == 50).then(|| NotesItsEnd(gone.clone(), log.clone())));
                tokio::spawn(turns.clone().take(None, async move {
                    let _notes = notes;
                    work.await;
                }))
            })
            .collect();
        while log.lock().len() < 300 {
            yield_now().await;
        }
        let before = log.lock().len();
        workers[50].abort();
        while gone.load(Ordering::Acquire) == 0 {
            yield_now().await;
        }
        let gone = gone.load(Ordering::Acquire);
        assert!(gone - before <= 3, "{} turns of others came first", gone - before);
        // The turns go on without it.
        while log.lock().len() < gone + 200 {
            yield_now().await;
        }
        assert!(!log.lock()[gone..].contains(&50));
    }

    #[tokio::test]
    async fn a_worker_that_waits_for_something_else_holds_no_turn() {
        let turns = Turns::new(1);
        let (say, heard) = tokio::sync::oneshot::channel();
        let waiting = tokio::spawn(turns.clone().take(None, async move { heard.await.is_ok() }));
        yield_now().await;
        let done = tokio::time::timeout(
            Duration::from_secs(60),
            turns.take(None, async {
                yield_now().await;
                "done"
            }),
        );
        assert_eq!(done.await, Ok("done"));
        assert!(say.send(()).is_ok());
        assert!(waiting.await.is_ok_and(|heard| heard));
    }

    /// A worker that computes for this long in each turn.
    async fn computing(number: usize, each: Duration, log: Log) {
        loop {
            log.lock().push(number);
            let began = processor_time();
            while processor_time().saturating_sub(began) < each {
                std::hint::spin_loop();
            }
            pause_for_a_turn().await;
        }
    }

    #[tokio::test]
    async fn organisations_have_the_same_time_however_many_guests_they_have_and_however_long_each_turn_is() {
        let (turns, log) = (Turns::new(1), Log::default());
        let lab = Organisation::new("lab").ok();
        let crowd = (0..50).map(|_| (lab.clone(), 0, Duration::from_millis(2)));
        let guests = crowd.chain([(None, 1, Duration::from_millis(1))]);
        let workers: Vec<_> = guests
            .map(|(of, number, each)| tokio::spawn(turns.clone().take(of, computing(number, each, log.clone()))))
            .collect();
        while log.lock().iter().filter(|number| **number == 1).count() < 40 {
            yield_now().await;
        }
        // Twice as many turns, each of half the time.
        let log = log.lock().clone();
        let crowd = log.iter().filter(|number| **number == 0).count();
        let alone = log.len() - crowd;
        assert!((alone / 3..=alone).contains(&crowd), "{crowd} turns of the crowd, and {alone} of the one");
        workers.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test]
    async fn an_organisation_that_had_nothing_to_do_comes_next_and_has_saved_up_nothing() {
        let (turns, log) = (Turns::new(1), Log::default());
        let lab = Organisation::new("lab").ok();
        let each = Duration::from_millis(1);
        let workers: Vec<_> =
            (0..20).map(|_| tokio::spawn(turns.clone().take(lab.clone(), computing(0, each, log.clone())))).collect();
        while log.lock().len() < 50 {
            yield_now().await;
        }
        let late = tokio::spawn(turns.clone().take(None, computing(1, each, log.clone())));
        let before = log.lock().len();
        while log.lock().len() < before + 60 {
            yield_now().await;
        }
        let log = log.lock().split_off(before);
        let first = log.iter().position(|number| *number == 1).expect("a turn");
        assert!(first <= 2, "{first} turns of others came first");
        let own = log.iter().filter(|number| **number == 1).count();
        assert!((20..=40).contains(&own), "{own} of 60 turns");
        late.abort();
        workers.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test]
    async fn a_place_that_is_added_is_taken_at_once() {
        let turns = Turns::new(0);
        let waiting = tokio::spawn(turns.clone().take(None, async { "done" }));
        yield_now().await;
        assert!(!waiting.is_finished());
        turns.add_place();
        assert_eq!(waiting.await.ok(), Some("done"));
        assert_eq!(turns.line.lock().free, 1);
    }

    #[test]
    fn several_threads_share_them() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build();
        let (turns, total) = (Turns::new(4), 200);
        let count = runtime.expect("a runtime").block_on(async move {
            let work = || async {
                for _ in 0..100 {
                    pause_for_a_turn().await;
                }
                1
            };
            let workers: Vec<_> = (0..total).map(|_| tokio::spawn(turns.clone().take(None, work()))).collect();
            let mut count = 0;
            for worker in workers {
                count += worker.await.expect("a worker");
            }
            count
        });
        assert_eq!(count, total);
    }
}
