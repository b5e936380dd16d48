//! Which deliveries wait, by organisation and destination, with what is due first at hand.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;
use analyte_core::webhook::{Destination, NoticeId};

use crate::deliveries::{NoticeKey, SendRoom};

/// Everything that waits, in memory.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    organisations: BTreeMap<Organisation, Lines>,
}

/// What waits of one organisation.
#[derive(Debug, Default)]
struct Lines {
    count: u64,
    /// By destination: when, and what.
    by_destination: HashMap<Destination, BTreeSet<(Timestamp, NoticeKey)>>,
    /// When the first of each line is due.
    heads: BTreeSet<(Timestamp, Destination)>,
}

impl Lines {
    /// Changes a line, and what is known of its first.
    fn change(&mut self, destination: &Destination, change: impl FnOnce(&mut BTreeSet<(Timestamp, NoticeKey)>)) {
        let line = self.by_destination.entry(destination.clone()).or_default();
        let head = |line: &BTreeSet<(Timestamp, NoticeKey)>| line.first().map(|(due, _)| *due);
        let (before, count) = (head(line), line.len() as u64);
        change(line);
        let (after, now) = (head(line), line.len() as u64);
        self.count = (self.count + now).saturating_sub(count);
        if line.is_empty() {
            self.by_destination.remove(destination);
        }
        if before != after {
            if let Some(before) = before {
                self.heads.remove(&(before, destination.clone()));
            }
            self.heads.extend(after.map(|after| (after, destination.clone())));
        }
    }
}

/// A delivery of which it is known that it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) organisation: Organisation,
    pub(crate) destination: Destination,
    pub(crate) key: NoticeKey,
}

impl Pending {
    /// How many of an organisation wait.
    pub(crate) fn count(&self, organisation: &Organisation) -> u64 {
        self.organisations.get(organisation).map_or(0, |lines| lines.count)
    }

    /// Says anew what waits of a job to a destination: `before` did, `after` does. Says how many of the organisation wait then.
    pub(crate) fn change(
        &mut self,
        (organisation, job): (&Organisation, JobId),
        destination: &Destination,
        before: &[(Timestamp, NoticeId)],
        after: &[(Timestamp, NoticeId)],
    ) -> u64 {
        if before == after {
            return self.count(organisation);
        }
        let lines = self.organisations.entry(organisation.clone()).or_default();
        lines.change(destination, |line| {
            let entry = |(due, id): &(Timestamp, NoticeId)| (*due, NoticeKey { job, id: *id });
            for gone in before {
                line.remove(&entry(gone));
            }
            line.extend(after.iter().map(entry));
        });
        let count = lines.count;
        if count == 0 {
            self.organisations.remove(organisation);
        }
        count
    }

    /// Takes out what does not wait after all. Says how many of the organisation wait then.
    pub(crate) fn forget(&mut self, organisation: &Organisation, destination: &Destination, key: &NoticeKey) -> u64 {
        let Some(lines) = self.organisations.get_mut(organisation) else { return 0 };
        lines.change(destination, |line| line.retain(|(_, other)| other != key));
        let count = lines.count;
        if count == 0 {
            self.organisations.remove(organisation);
        }
        count
    }

    /// What is due and may be sent, and when the next is due that is not yet.
    pub(crate) fn due(&self, room: &SendRoom, now: Timestamp) -> (Vec<Waiting>, Option<Timestamp>) {
        let sending: usize = room.sending.values().flat_map(BTreeMap::values).map(BTreeSet::len).sum();
        let mut free = room.most.saturating_sub(sending);
        // Each that has something gives one at least, so that no more of them have their turn.
        let turns = self.in_turn(room.after.as_ref()).map(|(of, lines)| Turn::new(of, lines, room, now));
        let mut turns: Vec<_> = turns.filter(|turn| !turn.lines.is_empty()).take(free).collect();
        let mut due = Vec::new();
        // One of each at a time, so that none takes what is free before others have had their turn.
        while free > 0 && !turns.is_empty() {
            turns.retain_mut(|turn| match turn.next() {
                Some(waiting) if free > 0 => {
                    due.push(waiting);
                    free -= 1;
                    true
                }
                _ => false,
            });
        }
        // What stands behind one that is due is asked for again when that was sent.
        let from = (now.plus_ms(1), Destination("".into()));
        let next = |lines: &Lines| lines.heads.range(&from..).next().map(|(due, _)| *due);
        (due, self.organisations.values().filter_map(next).min())
    }

    /// All organisations, beginning behind this one.
    fn in_turn(&self, after: Option<&Organisation>) -> impl Iterator<Item = (&Organisation, &Lines)> {
        let behind = self.organisations.iter().filter(move |(of, _)| after.is_none_or(|after| *of > after));
        let rest = self.organisations.iter().filter(move |(of, _)| after.is_some_and(|after| *of <= after));
        behind.chain(rest)
    }
}

/// What may be sent of one organisation.
struct Turn {
    /// Of each destination those that may be sent, in order; the destinations take turns.
    lines: VecDeque<std::vec::IntoIter<Waiting>>,
    free: usize,
}

