//! Hostile and mistaken input: each is refused with its place, and nothing is kept.

use serde_json::{Value, json};

use super::{cancel, error, get, later, made, one_at_a_time, post, simple, status, task};

/// What is said of a call that is refused.
fn refused(answer: &support::http::Answer) -> String {
    let body = answer.json();
    body["detail"].as_str().expect("a detail").to_owned()
}

#[test]
fn a_cancel_says_exactly_one_thing_and_times_with_their_zone() {
    let server = one_at_a_time();
    let http = &server.http;
    let job = made(http, &later());
    let window = |after: &str, before: &str| json!({"organizationID": "default", "createdAfterDateTime": after, "createdBeforeDateTime": before});
    let (early, late) = ("2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z");
    let mut both = window(early, late);
    both["jobID"] = json!(job);
    let mut lacking = window(early, late);
    lacking["createdBeforeDateTime"] = Value::Null;
    let foreign = json!({"organizationID": "lab", "createdAfterDateTime": early, "createdBeforeDateTime": late});
    for (body, status, id) in [
        (json!({}), 400, "invalid_input"),
        (json!({"jobID": job, "scheduledJobID": 1}), 400, "invalid_input"),
        (both, 400, "invalid_input"),
        (lacking, 400, "ETK001"),
        (json!({"organizationID": "", "createdAfterDateTime": early, "createdBeforeDateTime": late}), 400, "ETK001"),
        (window("2020-01-01T00:00:00", late), 400, "invalid_input"),
        (window("2020-01-01", late), 400, "invalid_input"),
        (window(late, early), 400, "invalid_input"),
        (window(early, early), 400, "invalid_input"),
        (foreign, 404, "not_found"),
        (json!({"jobId": 7}), 400, "ETK001"),
        (json!({"job": job}), 400, "ETK001"),
        (json!([]), 400, "ETK001"),
    ] {
        assert_eq!(error(cancel(http, &body), status), id, "{body}");
    }
    let deep = "[".repeat(100_000);
    for body in ["", "{", "nonsense", "{\"jobID\":\"a\",\"jobID\":\"b\"}", &deep, &format!("{{\"jobID\":{deep}")] {
        let headers = [("content-type", "application/json")];
        let answer = http.call("POST", "/edge/v1/proc/jobs/cancel", &headers, Some(body.as_bytes()));
        let long = body.len() > 64 * 1024;
        assert_eq!(error(answer, 400), if long { "too_large" } else { "ETK001" }, "{}", &body[..body.len().min(40)]);
    }
    assert_eq!(status(http, &job), "pending");
    // As some clients label it.
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let body = json!({"jobID": job}).to_string();
    http.call("POST", "/edge/v1/proc/jobs/cancel", &headers, Some(body.as_bytes())).expect(200);
}

