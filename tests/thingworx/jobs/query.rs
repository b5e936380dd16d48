//! What QueryJobs finds, and what a row of it holds.

use serde_json::{Value, json};

use super::{Client, named, one_at_a_time};
use support::server::{Server, Setup};

fn filter(filter: &Value) -> Value {
    json!({"query": {"filters": filter}})
}

/// Jobs in each of the states: their ids, oldest first, with the word for each.
fn in_every_state(client: &Client) -> Vec<(String, &'static str)> {
    let completed = client.submit("noop", &json!({}));
    client.until(&completed, "COMPLETED");
    let failed = client.submit("error", &json!({}));
    client.until(&failed, "FAILED");
    let running = client.submit("spin", &json!({}));
    client.until(&running, "INPROCESS");
    let cancelled = client.submit("noop", &json!({}));
    client.scalar("CancelJob", &named(&cancelled));
    let waiting = client.submit("noop", &json!({}));
    vec![
        (completed, "COMPLETED"),
        (failed, "FAILED"),
        (running, "INPROCESS"),
        (cancelled, "FAILED"),
        (waiting, "WAITING"),
    ]
}

#[test]
fn states_are_found_and_sorted_by_the_four_words() {
    let server = one_at_a_time("");
    let client = Client::of(&server);
    let jobs = in_every_state(&client);
    let with = |words: &[&str]| -> Vec<String> {
        jobs.iter().rev().filter(|(_, word)| words.contains(word)).map(|(id, _)| id.clone()).collect()
    };
    let all = ["COMPLETED", "FAILED", "INPROCESS", "WAITING"];
    let status =
        |kind: &str, name: &str, value: Value| filter(&json!({"type": kind, "fieldName": "status", name: value}));
    for word in all {
        assert_eq!(client.found(&status("EQ", "value", json!(word))), with(&[word]), "{word}");
        assert_eq!(client.found(&json!({"values": {"rows": [{"status": word}]}})), with(&[word]), "{word}");
    }
    for (body, words) in [
        (status("NE", "value", json!("FAILED")), &["COMPLETED", "INPROCESS", "WAITING"][..]),
        (status("LIKE", "value", json!("*IN*")), &["INPROCESS", "WAITING"]),
        (status("MATCHES", "expression", json!("^(F|C)")), &["COMPLETED", "FAILED"]),
        (status("IN", "values", json!(["waiting", "failed", "cancelled"])), &["FAILED", "WAITING"]),
        (status("NOTIN", "values", json!(["FAILED"])), &["COMPLETED", "INPROCESS", "WAITING"]),
        (status("EQ", "value", json!("cancelled")), &[]),
        (filter(&json!({"type": "NOTMISSINGVALUE", "fieldName": "status"})), &all),
        (json!({}), &all),
    ] {
        assert_eq!(client.found(&body), with(words), "{body}");
    }
    // FAILED is one word; of jobs that have it the newest comes first.
    let order = |ascending: bool| {
        client.found(&json!({"query": {"sorts": [{"fieldName": "status", "isAscending": ascending}]}}))
    };
    let at = |places: [usize; 5]| -> Vec<String> { places.iter().map(|place| jobs[*place].0.clone()).collect() };
    assert_eq!(order(true), at([0, 3, 1, 2, 4]));
    assert_eq!(order(false), at([4, 2, 3, 1, 0]));
    let oldest_first = json!({"query": {"sorts": [{"fieldName": "createdOn"}]}});
    assert_eq!(client.found(&oldest_first), at([0, 1, 2, 3, 4]));
    client.scalar("CancelJob", &named(&jobs[2].0));
}

