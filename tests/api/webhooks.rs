//! Jobs that notify receivers: what is sent, to whom, how often, and what is seen of it.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

mod refusals;
mod standard;
mod trying;

use serde_json::{Value, json};

use support::binary::finish;
use support::eventually;
use support::http::Http;
use support::receiver::Receiver;
use support::server::{Server, Setup};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

/// A server that may notify these receivers, with short pauses, and with this in its limits.
fn server(receivers: &[&Receiver], limits: &str) -> Server {
    let allow: Vec<String> = receivers.iter().map(|receiver| format!("'{}'", receiver.destination())).collect();
    let config = format!("[webhooks]\nallow = [{}]\n[limits]\nfree_disk_bytes = 0\n{limits}\n", allow.join(", "));
    Server::with(&Setup { config: &config, plugins: &["hostile"], ..Setup::default() })
}

/// A job of this model that notifies this address.
fn job(model: &str, url: &str) -> Value {
    json!({"provider": "hostile", "model": model, "input": [{"value": 1}], "webhook": {"url": url, "secret": SECRET}})
}

fn submitted(http: &Http, body: &Value) -> String {
    let job = http.post("/v1/jobs", body).expect(201).json();
    job["id"].as_str().expect("an id").to_owned()
}

fn webhooks(http: &Http, id: &str) -> Value {
    http.get(&format!("/v1/jobs/{id}/webhooks")).expect(200).json()
}

/// What is seen of the deliveries of a job when none waits any more, and there are this many.
fn delivered(http: &Http, id: &str, count: usize) -> Value {
    eventually("the deliveries to end", || {
        let shown = webhooks(http, id);
        let deliveries = shown["deliveries"].as_array().expect("a list");
        let done = deliveries.len() >= count && deliveries.iter().all(|one| one["state"] != "pending");
        done.then_some(shown)
    })
}

#[test]
fn a_job_notifies_its_receiver_of_its_end_and_says_so() {
    let receiver = Receiver::taking();
    let server = server(&[&receiver], "");
    let http = &server.http;
    let mut asked = job("noop", &receiver.url("/in?key=s3cret"));
    asked["tags"] = json!({"run": "7"});
    let id = submitted(http, &asked);
    let shown = delivered(http, &id, 1);
    let sent = receiver.wait_for("/in?key=s3cret", 1).remove(0);

    let job = http.get(&format!("/v1/jobs/{id}")).expect(200).json();
    assert_eq!(job["links"]["webhooks"], format!("/v1/jobs/{id}/webhooks"));
    assert_eq!((sent.method.as_str(), sent.header("content-type")), ("POST", "application/json"));
    assert_eq!(sent.header("host"), format!("127.0.0.1:{}", receiver.port()));
    let message = sent.json();
    assert_eq!(
        message,
        json!({"type": "job.completed", "timestamp": job["finished_at"], "data": {
            "id": id, "status": "completed", "revision": 2, "provider": "hostile", "model": "noop",
            "created_at": job["created_at"], "error": null, "retry_of": null, "schedule": null, "tags": {"run": "7"},
            "links": {"self": format!("/v1/jobs/{id}"), "results": format!("/v1/jobs/{id}/results")},
        }})
    );
    let delivery = &shown["deliveries"][0];
    assert_eq!(
        shown,
        json!({
            "webhooks": [{"url": receiver.url("/in"), "events": ["completed", "failed", "cancelled"], "disabled_at": null}],
            "deliveries": [{
                "id": sent.header("webhook-id"), "webhook": 0, "event": "job.completed", "at": job["finished_at"],
                "state": "delivered", "tries": 1, "next_try_at": null, "ended_at": delivery["ended_at"],
                "last_try": {"at": delivery["last_try"]["at"], "took_ms": delivery["last_try"]["took_ms"],
                    "status": 204, "problem": null},
            }],
        })
    );
    assert_eq!(sent.header("webhook-id"), format!("msg_{}_2_0", id.replace('-', "")));

    // The same for people.
    let mut command = server.command();
    command.args(["job", "webhooks", &id, "--format", "text"]);
    let said = finish(&mut command, b"");
    let text = said.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], format!("webhook 0: {} (completed, failed, cancelled)", receiver.url("/in")), "{said:?}");
    assert!(lines[1].starts_with("id ") && lines[3].contains("job.completed  delivered"), "{said:?}");

    // A job without a webhook has none to show.
    let plain = json!({"provider": "hostile", "model": "noop", "input": [{"value": 1}]});
    let id = submitted(http, &plain);
    assert_eq!(webhooks(http, &id), json!({"webhooks": [], "deliveries": []}));

    let metrics = http.get("/metrics").expect(200).text();
    assert!(metrics.contains("analyte_webhook_tries_total{outcome=\"delivered\"} 1"), "{metrics}");
}

