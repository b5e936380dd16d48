//! How often and how long a receiver is tried: one that fails, is slow, answers without end, sends elsewhere or wants no more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use super::{SECRET, delivered, job, server, submitted, webhooks};
use support::http::Http;
use support::process::resident;
use support::receiver::{Receiver, Reply};
use support::server::{Server, Setup};
use support::{eventually, ok};

const QUICK: &str = "webhook_pause_ms = 50\nwebhook_pause_ms_max = 200\nwebhook_tries = 3\nwebhook_timeout_ms = 1000\n";

#[test]
fn a_receiver_that_fails_is_tried_again_with_the_same_message() {
    let elsewhere = Receiver::taking();
    let target = elsewhere.url("/target");
    let receiver = Receiver::start(move |request, before| match (request.path.as_str(), before) {
        ("/late", 0) => Reply::status(500),
        // Of a year, and then of a date that no clock of this machine will come to.
        ("/later", 0) => Reply::Status(429, vec![("retry-after", "31536000".to_owned())]),
        ("/later", 1) => Reply::Status(503, vec![("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT".to_owned())]),
        ("/moved", _) => Reply::Status(302, vec![("location", target.clone())]),
        ("/broken", _) => Reply::Bytes(b"this is no HTTP\r\n\r\n".to_vec()),
        ("/silent", _) => Reply::Bytes(Vec::new()),
        ("/early", _) => Reply::Bytes(b"HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000)),
        ("/heads", _) => Reply::Bytes(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1 << 20)).into()),
        ("/endless", _) => Reply::Endless,
        ("/never", _) => Reply::Never,
        _ => Reply::status(200),
    });
    let server = server(&[&receiver, &elsewhere], QUICK);
    let http = &server.http;
    let last = |path: &str| {
        let id = submitted(http, &job("noop", &receiver.url(path)));
        let shown = delivered(http, &id, 1);
        let delivery = &shown["deliveries"][0];
        (delivery["state"].clone(), delivery["tries"].clone(), delivery["last_try"]["problem"].clone())
    };
    let outcome = |state: &str, tries: u64, problem: Value| (json!(state), json!(tries), problem);
    assert_eq!(last("/late"), outcome("delivered", 2, Value::Null));
    let seen = receiver.seen_at("/late");
    assert_eq!(seen[0].header("webhook-id"), seen[1].header("webhook-id"));
    assert_eq!(seen[0].body, seen[1].body);
    let begun = Instant::now();
    assert_eq!(last("/later"), outcome("delivered", 3, Value::Null));
    assert!(begun.elapsed() < Duration::from_secs(30));
    let moved = json!("the receiver answered 302 Found; redirects are not followed");
    assert_eq!(last("/moved"), outcome("failed", 3, moved));
    assert!(elsewhere.seen().is_empty(), "a redirect was followed");
    let before = resident(server.id());
    assert_eq!(last("/endless"), outcome("delivered", 1, Value::Null));
    assert!(resident(server.id()) < before + (64 << 20), "an endless answer was kept");
    assert_eq!(last("/never"), outcome("failed", 3, json!("no answer within 1000 ms")));
    for path in ["/broken", "/silent", "/early", "/heads"] {
        let (state, tries, problem) = last(path);
        assert_eq!((state, tries), (json!("failed"), json!(3)), "{path}");
        assert!(problem.as_str().is_some_and(|problem| problem.starts_with("no answer")), "{path}: {problem}");
    }
}

#[test]
fn a_receiver_that_answers_410_is_notified_no_more() {
    let receiver = Receiver::start(|_, _| Reply::status(410));
    let server = server(&[&receiver], QUICK);
    let http = &server.http;
    let id = submitted(http, &job("error", &receiver.url("/gone")));
    let shown = delivered(http, &id, 1);
    assert_eq!((&shown["deliveries"][0]["state"], &shown["deliveries"][0]["tries"]), (&json!("failed"), &json!(1)));
    let since = shown["webhooks"][0]["disabled_at"].clone();
    assert!(since.is_string(), "{shown}");
    http.post(&format!("/v1/jobs/{id}/retry"), &json!({"as": "same"})).expect(200);
    eventually("the job to fail again", || {
        let job = http.get(&format!("/v1/jobs/{id}")).expect(200).json();
        (job["status"] == "failed" && job["attempt"] == 2).then_some(())
    });
    // Had the second failure been one to tell of, it would stand there with it.
    assert_eq!(webhooks(http, &id), shown);
    assert_eq!(receiver.seen().len(), 1);
    // Another job is another matter.
    let other = submitted(http, &job("error", &receiver.url("/gone")));
    assert_eq!(delivered(http, &other, 1)["deliveries"][0]["last_try"]["status"], 410);
}

#[test]
fn a_job_that_runs_again_in_place_notifies_again_of_its_end() {
    let receiver = Receiver::taking();
    let server = server(&[&receiver], QUICK);
    let http = &server.http;
    let id = submitted(http, &job("error", &receiver.url("/in")));
    receiver.wait_for("/in", 1);
    http.post(&format!("/v1/jobs/{id}/retry"), &json!({"as": "same"})).expect(200);
    let seen = receiver.wait_for("/in", 2);
    assert_ne!(seen[0].header("webhook-id"), seen[1].header("webhook-id"));
    let revisions: Vec<_> = seen.iter().map(|one| one.json()["data"]["revision"].clone()).collect();
    assert_eq!(revisions, [json!(2), json!(5)]);
    assert_eq!(delivered(http, &id, 2)["deliveries"].as_array().map(Vec::len), Some(2));
}