#[test]
fn each_fault_of_a_creation_is_refused_with_its_place_and_nothing_is_kept() {
    let server = one_at_a_time();
    let http = &server.http;
    let given = |name: &str| task(&json!({"input": [{"value": 1}]}), &json!({"correlationTaskId": name}));
    let taking = |name: &str| task(&Value::Null, &json!({"correlationTaskId": name}));
    let graph = |tasks: Vec<Value>, routes: Value| json!({"tasks": tasks, "taskRoutes": routes});
    let with = |member: &str, value: Value| {
        let mut job = simple();
        job[member] = value;
        job
    };
    let of_task = |member: &str, value: Value| {
        let mut job = simple();
        job["tasks"][0][member] = value;
        job
    };
    let deep = format!("{{\"input\": [{{\"value\": 1}}], \"deed\": {}}}", "[".repeat(200) + &"]".repeat(200));
    let circle = json!([{"taskParentId": "a", "taskChildId": "b"}, {"taskParentId": "b", "taskChildId": "c"},
        {"taskParentId": "c", "taskChildId": "b"}]);
    let cases = [
        (json!({}), 400, "`/jobs/0/tasks` has no task"),
        (json!({"tasks": []}), 400, "`/jobs/0/tasks` has no task"),
        (json!({"tasks": {}}), 400, "`/jobs/0/tasks` must be a list"),
        (json!({"tasks": [{}]}), 400, "`/jobs/0/tasks/0/engineId` is missing"),
        (with("Tasks", json!([])), 400, "`/jobs/0/Tasks` is not known here"),
        (with("internalOrganizationID", json!("lab")), 404, "`/jobs/0/internalOrganizationID`"),
        (
            with("internalOrganizationID", json!("6f0a2c6e-9d43-4c1b-8e57-3b1d5a9e71f4")),
            404,
            "`/jobs/0/internalOrganizationID`",
        ),
        (with("jobConfigJSON", json!("{")), 400, "`/jobs/0/jobConfigJSON` holds no JSON"),
        (with("jobConfigJSON", json!({})), 400, "`/jobs/0/jobConfigJSON` must be a text"),
        (with("jobStatus", json!("complete")), 400, "`/jobs/0/jobStatus` must be"),
        (with("isTemplate", json!(true)), 501, "`/jobs/0/isTemplate`"),
        (with("sendOutputToUris", json!(["http://127.0.0.1/"])), 403, "[webhooks]"),
        (with("startDateTime", json!("2099-01-01T00:00:00")), 400, "`/jobs/0/startDateTime`"),
        (of_task("payloadJSON", json!("[1]")), 400, "`/jobs/0/tasks/0/payloadJSON` holds no JSON object"),
        (of_task("payloadJSON", json!("{\"a\":1,\"a\":1}")), 400, "`a` comes twice"),
        (of_task("payloadJSON", json!(deep)), 400, "nests deeper"),
        (
            of_task("payloadJSON", json!("{\"input\": [{\"value\": \"x\"}]}")),
            400,
            "`/jobs/0/tasks/0/payloadJSON/input`",
        ),
        (of_task("payloadJSON", json!("{}")), 400, "has no member `input`"),
        (of_task("taskPayloadJSON", json!("{}")), 400, "stands beside `payloadJSON`"),
        (of_task("engineId", json!("rose")), 404, "there is no engine `rose`"),
        (of_task("engineId", json!("6f0a2c6e-9d43-4c1b-8e57-3b1d5a9e71f4")), 404, "`/jobs/0/tasks/0/engineId`"),
        (of_task("priority", json!(3_000_000_000_u64)), 400, "`/jobs/0/tasks/0/priority`"),
        (of_task("maxRetries", json!(100)), 400, "`/jobs/0/tasks/0/maxRetries` must be from 0 to 99"),
        (of_task("maxRetries", json!(-1)), 400, "`/jobs/0/tasks/0/maxRetries`"),
        (of_task("ioFolders", json!([{"type": "inward"}])), 400, "`/jobs/0/tasks/0/ioFolders/0/type`"),
        (
            of_task(
                "ioFolders",
                json!([{"type": "input", "correlationID": "a"}, {"type": "input", "correlationID": "a"}]),
            ),
            400,
            "`/jobs/0/tasks/0/ioFolders/1/correlationID`",
        ),
        (graph(vec![given("a"), given("a")], json!([])), 400, "`/jobs/0/tasks/1/correlationTaskId`"),
        (graph(vec![given("a")], json!([{"taskChildId": "x"}])), 400, "`/jobs/0/taskRoutes/0/taskChildId`"),
        (
            graph(vec![given("a")], json!([{"taskParentId": "x", "taskChildId": "a"}])),
            400,
            "`/jobs/0/taskRoutes/0/taskParentId`",
        ),
        (
            graph(
                vec![given("a"), taking("b")],
                json!([{"taskParentId": "a", "taskParentOutputId": "o", "taskChildId": "b"}]),
            ),
            400,
            "`/jobs/0/taskRoutes/0/taskParentOutputId` is no output folder",
        ),
        (graph(vec![given("a"), taking("b"), taking("c")], circle), 400, "`/jobs/0/taskRoutes/1` is part of a circle"),
        (graph(vec![taking("a")], json!([{"taskChildId": "a"}])), 400, "has no parents"),
        (json!({"tasks": vec![given("x"); 1_001]}), 400, "has 1001 items; 1000 are allowed (limit tasks)"),
    ];
    for (job, status, why) in cases {
        let answer = post(http, "proc/job/create", &json!({"jobs": [job]})).expect(status);
        let said = refused(&answer);
        assert!(said.contains(why), "{why}: {said}");
    }
    assert_eq!(error(post(http, "proc/job/create", &json!({"jobs": []})), 400), "invalid_input");
    // The second is named, and the first is not kept either.
    let second = refused(&post(http, "proc/job/create", &json!({"jobs": [simple(), {"tasks": []}]})).expect(400));
    assert!(second.contains("`/jobs/1/tasks`"), "{second}");
    assert_eq!(get(http, "proc/jobs").expect(200).json()["count"], 0);
}

#[test]
fn a_full_queue_takes_all_jobs_of_a_call_or_none() {
    let server = one_at_a_time();
    let admin = &server.http;
    let limits = json!({"queued_jobs": 3}).to_string();
    admin.put("/v1/organisations/small", "application/json", limits.as_bytes()).expect(201);
    let http = &super::token(admin, "small", &["jobs:read", "jobs:write"]);
    super::created(http, &[later(), later()]);
    let answer = post(http, "proc/job/create", &json!({"jobs": [later(), later()]}));
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(error(answer, 429), "rate_limited");
    assert_eq!(get(http, "proc/jobs").expect(200).json()["count"], 2);
    super::created(http, &[later()]);
}

#[test]
fn queries_are_read_strictly() {
    let server = one_at_a_time();
    let http = &server.http;
    for query in [
        "limit=-1",
        "limit=x",
        "offset=-1",
        "status=done",
        "orderBy=priority",
        "direction=up",
        "startTime=yesterday",
        "nothing=1",
        "limit=1&limit=2",
        "startTime=99999999999999999",
    ] {
        assert_eq!(error(get(http, &format!("proc/jobs?{query}")), 400), "invalid_input", "{query}");
    }
    for path in ["proc/job/%ff/status", "proc/job/../status", "proc/task/%00/detail"] {
        get(http, path).expect(404);
    }
    for body in [json!({"taskIDs": [], "taskStatus": "aborted"}), json!({"taskIDs": ["x"], "taskStatus": "complete"})] {
        assert_eq!(error(post(http, "proc/tasks/update_status", &body), 400), "invalid_input", "{body}");
    }
    let unknown = json!({"taskIDs": ["x"], "taskStatus": "aborted"});
    assert_eq!(error(post(http, "proc/tasks/update_status", &unknown), 404), "not_found");
}
