//! What is stored beside jobs: objects that jobs point at, job templates, task templates and pipelines.

use serde_json::{Value, json};
use support::http::Http;
use support::server::{Server, Setup};

use super::{ask, created, data, fault, id, later, number, reaches};
use crate::{one_at_a_time, post};

const CREATE: &str = "mutation ($input: CreateTDO) { createTDO(input: $input) { id name status startDateTime stopDateTime details createdDateTime } }";

fn object(http: &Http) -> String {
    let input = json!({"name": "a name", "startDateTime": "1634630768", "stopDateTime": 1_634_630_769_000_i64, "details": {"b": [1], "a": null}});
    let made = data(http, CREATE, &json!({"input": input}))["createTDO"].take();
    assert_eq!(made["startDateTime"], "2021-10-19T08:06:08.000Z");
    assert_eq!(made["stopDateTime"], "2021-10-19T08:06:09.000Z");
    assert_eq!((&made["name"], &made["details"]), (&json!("a name"), &json!({"b": [1], "a": null})));
    id(&made)
}

#[test]
fn jobs_point_at_objects_which_are_changed_and_removed() {
    let server = one_at_a_time();
    let http = &server.http;
    let object = object(http);
    assert!(object.bytes().all(|byte| byte.is_ascii_digit()), "{object}");
    let mut more = later();
    more["targetId"] = json!(object);
    let job = created(http, &[number()], &more);
    assert_eq!(job["targetId"], json!(object));
    // The other surface has it under its own name.
    let rest = crate::get(http, &format!("proc/jobs?recordingID={object}")).expect(200).json();
    assert_eq!(
        (&rest["count"], &rest["result"][0]["coreRecordingId"]),
        (&json!(1), &json!(object.parse::<i64>().expect("a number")))
    );
    let query = "query ($id: ID!) { temporalDataObject(id: $id) { id jobs { count records { id target { id name } } } tasks { count records { target { id } } } }
        jobs(targetId: $id) { count } none: jobs(targetId: 1) { count } with: jobs(hasTargetTDO: true) { count } temporalDataObjects { count records { id } } }";
    let answer = data(http, query, &json!({"id": object}));
    let expected = json!({"count": 1, "records": [{"id": job["id"], "target": {"id": object, "name": "a name"}}]});
    assert_eq!(answer["temporalDataObject"]["jobs"], expected);
    assert_eq!(answer["temporalDataObject"]["tasks"]["records"][0]["target"]["id"], json!(object));
    assert_eq!(
        (&answer["jobs"]["count"], &answer["none"]["count"], &answer["with"]["count"]),
        (&json!(1), &json!(0), &json!(1))
    );
    assert_eq!(answer["temporalDataObjects"], json!({"count": 1, "records": [{"id": object}]}));
    let update = "mutation ($input: UpdateTDO) { updateTDO(input: $input) { name status details } }";
    let changed = data(http, update, &json!({"input": {"id": object, "name": "another"}}));
    assert_eq!(
        changed["updateTDO"],
        json!({"name": "another", "status": "recorded", "details": {"b": [1], "a": null}})
    );
    // Another organisation's is not there.
    let other = crate::stranger(&server);
    let foreign = "query ($id: ID!) { temporalDataObject(id: $id) { id } }";
    let delete = "mutation ($id: ID!) { deleteTDO(id: $id) { id message } }";
    for call in [foreign, delete] {
        assert_eq!(fault(&other, call, &json!({"id": object})).0, "not_found");
    }
    assert_eq!(data(&other, "{ temporalDataObjects { count } }", &json!({}))["temporalDataObjects"]["count"], 0);
    let made = "mutation ($input: CreateJob) { createJob(input: $input) { id } }";
    let input = json!({"targetId": object, "tasks": [{"engineId": "rows/rows", "payload": number()}]});
    assert_eq!(fault(&other, made, &json!({"input": input})).0, "not_found");
    let removed = data(http, delete, &json!({"id": object}));
    assert_eq!(removed["deleteTDO"], json!({"id": object, "message": "TemporalDataObject deleted"}));
    let target = data(http, "query ($id: ID!) { job(id: $id) { targetId target { id } } }", &json!({"id": job["id"]}));
    assert_eq!(target["job"], json!({"targetId": object, "target": null}));
}

