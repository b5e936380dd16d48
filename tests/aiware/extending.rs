//! Jobs that get further tasks and routes while nothing of them has begun.

use std::thread;

use serde_json::{Value, json};
use support::http::Http;
use support::server::{Server, Setup};

use super::{detail, error, get, later, made, one_at_a_time, post, reaches, simple, stranger, task};

fn add(http: &Http, job: &str, task: &Value) -> support::http::Answer {
    post(http, &format!("proc/job/{job}/addtask"), &json!({ "task": task }))
}

fn route(http: &Http, job: &str, parent: &str, child: &str) -> support::http::Answer {
    let route = json!({"taskParentId": parent, "taskChildId": child});
    post(http, &format!("proc/job/{job}/addtaskroute"), &json!({ "task": route }))
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Which task waits for which, by their places.
fn routes(job: &Value) -> Vec<(Option<usize>, usize)> {
    let ids: Vec<Value> =
        job["tasks"].as_array().expect("tasks").iter().map(|task| task["internalTaskID"].clone()).collect();
    let place = |id: &Value| ids.iter().position(|own| own == id);
    let routes = job["taskRoutes"].as_array().expect("routes").iter();
    routes.map(|route| (place(&route["taskParentId"]), place(&route["taskChildId"]).expect("a child"))).collect()
}

#[test]
fn a_waiting_job_gets_tasks_and_routes_and_runs_with_them() {
    let server = one_at_a_time();
    let http = &server.http;
    let mut two = json!({"tasks": [
        task(&json!({"input": [{"value": 1}]}), &json!({"correlationTaskId": "first"})),
        task(&json!({"input": [{"value": 10}]}), &json!({"correlationTaskId": "second"})),
    ], "taskRoutes": [{"taskChildId": "first"}, {"taskChildId": "second"}]});
    // It waits for some seconds, in which it is extended.
    let blocking = made(http, &super::endless());
    reaches(http, &blocking, "running");
    two["jobConfigJSON"] = json!("{}");
    let job = made(http, &two);
    let before = detail(http, &job);
    let added = add(http, &job, &task(&Value::Null, &json!({"correlationTaskId": "sum"}))).expect(200).json();
    assert_eq!((&added["success"], &added["error"]), (&json!(true), &Value::Null));
    let sum = text(&added["task"]["internalTaskID"]);
    // Without routes it comes after the last one.
    assert_eq!(routes(&detail(http, &job)), [(None, 0), (None, 1), (Some(1), 2)]);
    let first = text(&before["tasks"][0]["coreTaskID"]);
    let answer = route(http, &job, &first, &sum).expect(200).json();
    assert_eq!(
        answer,
        json!({"task": {"taskParentId": before["tasks"][0]["internalTaskID"], "taskParentOutputId": null,
            "taskChildId": sum, "taskChildInputId": null, "endpoint": null}, "success": true, "error": null})
    );
    // One of its own table, which waits for another all the same; named by nothing.
    let core = text(&before["coreJobID"]);
    add(http, &core, &task(&json!({"input": [{"value": 100}]}), &json!({}))).expect(200);
    route(http, &core, "sum", "task-4").expect(200);
    let after = detail(http, &job);
    assert_eq!(routes(&after), [(None, 0), (None, 1), (Some(1), 2), (Some(0), 2), (Some(2), 3)]);
    // Ids stay.
    assert_eq!(after["tasks"][0]["internalTaskID"], before["tasks"][0]["internalTaskID"]);
    assert_eq!(get(http, &format!("proc/task/{sum}/detail")).expect(200).json()["task"]["internalJobID"], json!(job));
    let found = get(http, "proc/tasks?engineID=rows/rows").expect(200).json();
    assert_eq!(found["count"], 5);
    http.post(&format!("/v1/jobs/{blocking}/cancel"), &json!({})).expect(200);
    reaches(http, &job, "complete");
    let rows = get(http, &format!("proc/task/{sum}/download/result.csv")).expect(200).text();
    // Each task doubles what it takes; the rows of the second one come first, as its route does.
    let values: Vec<f64> = rows.lines().filter_map(|line| line.split(',').next()?.parse().ok()).collect();
    assert_eq!(values, [40.0, 4.0], "{rows}");
}

#[test]
fn each_fault_is_refused_and_changes_nothing() {
    let server = one_at_a_time();
    let http = &server.http;
    let mut waiting = later();
    waiting["tasks"][0]["correlationTaskId"] = json!("first");
    let job = made(http, &waiting);
    add(http, &job, &task(&Value::Null, &json!({"correlationTaskId": "second"}))).expect(200);
    let before = detail(http, &job);
    let given = json!({"input": [{"value": 1}]});
    let with = |member: &str, value: Value| {
        let mut task = task(&given, &json!({}));
        task[member] = value;
        json!({ "task": task })
    };
    for (body, status, why) in [
        (json!({}), 400, "`/task` is missing"),
        (json!({"task": []}), 400, "`/task`"),
        (json!({"task": {}}), 400, "`/task/engineId` is missing"),
        (json!({"task": {"engineId": "rows/rows"}, "tasks": []}), 400, "`/tasks` is not known here"),
        (with("engineId", json!("rows/nothing")), 404, "`/task/engineId`"),
        (with("payloadJSON", json!("{\"input\": [{\"value\": \"x\"}]}")), 400, "`/task/payloadJSON/input`"),
        (with("payloadJSON", json!("{\"input\": [{\"value\": 1}], \"deed\": 7}")), 400, "parameters/deed"),
        (with("correlationTaskId", json!("first")), 400, "`/task/correlationTaskId` names a task"),
        (with("priority", json!(3)), 400, "`/task/priority` must be 0"),
        (with("maxRetries", json!(9)), 400, "`/task/maxRetries` must be 2"),
        (with("sendOutputToUris", json!(["http://127.0.0.1/"])), 501, "`/task/sendOutputToUris`"),
    ] {
        let answer = post(http, &format!("proc/job/{job}/addtask"), &body).expect(status).json();
        let said = answer["detail"].as_str().expect("a detail");
        assert!(said.contains(why), "{why}: {said}");
    }
    for (body, status, why) in [
        (json!({}), 400, "`/task` is missing"),
        (json!({"task": {"taskChildId": "second"}}), 400, "`/task/taskParentId` is missing"),
        (json!({"task": {"taskParentId": "first"}}), 400, "`/task/taskChildId` is missing"),
        (json!({"task": {"taskParentId": "x", "taskChildId": "second"}}), 400, "`/task/taskParentId` is no task"),
        (json!({"task": {"taskParentId": "first", "taskChildId": "x"}}), 400, "`/task/taskChildId` is no task"),
        (json!({"task": {"taskParentId": "first", "taskChildId": "second"}}), 400, "waits for task `first` already"),
        // A circle.
        (json!({"task": {"taskParentId": "second", "taskChildId": "first"}}), 400, "does not stand before"),
        (json!({"task": {"taskParentId": "first", "taskChildId": "first"}}), 400, "does not stand before"),
        (json!({"task": {"taskParentId": "first", "taskChildId": "second", "endpoint": "x"}}), 501, "`/task/endpoint`"),
        (json!({"task": {"taskParentId": "first", "taskChildId": "second", "depth": 1}}), 400, "not known here"),
    ] {
        let answer = post(http, &format!("proc/job/{job}/addtaskroute"), &body).expect(status).json();
        let said = answer["detail"].as_str().expect("a detail");
        assert!(said.contains(why), "{why}: {said}");
    }
    let other = stranger(&server);
    assert_eq!(error(add(&other, &job, &task(&given, &json!({}))), 404), "not_found");
    assert_eq!(error(route(&other, &job, "first", "second"), 404), "not_found");
    assert_eq!(detail(http, &job), before);
    // What has ended, and what runs, stays as it is.
    let ended = made(http, &simple());
    reaches(http, &ended, "complete");
    assert_eq!(error(add(http, &ended, &task(&given, &json!({}))), 400), "wrong_state");
    let running = made(http, &super::endless());
    reaches(http, &running, "running");
    let refused = add(http, &running, &task(&given, &json!({}))).expect(400).json();
    assert_eq!(
        (&refused["id"], &refused["detail"]),
        (&json!("wrong_state"), &json!("something of the job has begun, and its tasks stay as they are"))
    );
}

#[test]
fn a_job_gets_as_many_tasks_as_it_may_have_also_from_several_clients_and_keeps_them() {
    let config = "[limits]\ntasks = 12\nconcurrent_tasks = 1\nrunning_tasks = 1\n";
    let setup = Setup { plugins: &["rows"], config, ..Setup::default() };
    let server = Server::with(&setup);
    let http = server.http.clone();
    let job = made(&http, &later());
    let given = task(&json!({"input": [{"value": 1}]}), &json!({}));
    let added: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let (http, job, given) = (&http, &job, &given);
                scope.spawn(move || (0..5).filter(|_| add(http, job, given).status == 200).count())
            })
            .collect();
        clients.into_iter().map(|client| client.join().expect("a client")).sum()
    });
    // Two clients may have chosen the same name, which one of them is refused for.
    let tasks = |http: &Http| detail(http, &job)["tasks"].as_array().map(Vec::len).expect("tasks");
    assert_eq!(tasks(&http), added + 1);
    while tasks(&http) < 12 {
        add(&http, &job, &given).expect(200);
    }
    let refused = add(&http, &job, &given).expect(400).json();
    let why = "the job has as many tasks as it may have: 12 are allowed (limit tasks)";
    assert_eq!((&refused["id"], &refused["detail"]), (&json!("invalid_input"), &json!(why)));
    let before = detail(&http, &job);
    let server = server.kill().start(&setup);
    let http = &server.http;
    assert_eq!(detail(http, &job), before);
    post(http, "proc/jobs/cancel", &json!({"jobID": job})).expect(200);
    assert_eq!(super::status(http, &job), "aborted");
    post(http, &format!("proc/job/{job}/delete"), &json!({})).expect(204);
}
