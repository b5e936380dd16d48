//! Making, cancelling and retrying jobs.

use serde_json::{Value, json};

use super::{ask, created, data, endless, fault, id, later, number, reaches};
use crate::{get, one_at_a_time};

const CANCEL: &str = "mutation ($id: ID!) { cancelJob(id: $id) { id message } }";
const RETRY: &str =
    "mutation ($id: ID!) { retryJob(id: $id) { id status retryOf tasks { records { engineId payload } } } }";
const SHOW: &str = "query ($id: ID!) { job(id: $id) { id status modifiedDateTime tasks { records { id status } } } }";

/// All of a job that a cancel could change.
fn shown(http: &support::http::Http, job: &str) -> Value {
    data(http, SHOW, &json!({"id": job}))
}

#[test]
fn point_4_only_what_waits_is_cancelled_and_a_refusal_changes_nothing() {
    let server = one_at_a_time();
    let http = &server.http;
    let complete = id(&created(http, &[number()], &json!({})));
    reaches(http, &complete, "complete");
    let failed = id(&created(http, &[json!({"input": [{"value": 1}], "deed": "error"})], &json!({})));
    reaches(http, &failed, "failed");
    let aborted = id(&created(http, &[number()], &later()));
    data(http, CANCEL, &json!({"id": aborted}));
    let running = id(&created(http, &[endless()], &json!({})));
    reaches(http, &running, "running");
    let words = [(&complete, "completed"), (&failed, "failed"), (&aborted, "cancelled"), (&running, "running")];
    for (job, word) in words {
        let before = shown(http, job);
        let (name, message) = fault(http, CANCEL, &json!({"id": job}));
        assert!(name == "invalid_input" && message.contains(word), "{name}: {message}");
        assert_eq!(shown(http, job), before);
    }
    // Behind the one that runs.
    let waiting = id(&created(http, &[number()], &json!({})));
    data(http, CANCEL, &json!({"id": waiting}));
    assert_eq!(shown(http, &waiting)["job"]["status"], "aborted");
}

#[test]
fn point_5_a_cancel_answers_the_core_id_and_says_so() {
    let server = one_at_a_time();
    let http = &server.http;
    for form in ["id", "internalJobId"] {
        let job = created(http, &[number()], &later());
        let done = data(http, CANCEL, &json!({"id": job[form]}));
        assert_eq!(done, json!({"cancelJob": {"id": job["id"], "message": "Job cancelled"}}));
        let tasks = shown(http, &id(&job))["job"]["tasks"]["records"][0]["status"].clone();
        assert_eq!(tasks, "aborted");
        // As the other surface has it.
        let status = get(http, &format!("proc/job/{}/status", id(&job))).expect(200).json();
        assert_eq!(status["job"]["jobStatus"], "aborted");
    }
}

#[test]
fn point_6_a_retry_is_a_new_job_and_only_complete_ones_are_refused() {
    let server = one_at_a_time();
    let http = &server.http;
    let complete = id(&created(http, &[number()], &json!({})));
    reaches(http, &complete, "complete");
    let refused =
        ("invalid_input".to_owned(), "the job is complete, and only a job that is not can be retried".to_owned());
    assert_eq!(fault(http, RETRY, &json!({"id": complete})), refused);
    // What waits, what was aborted, and what runs.
    let waiting = id(&created(http, &[number()], &later()));
    let aborted = id(&created(http, &[number()], &later()));
    data(http, CANCEL, &json!({"id": aborted}));
    let running = id(&created(http, &[endless()], &json!({})));
    reaches(http, &running, "running");
    for old in [&waiting, &aborted, &running] {
        let before = shown(http, old);
        let new = data(http, RETRY, &json!({"id": old}))["retryJob"].take();
        assert_ne!(new["id"], json!(old));
        assert_eq!(new["retryOf"], json!(old));
        assert_eq!(new["status"], "pending");
        let tasks = "query ($id: ID!) { job(id: $id) { tasks { records { engineId payload } } } }";
        assert_eq!(new["tasks"], data(http, tasks, &json!({"id": old}))["job"]["tasks"]);
        assert_eq!(shown(http, old), before);
    }
}

#[test]
fn point_9_a_task_that_was_given_up_fails_its_job() {
    let server = one_at_a_time();
    let http = &server.http;
    let job = id(&created(http, &[number(), json!({})], &later()));
    let tasks = shown(http, &job)["job"]["tasks"]["records"].clone();
    let update = "mutation ($input: UpdateTask) { updateTask(input: $input) { id status jobId } }";
    let done = data(http, update, &json!({"input": {"id": tasks[0]["id"], "status": "aborted"}}));
    assert_eq!(done["updateTask"], json!({"id": tasks[0]["id"], "status": "aborted", "jobId": job}));
    reaches(http, &job, "failed");
    // A job that is cancelled is aborted, not failed.
    let other = id(&created(http, &[number(), json!({})], &later()));
    data(http, CANCEL, &json!({"id": other}));
    reaches(http, &other, "aborted");
    for (status, more) in [("complete", json!({})), ("failed", json!({"failureReason": "other"}))] {
        let mut input = json!({"id": tasks[1]["id"], "status": status});
        for (member, value) in more.as_object().into_iter().flatten() {
            input[member] = value.clone();
        }
        assert_eq!(fault(http, update, &json!({"input": input})).0, "invalid_input");
    }
    let early = json!({"input": {"id": tasks[1]["id"], "status": "running", "failureReason": "other"}});
    assert!(fault(http, update, &early).1.contains("goes with the status `failed` only"));
}

