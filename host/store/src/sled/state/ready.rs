//! Which tasks may start, in their order, and which only wait for another job of their session.
//!
//! The tasks of one session on one provider stand in a row of their own. While one of them runs, nothing of the row may
//! start; else its first one may, and stands among all the others. The rest is parked: nobody looks at it to find out what
//! starts next, however much it is. A task that waits for its time is not here, so it holds up nobody.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use analyte_core::names::{JobId, Organisation, ProviderName, SessionId};

use crate::sled::state::ranked::Ranked;

/// A task, by its place in its job. Sorts by priority, then age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) priority: i32,
    pub(crate) job: JobId,
    pub(crate) task: usize,
}

/// What runs one at a time, within an organisation.
pub(crate) type Row = (SessionId, ProviderName);

/// The tasks of one row.
#[derive(Debug, Default)]
struct Tasks {
    /// Could start, were they alone.
    ready: BTreeSet<Entry>,
    /// Have started and not ended: one, or none.
    running: BTreeSet<(JobId, usize)>,
    /// The one of the ready ones that stands among all others.
    head: Option<Entry>,
}

/// Tasks of one organisation.
#[derive(Debug, Default)]
struct Line {
    /// May start.
    order: Ranked<Entry>,
    /// May start when others of their row have.
    parked: Ranked<Entry>,
    /// Priority and number of entries of each job.
    jobs: HashMap<JobId, (i32, usize)>,
    rows: HashMap<Row, Tasks>,
    /// The row of each task that is in one, ready or running.
    row_of: BTreeMap<(JobId, usize), Row>,
}

impl Line {
    fn insert(&mut self, entry: Entry, row: Option<Row>) {
        let new = match row {
            None => self.order.insert(entry),
            Some(row) => {
                let new = self.tasks(&row).ready.insert(entry);
                if new {
                    self.parked.insert(entry);
                    self.row_of.insert((entry.job, entry.task), row.clone());
                    self.choose(&row);
                }
                new
            }
        };
        if new {
            self.jobs.entry(entry.job).or_insert((entry.priority, 0)).1 += 1;
        }
    }

    fn remove(&mut self, entry: &Entry) {
        if !self.take_out(entry) {
            return;
        }
        if let Some((_, entries)) = self.jobs.get_mut(&entry.job) {
            *entries -= 1;
            if *entries == 0 {
                self.jobs.remove(&entry.job);
            }
        }
    }

    /// Says whether it was there.
    fn take_out(&mut self, entry: &Entry) -> bool {
        let Some(row) = self.row_of.get(&(entry.job, entry.task)).cloned() else { return self.order.remove(entry) };
        let tasks = self.tasks(&row);
        if !tasks.ready.remove(entry) {
            return false;
        }
        let was_head = tasks.head.take_if(|head| head == entry).is_some();
        self.row_of.remove(&(entry.job, entry.task));
        if was_head {
            self.order.remove(entry)
        } else {
            self.parked.remove(entry)
        };
        self.choose(&row);
        true
    }

    fn start(&mut self, job: JobId, task: usize, row: &Row) {
        self.tasks(row).running.insert((job, task));
        self.row_of.insert((job, task), row.clone());
        self.choose(row);
    }

    fn stop(&mut self, job: JobId, task: usize) {
        let Some(row) = self.row_of.get(&(job, task)).cloned() else { return };
        if self.tasks(&row).running.remove(&(job, task)) {
            self.row_of.remove(&(job, task));
            self.choose(&row);
        }
    }

    /// Ends what ran of a job.
    fn stop_all(&mut self, job: JobId) {
        let tasks: Vec<_> = self.row_of.range((job, 0)..=(job, usize::MAX)).map(|((_, task), _)| *task).collect();
        for task in tasks {
            self.stop(job, task);
        }
    }

    fn tasks(&mut self, row: &Row) -> &mut Tasks {
        self.rows.entry(row.clone()).or_default()
    }

    /// Has the right one of a row stand among the others.
    fn choose(&mut self, row: &Row) {
        let Some(tasks) = self.rows.get_mut(row) else { return };
        let head = if tasks.running.is_empty() { tasks.ready.first().copied() } else { None };
        if tasks.head != head {
            if let Some(before) = tasks.head {
                self.order.remove(&before);
                self.parked.insert(before);
            }
            if let Some(now) = head {
                self.parked.remove(&now);
                self.order.insert(now);
            }
            tasks.head = head;
        }
        if tasks.ready.is_empty() && tasks.running.is_empty() {
            self.rows.remove(row);
        }
    }
}

/// Tasks that may start, by organisation. Readers look at it beside the committer, for places only: what they see may be
/// a moment ahead of what is durable.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    lines: BTreeMap<Organisation, Line>,
    /// Those that have a task which may start.
    able: BTreeSet<Organisation>,
}

