//! The services of `TW.AnalysisServices.JobManagementServicesAPI`, called as a client of ThingWorx calls them.

use serde_json::{Value, json};

use crate::api::{Api, JOBS};
use support::http::Answer;
use support::server::{Server, Setup};
use support::{eventually, ok};

mod bad_input;
mod life;
mod query;
mod round_trip;
mod traps;

const SERVICES: &str = "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI/Services";

/// A client of these services.
struct Client {
    api: Api,
}

impl Client {
    /// With the administrator's key.
    fn of(server: &Server) -> Self {
        Self { api: Api::of(server) }
    }

    fn with_headers(&self, service: &str, more: &[(&str, &str)], body: &[u8]) -> Answer {
        let usual = [("appKey", self.api.key()), ("accept", "application/json"), ("content-type", "application/json")];
        let headers: Vec<_> = usual.into_iter().chain(more.iter().copied()).collect();
        self.api.http.call("POST", &format!("{SERVICES}/{service}"), &headers, Some(body))
    }

    fn post(&self, service: &str, body: &Value) -> Answer {
        self.api.call(JOBS, service, body)
    }

    /// The one value that a service answers.
    fn scalar(&self, service: &str, body: &Value) -> Value {
        self.api.scalar(JOBS, service, body)
    }

    /// The table that a service answers.
    fn table(&self, service: &str, body: &Value) -> Value {
        self.post(service, body).expect(200).json()
    }

    /// What is said behind the sentence that every failed call begins with.
    fn refusal(&self, service: &str, body: &Value) -> String {
        self.api.refusal(JOBS, service, body)
    }

    fn submit(&self, model: &str, more: &Value) -> String {
        self.submit_to("hostile", model, more)
    }

    /// A job with one row, and whatever else it is given.
    fn submit_to(&self, provider: &str, model: &str, more: &Value) -> String {
        let mut body = json!({"providerName": provider, "modelName": model, "inputParams": one_row()});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.scalar("SubmitJob", &body).as_str().expect("an id").to_owned()
    }

    fn status(&self, id: &str) -> String {
        self.scalar("GetJobStatus", &named(id)).as_str().expect("a word").to_owned()
    }

    /// Waits until a job has this status.
    fn until(&self, id: &str, wanted: &str) {
        eventually(&format!("job {id} to be {wanted}"), || {
            let status = self.status(id);
            let over = ["COMPLETED", "FAILED"].contains(&status.as_str());
            assert!(status == wanted || !over, "job {id} is {status}: {}", self.table("GetJobErrors", &named(id)));
            (status == wanted).then_some(())
        });
    }

    /// The ids that a query finds, in its order.
    fn found(&self, body: &Value) -> Vec<String> {
        self.api.column(JOBS, "QueryJobs", body, "key")
    }
}

fn said(service: &str, answer: &Answer) -> String {
    let begins = format!("Unable to Invoke Service {service} on TW.AnalysisServices.JobManagementServicesAPI : ");
    let text = answer.text();
    assert_eq!(answer.status, 500, "{text}");
    ok(text.strip_prefix(&begins).map(str::to_owned).ok_or(&text), service)
}

/// A job of the provider that most tests use.
fn named(id: &str) -> Value {
    json!({"providerName": "hostile", "jobId": id})
}

fn one_row() -> Value {
    json!({"rows": [{"value": 1.5}]})
}

/// A server that runs one job at a time.
fn one_at_a_time(more: &str) -> Server {
    let config = format!("[limits]\nfree_disk_bytes = 0\nconcurrent_tasks = 1\n{more}");
    Server::with(&Setup { config: &config, plugins: &["hostile"], ..Setup::default() })
}