#[test]
fn a_job_brings_its_object_along_or_leaves_none_behind() {
    let server = one_at_a_time();
    let http = &server.http;
    let made = "mutation ($input: CreateJob) { createJob(input: $input) { id target { id name status } } }";
    let input = json!({"target": {"name": "new"}, "tasks": [{"engineId": "rows/rows", "payload": number()}]});
    let job = data(http, made, &json!({"input": input}))["createJob"].take();
    assert_eq!((&job["target"]["name"], &job["target"]["status"]), (&json!("new"), &json!("downloaded")));
    let mut wrong = input.clone();
    wrong["tasks"][0]["engineId"] = json!("rows/nothing");
    assert_eq!(fault(http, made, &json!({"input": wrong})).0, "not_found");
    let mut both = input;
    both["targetId"] = job["target"]["id"].clone();
    assert!(fault(http, made, &json!({"input": both})).1.contains("stands beside `targetId`"));
    assert_eq!(data(http, "{ temporalDataObjects { count } }", &json!({}))["temporalDataObjects"]["count"], 1);
}

#[test]
fn documents_are_bounded_in_length_number_and_sum() {
    let config = "[limits]\ndocument_bytes = 400\ndocuments = 2\ndocuments_bytes = 600\n";
    let server = Server::with(&Setup { config, ..Setup::default() });
    let http = &server.http;
    let make = |length: usize| {
        let input = json!({"startDateTime": 1, "stopDateTime": 1, "name": "x".repeat(length)});
        ask(http, CREATE, &json!({"input": input})).expect(200).json()
    };
    let message = |answer: &Value| answer["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
    let long = message(&make(400));
    assert!(
        long.starts_with("the document has 5") && long.ends_with("bytes; 400 are allowed (limit document_bytes)"),
        "{long}"
    );
    assert!(make(200).get("errors").is_none());
    let sum = message(&make(250));
    assert!(sum.ends_with("would have more than the 600 that are allowed (limit documents_bytes)"), "{sum}");
    assert!(make(1).get("errors").is_none());
    assert_eq!(message(&make(1)), "the organisation has 2 documents, and 2 are allowed (limit documents)");
}

#[test]
fn a_template_is_kept_changed_and_launched_over_both_surfaces() {
    let server = one_at_a_time();
    let http = &server.http;
    let create = "mutation ($input: CreateJobTemplate) { createJobTemplate(input: $input) { id jobConfig clusterId
        taskTemplates { count records { id engineId engine { name } payload ioFolders { referenceId type mode } executionPreferences { priority } } }
        routes { parentIoFolderReferenceId childIoFolderReferenceId } } }";
    let input = json!({"jobConfig": {"a": 1}, "clusterId": "rt-1", "taskTemplates": [
        {"engineId": "rows/rows", "payload": number(), "ioFolders": [{"referenceId": "out", "type": "output", "mode": "stream"}],
         "executionPreferences": {"priority": 5}},
        {"engineId": "rows", "ioFolders": [{"referenceId": "in", "type": "input", "mode": "chunk"}]}],
        "routes": [{"parentIoFolderReferenceId": "out", "childIoFolderReferenceId": "in"}]});
    let template = data(http, create, &json!({"input": input}))["createJobTemplate"].take();
    let tasks = &template["taskTemplates"]["records"];
    assert_eq!((&template["taskTemplates"]["count"], &tasks[1]["engine"]["name"]), (&json!(2), &json!("rows/rows")));
    assert_eq!(tasks[0]["executionPreferences"]["priority"], 5);
    assert_eq!(template["routes"][0]["childIoFolderReferenceId"], "in");
    let launch = "mutation ($input: LaunchJobTemplates) { launchJobTemplates(input: $input) { id templateId template { id } clusterId jobConfig target { name }
        tasks { records { parentTaskId payload executionPreferences { priority } } } } }";
    let input = json!({"ids": [template["id"], template["id"]], "payload": {"input": [{"value": 7}], "at": 7}, "createTargetInfo": {"name": "launched"}});
    let jobs = data(http, launch, &json!({"input": input}))["launchJobTemplates"].take();
    assert_eq!(jobs.as_array().map(Vec::len), Some(2));
    let job = &jobs[0];
    assert_eq!((&job["templateId"], &job["template"]["id"]), (&template["id"], &template["id"]));
    assert_eq!(
        (&job["clusterId"], &job["jobConfig"], &job["target"]["name"]),
        (&json!("rt-1"), &json!({"a": 1}), &json!("launched"))
    );
    assert_eq!(job["tasks"]["records"][0]["payload"]["at"], 7.0);
    assert_eq!(job["tasks"]["records"][1]["payload"]["at"], Value::Null);
    reaches(http, &id(job), "complete");
    // Over REST.
    let path = format!("proc/template/{}/launch", id(&template));
    let launched = post(http, &path, &json!({"payloadJSON": "{\"at\": 1}", "isInternal": false})).expect(200).json();
    assert_eq!(launched, json!({"operation": {"success": true, "count": 1, "error": null}}));
    assert_eq!(crate::error(post(http, "proc/template/1/launch", &json!({})), 404), "not_found");
    assert_eq!(crate::error(post(http, &path, &json!({"scheduledJobID": 7})), 501), "not_implemented");
    // A job of a template that is created as such.
    let made = "mutation ($id: ID!) { createJob(input: {jobTemplateId: $id, name: \"named\"}) { name templateId tasks { count } } }";
    let expected = json!({"name": "named", "templateId": template["id"], "tasks": {"count": 2}});
    assert_eq!(data(http, made, &json!({"id": template["id"]}))["createJob"], expected);
    // Changes.
    let update = "mutation ($input: UpdateJobTemplate) { updateJobTemplate(input: $input) { jobPipelineStage skipDecider jobConfig } }";
    let changed = data(http, update, &json!({"input": {"id": template["id"], "jobPipelineStage": 3}}));
    assert_eq!(
        changed["updateJobTemplate"],
        json!({"jobPipelineStage": 3, "skipDecider": null, "jobConfig": {"a": 1}})
    );
    let add = "mutation ($input: CreateTaskTemplate) { createTaskTemplate(input: $input) { id jobTemplateId parentTaskId parentTask { id } childTaskIds } }";
    let input = json!({"jobTemplateId": template["id"], "engineId": "rows/rows", "parentTaskId": tasks[1]["id"]});
    let added = data(http, add, &json!({"input": input}))["createTaskTemplate"].take();
    assert_eq!((&added["parentTask"]["id"], &added["jobTemplateId"]), (&tasks[1]["id"], &template["id"]));
    let change = "mutation ($input: UpdateTaskTemplate) { updateTaskTemplate(input: $input) { id payload engineId } }";
    let input = json!({"id": added["id"], "payload": {"at": 2}});
    assert_eq!(data(http, change, &json!({"input": input}))["updateTaskTemplate"]["payload"], json!({"at": 2}));
    let one = "query ($id: ID!) { taskTemplate(id: $id) { id jobTemplate { id } childTaskIds } jobTemplates(engineId: \"rows/rows\") { count } }";
    let shown = data(http, one, &json!({"id": tasks[1]["id"]}));
    assert_eq!(
        (&shown["taskTemplate"]["childTaskIds"], &shown["jobTemplates"]["count"]),
        (&json!([added["id"]]), &json!(1))
    );
    let drop = "mutation ($id: ID!) { deleteTaskTemplate(id: $id) { id } }";
    assert_eq!(data(http, drop, &json!({"id": added["id"]}))["deleteTaskTemplate"]["id"], added["id"]);
    assert_eq!(fault(http, drop, &json!({"id": added["id"]})).0, "not_found");
    // Another organisation's is not there.
    let other = crate::stranger(&server);
    assert_eq!(crate::error(post(&other, &path, &json!({})), 404), "not_found");
    let delete = "mutation ($id: ID!) { deleteJobTemplate(id: $id) { id message } }";
    assert_eq!(fault(&other, delete, &json!({"id": template["id"]})).0, "not_found");
    assert_eq!(data(&other, "{ jobTemplates { count } }", &json!({}))["jobTemplates"]["count"], 0);
    data(http, delete, &json!({"id": template["id"]}));
    assert_eq!(
        ask(http, "query ($id: ID!) { jobTemplate(id: $id) { id } }", &json!({"id": template["id"]}))
            .expect(200)
            .json()["data"],
        Value::Null
    );
}

