//! Queries: one, many, parts of lists, results, and what belongs to others.

use serde_json::{Value, json};

use super::{ask, created, data, fault, id, later, number, reaches};
use crate::one_at_a_time;

#[test]
fn point_10_what_is_not_there_is_null_beside_what_is_and_lists_leave_out_what_is_another_organisations() {
    let server = one_at_a_time();
    let http = &server.http;
    let job = id(&created(http, &[number()], &later()));
    let query = "query ($good: ID!, $bad: ID!) { a: job(id: $bad) { id } b: job(id: $good) { id } }";
    let answer = ask(http, query, &json!({"good": job, "bad": "23041407_RORjiJw7te"})).expect(200).json();
    assert_eq!(answer["data"], json!({"a": null, "b": {"id": job}}));
    let error = &answer["errors"][0];
    assert_eq!(error["name"], "not_found");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("not found")), "{error}");
    assert_eq!((&error["path"], &error["locations"][0]["line"]), (&json!(["a"]), &json!(1)));
    assert_eq!(
        (&error["data"]["objectId"], &error["data"]["objectType"]),
        (&json!("23041407_RORjiJw7te"), &json!("Job"))
    );
    // Another organisation sees nothing of it, in either form, and changes nothing.
    let other = crate::stranger(&server);
    let internal =
        data(http, "query ($id: ID!) { job(id: $id) { internalJobId tasks { records { id } } } }", &json!({"id": job}));
    let task = internal["job"]["tasks"]["records"][0]["id"].clone();
    for job in [&json!(job), &internal["job"]["internalJobId"]] {
        for call in [
            "query ($id: ID!) { job(id: $id) { id } }",
            "mutation ($id: ID!) { cancelJob(id: $id) { id } }",
            "mutation ($id: ID!) { retryJob(id: $id) { id } }",
        ] {
            assert_eq!(fault(&other, call, &json!({"id": job})).0, "not_found", "{call}");
        }
    }
    assert_eq!(fault(&other, "query ($id: ID!) { task(id: $id) { id } }", &json!({"id": task})).0, "not_found");
    let update = "mutation ($id: ID!) { updateTask(input: {id: $id, status: aborted}) { id } }";
    assert_eq!(fault(&other, update, &json!({"id": task})).0, "not_found");
    let lists = data(
        &other,
        "query ($id: ID) { jobs(id: $id) { count } all: jobs { count } tasks { count } engineResults(jobId: $id) { records { taskId } } }",
        &json!({"id": job}),
    );
    assert_eq!(
        lists,
        json!({"jobs": {"count": 0}, "all": {"count": 0}, "tasks": {"count": 0}, "engineResults": {"records": []}})
    );
    assert_eq!(fault(&other, "{ organization(id: \"default\") { id } }", &json!({})).0, "not_found");
    assert_eq!(
        data(http, "query ($id: ID!) { job(id: $id) { status } }", &json!({"id": job}))["job"]["status"],
        "pending"
    );
}

#[test]
fn point_11_count_is_the_size_of_the_page_which_is_thirty() {
    let server = one_at_a_time();
    let http = &server.http;
    let jobs: Vec<Value> = (0..32).map(|_| json!({"tasks": [{"engineId": "rows/rows", "payloadJSON": number().to_string()}], "startDateTime": "2099-01-01T00:00:00Z"})).collect();
    crate::created(http, &jobs);
    let page = |arguments: &str| {
        let query = format!("{{ jobs{arguments} {{ count offset limit records {{ id }} }} }}");
        let page = data(http, &query, &json!({}))["jobs"].take();
        let ids = page["records"].as_array().expect("a list").len();
        assert_eq!(page["count"], ids, "{page}");
        (ids, page["offset"].clone(), page["limit"].clone())
    };
    assert_eq!(page(""), (30, json!(0), json!(30)));
    assert_eq!(page("(offset: 30)"), (2, json!(30), json!(30)));
    assert_eq!(page("(offset: 32)"), (0, json!(32), json!(30)));
    for limit in [1_000, 10_000] {
        assert_eq!(page(&format!("(limit: {limit})")), (32, json!(0), json!(limit)));
    }
    assert_eq!(page("(limit: null, offset: null)"), (30, json!(0), json!(30)));
    let refused = fault(http, "{ jobs(limit: 10001) { count } }", &json!({}));
    assert_eq!(refused, ("invalid_input".to_owned(), "`limit` must be from 0 to 10000, and is 10001".to_owned()));
    let rest = crate::get(http, "proc/jobs").expect(200).json();
    assert_eq!((&rest["count"], &rest["limit"]), (&json!(32), &json!(10)));
}

