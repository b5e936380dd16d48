//! What was acknowledged survives `kill -9`.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use serde_json::{Value, json};

mod support;
use support::eventually;
use support::server::{Home, Setup};

#[test]
fn acknowledged_jobs_survive_a_kill() {
    let setup = Setup { plugins: &["hostile"], ..Setup::default() };
    let mut home = Home::new();
    let mut acknowledged: Vec<String> = Vec::new();
    let mut ended: Vec<(String, Value)> = Vec::new();
    for round in 0..3 {
        let server = home.start(&setup);
        let http = &server.http;
        // Whatever had ended before the crash is as it was.
        for (id, before) in &ended {
            assert_eq!(&http.get(&format!("/v1/jobs/{id}")).expect(200).json(), before, "job {id} changed");
        }
        for number in 0..40 {
            let model = if number % 4 == 0 { "slow" } else { "noop" };
            let body = json!({"provider": "hostile", "model": model, "input": [{"value": f64::from(round)}], "custom_data": number});
            acknowledged
                .push(http.post("/v1/jobs", &body).expect(201).json()["id"].as_str().expect("an id").to_owned());
        }
        let list = http.get("/v1/jobs?status=completed&limit=1000").expect(200).json();
        ended = list["jobs"]
            .as_array()
            .expect("jobs")
            .iter()
            .map(|job| (job["id"].as_str().expect("an id").to_owned(), job.clone()))
            .collect();
        home = server.kill();
    }
    let server = home.start(&setup);
    let http = &server.http;
    for (id, before) in &ended {
        assert_eq!(&http.get(&format!("/v1/jobs/{id}")).expect(200).json(), before, "job {id} changed");
    }
    for id in &acknowledged {
        let job = eventually("the job to end", || {
            let job = http.get(&format!("/v1/jobs/{id}")).expect(200).json();
            (job["finished_at"] != Value::Null).then_some(job)
        });
        assert_eq!(job["status"], "completed", "{job}");
    }
    let (status, said, _home) = server.terminate();
    assert!(status.success(), "{said}");
}
