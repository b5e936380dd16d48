//! What holds for every outbox after any changes of its job and any tries.

#![expect(clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::{Answered, Attempted, DELIVERIES, Destination, Message, NoticeId, Outbox, Stands, TryMade, Webhook};
use crate::job::{Job, RunLimits, Status};
use crate::names::{JobId, Organisation};
use crate::timestamp::Timestamp;

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    /// The job comes into this state.
    Comes(usize),
    /// One of those that wait, or that waited, is tried.
    Tried { pick: usize, answer: u8 },
}

fn job(webhooks: &[u8]) -> Job {
    let limits = RunLimits { fuel: 1, memory_bytes: 1, timeout_ms: 1 };
    let webhook = |events: &u8| Webhook {
        url: "https://a.example/in".to_owned(),
        destination: Destination("https://a.example:443".into()),
        events: Status::ALL
            .into_iter()
            .zip(0..)
            .filter(|(_, bit)| events >> bit & 1 == 1)
            .map(|(status, _)| status)
            .collect(),
        secret: None,
    };
    let webhooks: Arc<[Webhook]> = webhooks.iter().map(webhook).collect();
    Job { webhooks, ..Job::queued(JobId(Uuid::nil()), Organisation::default_one(), Vec::new(), limits, Timestamp(0)) }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..5_usize).prop_map(Step::Comes),
        3 => (any::<usize>(), 0..12_u8).prop_map(|(pick, answer)| Step::Tried { pick, answer }),
    ]
}

proptest! {
    #[test]
    fn nothing_is_lost_said_twice_or_said_of_a_webhook_that_is_disabled(
        webhooks in vec(1..32_u8, 0..4), steps in vec(step(), 0..400),
    ) {
        let mut job = job(&webhooks);
        let mut outbox = Outbox::default();
        // What is to be said, until it has ended.
        let mut waits: BTreeMap<NoticeId, Status> = BTreeMap::new();
        let mut known: Vec<NoticeId> = Vec::new();
        let mut disabled = vec![false; webhooks.len()];
        for (now, step) in (1_i64..).zip(steps) {
            match step {
                Step::Comes(into) => {
                    let before = job.status;
                    job.status = Status::ALL[into];
                    job.revision += 1;
                    let due: Vec<_> = (0_u16..).zip(job.webhooks.iter()).filter(|(place, webhook)| {
                        before != job.status && webhook.events.contains(&job.status) && !disabled[usize::from(*place)]
                    }).map(|(webhook, _)| NoticeId { revision: job.revision, webhook }).collect();
                    prop_assert_eq!(outbox.note(&job, Some(before), Timestamp(now)), !due.is_empty());
                    waits.extend(due.iter().map(|id| (*id, job.status)));
                    known.extend(due);
                }
                Step::Tried { pick, answer } => {
                    let Some(id) = pick.checked_rem(known.len()).map(|place| known[place]) else { continue };
                    let answered = match answer {
                        0 => Answered::Gone,
                        1..4 => Answered::Taken,
                        4 => Answered::GivenUp,
                        _ => Answered::Again { due: Timestamp(now + 10) },
                    };
                    let made = TryMade { at: Timestamp(now), took_ms: 1, answer: None, problem: Some("ä".repeat(600)) };
                    let changed = outbox.tried(Attempted { id, made, answered });
                    prop_assert_eq!(changed, waits.contains_key(&id));
                    match answered {
                        Answered::Taken | Answered::GivenUp => drop(waits.remove(&id)),
                        Answered::Gone if changed => {
                            waits.retain(|other, _| other.webhook != id.webhook);
                            disabled[usize::from(id.webhook)] = true;
                        }
                        Answered::Gone | Answered::Again { .. } => {}
                    }
                }
            }
            let pending: BTreeMap<_, _> = outbox.pending().map(|(_, id)| (id, outbox.delivery(id).map(|of| of.status))).collect();
            prop_assert_eq!(pending, waits.iter().map(|(id, status)| (*id, Some(*status))).collect::<BTreeMap<_, _>>());
            prop_assert!(outbox.deliveries().len() <= DELIVERIES.max(waits.len()));
            for (place, disabled) in (0_u16..).zip(&disabled) {
                prop_assert_eq!(outbox.disabled_at(place).is_some(), *disabled);
            }
            prop_assert!(outbox.deliveries().iter().all(|one| one.last.as_ref().and_then(|made| made.problem.as_ref()).is_none_or(|problem| problem.len() <= 512)));
        }
        let text = serde_json::to_string(&outbox).unwrap_or_default();
        prop_assert_eq!(serde_json::from_str::<Outbox>(&text).ok(), Some(outbox.clone()));
        let ids: std::collections::BTreeSet<_> = known.iter().map(|id| id.message_id(job.id)).collect();
        prop_assert_eq!(ids.len(), known.len());
    }
}

#[test]
fn a_message_says_what_the_job_was_when_the_change_was_made() {
    let mut job = job(&[31]);
    let mut outbox = Outbox::default();
    (job.status, job.revision) = (Status::Completed, 2);
    job.tags.insert("run".to_owned(), "7".to_owned());
    assert!(outbox.note(&job, Some(Status::Running), Timestamp(1_770_000_000_000)));
    assert!(!outbox.note(&job, Some(Status::Completed), Timestamp(1_770_000_000_001)));
    // Run again meanwhile.
    (job.status, job.revision) = (Status::Running, 3);
    let delivery = outbox.deliveries().first().cloned();
    assert_eq!(
        delivery.as_ref().map(|delivery| delivery.stands),
        Some(Stands::Pending { due: Timestamp(1_770_000_000_000) })
    );
    let message = delivery.map(|delivery| Message::of(&job, &delivery));
    let expected = concat!(
        r#"{"type":"job.completed","timestamp":"2026-02-02T02:40:00.000Z","data":{"#,
        r#""id":"00000000-0000-0000-0000-000000000000","status":"completed","revision":2,"provider":null,"model":null,"#,
        r#""created_at":"1970-01-01T00:00:00.000Z","error":null,"retry_of":null,"schedule":null,"tags":{"run":"7"},"#,
        r#""links":{"self":"/v1/jobs/00000000-0000-0000-0000-000000000000","#,
        r#""results":"/v1/jobs/00000000-0000-0000-0000-000000000000/results"}}}"#
    );
    assert_eq!(message.as_ref().and_then(|message| std::str::from_utf8(&message.body).ok()), Some(expected));
    assert_eq!(message.map(|message| message.id), Some("msg_00000000000000000000000000000000_2_0".to_owned()));
}