#[test]
fn templates_that_cannot_become_jobs_are_refused_with_their_place() {
    let server = one_at_a_time();
    let http = &server.http;
    let create = "mutation ($input: CreateJobTemplate) { createJobTemplate(input: $input) { id } }";
    let wrong = |input: Value| {
        let answer = ask(http, create, &json!({"input": input})).expect(200).json();
        let error = &answer["errors"][0];
        (
            error["name"].as_str().unwrap_or_default().to_owned(),
            error["message"].as_str().unwrap_or_default().to_owned(),
        )
    };
    assert_eq!(wrong(json!({"taskTemplates": [{"engineId": "rows/nothing"}]})).0, "not_found");
    let (_, said) = wrong(json!({"taskTemplates": [{"engineId": "rows/rows", "payloadString": "[1]"}]}));
    assert!(said.starts_with("`/input/taskTemplates/0/payloadString` holds no JSON object"), "{said}");
    assert!(wrong(json!({"jobPipelineId": 7})).0 == "not_found");
    // One without tasks is kept, as clients add them later, and not launched.
    let empty = data(http, create, &json!({"input": {}}))["createJobTemplate"]["id"].clone();
    let launch = "mutation ($id: ID!) { launchJobTemplates(input: {ids: [$id]}) { id } }";
    let said = fault(http, launch, &json!({"id": empty}));
    assert_eq!(said, ("invalid_input".to_owned(), "`/taskTemplates` has no task template".to_owned()));
}