#[test]
fn a_row_holds_what_is_known_of_a_job() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let custom = json!({
        "dataShape": {"fieldDefinitions": {"asset": {"name": "asset", "baseType": "THINGNAME", "description": "Which.", "ordinal": 0, "aspects": {"isPrimaryKey": true}}}},
        "rows": [{"asset": "Pump-7"}, {}],
    });
    let id = client.submit("slow", &json!({"customData": custom, "extraParams": {"milliseconds": 1}}));
    client.until(&id, "COMPLETED");
    let table = client.table("QueryJobs", &json!({}));
    let row = &table["rows"][0];
    let time = |name: &str| row[name].as_i64().expect("milliseconds");
    assert!(time("createdOn") <= time("startedOn") && time("startedOn") <= time("completedOn"), "{row}");
    assert_eq!(row["key"], json!(id));
    assert_eq!(row["providerName"], "hostile");
    assert_eq!(row["modelName"], "slow");
    assert_eq!(row["status"], "COMPLETED");
    assert_eq!(row["isSimulation"], false);
    assert_eq!(row["extraParams"], json!({"milliseconds": 1}));
    assert_eq!(row["inputs"]["rows"], json!([{"value": 1.5}]));
    assert_eq!(row["inputs"]["dataShape"]["fieldDefinitions"]["value"]["baseType"], "NUMBER");
    assert_eq!(row["customData"], custom);
    assert!(row["createdBy"].is_string(), "{row}");
    let names: Vec<&String> = row.as_object().expect("a row").keys().collect();
    let set = [
        "completedOn",
        "createdBy",
        "createdOn",
        "customData",
        "extraParams",
        "inputs",
        "isSimulation",
        "key",
        "modelName",
        "providerName",
        "startedOn",
        "status",
    ];
    assert_eq!(names, set);
    let fields = table["dataShape"]["fieldDefinitions"].as_object().expect("fields");
    let mut types: Vec<_> = fields
        .values()
        .map(|field| (field["ordinal"].as_u64(), field["name"].as_str(), field["baseType"].as_str()))
        .collect();
    types.sort_unstable();
    let types: Vec<_> =
        types.into_iter().map(|(_, name, base_type)| (name.expect("a name"), base_type.expect("a type"))).collect();
    let expected = [
        ("key", "STRING"),
        ("providerName", "STRING"),
        ("modelName", "STRING"),
        ("status", "STRING"),
        ("inputs", "INFOTABLE"),
        ("results", "INFOTABLE"),
        ("extraParams", "JSON"),
        ("customData", "INFOTABLE"),
        ("errors", "INFOTABLE"),
        ("eventId", "STRING"),
        ("clientId", "STRING"),
        ("isSimulation", "BOOLEAN"),
        ("createdBy", "USERNAME"),
        ("createdOn", "DATETIME"),
        ("startedOn", "DATETIME"),
        ("completedOn", "DATETIME"),
    ];
    assert_eq!(types, expected);
    assert_eq!(fields["key"]["aspects"]["isPrimaryKey"], true);
    assert_eq!(fields["errors"]["aspects"]["dataShape"], "TW.AnalysisServices.JobErrorDataShape");

    // Nothing given, nothing kept but an empty table.
    let plain = client.submit("noop", &json!({}));
    client.until(&plain, "COMPLETED");
    let row = &client.table("QueryJobs", &json!({"values": {"rows": [{"jobId": plain}]}}))["rows"][0];
    assert_eq!(row["customData"]["rows"], json!([]));
    assert_eq!(row["customData"]["dataShape"]["fieldDefinitions"], json!({}));
    assert_eq!(row["extraParams"], json!({}));
}

#[test]
fn inputs_are_shown_up_to_64_kib() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let rows = |count: usize| json!({"inputParams": {"rows": vec![json!({"value": 0.125}); count]}});
    // 16 bytes a row as it would be written.
    let small = client.submit("noop", &rows(4_000));
    let large = client.submit("noop", &rows(4_200));
    let shown = |id: &str| {
        let table = client.table("QueryJobs", &json!({"values": {"rows": [{"key": id}]}}));
        table["rows"][0]["inputs"]["rows"].as_array().map(Vec::len)
    };
    assert_eq!((shown(&small), shown(&large)), (Some(4_000), None));
    client.until(&large, "COMPLETED");
    assert_eq!(client.table("GetJobResults", &named(&large))["rows"].as_array().map(Vec::len), Some(4_200));
}