impl Turn {
    fn new(organisation: &Organisation, lines: &Lines, room: &SendRoom, now: Timestamp) -> Self {
        let nothing = BTreeMap::new();
        let sending = room.sending.get(organisation).unwrap_or(&nothing);
        let free = room.most_of_one.saturating_sub(sending.values().map(BTreeSet::len).sum());
        let mut found = VecDeque::new();
        let horizon = now.plus_ms(room.horizon_ms);
        let is_due = |due: Timestamp| due <= now || due > horizon;
        let far = (horizon.plus_ms(1), Destination("".into()));
        let heads = lines.heads.iter().take_while(|(due, _)| *due <= now);
        let leapt = lines.heads.range(&far..).filter(|(due, _)| *due > horizon);
        for (_, destination) in heads.chain(leapt) {
            // Others of this organisation would not have their turn anyway.
            if found.len() >= free {
                break;
            }
            let none = BTreeSet::new();
            let busy = sending.get(destination).unwrap_or(&none);
            let most = room.most_to_one.saturating_sub(busy.len());
            let line = lines.by_destination.get(destination).into_iter().flatten();
            let ready = line.take_while(|(due, _)| is_due(*due)).map(|(_, key)| key).filter(|key| !busy.contains(key));
            let waiting = |key: &NoticeKey| Waiting {
                organisation: organisation.clone(),
                destination: destination.clone(),
                key: key.clone(),
            };
            let ready: Vec<_> = ready.take(most).map(waiting).collect();
            if !ready.is_empty() {
                found.push_back(ready.into_iter());
            }
        }
        Self { lines: found, free }
    }
}

impl Iterator for Turn {
    type Item = Waiting;
    fn next(&mut self) -> Option<Waiting> {
        while self.free > 0 {
            let mut line = self.lines.pop_front()?;
            if let Some(waiting) = line.next() {
                self.lines.push_back(line);
                self.free -= 1;
                return Some(waiting);
            }
        }
        None
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Sending;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn of(name: &str) -> Organisation {
        Organisation::new(name).unwrap()
    }

    fn to(name: &str) -> Destination {
        Destination(name.into())
    }

    /// Adds as many deliveries, due at this time.
    fn add(pending: &mut Pending, organisation: &str, destination: &str, due: Timestamp, count: u64) {
        for number in 0..count {
            let job = JobId(uuid::Uuid::from_u128(u128::from(number)));
            let id = NoticeId { revision: due.0.unsigned_abs(), webhook: 0 };
            pending.change((&of(organisation), job), &to(destination), &[], &[(due, id)]);
        }
    }

    fn room() -> SendRoom {
        let most = (100, 100, 100);
        SendRoom { most: most.0, most_of_one: most.1, most_to_one: most.2, horizon_ms: 1_000, ..SendRoom::default() }
    }

    /// What may be sent, in words.
    fn due(pending: &Pending, room: &SendRoom) -> Vec<String> {
        let (waiting, _) = pending.due(room, NOW);
        waiting.iter().map(|one| format!("{} {}", one.organisation, one.destination)).collect()
    }

    #[test]
    fn organisations_and_their_destinations_take_turns() {
        let mut pending = Pending::default();
        add(&mut pending, "a", "slow", NOW, 1_000);
        add(&mut pending, "a", "other", NOW, 1);
        add(&mut pending, "b", "slow", NOW, 2);
        let few = SendRoom { most: 5, ..room() };
        assert_eq!(due(&pending, &few), ["a other", "b slow", "a slow", "b slow", "a slow"]);
        let after = SendRoom { after: Some(of("a")), ..few.clone() };
        assert_eq!(due(&pending, &after), ["b slow", "a other", "b slow", "a slow", "a slow"]);
        let one_each = SendRoom { most_to_one: 1, ..room() };
        assert_eq!(due(&pending, &one_each), ["a other", "b slow", "a slow"]);
        assert_eq!((pending.count(&of("a")), pending.count(&of("b")), pending.count(&of("c"))), (1_001, 2, 0));
    }

    #[test]
    fn what_is_being_sent_counts_and_is_not_given_out_again() {
        let mut pending = Pending::default();
        add(&mut pending, "a", "slow", NOW, 10);
        add(&mut pending, "a", "other", NOW, 10);
        let (given, _) = pending.due(&SendRoom { most_to_one: 2, ..room() }, NOW);
        let mut sending = Sending::new();
        for one in given.iter().filter(|one| one.destination == to("slow")) {
            sending
                .entry(one.organisation.clone())
                .or_default()
                .entry(one.destination.clone())
                .or_default()
                .insert(one.key.clone());
        }
        let busy = SendRoom { most_to_one: 2, sending: Arc::new(sending), ..room() };
        assert_eq!(due(&pending, &busy), ["a other", "a other"]);
        assert_eq!(due(&pending, &SendRoom { most_of_one: 3, ..busy.clone() }), ["a other"]);
        assert_eq!(due(&pending, &SendRoom { most: 2, ..busy }), [""; 0]);
    }

    #[test]
    fn what_is_due_later_is_said_and_what_a_wrong_clock_put_off_is_due() {
        let mut pending = Pending::default();
        add(&mut pending, "a", "later", NOW.plus_ms(700), 1);
        add(&mut pending, "a", "soon", NOW.plus_ms(300), 1);
        add(&mut pending, "a", "years", NOW.plus_ms(1_001), 1);
        let (waiting, next) = pending.due(&room(), NOW);
        assert_eq!(waiting.iter().map(|one| &*one.destination.0).collect::<Vec<_>>(), ["years"]);
        assert_eq!(next, Some(NOW.plus_ms(300)));
    }
}
