//! Notifications of a server that is killed again and again: each end of a job arrives, under one id, and none arrives of a job
//! that has not ended.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use support::receiver::{Receiver, Reply};
use support::server::{Home, Setup};
use support::{eventually_within, ok};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

#[test]
fn every_end_arrives_under_one_id_and_nothing_arrives_of_what_has_not_ended() {
    // One of three messages is refused when it comes first, and one of five is not answered then.
    let receiver = Receiver::start(|request, before| {
        let number: u64 = request.body.iter().map(|byte| u64::from(*byte)).sum();
        match (number % 3, number % 5, before) {
            (_, 0, 0) => Reply::Never,
            (0, _, 0) => Reply::status(503),
            _ => Reply::status(200),
        }
    });
    let config = format!(
        "[webhooks]\nallow = ['{}']\n[limits]\nfree_disk_bytes = 0\nwebhook_pause_ms = 100\nwebhook_pause_ms_max = 300\n\
         webhook_tries = 1000\nwebhook_timeout_ms = 1000\nwebhook_sends = 64\nwebhook_sends_to_one = 32\n",
        receiver.destination()
    );
    let setup = Setup { config: &config, plugins: &["hostile"], ..Setup::default() };
    let mut server = Home::new().start(&setup);
    let (mut ending, mut waiting) = (Vec::new(), Vec::new());
    for round in 0..6 {
        let before = receiver.seen().len();
        let job = |model: &str| {
            json!({"provider": "hostile", "model": model, "input": [{"value": 1}],
                "webhook": {"url": receiver.url("/in"), "secret": SECRET}})
        };
        let submit = |body: &Value| -> String {
            let made = server.http.post("/v1/jobs", body).expect(201).json();
            made["id"].as_str().expect("an id").to_owned()
        };
        for number in 0..40 {
            ending.push(submit(&job(if number % 4 == 0 { "error" } else { "noop" })));
            // Some are cancelled before they have run, or while they do.
            if number % 8 == 1 {
                let path = format!("/v1/jobs/{}/cancel", ending.last().expect("a job"));
                drop(ok(server.http.try_call("POST", &path, &[], None), "a cancel"));
            }
        }
        let mut later = job("noop");
        later["run_at"] = json!("2199-01-01T00:00:00Z");
        waiting.push(submit(&later));
        // While messages of this round arrive: after more of them each time.
        let target = before + 3 + 5 * round;
        eventually_within(Duration::from_mins(1), "messages to arrive", || {
            (receiver.seen().len() >= target).then_some(())
        });
        server = server.kill().start(&setup);
    }
    let ended: BTreeMap<String, String> = ending
        .iter()
        .map(|id| {
            let status = eventually_within(Duration::from_mins(3), "a job to end and its receiver to know", || {
                let job = server.http.get(&format!("/v1/jobs/{id}")).expect(200).json();
                let shown = server.http.get(&format!("/v1/jobs/{id}/webhooks")).expect(200).json();
                let deliveries = shown["deliveries"].as_array().expect("a list");
                assert!(deliveries.iter().all(|one| one["state"] != "failed"), "{shown}");
                let done = deliveries.len() == 1 && deliveries[0]["state"] == "delivered";
                (job["finished_at"].is_string() && done).then(|| job["status"].as_str().expect("a word").to_owned())
            });
            (id.clone(), status)
        })
        .collect();
    let mut arrived: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for one in receiver.seen() {
        let message = one.json();
        let job = message["data"]["id"].as_str().expect("an id").to_owned();
        let id = one.header("webhook-id").to_owned();
        let before = bodies.insert(id.clone(), one.body.clone());
        assert!(before.is_none_or(|before| before == one.body), "the message {id} differs from try to try");
        arrived.entry(job).or_default().insert((id, message["type"].as_str().expect("a type").to_owned()));
    }
    for (job, status) in &ended {
        let of_job: Vec<_> = arrived.remove(job).into_iter().flatten().collect();
        assert_eq!(of_job.len(), 1, "job {job}: {of_job:?}");
        assert_eq!(of_job[0].1, format!("job.{status}"), "job {job}");
    }
    assert_eq!(arrived.keys().collect::<Vec<_>>(), Vec::<&String>::new(), "of jobs that have not ended: {waiting:?}");
    let kinds: BTreeSet<_> = ended.values().map(String::as_str).collect();
    assert!(kinds.contains("completed") && kinds.contains("failed"), "{kinds:?}");
}