#[test]
fn jobs_are_chosen_by_what_they_are() {
    let server = one_at_a_time();
    let http = &server.http;
    let first = id(&created(http, &[number()], &json!({"clusterId": "one"})));
    reaches(http, &first, "complete");
    let second = id(&created(http, &[number()], &later()));
    let engine = data(http, "{ engines(name: \"ROWS/rows\") { records { id } } }", &json!({}))["engines"]["records"][0]
        ["id"]
        .clone();
    let made = data(http, "query ($id: ID!) { job(id: $id) { createdDateTime } }", &json!({"id": second}))["job"]["createdDateTime"].clone();
    let list = |arguments: &str| -> Vec<String> {
        let query = format!("query ($engine: ID!, $made: DateTime!) {{ jobs{arguments} {{ records {{ id }} }} engine(id: $engine) {{ id }}
            unused: jobs(dateTimeFilter: {{field: createdDateTime, fromDateTime: $made}}) {{ count }} }}");
        let found = data(http, &query, &json!({"engine": engine, "made": made}));
        found["jobs"]["records"].as_array().expect("a list").iter().map(id).collect()
    };
    let (both, back) = (vec![second.clone(), first.clone()], vec![first.clone(), second.clone()]);
    assert_eq!(list(""), both);
    assert_eq!(list("(orderBy: [{field: createdDateTime, direction: asc}])"), back);
    assert_eq!(list("(orderBy: {field: modifiedDateTime, direction: asc})"), back);
    assert_eq!(list("(engineIds: [$engine])"), both);
    assert_eq!(list("(engineIds: [\"rows/nothing\"])"), [""; 0]);
    assert_eq!(list("(status: [complete])"), std::slice::from_ref(&first));
    assert_eq!(list("(status: [pending, complete])"), both);
    assert_eq!(list("(status: [cancelled])"), [""; 0]);
    assert_eq!(list("(clusterId: \"one\")"), std::slice::from_ref(&first));
    assert_eq!(list("(hasTargetTDO: true)"), [""; 0]);
    assert_eq!(list(&format!("(id: \"{first}\")")), std::slice::from_ref(&first));
    assert_eq!(list("(dateTimeFilter: [{field: createdDateTime, toDateTime: 1}])"), [""; 0]);
    assert_eq!(list("(dateTimeFilter: [{field: createdDateTime, fromDateTime: $made}])"), [second]);
}

#[test]
fn results_are_rows_and_tasks_say_what_they_gave() {
    let server = one_at_a_time();
    let http = &server.http;
    let job = id(&created(http, &[number()], &json!({})));
    reaches(http, &job, "complete");
    let query = "query ($id: ID!) { engineResults(jobId: $id) { records { tdoId engineId jsondata taskId jobId userEdited } }
        job(id: $id) { tasks { records { id engineId output log { uri text jsondata } failureReason startedDateTime completedDateTime } } } }";
    let answer = data(http, query, &json!({"id": job}));
    let (result, task) = (&answer["engineResults"]["records"][0], &answer["job"]["tasks"]["records"][0]);
    assert_eq!(
        (&result["taskId"], &result["jobId"], &result["engineId"]),
        (&task["id"], &json!(job), &task["engineId"])
    );
    assert_eq!(result["jsondata"]["object"], json!([{"seen": 1, "value": 2.0}]), "{answer:#}");
    assert_eq!(result["jsondata"]["sourceEngineId"], task["engineId"]);
    assert_eq!(task["output"]["outputs"][0]["name"], "result.json");
    assert!(task["log"]["text"].is_string() && task["log"]["jsondata"].is_array(), "{task}");
    assert!(task["failureReason"].is_null() && task["completedDateTime"].is_string(), "{task}");
    let missing = fault(http, "{ engineResults { sourceId } }", &json!({}));
    assert_eq!(missing, ("invalid_input".to_owned(), "say `jobId` or `tdoId`".to_owned()));
}

#[test]
fn engines_and_the_account_are_as_clients_select_them() {
    let server = one_at_a_time();
    let http = &server.http;
    let query = "{ engines(limit: 1000, filter: {state: [active]}, orderBy: [{field: name}]) { count records { id name ownerOrganization { id name } rating
        logoPath iconPath description category { id name type { name } iconClass color categoryType totalEngines } builds(limit: 1, offset: 0)
        { records { id status version } count } fields { name type required } deploymentModel runtimeType isPublic state jobPricing mode
        standaloneJobTemplates { templateLanguage } } }
        engineCategories { count records { id name } }
        me { id name organization { id name } roles { name appName } } myRights { operations resources } organization(id: \"default\") { id name } }";
    let answer = data(http, query, &json!({}));
    let engine = &answer["engines"]["records"][1];
    assert_eq!(
        (&engine["name"], &engine["category"]["name"], &engine["state"]),
        (&json!("rows/rows"), &json!("rows"), &json!("active"))
    );
    assert_eq!(engine["ownerOrganization"], answer["organization"]);
    assert_eq!(engine["builds"]["records"][0]["status"], "deployed");
    assert_eq!(answer["me"]["organization"], answer["organization"]);
    let operations = answer["myRights"]["operations"].as_array().expect("a list");
    for word in ["job.create", "job.read", "admin"] {
        assert!(operations.contains(&json!(word)), "{operations:?}");
    }
    let one = "query ($id: ID!) { engine(id: $id) { id } engineCategory(id: \"rows\") { name } }";
    assert_eq!(data(http, one, &json!({"id": engine["id"]}))["engine"]["id"], engine["id"]);
    assert_eq!(fault(http, "{ engine(id: 123) { id } }", &json!({})).0, "not_found");
}