#[test]
fn point_12_routes_join_folders_and_the_lower_priority_runs_first() {
    let server = one_at_a_time();
    let http = &server.http;
    let blocker = id(&created(http, &[endless()], &json!({})));
    reaches(http, &blocker, "running");
    let query = "mutation ($input: CreateJob) { createJob(input: $input) { id tasks { records {
        id parentTaskId childTaskIds ioFolders { referenceId type mode }
        executionPreferences { priority maxRetries parentCompleteBeforeStarting } } }
        routes { parentIoFolderReferenceId childIoFolderReferenceId } } }";
    let input = json!({"tasks": [
        {"engineId": "rows/rows", "ioFolders": [{"referenceId": "b-in", "type": "input", "mode": "stream"}]},
        {"engineId": "rows/rows", "payload": number(),
         "ioFolders": [{"referenceId": "a-out", "type": "output", "mode": "chunk"}],
         "executionPreferences": {"priority": -20, "maxRetries": 2, "parentCompleteBeforeStarting": true}},
    ], "routes": [{"parentIoFolderReferenceId": "a-out", "childIoFolderReferenceId": "b-in", "options": {}}]});
    let job = data(http, query, &json!({"input": input}))["createJob"].take();
    let tasks = &job["tasks"]["records"];
    assert_eq!(tasks[1]["parentTaskId"], tasks[0]["id"]);
    assert_eq!(tasks[0]["childTaskIds"], json!([tasks[1]["id"]]));
    let preferences = json!({"priority": -20, "maxRetries": 2, "parentCompleteBeforeStarting": true});
    assert_eq!(tasks[0]["executionPreferences"], preferences);
    let (parent, child) = (&tasks[0]["ioFolders"][0]["referenceId"], &tasks[1]["ioFolders"][0]["referenceId"]);
    assert_eq!(job["routes"], json!([{"parentIoFolderReferenceId": parent, "childIoFolderReferenceId": child}]));
    let wrong = |input: Value| fault(http, query, &json!({"input": input}));
    let mut dangling = input.clone();
    dangling["routes"][0]["parentIoFolderReferenceId"] = json!("nothing");
    let said = "`/input/routes/0/parentIoFolderReferenceId` is the output folder of no task of the job";
    assert_eq!(wrong(dangling), ("invalid_input".to_owned(), said.to_owned()));
    let mut twice = input.clone();
    twice["tasks"][1]["ioFolders"][0]["referenceId"] = json!("b-in");
    assert!(wrong(twice).1.contains("which the job has already"));
    let mut unknown = input;
    unknown["tasks"][0]["engineId"] = json!("insert-into-index");
    assert_eq!(wrong(unknown).0, "not_found");
}

#[test]
fn point_14_jobs_are_set_to_queued_only() {
    let server = one_at_a_time();
    let http = &server.http;
    let job = id(&created(http, &[number()], &later()));
    let update = |status: &str| {
        format!("mutation {{ updateJobs(input: {{ids: [\"{job}\"], status: {status}}}) {{ count records {{ id }} }} }}")
    };
    let done = data(http, &update("queued"), &json!({}));
    assert_eq!(done, json!({"updateJobs": {"count": 1, "records": [{"id": job}]}}));
    for status in ["running", "cancelled", "pending"] {
        let refused = ask(http, &update(status), &json!({})).expect(400).json();
        assert!(refused.get("data").is_none() && refused["errors"][0]["message"].is_string(), "{refused}");
    }
}

#[test]
fn point_15_a_launch_without_a_template_gives_the_published_message() {
    let server = one_at_a_time();
    let launch = "mutation ($input: SingleEngineJobInput!) { launchSingleEngineJob(input: $input) { id } }";
    let said =
        fault(&server.http, launch, &json!({"input": {"engineId": "rows/rows", "uploadUrl": "https://example.com/x"}}));
    let published = "This engine does not specify a default single job template";
    assert_eq!(said, ("invalid_input".to_owned(), published.to_owned()));
    let unknown = json!({"input": {"engineId": "rows/nothing", "uploadUrl": "https://example.com/x"}});
    assert_eq!(fault(&server.http, launch, &unknown).0, "not_found");
}

#[test]
fn a_job_as_most_clients_still_send_it() {
    let server = one_at_a_time();
    let http = &server.http;
    // Without routes, with the name of an engine, a payload as text, and an old name of the scalar.
    let query = "mutation ($payload: JSON, $config: JSON) { createJob(input: {name: \"a name\", clusterId: \"rt-1\",
        isReprocessJob: true, jobConfig: $config, tasks: [{engineId: \"rows\", payload: $payload}, {engineId: \"rows\"}]})
        { id name clusterId jobConfig status tasks { count records { engine { name } payload payloadString } } } }";
    let variables = json!({"payload": {"input": [{"value": 1}], "at": 1}, "config": {"b": 1, "a": [null]}});
    let answer = data(http, query, &variables)["createJob"].take();
    assert_eq!((&answer["name"], &answer["clusterId"]), (&json!("a name"), &json!("rt-1")));
    assert_eq!(answer["jobConfig"], json!({"b": 1, "a": [null]}));
    assert_eq!(answer["tasks"]["count"], 2);
    assert_eq!(answer["tasks"]["records"][0]["engine"]["name"], "rows/rows");
    assert_eq!(answer["tasks"]["records"][0]["payload"]["at"], 1.0);
    reaches(http, &id(&answer), "complete");
}
