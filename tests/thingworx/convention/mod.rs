//! The calling convention: who calls, in which form, and what is refused before any service is asked.

use serde_json::{Value, json};

use support::http::{Answer, Http};
use support::server::Server;

mod forms;
mod metadata;
mod refusals;
mod sessions;
mod traps;

const JOBS: &str = "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI";
/// No `Accept` at all; the client would send one by itself.
const NO_ACCEPT: (&str, &str) = ("accept", "");
const JSON: (&str, &str) = ("content-type", "application/json");

fn service(name: &str) -> String {
    format!("{JOBS}/Services/{name}")
}

/// A client that sends nothing by itself.
fn bare(server: &Server) -> Http {
    Http::new(&server.http.url, "")
}

/// Calls a service with the administrator's key and these headers, without a body.
fn call(server: &Server, name: &str, headers: &[(&str, &str)]) -> Answer {
    let key = ("appKey", server.http.token.as_str());
    let headers: Vec<_> = std::iter::once(key).chain(headers.iter().copied()).collect();
    bare(server).call("POST", &service(name), &headers, None)
}

/// Calls a service as a careful client does.
fn json_call(server: &Server, name: &str, body: &Value) -> Answer {
    let headers = [("appKey", server.http.token.as_str()), JSON, ("accept", "application/json")];
    bare(server).call("POST", &service(name), &headers, Some(body.to_string().as_bytes()))
}

/// A token with these rights: its id and its secret.
fn token(server: &Server, label: &str, rights: &[&str]) -> (String, String) {
    let made = server.http.post("/v1/tokens", &json!({"label": label, "rights": rights})).expect(201).json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&made["token"]["id"]), text(&made["secret"]))
}