/// A token of another organisation.
fn other(admin: &Http, organisation: &str) -> Http {
    let asked = json!({"label": "other", "organisation": organisation, "rights": ["jobs:read", "jobs:write"]});
    let made = admin.post("/v1/tokens", &asked).expect(201).json();
    Http::new(&admin.url, made["secret"].as_str().expect("a secret"))
}

#[test]
fn a_receiver_that_hangs_delays_neither_other_receivers_nor_other_organisations() {
    let hanging = Receiver::start(|_, _| Reply::Never);
    let taking = Receiver::taking();
    let limits = "webhook_timeout_ms = 600000\nwebhook_sends = 4\nwebhook_sends_to_one = 2\nwebhook_pending = 40\n";
    let server = server(&[&hanging, &taking], limits);
    let http = &server.http;
    http.put("/v1/organisations/other", "application/json", b"{}");
    for _ in 0..40 {
        submitted(http, &job("noop", &hanging.url("/in")));
    }
    // Two are tried at once, and all others wait behind them.
    hanging.wait_for("/in", 2);
    let begun = Instant::now();
    let theirs = other(http, "other");
    submitted(&theirs, &job("noop", &taking.url("/theirs")));
    taking.wait_for("/theirs", 1);
    eventually("all jobs to have ended", || {
        let jobs = http.get("/v1/jobs?status=completed&limit=100").expect(200).json();
        (jobs["jobs"].as_array()?.len() >= 40).then_some(())
    });
    // As many wait as may, so the next one that asks for a notification is refused, and one that does not is not.
    let refused = http.post("/v1/jobs", &job("noop", &taking.url("/own"))).expect(429);
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(
        refused.json()["detail"],
        "40 notifications of the organisation wait to be delivered, and 40 are allowed (limit webhook_pending)"
    );
    let plain = json!({"provider": "hostile", "model": "noop", "input": [{"value": 1}]});
    http.post("/v1/jobs", &plain).expect(201);
    // Room is made, and its notification passes those that wait.
    let waiting = http.get("/v1/jobs?status=completed&limit=1").expect(200).json();
    let id = waiting["jobs"][0]["id"].as_str().expect("an id").to_owned();
    eventually("room for another", || {
        http.delete(&format!("/v1/jobs/{id}"));
        let jobs = http.get("/v1/jobs?status=completed&limit=100").expect(200).json();
        for job in jobs["jobs"].as_array()?.iter().take(1) {
            http.delete(&format!("/v1/jobs/{}", job["id"].as_str()?));
        }
        (http.post("/v1/jobs", &job("noop", &taking.url("/own"))).status == 201).then_some(())
    });
    taking.wait_for("/own", 1);
    assert_eq!(hanging.seen().len(), 2);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

/// A certificate for these names that vouches for itself, and a receiver that has it.
fn encrypted(names: &[&str]) -> (Receiver, String) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = ok(rcgen::generate_simple_self_signed(names), "a certificate");
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let chain = vec![ok(CertificateDer::from_pem_slice(certificate.as_bytes()), "the certificate")];
    let key = ok(PrivateKeyDer::from_pem_slice(key.as_bytes()), "the key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ok(rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions(), "TLS");
    let config = Arc::new(ok(config.with_no_client_auth().with_single_cert(chain, key), "the certificate"));
    let receiver = Receiver::listen(
        |_, _| Reply::status(200),
        move |stream| {
            let connection = rustls::ServerConnection::new(config.clone()).ok()?;
            Some(Box::new(rustls::StreamOwned::new(connection, stream)))
        },
    );
    (receiver, certificate)
}

#[test]
fn an_encrypted_receiver_must_be_who_it_is() {
    let (right, trusted) = encrypted(&["127.0.0.1", "localhost"]);
    let (wrong_name, also_trusted) = encrypted(&["hooks.example.com"]);
    let (unknown, _) = encrypted(&["127.0.0.1"]);
    let folder = ok(tempfile::tempdir(), "a folder");
    let file = folder.path().join("ca.pem");
    ok(std::fs::write(&file, trusted + &also_trusted), "the certificates");
    let address = |receiver: &Receiver| format!("https://127.0.0.1:{}", receiver.port());
    let allow = [&right, &wrong_name, &unknown].map(|receiver| format!("'{}'", address(receiver))).join(", ");
    let config = format!(
        "[webhooks]\nallow = [{allow}]\nca_certificate = '{}'\n[limits]\nfree_disk_bytes = 0\n{QUICK}",
        file.display()
    );
    let server = Server::with(&Setup { config: &config, plugins: &["hostile"], ..Setup::default() });
    let last = |receiver: &Receiver| {
        let mut asked = job("noop", "");
        asked["webhook"] = json!({"url": format!("{}/in", address(receiver)), "secret": SECRET});
        let id = submitted(&server.http, &asked);
        let shown = delivered(&server.http, &id, 1);
        let delivery = &shown["deliveries"][0];
        (
            delivery["state"].as_str().unwrap_or("").to_owned(),
            delivery["last_try"]["problem"].as_str().unwrap_or("").to_owned(),
        )
    };
    assert_eq!(last(&right), ("delivered".to_owned(), String::new()));
    for receiver in [&wrong_name, &unknown] {
        let (state, problem) = last(receiver);
        assert_eq!(state, "failed");
        assert!(problem.starts_with("no encrypted connection: invalid peer certificate"), "{problem}");
        assert!(receiver.seen().is_empty());
    }
}
