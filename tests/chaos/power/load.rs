//! Clients that keep a server busy and note what it answers them, and when.

use std::sync::{Mutex, PoisonError};

use analyte_core::digest::Digest;
use serde_json::{Value, json};

use support::eventually;
use support::faults::Faults;
use support::http::{Answer, Http};

/// Something that a client knows from the server and may rely on from then on.
#[derive(Debug, Clone)]
pub(crate) enum Known {
    /// The server has this administrator's token.
    Token { hash: Digest },
    /// The job is kept.
    Submitted { id: String, number: u64, key: Option<String> },
    /// The job is completed with this result.
    Completed { id: String, result: Digest },
    /// The job is cancelled.
    Cancelled { id: String },
}

/// With the length of the recorder's log at that moment.
pub(crate) type Noted = (u64, Known);

/// Clients that work at the same time.
const CLIENTS: u64 = 4;
/// Calls of one client that make a job.
const JOBS: u64 = 56;

/// Notes what clients know from the server.
pub(crate) struct Notes<'a> {
    faults: &'a Faults,
    noted: Mutex<Vec<Noted>>,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(faults: &'a Faults) -> Self {
        Self { faults, noted: Mutex::default() }
    }

    pub(crate) fn note(&self, known: Known) {
        let recorded = self.faults.recorded();
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).push((recorded, known));
    }

    pub(crate) fn finish(self) -> Vec<Noted> {
        let mut noted = self.noted.into_inner().unwrap_or_else(PoisonError::into_inner);
        noted.sort_by_key(|(recorded, _)| *recorded);
        noted
    }
}

/// Drives all clients to their end.
pub(crate) fn drive(http: &Http, notes: &Notes<'_>) {
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || Client { http, notes, who: client, waiting: Vec::new() }.work());
        }
    });
}

struct Client<'a> {
    http: &'a Http,
    notes: &'a Notes<'a>,
    who: u64,
    /// Jobs that will complete.
    waiting: Vec<String>,
}

fn body(model: &str, number: u64, rows: u64) -> Value {
    // No two alike, so that each large one is a blob of its own.
    let values: Vec<f64> = (0..rows).map(|row| (number * 1_000_003 + row) as f64 / 7.0).collect();
    json!({"provider": "hostile", "model": model, "input": {"columns": {"value": values}}, "custom_data": number})
}

/// The body of every submission under this key.
pub(crate) fn keyed(round: u64) -> (String, Value) {
    let number = 1_000_000 + round;
    let key = format!("key-{round}");
    let mut body = body("noop", number, 3);
    body["tags"] = json!({"key": key});
    (key, body)
}

/// Submits under an idempotency key.
pub(crate) fn submit_keyed(http: &Http, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    eventually("the other submission under this key to be answered", || {
        let answer = http.call("POST", "/v1/jobs", &headers, Some(body.to_string().as_bytes()));
        (answer.status != 409).then_some(answer)
    })
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().map(str::to_owned).unwrap_or_default()
}

impl Client<'_> {
    fn work(&mut self) {
        for round in 0..JOBS {
            let number = self.who * JOBS + round;
            match round % 7 {
                0 | 3 => self.submit(number, &body("noop", number, 2)),
                // 64 to 160 KiB: a blob, as is its result.
                1 => self.submit(number, &body("noop", number, 8_000 + 400 * (number % 30))),
                // All clients at the same time.
                2 => {
                    let (key, body) = keyed(round);
                    let answer = submit_keyed(self.http, &key, &body);
                    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
                    let id = id(&answer);
                    let number = 1_000_000 + round;
                    self.notes.note(Known::Submitted { id: id.clone(), number, key: Some(key) });
                    self.waiting.push(id);
                }
                4 => self.cancel(number),
                5 => self.look(),
                // Just below what becomes a blob.
                _ => self.submit(number, &body("noop", number, 5_500)),
            }
        }
        while !self.waiting.is_empty() {
            self.look();
        }
    }

    fn submit(&mut self, number: u64, body: &Value) {
        let id = id(&self.http.post("/v1/jobs", body).expect(201));
        self.notes.note(Known::Submitted { id: id.clone(), number, key: None });
        self.waiting.push(id);
    }

    /// A job that would run for minutes.
    fn cancel(&self, number: u64) {
        let id = id(&self.http.post("/v1/jobs", &body("spin", number, 1)).expect(201));
        self.notes.note(Known::Submitted { id: id.clone(), number, key: None });
        let cancelled = self.http.post(&format!("/v1/jobs/{id}/cancel"), &json!({})).expect(200).json();
        assert_eq!(cancelled["status"], "cancelled", "{cancelled}");
        self.notes.note(Known::Cancelled { id });
    }

    /// Waits for the oldest job that will complete.
    fn look(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let id = self.waiting.remove(0);
        eventually("the job to complete", || {
            let job = self.http.get(&format!("/v1/jobs/{id}")).expect(200).json();
            assert_ne!(job["status"], "failed", "{job}");
            (job["status"] == "completed").then_some(())
        });
        let path = format!("/v1/jobs/{id}/results");
        let result = self.http.get_as(&path, "application/vnd.apache.arrow.stream").expect(200);
        self.notes.note(Known::Completed { id, result: Digest::of(&result.body) });
    }
}
