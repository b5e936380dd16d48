//! Jobs of several tasks: how results go from task to task, and what the tasks have given.

use serde_json::{Value, json};
use support::server::Server;

use super::{created, detail, get, made, reaches, task};

/// Two tables, doubled, then put together in the order of the routes; children before their parents in the list.
fn diamond() -> Value {
    let folder = |kind: &str, name: &str| json!({"type": kind, "mode": "stream", "correlationID": name});
    json!({"jobConfigJSON": "{ \"of\":  \"a test\" }", "coreRecordingID": 123, "tasks": [
        task(&Value::Null, &json!({"correlationTaskId": "both", "ioFolders": [folder("input", "in")]})),
        task(&json!({"input": [{"value": 1}, {"value": 2}]}), &json!({"correlationTaskId": "left", "priority": 3,
            "ioFolders": [folder("output", "out")], "maxRetries": 4})),
        task(&json!({"input": {"columns": {"value": [10]}}, "deed": "file"}), &json!({"correlationTaskId": "right"})),
    ], "taskRoutes": [
        {"taskChildId": "left"},
        {"taskParentId": "right", "taskChildId": "both"},
        {"taskParentId": "left", "taskParentOutputId": "out", "taskChildId": "both", "taskChildInputId": "in"},
        {"taskParentId": "left", "taskChildId": "both"},
    ]})
}

#[test]
fn results_go_along_the_routes() {
    let server = Server::with_plugins(&["rows"]);
    let http = &server.http;
    let job = made(http, &diamond());
    reaches(http, &job, "complete");
    let shown = detail(http, &job);
    assert_eq!((&shown["jobConfigJSON"], &shown["coreRecordingId"]), (&json!("{ \"of\":  \"a test\" }"), &json!(123)));
    assert_eq!((&shown["priority"], &shown["maxRetries"]), (&json!(3), &json!(4)));
    let tasks = shown["tasks"].as_array().expect("tasks");
    let ids: Vec<&Value> = tasks.iter().map(|task| &task["internalTaskID"]).collect();
    // Parents come before children now, and the order of the list holds otherwise.
    assert_eq!(tasks[2]["parentTaskID"], *ids[1], "{shown}");
    assert_eq!(tasks[0]["childTaskIDs"], json!([ids[2]]));
    let routes: Vec<(&Value, &Value)> = shown["taskRoutes"]
        .as_array()
        .expect("routes")
        .iter()
        .map(|route| (&route["taskParentId"], &route["taskChildId"]))
        .collect();
    let null = Value::Null;
    assert_eq!(routes, [(&null, ids[0]), (&null, ids[1]), (ids[1], ids[2]), (ids[0], ids[2])]);
    // Natively the tasks go by the names of the client.
    let native = http.get(&format!("/v1/jobs/{job}/tasks")).expect(200).json();
    let names: Vec<&Value> = native["tasks"].as_array().expect("tasks").iter().map(|task| &task["name"]).collect();
    assert_eq!(names, [&json!("left"), &json!("right"), &json!("both")]);

    let outputs = get(http, &format!("proc/job/{job}/outputs")).expect(200).json();
    assert_eq!(outputs["outputs"]["internalJobID"], json!(job));
    let of_each = |outputs: &Value| -> Vec<String> {
        let all = outputs["outputs"]["outputs"].as_array().expect("outputs");
        all.iter().map(|output| output["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(of_each(&outputs), ["result.json"]);
    // The rows of `right` come first: its route does.
    let csv = get(http, &format!("proc/job/{job}/download/result.csv")).expect(200);
    assert_eq!(
        (csv.header("content-type").as_str(), csv.text().as_str()),
        ("text/csv", "value,seen\r\n40.0,3\r\n4.0,3\r\n8.0,3\r\n")
    );
    let output = get(http, &format!("proc/job/{job}/output/result.json")).expect(200).json()["output"].clone();
    assert_eq!(output["contentsValid"], json!(true));
    let contents: Value = serde_json::from_str(output["contents"].as_str().expect("contents")).expect("JSON");
    assert_eq!(contents["rows"][0]["value"], json!(40.0));
    assert!(output["created"].as_i64().is_some_and(|at| at > 1_700_000_000), "{output}");
    get(http, &format!("proc/job/{job}/output/nothing")).expect(404);

    let right = ids[1].as_str().expect("an id");
    let outputs = get(http, &format!("proc/task/{right}/outputs")).expect(200).json();
    assert_eq!(outputs["outputs"]["internalTaskID"], *ids[1]);
    assert_eq!(of_each(&outputs), ["result.json", "report.txt"]);
    assert_eq!(get(http, &format!("proc/task/{right}/download/report.txt")).expect(200).text(), "1 rows\n");
    let output = get(http, &format!("proc/task/{right}/output/report.txt")).expect(200).json();
    assert_eq!(output["output"]["contents"], json!("1 rows\n"));
    let shown = get(http, &format!("proc/task/{right}/detail")).expect(200).json()["task"].clone();
    let payload: Value = serde_json::from_str(shown["payloadJSON"].as_str().expect("text")).expect("JSON");
    assert_eq!((&payload["deed"], &shown["engineName"]), (&json!("file"), &json!("rows/rows")));
}

#[test]
fn of_several_last_tasks_each_has_its_outputs() {
    let server = Server::with_plugins(&["rows"]);
    let http = &server.http;
    let named = |name: &str| task(&json!({"input": [{"value": 1}]}), &json!({"correlationTaskId": name}));
    let routes = json!([{"taskChildId": "a"}, {"taskChildId": "b b"}]);
    let job = made(http, &json!({"tasks": [named("a"), named("b b")], "taskRoutes": routes}));
    reaches(http, &job, "complete");
    let outputs = get(http, &format!("proc/job/{job}/outputs")).expect(200).json()["outputs"]["outputs"].clone();
    // What is no name natively is numbered.
    assert_eq!([&outputs[0]["name"], &outputs[1]["name"]], ["a.result.json", "task-2.result.json"]);
    get(http, &format!("proc/job/{job}/download/task-2.result.arrow")).expect(200);
    get(http, &format!("proc/job/{job}/download/result.json")).expect(404);
}

#[test]
fn logs_are_an_archive() {
    let server = Server::with_plugins(&["rows"]);
    let http = &server.http;
    let payload = json!({"input": [{"value": 1}, {"value": 2}], "deed": "log", "number": 2});
    let job = created(http, &[json!({"tasks": [task(&payload, &json!({}))]})]).remove(0);
    reaches(http, &job, "complete");
    let task = detail(http, &job)["tasks"][0]["coreTaskID"].as_str().expect("an id").to_owned();
    for path in [format!("task/{task}/logs"), format!("task/{task}/data"), format!("job/{job}/data")] {
        let answer = get(http, &format!("proc/{path}")).expect(200);
        assert_eq!(answer.header("content-type"), "application/zip");
        assert!(answer.body.starts_with(b"PK\x03\x04"), "{path}");
        let text = answer.text();
        assert!(text.contains("task-1.ndjson") && text.contains("\"message\":\"at 2\""), "{path}: {text}");
    }
}
