//! Jobs that hold what they can, until they are cancelled, and jobs that leave as much as they may.

use serde_json::{Value, json};

use super::Attack;
use super::arena::{Arena, submit};
use support::http::Http;

pub(super) fn attacks(_: &Arena) -> Vec<Attack> {
    vec![
        Attack::new("12 jobs compute and are cancelled", |arena, _| {
            cancelled(arena, 12, "spin", &json!({"fuel": 1_000_000_000_000_u64, "timeout_ms": 3_600_000}));
        }),
        Attack::new("12 jobs sleep and are cancelled", |arena, _| {
            cancelled(arena, 12, "sleep", &json!({"timeout_ms": 86_400_000}));
        }),
        Attack::new("8 jobs ask for 4 GiB and are cancelled", |arena, _| {
            cancelled(arena, 8, "sleep", &json!({"memory_bytes": 4_294_967_296_u64, "timeout_ms": 3_600_000}));
        }),
        Attack::new("8 clients submit and cancel at once, 40 jobs", |arena, _| {
            let ids = arena.at_once(8, |http, at| {
                let model = if at % 2 == 0 { "spin" } else { "sleep" };
                let ids: Vec<String> = (0..5).map(|_| submit(http, model, &json!({}))).collect();
                for id in ids.iter().chain(&ids) {
                    http.post(&format!("/v1/jobs/{id}/cancel"), &json!({})).expect(200);
                }
                ids
            });
            arena.remove(&ids.concat());
        }),
        Attack::new("100 queued jobs, cancelled together", |arena, _| {
            let job = json!({"provider": "hostile", "model": "spin", "input": [{"value": 1}]});
            let made = arena.crowd.post("/v1/jobs/batch", &json!({"jobs": vec![job; 100]})).expect(200).json();
            arena.crowd.post("/v1/jobs/cancel", &json!({"filter": {}})).expect(200);
            let id = |item: &Value| item["job"]["id"].as_str().unwrap_or_default().to_owned();
            arena.remove(&made["items"].as_array().expect("items").iter().map(id).collect::<Vec<_>>());
        }),
        Attack::new("jobs flood logs, progress and stderr", |arena, _| {
            let ids: Vec<String> = ["log-flood", "progress-flood", "stderr-flood"]
                .iter()
                .map(|model| arena.submit(model, &json!({"timeout_ms": 60_000})))
                .collect();
            arena.remove(&ids);
        }),
        Attack::new("jobs make 64 files and one of 16 MiB", |arena, _| {
            let ids: Vec<String> = ["many-files", "big-file", "bad-file-name"]
                .iter()
                .map(|model| arena.submit(model, &json!({"timeout_ms": 60_000})))
                .collect();
            arena.remove(&ids);
        }),
        Attack::new("sessions keep instances of 16 MiB, and nobody ends them", |arena, _| {
            for _ in 0..3 {
                let cookie = session(&arena.client(), None, "StartStatefulSession", &json!({}));
                let job = |parameters: Value| {
                    json!({"providerName": "keeper", "modelName": "keeper", "inputParams": {"rows": [{"value": 1}]},
                        "extraParams": parameters})
                };
                session(
                    &arena.client(),
                    Some(&cookie),
                    "ExecuteJob",
                    &job(json!({"deed": "grow", "number": 16 << 20})),
                );
                session(&arena.client(), Some(&cookie), "ExecuteJob", &job(json!({"deed": "leave", "number": 8})));
            }
            let jobs = arena.crowd.get("/v1/jobs?limit=100").expect(200).json();
            let jobs = jobs["jobs"].as_array().cloned().unwrap_or_default();
            let own = jobs.iter().filter(|job| job["provider"] == "keeper").filter_map(|job| job["id"].as_str());
            arena.remove(&own.map(str::to_owned).collect::<Vec<_>>());
        }),
    ]
}

/// Submits, waits until one runs, cancels and removes.
fn cancelled(arena: &Arena, count: usize, model: &str, limits: &Value) {
    let ids: Vec<String> = (0..count).map(|_| arena.submit(model, limits)).collect();
    ids.first().into_iter().for_each(|id| arena.runs(id));
    arena.cancel(&ids);
}

/// Calls a service of the ThingWorx surface in a session; answers the cookie that it sets.
fn session(http: &Http, cookie: Option<&str>, service: &str, inputs: &Value) -> String {
    let path = format!("/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI/Services/{service}");
    let mut headers = vec![("content-type", "application/json"), ("accept", "application/json")];
    headers.extend(cookie.map(|cookie| ("cookie", cookie)));
    let answer = http.call("POST", &path, &headers, Some(inputs.to_string().as_bytes())).expect(200);
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}