#[test]
fn values_and_a_query_are_both_fulfilled() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let [first, second, third] = ["noop", "error", "noop"].map(|model| client.submit(model, &json!({})));
    client.until(&first, "COMPLETED");
    client.until(&second, "FAILED");
    client.until(&third, "COMPLETED");
    let is = |field: &str, value: &Value| json!({"type": "EQ", "fieldName": field, "value": value});
    let values = |rows: Value| json!({"values": {"dataShape": {"fieldDefinitions": {}}, "rows": rows}});
    for (body, expected) in [
        (values(json!([{"modelName": "noop"}])), vec![&third, &first]),
        (values(json!([{"modelName": "noop", "status": "FAILED"}])), vec![]),
        (
            values(json!([{"modelName": "noop", "status": "COMPLETED"}, {"status": "FAILED"}])),
            vec![&third, &second, &first],
        ),
        (values(json!([{"key": first}, {"key": second}])), vec![&second, &first]),
        (values(json!([{"key": first.to_uppercase()}])), vec![&first]),
        (values(json!([])), vec![&third, &second, &first]),
        (values(json!([{"key": first, "priority": 0}])), vec![]),
        (values(json!([{"isSimulation": false, "key": first}])), vec![&first]),
        (values(json!([{"isSimulation": true}])), vec![]),
        (filter(&is("jobId", &json!(second))), vec![&second]),
        (json!({"query": json!({"filters": is("key", &json!(second))}).to_string()}), vec![&second]),
        (json!({"query": "", "values": null}), vec![&third, &second, &first]),
        (filter(&is("no such field", &json!(1))), vec![]),
        (filter(&json!({"type": "MissingValue", "fieldName": "no such field"})), vec![&third, &second, &first]),
        (filter(&json!({"type": "MISSINGVALUE", "fieldName": "errors"})), vec![&third, &first]),
        (filter(&json!({"type": "NOTMISSINGVALUE", "fieldName": "completedOn"})), vec![&third, &second, &first]),
    ] {
        assert_eq!(client.found(&body), expected.into_iter().cloned().collect::<Vec<_>>(), "{body}");
    }
    let mut both = filter(&is("status", &json!("COMPLETED")));
    both["values"] = json!({"rows": [{"key": second}, {"key": third}]});
    assert_eq!(client.found(&both), [third]);
}

#[test]
fn the_newest_come_first_and_no_more_than_configured() {
    let config = "[limits]\nfree_disk_bytes = 0\nthingworx_query_rows = 3\nscan_items = 2\n";
    let server = Server::with(&Setup { config, plugins: &["hostile"], ..Setup::default() });
    let client = Client::of(&server);
    let ids: Vec<String> = (0..5).map(|_| client.submit("noop", &json!({}))).collect();
    let newest: Vec<String> = ids.iter().rev().take(3).cloned().collect();
    assert_eq!(client.found(&json!({})), newest);
    let oldest = json!({"query": {"sorts": [{"fieldName": "createdOn", "isAscending": true}]}});
    assert_eq!(client.found(&oldest), ids[..3]);
    // A filter that no index answers goes on from page to page until it has them.
    let last = json!({"type": "LIKE", "fieldName": "key", "value": format!("*{}", &ids[0][10..])});
    assert_eq!(client.found(&filter(&last)), [ids[0].clone()]);
    for id in &ids {
        client.until(id, "COMPLETED");
    }
    let by_model = json!({"query": {"sorts": [{"fieldName": "modelName"}, {"fieldName": "createdOn"}]}});
    assert_eq!(client.found(&by_model), ids[..3]);
}

#[test]
fn jobs_of_the_native_surface_are_found_too() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let job = json!({"provider": "hostile", "model": "noop", "input": [{"value": 1}], "custom_data": {"line": 7}, "tags": {"a": "b"}});
    let id = server.http.post("/v1/jobs", &job).expect(201).json()["id"].as_str().expect("an id").to_owned();
    client.until(&id, "COMPLETED");
    let row = &client.table("QueryJobs", &json!({}))["rows"][0];
    assert_eq!(row["key"], json!(id));
    // What is no table stands in one.
    assert_eq!(row["customData"]["rows"], json!([{"value": {"line": 7}}]));
    // Tags are none of these fields.
    let tagged = json!({"type": "TAGGED", "fieldName": "tags", "tags": [{"vocabulary": "a", "vocabularyTerm": "b"}]});
    assert_eq!(client.found(&filter(&tagged)), [""; 0]);
    let submitted = client.submit("noop", &json!({}));
    assert_eq!(server.http.get(&format!("/v1/jobs/{submitted}")).expect(200).json()["provider"], "hostile");
}
