//! Notifications: what is due, what was tried, what is remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use analyte_core::webhook::{Answered, Attempted, Destination, NoticeId, Outbox, TryMade};

use super::{Job, Model, Organisation, Place, Status, Step, Store, Timestamp, organisation, said, same};
use crate::{DueDelivery, NoticeKey, SendRoom, Sending, Tried};

impl Model {
    /// Notes what is to be said of a job that was just changed, or submitted (`before` is `None`).
    pub(super) fn note(&mut self, place: &Place, before: Option<Status>) {
        if let Some(job) = self.jobs.get(place) {
            self.outboxes.entry(place.clone()).or_default().note(job, before, self.now);
        }
    }

    /// All that waits and is due: whose, where to, when and what.
    fn waiting(&self) -> BTreeSet<(Organisation, Destination, Timestamp, NoticeKey)> {
        let of_job = |((of, id), outbox): (&Place, &Outbox)| {
            let job: &Job = &self.jobs[&(of.clone(), *id)];
            let one = |(due, notice): (Timestamp, NoticeId)| {
                let destination = job.webhooks[usize::from(notice.webhook)].destination.clone();
                (of.clone(), destination, due, NoticeKey { job: *id, id: notice })
            };
            outbox.pending().map(one).collect::<Vec<_>>()
        };
        self.outboxes.iter().flat_map(of_job).collect()
    }

    pub(super) async fn deliver(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        let Step::Deliver { most, most_of_one, most_to_one, busy, answers } = step else { return Ok(()) };
        let waiting = self.waiting();
        let mut sending = Sending::new();
        for (of, destination, _, key) in waiting.iter().take(busy) {
            sending.entry(of.clone()).or_default().entry(destination.clone()).or_default().insert(key.clone());
        }
        let after = busy.is_multiple_of(2).then(|| organisation(most));
        let room = SendRoom {
            sending: Arc::new(sending.clone()),
            most,
            most_of_one,
            most_to_one,
            horizon_ms: u64::MAX,
            after,
        };
        let due = said(store.due(room, self.now).await)?;
        // In each line the first ones, and none of those that are being sent.
        let mut taken: BTreeMap<(Organisation, Destination), usize> = BTreeMap::new();
        for DueDelivery { job, destination, delivery } in &due.deliveries {
            let of = job.organisation.clone();
            let place = (of.clone(), job.id);
            same("the job of a delivery", &Some(&**job), &self.jobs.get(&place))?;
            let expected = self.outboxes.get(&place).and_then(|outbox| outbox.delivery(delivery.id));
            same("a delivery", &Some(delivery), &expected)?;
            let busy = sending.get(&of).and_then(|all| all.get(destination)).cloned().unwrap_or_default();
            let line = waiting.iter().filter(|(whose, to, at, key)| {
                *whose == of && to == destination && *at <= self.now && !busy.contains(key)
            });
            let nth = taken.entry((of.clone(), destination.clone())).or_default();
            let first = line.clone().nth(*nth).map(|(.., key)| key.clone());
            *nth += 1;
            same("the first of its line", &first, &Some(NoticeKey { job: job.id, id: delivery.id }))?;
        }
        // No more than there is room for, and no less.
        let count = |of: &Organisation, to: &Destination| {
            let busy = sending.get(of).and_then(|all| all.get(to)).map_or(0, BTreeSet::len);
            busy + taken.get(&(of.clone(), to.clone())).copied().unwrap_or(0)
        };
        let of_one = |of: &Organisation| {
            let busy: usize = sending.get(of).into_iter().flat_map(BTreeMap::values).map(BTreeSet::len).sum();
            busy + taken.iter().filter(|((whose, _), _)| whose == of).map(|(_, taken)| taken).sum::<usize>()
        };
        let all: usize = self.jobs.keys().map(|(of, _)| of).collect::<BTreeSet<_>>().into_iter().map(of_one).sum();
        for (of, to, at, key) in &waiting {
            let is_sent = sending.get(of).and_then(|all| all.get(to)).is_some_and(|busy| busy.contains(key));
            let given = due.deliveries.iter().any(|one| one.job.id == key.job && one.delivery.id == key.id);
            same("what is sent is not given out", &(is_sent && given), &false)?;
            let no_room = all >= most || of_one(of) >= most_of_one || count(of, to) >= most_to_one;
            same("why it was not given out", &(is_sent || given || *at > self.now || no_room), &true)?;
            if given {
                same(
                    "within what there is room for",
                    &(of_one(of) <= most_of_one && count(of, to) <= most_to_one),
                    &true,
                )?;
            }
        }
        let later = waiting.iter().filter(|(of, to, at, _)| {
            let first = waiting.iter().find(|(whose, where_to, ..)| whose == of && where_to == to);
            *at > self.now && first.is_some_and(|(_, _, first, _)| first == at)
        });
        same("next due delivery", &due.next, &later.map(|(_, _, at, _)| *at).min())?;
        for (one, answer) in due.deliveries.iter().zip(answers) {
            let place = (one.job.organisation.clone(), one.job.id);
            self.tried(store, &place, one.delivery.id, answer).await?;
        }
        Ok(())
    }

    async fn tried(&mut self, store: &dyn Store, place: &Place, id: NoticeId, answer: u8) -> Result<(), String> {
        let answered = match answer % 8 {
            0 => Answered::Gone,
            1 => Answered::GivenUp,
            2..5 => Answered::Taken,
            _ => Answered::Again { due: self.now.plus_ms(u64::from(answer) * 7) },
        };
        let made = TryMade { at: self.now, took_ms: 3, answer: Some(500), problem: Some("it failed".to_owned()) };
        let attempted = Attempted { id, made, answered };
        let one = |organisation: Organisation| Tried { organisation, job: place.1, attempted: attempted.clone() };
        let other = organisation(usize::from(place.0 == organisation(0)));
        let expected = self.outboxes.get_mut(place).is_some_and(|outbox| outbox.tried(attempted.clone()));
        let got = said(store.tried(vec![one(other), one(place.0.clone())]).await)?;
        same("tried", &got, &vec![false, expected])
    }

    pub(super) async fn check_deliveries(&self, store: &dyn Store) -> Result<(), String> {
        for (of, id) in self.jobs.keys() {
            let expected = self.outboxes.get(&(of.clone(), *id)).cloned().unwrap_or_default();
            same("outbox", &said(store.outbox(of, *id).await)?, &Some(expected))?;
            let other = organisation(usize::from(*of == organisation(0)));
            same("outbox of others", &said(store.outbox(&other, *id).await)?, &None)?;
        }
        for of in (0..3).map(organisation) {
            let own = self.outboxes.iter().filter(|((whose, _), _)| *whose == of);
            let expected: usize = own.map(|(_, outbox)| outbox.pending().count()).sum();
            same("pending", &said(store.pending(&of).await)?, &(expected as u64))?;
        }
        Ok(())
    }
}