#[test]
fn pipelines_hold_templates_together() {
    let server = one_at_a_time();
    let http = &server.http;
    let create = "mutation { createJobPipeline(input: {name: \"a name\"}) { id name isPublic } }";
    let pipeline = data(http, create, &json!({}))["createJobPipeline"].take();
    let template = "mutation ($id: ID!) { createJobTemplate(input: {jobPipelineId: $id, jobPipelineStage: 1}) { id jobPipeline { name } } }";
    let template = data(http, template, &json!({"id": pipeline["id"]}))["createJobTemplate"].take();
    assert_eq!(template["jobPipeline"]["name"], "a name");
    let show = "query ($id: ID!) { jobPipeline(id: $id) { organization { name } jobTemplates { count records { id } } } jobPipelines { count } }";
    let shown = data(http, show, &json!({"id": pipeline["id"]}));
    assert_eq!(shown["jobPipeline"]["jobTemplates"], json!({"count": 1, "records": [{"id": template["id"]}]}));
    let public = "mutation ($id: ID!) { updateJobPipeline(input: {id: $id, isPublic: true}) { id } }";
    let answer = ask(http, public, &json!({"id": pipeline["id"]})).expect(200).json();
    assert_eq!(answer["errors"][0]["name"], "not_allowed");
    let delete = "mutation ($id: ID!) { deleteJobPipeline(id: $id) { id message } }";
    assert_eq!(
        data(http, delete, &json!({"id": pipeline["id"]}))["deleteJobPipeline"]["message"],
        "Job pipeline deleted"
    );
    assert_eq!(data(http, "{ jobPipelines { count } }", &json!({}))["jobPipelines"]["count"], 0);
}

#[test]
fn what_has_no_meaning_here_is_there_and_says_so() {
    let server = one_at_a_time();
    let http = &server.http;
    for call in [
        "mutation { pollTask(input: {id: 1, jobId: 1}) { id } }",
        "mutation { createEngine(input: {name: \"x\", categoryId: 1, deploymentModel: HumanReview}) { id } }",
        "mutation { engineWorkflow { enable(id: 1) { id } } }",
        "mutation { addToEngineWhitelist(toAdd: {organizationId: 1, engineIds: [1]}) { engines { id } } }",
        "mutation { getEngineJWT(input: {engineId: 1}) { token } }",
        "mutation { createNextPipelineJobs(input: {jobPipelineId: 1}) { id } }",
    ] {
        let (name, message) = fault(http, call, &json!({}));
        assert!(name == "not_implemented" && message.contains("has no meaning here"), "{call}: {message}");
    }
    let reader = crate::token(http, "default", &["jobs:read"]);
    assert_eq!(fault(&reader, "mutation { deleteEngine(id: 1) { id } }", &json!({})).0, "not_allowed");
}
