//! What is refused of webhooks, and which destinations are never reached.

use serde_json::{Value, json};

use super::{SECRET, delivered, job, server, submitted};
use support::receiver::Receiver;
use support::server::{Server, Setup};

#[test]
fn without_a_list_no_job_may_notify_and_the_refusal_says_what_to_set() {
    let server = Server::with_plugins(&["hostile"]);
    let refused = server.http.post("/v1/jobs", &job("noop", "https://hooks.example.com/in")).expect(403).json();
    assert_eq!(refused["code"], "destination-denied");
    assert_eq!(
        refused["detail"],
        "the operator allows no destinations; they are listed as `allow` under `[webhooks]` in analyte.toml"
    );
    let nothing = server.http.get("/v1/jobs").expect(200).json();
    assert_eq!(nothing["jobs"], json!([]));
}

#[test]
fn webhooks_that_are_none_are_refused_by_name() {
    let receiver = Receiver::taking();
    let server = server(&[&receiver], "webhook_url_bytes = 60");
    let good = json!({"url": receiver.url("/in"), "secret": SECRET});
    let with = |member: &str, value: Value| {
        let mut webhook = good.clone();
        webhook[member] = value;
        let mut asked = job("noop", "");
        asked["webhook"] = webhook;
        let answer = server.http.post("/v1/jobs", &asked);
        let problem = answer.json();
        format!(
            "{} {}: {}",
            answer.status,
            problem["code"].as_str().unwrap_or("no code"),
            problem["detail"].as_str().unwrap_or("")
        )
    };
    let long = format!("https://hooks.example.com/{}", "x".repeat(60));
    let mut cases = vec![
        with("url", json!("hooks.example.com")),
        with("url", json!("ftp://hooks.example.com/")),
        with("url", json!("https://user:pass@hooks.example.com/")),
        with("url", json!("https://elsewhere.example/in?key=s3cret")),
        with("url", json!("http://127.0.0.1:1/in")),
        with("url", json!(long)),
        with("url", json!(7)),
        with("secret", json!("s3cret-that-is-none")),
        with("secret", Value::Null),
        with("events", json!([])),
        with("events", json!(["done"])),
        with("headers", json!({})),
    ];
    let mut asked = job("noop", "");
    asked["webhook"] = json!({"url": receiver.url("/in")});
    cases.push(server.http.post("/v1/jobs", &asked).expect(400).json()["detail"].as_str().unwrap_or("").to_owned());
    asked["webhook"] = json!([good]);
    cases.push(server.http.post("/v1/jobs", &asked).expect(400).json()["detail"].as_str().unwrap_or("").to_owned());
    support::snapshot::assert_snapshot("webhook-refusals.txt", &format!("{}\n", cases.join("\n")));
}

#[test]
fn a_name_that_leads_to_a_private_address_is_reached_only_where_that_is_listed() {
    let receiver = Receiver::taking();
    let port = receiver.port();
    let limits = "[limits]\nfree_disk_bytes = 0\nwebhook_tries = 2\nwebhook_pause_ms = 50\n";
    let listed = |entry: &str| {
        let config = format!("[webhooks]\nallow = [{entry}]\n{limits}");
        Server::with(&Setup { config: &config, plugins: &["hostile"], ..Setup::default() })
    };
    let url = format!("http://localhost:{port}/in");
    let server = listed(&format!("'http://localhost:{port}'"));
    let id = submitted(&server.http, &job("noop", &url));
    let shown = delivered(&server.http, &id, 1);
    assert_eq!(shown["deliveries"][0]["state"], "failed", "{shown}");
    assert_eq!(
        shown["deliveries"][0]["last_try"]["problem"],
        format!(
            "the destination http://localhost:{port} leads to an address of this machine, which the operator does not allow \
             (`private = true` beside its `host`, as `allow` under `[webhooks]` in analyte.toml)"
        )
    );
    assert!(receiver.seen().is_empty());

    let server = listed(&format!("{{ host = 'http://localhost:{port}', private = true }}"));
    let id = submitted(&server.http, &job("noop", &url));
    assert_eq!(delivered(&server.http, &id, 1)["deliveries"][0]["state"], "delivered");
    assert_eq!(receiver.seen_at("/in").len(), 1);
}
