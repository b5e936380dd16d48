//! The rules of notifications, from the receiver's side: what it was sent fits what the server says happened to the job.

use std::collections::{BTreeMap, BTreeSet};

use super::{JobEvent, text};
use crate::receiver::Received;

/// What a receiver was sent of one job.
#[derive(Debug, Default)]
struct Sent {
    /// By the job's revision: under which ids, as which types.
    by_revision: BTreeMap<u64, BTreeSet<(String, String)>>,
}

/// Says where messages contradict the events of their jobs. The jobs notify of every state, have one webhook each, and nothing
/// of them waits to be delivered.
pub fn violations(seen: &[Received], jobs: &BTreeMap<String, Vec<JobEvent>>) -> Vec<String> {
    let mut found = Vec::new();
    let mut bodies: BTreeMap<&str, &[u8]> = BTreeMap::new();
    let mut sent: BTreeMap<String, Sent> = BTreeMap::new();
    for one in seen {
        let (message, id) = (one.json(), one.header("webhook-id"));
        let before = bodies.entry(id).or_insert(&one.body);
        if *before != one.body.as_slice() {
            found.push(format!("the message {id} differs from try to try"));
        }
        let data = message.get("data").cloned().unwrap_or_default();
        let revision = data.get("revision").and_then(serde_json::Value::as_u64).unwrap_or_default();
        let of_job = sent.entry(text(&data, "id").to_owned()).or_default();
        let under = of_job.by_revision.entry(revision).or_default();
        under.insert((id.to_owned(), text(&message, "type").to_owned()));
    }
    for (job, events) in jobs {
        let mut states: Vec<&str> =
            events.iter().filter(|event| event.kind == "status").map(|event| text(&event.data, "status")).collect();
        states.dedup();
        let expected: Vec<String> = states.iter().map(|state| format!("job.{state}")).collect();
        let of_job = sent.remove(job).unwrap_or_default();
        for (revision, under) in &of_job.by_revision {
            if under.len() > 1 {
                found.push(format!("job {job}: revision {revision} came as {under:?}"));
            }
        }
        let types: Vec<&String> = of_job.by_revision.values().flatten().map(|(_, kind)| kind).collect();
        if types != expected.iter().collect::<Vec<_>>() {
            found.push(format!("job {job}: it was notified {types:?}, and what happened is {expected:?}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use serde_json::json;

    use super::*;

    fn message(id: &str, kind: &str, revision: u64) -> Received {
        let body = json!({"type": kind, "data": {"id": "j", "revision": revision}}).to_string().into_bytes();
        let headers = [("webhook-id".to_owned(), id.to_owned())].into();
        Received { at: Instant::now(), method: "POST".to_owned(), path: "/".to_owned(), headers, body }
    }

    fn found(seen: &[Received]) -> usize {
        let event = |id: u64, status: &str| JobEvent { id, kind: "status".to_owned(), data: json!({"status": status}) };
        let events = vec![event(0, "queued"), event(1, "running"), event(2, "running"), event(3, "failed")];
        violations(seen, &[("j".to_owned(), events)].into()).len()
    }

    #[test]
    fn what_is_lost_comes_too_much_or_under_two_ids_is_found() {
        let all = [message("a", "job.queued", 0), message("b", "job.running", 1), message("c", "job.failed", 3)];
        assert_eq!(found(&all), 0);
        // Again, and in another order.
        let again = [&all[..], &[all[1].clone(), all[0].clone()]].concat();
        assert_eq!(found(&again), 0);
        assert_eq!(found(&all[..2]), 1);
        assert_eq!(found(&[&all[..], &[message("d", "job.completed", 4)]].concat()), 1);
        assert_eq!(found(&[&all[..], &[message("e", "job.failed", 3)]].concat()), 2);
        assert_eq!(found(&[&all[..], &[message("c", "job.completed", 3)]].concat()), 3);
    }
}