impl Ready {
    fn change(&mut self, organisation: &Organisation, change: impl FnOnce(&mut Line)) {
        let line = match self.lines.get_mut(organisation) {
            Some(line) => line,
            None => self.lines.entry(organisation.clone()).or_default(),
        };
        change(line);
        let (able, empty) = (!line.order.is_empty(), line.order.is_empty() && line.rows.is_empty());
        if !able {
            self.able.remove(organisation);
        } else if !self.able.contains(organisation) {
            self.able.insert(organisation.clone());
        }
        if empty {
            self.lines.remove(organisation);
        }
    }

    /// Adds a task that may start, as far as it alone is concerned.
    pub(crate) fn insert(&mut self, organisation: &Organisation, entry: Entry, row: Option<Row>) {
        self.change(organisation, |line| line.insert(entry, row));
    }

    pub(crate) fn remove(&mut self, organisation: &Organisation, entry: &Entry) {
        self.change(organisation, |line| line.remove(entry));
    }

    /// A task of a row runs: the others wait.
    pub(crate) fn start(&mut self, organisation: &Organisation, job: JobId, task: usize, row: &Row) {
        self.change(organisation, |line| line.start(job, task, row));
    }

    /// It no longer runs. Nothing happens where it was in no row.
    pub(crate) fn stop(&mut self, organisation: &Organisation, job: JobId, task: usize) {
        self.change(organisation, |line| line.stop(job, task));
    }

    /// Nothing of this job runs any more.
    pub(crate) fn stop_all(&mut self, organisation: &Organisation, job: JobId) {
        self.change(organisation, |line| line.stop_all(job));
    }

    /// The first task of the organisation that has the fewest running, `done` ones left out; of several that whose turn it is
    /// after that of `after`.
    pub(crate) fn next(
        &self,
        after: Option<&Organisation>,
        done: &BTreeSet<Organisation>,
        running: impl Fn(&Organisation) -> usize,
    ) -> Option<(Organisation, Entry)> {
        let (from, to) = match after {
            Some(after) => (Bound::Excluded(after), Bound::Included(after)),
            None => (Bound::Unbounded, Bound::Unbounded),
        };
        let first = self.able.range::<Organisation, _>((from, Bound::Unbounded));
        let second = self.able.range::<Organisation, _>((Bound::Unbounded, to)).filter(|_| after.is_some());
        let mut fewest: Option<(usize, &Organisation)> = None;
        for organisation in first.chain(second).filter(|organisation| !done.contains(*organisation)) {
            let count = running(organisation);
            if fewest.is_none_or(|(least, _)| count < least) {
                fewest = Some((count, organisation));
            }
            // There are few that have some, however many wait.
            if count == 0 {
                break;
            }
        }
        let (_, organisation) = fewest?;
        Some((organisation.clone(), self.lines.get(organisation)?.order.first()?))
    }