#[test]
fn each_way_to_submit_notifies() {
    let receiver = Receiver::taking();
    let server = server(&[&receiver], "");
    let http = &server.http;
    // In a batch, where one that is refused says why.
    let other = job("noop", "https://elsewhere.example/in");
    let batch = json!({"jobs": [job("noop", &receiver.url("/batch")), other, job("error", &receiver.url("/batch"))]});
    let items = http.post("/v1/jobs/batch", &batch).expect(200).json();
    assert_eq!(items["items"][1]["error"]["code"], "destination-denied", "{items}");
    let types = |path: &str, count: usize| {
        let mut types: Vec<String> =
            receiver.wait_for(path, count).iter().map(|one| one.json()["type"].to_string()).collect();
        types.sort_unstable();
        types
    };
    assert_eq!(types("/batch", 2), ["\"job.completed\"", "\"job.failed\""]);
    let failed = receiver
        .seen_at("/batch")
        .into_iter()
        .map(|one| one.json()["data"]["error"].clone())
        .find(|one| !one.is_null());
    assert_eq!(failed.expect("an error")["code"], "analysis-error");

    // Of several tasks: once, for the job.
    let task = |name: &str| json!({"name": name, "provider": "hostile", "model": "noop", "input": [{"value": 1}]});
    let graph = json!({"tasks": [task("one"), task("two")], "webhook": {
        "url": receiver.url("/graph"), "secret": SECRET, "events": ["queued", "running", "completed"],
    }});
    let id = submitted(http, &graph);
    assert_eq!(types("/graph", 3), ["\"job.completed\"", "\"job.queued\"", "\"job.running\""]);
    assert_eq!(delivered(http, &id, 3)["deliveries"].as_array().map(Vec::len), Some(3));

    // By a schedule, whose jobs each notify.
    let template = job("noop", &receiver.url("/schedule"));
    let schedule = json!({"name": "often", "when": {"every_ms": 3_600_000}, "template": template});
    let made = http.post("/v1/schedules", &schedule).expect(201).json();
    assert!(!made.to_string().contains("whsec_") && !made.to_string().contains("MDEyMzQ1"), "{made}");
    let launched = http.post(&format!("/v1/schedules/{}/launch", made["id"].as_str().expect("an id")), &json!({}));
    let launched = launched.expect(201).json();
    let sent = receiver.wait_for("/schedule", 1).remove(0).json();
    assert_eq!((&sent["data"]["id"], &sent["data"]["schedule"]), (&launched["id"], &made["id"]));

    // By the command line, which takes the secret from its environment.
    let mut command = server.command();
    command.args(["job", "submit", "hostile", "noop", "--input", "-", "--webhook", &receiver.url("/cli")]);
    command.args(["--webhook-event", "completed"]).env("ANALYTE_WEBHOOK_SECRET", SECRET);
    let said = finish(&mut command, b"[{\"value\": 1}]");
    assert!(said.stderr.is_empty(), "{said:?}");
    assert_eq!(receiver.wait_for("/cli", 1).remove(0).json()["data"]["id"], said.text().trim());
}

#[test]
fn what_waits_goes_with_its_job_and_a_copy_notifies_as_its_job_did() {
    let receiver =
        Receiver::start(|request, _| support::receiver::Reply::status(if request.path == "/busy" { 503 } else { 200 }));
    let server = server(&[&receiver], "");
    let http = &server.http;
    let id = submitted(http, &job("error", &receiver.url("/busy")));
    let first = receiver.wait_for("/busy", 1).remove(0);
    assert_eq!(first.json()["type"], "job.failed");
    let copy = http.post(&format!("/v1/jobs/{id}/retry"), &json!({"as": "copy"})).expect(201).json();
    let sent = receiver.wait_for("/busy", 2).remove(1).json();
    assert_eq!((&sent["data"]["id"], &sent["data"]["retry_of"]), (&copy["id"], &json!(id)));
    http.delete(&format!("/v1/jobs/{id}")).expect(204);
    http.get(&format!("/v1/jobs/{id}/webhooks")).expect(404);
}
