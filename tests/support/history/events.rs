//! The rules of a job's events.

use std::collections::BTreeMap;

use super::check::{Rule, Violation};
use super::{Act, JobEvent, Record, ended, text};

/// Says where events contradict each other.
pub(super) fn check(records: &[Record]) -> Vec<Violation> {
    let mut known: BTreeMap<(&str, u64), &JobEvent> = BTreeMap::new();
    let mut found = Vec::new();
    for record in records {
        let Act::Events { job, events, closed } = &record.act else { continue };
        let mut add = |what: String| found.push(Violation { rule: Rule::Events, what: format!("job {job}: {what}") });
        for pair in events.windows(2) {
            if let [first, second] = pair
                && first.id >= second.id
            {
                add(format!("{} came before {}", first.id, second.id));
            }
        }
        for event in events {
            let before = known.entry((job, event.id)).or_insert(event);
            if *before != event {
                add(format!("{before:?} became {event:?}"));
            }
        }
        let last = events.iter().rev().find(|event| event.kind == "status").map(|event| text(&event.data, "status"));
        if *closed && !last.is_some_and(ended) {
            add(format!("the stream was closed at {last:?}"));
        }
    }
    found
}