    /// How many tasks of its organisation come before the first one of this job; `None` where it has none.
    pub(crate) fn place(&self, organisation: &Organisation, job: JobId) -> Option<u64> {
        let line = self.lines.get(organisation)?;
        let (priority, _) = *line.jobs.get(&job)?;
        let first = Entry { priority, job, task: 0 };
        Some(line.order.rank(&first) + line.parked.rank(&first))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    fn organisation(number: usize) -> Organisation {
        Organisation::new(["a", "b"][number]).unwrap()
    }

    fn row(number: usize) -> Option<Row> {
        let session = SessionId::new(&format!("s{}", number.checked_sub(1)?)).unwrap();
        Some((session, ProviderName::new("statistics").unwrap()))
    }

    /// Rows are given by the job: the first few have none.
    fn entry(number: usize) -> (usize, Entry, Option<Row>) {
        let job = JobId(uuid::Uuid::from_u128(number as u128 / 2));
        let entry = Entry { priority: i32::try_from(number / 2 % 3).unwrap(), job, task: number % 2 };
        (number / 2 % 2, entry, row(number / 4 % 4))
    }

    /// All that a plain look at two sets can tell.
    fn expected(
        ready: &BTreeSet<usize>,
        running: &BTreeSet<usize>,
        after: Option<usize>,
    ) -> (Option<(Organisation, Entry)>, Vec<Option<u64>>) {
        let may = |number: &&usize| {
            let (of, entry, row) = self::entry(**number);
            let same = |other: &&usize| (self::entry(**other).0, self::entry(**other).2) == (of, row.clone());
            let first = ready.iter().filter(same).all(|other| self::entry(*other).1 >= entry);
            row.is_none() || (first && !running.iter().any(|other| same(&other)))
        };
        let first = |of: usize| {
            ready.iter().filter(may).map(|number| self::entry(*number)).filter(|one| one.0 == of).map(|one| one.1).min()
        };
        let turns = if after == Some(0) { [1, 0] } else { [0, 1] };
        let next = turns.into_iter().find_map(|of| first(of).map(|entry| (organisation(of), entry)));
        let place = |job: usize| {
            let of_job = |one: &(usize, Entry, Option<Row>)| one.1.job.0.as_u128() == job as u128;
            let (of, first, _) =
                ready.iter().map(|number| self::entry(*number)).filter(of_job).min_by_key(|one| one.1)?;
            let before = |one: &(usize, Entry, Option<Row>)| one.0 == of && one.1 < first;
            Some(ready.iter().map(|number| self::entry(*number)).filter(before).count() as u64)
        };
        (next, (0..32).map(place).collect())
    }

    /// Where all have as many running.
    fn next(lines: &Ready, after: Option<usize>) -> Option<(Organisation, Entry)> {
        lines.next(after.map(organisation).as_ref(), &BTreeSet::new(), |_| 0)
    }

    #[test]
    fn the_one_that_has_the_fewest_comes_first() {
        let mut lines = Ready::default();
        for number in 0..3 {
            lines.insert(&organisation(0), entry(number).1, None);
            lines.insert(&organisation(1), entry(number).1, None);
        }
        let whose = |after: usize, done: &[usize], counts: [usize; 2]| {
            let done = done.iter().map(|number| organisation(*number)).collect();
            let count = |of: &Organisation| counts[usize::from(*of == organisation(1))];
            lines.next(Some(&organisation(after)), &done, count).map(|(of, _)| of)
        };
        assert_eq!(whose(0, &[], [2, 2]), Some(organisation(1)));
        assert_eq!(whose(1, &[], [2, 2]), Some(organisation(0)));
        assert_eq!(whose(0, &[], [1, 2]), Some(organisation(0)));
        assert_eq!(whose(0, &[], [0, 0]), Some(organisation(1)));
        assert_eq!(whose(0, &[0], [0, 9]), Some(organisation(1)));
        assert_eq!(whose(0, &[0, 1], [0, 9]), None);
    }

    proptest! {
        #[test]
        fn one_of_a_row_at_a_time_and_in_order(changes in proptest::collection::vec((0..5_usize, 0..64_usize), 1..120)) {
            let mut lines = Ready::default();
            let (mut ready, mut running) = (BTreeSet::new(), BTreeSet::new());
            let mut turn = None;
            for (what, number) in changes {
                let (of, at, row) = entry(number);
                match what {
                    0 | 1 if !running.contains(&number) => {
                        ready.insert(number);
                        lines.insert(&organisation(of), at, row);
                    }
                    2 => {
                        ready.remove(&number);
                        lines.remove(&organisation(of), &at);
                    }
                    3 => if let Some((of, next)) = self::next(&lines, turn) {
                        let number = *ready.iter().find(|number| entry(**number).1 == next).unwrap();
                        ready.remove(&number);
                        lines.remove(&of, &next);
                        turn = Some(entry(number).0);
                        if let (_, _, Some(row)) = entry(number) {
                            running.insert(number);
                            lines.start(&of, next.job, next.task, &row);
                        }
                    },
                    _ => {
                        running.remove(&number);
                        lines.stop(&organisation(of), at.job, at.task);
                    }
                }
                let (next, places) = expected(&ready, &running, turn);
                prop_assert_eq!(self::next(&lines, turn), next);
                for (job, place) in places.into_iter().enumerate() {
                    let id = JobId(uuid::Uuid::from_u128(job as u128));
                    prop_assert_eq!(lines.place(&organisation(job % 2), id), place);
                }
            }
            for number in running {
                let (of, at, _) = entry(number);
                lines.stop_all(&organisation(of), at.job);
            }
            for number in ready {
                let (of, at, _) = entry(number);
                lines.remove(&organisation(of), &at);
            }
            prop_assert!(lines.lines.is_empty() && lines.able.is_empty());
        }
    }

    /// How long it takes to start and stop `rounds` tasks beside one session that has `parked` of them waiting.
    fn beside(parked: u128, rounds: u128) -> std::time::Duration {
        let mut lines = Ready::default();
        let of = organisation(0);
        let at = |number: u128| Entry { priority: 0, job: JobId(uuid::Uuid::from_u128(number)), task: 0 };
        for number in 0..=parked {
            lines.insert(&of, at(number), row(1));
        }
        let first = next(&lines, None).unwrap().1;
        lines.remove(&of, &first);
        lines.start(&of, first.job, first.task, &row(1).unwrap());
        assert_eq!(next(&lines, None), None);
        let began = Instant::now();
        for number in parked + 1..=parked + rounds {
            lines.insert(&of, at(number), None);
            assert_eq!(next(&lines, None), Some((of.clone(), at(number))));
            lines.remove(&of, &at(number));
        }
        began.elapsed()
    }

    #[test]
    fn what_is_parked_costs_those_nothing_that_may_start() {
        // Were all of them looked at, this would be thousands of times as long. The shortest of several, as others use the
        // machine as well.
        let shortest = |parked| (0..5).map(|_| beside(parked, 200)).min().unwrap();
        let (few, many) = (shortest(10), shortest(100_000));
        assert!(many < few * 50, "{few:?} beside 10, {many:?} beside 100,000");
    }
}
