//! The smallest job: a table of one value, which comes back as it went in.

use serde_json::{Value, json};

use support::http::Http;

/// A submission.
pub(crate) fn job(run_at: Option<&str>) -> Value {
    let mut job = json!({"provider": "hostile", "model": "noop", "input": [{"value": 1.5}]});
    if let Some(run_at) = run_at {
        job["run_at"] = json!(run_at);
    }
    job
}

/// `jobs` submissions in one body.
pub(crate) fn batch(jobs: usize, run_at: Option<&str>) -> Value {
    json!({ "jobs": vec![job(run_at); jobs] })
}

/// Whether this is the result of such a job.
pub(crate) fn is_result(table: &Value) -> bool {
    table["rows"] == json!([{"value": 1.5}])
}

/// Looks at the results of some of the newest jobs.
pub(crate) fn check_results(http: &Http, jobs: usize) {
    let newest = http.get(&format!("/v1/jobs?limit={jobs}")).expect(200).json();
    let newest = newest["jobs"].as_array().expect("jobs");
    assert_eq!(newest.len(), jobs, "as many jobs as asked for");
    for job in newest {
        let id = job["id"].as_str().expect("an id");
        let table = http.get(&format!("/v1/jobs/{id}/results")).expect(200).json();
        assert!(is_result(&table), "{table}");
    }
}
