//! Models in files and the providers that run them, created and looked after by a client of ThingWorx.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;

use serde_json::{Value, json};

use super::api::{Api, JOBS, MODELS, PROVIDERS, address};
use support::eventually;
use support::plugins::plugin;
use support::server::{Server, Setup};

const FILE: &[u8] = br#"{"inputs": ["a", "b"], "weights": [2, -1], "bias": 0.5, "version": "7"}"#;

/// A creation from the file `sum.json` of the provider `filed`.
fn creation() -> Value {
    json!({"modelName": "sum", "providerName": "filed", "fileURL": address("filed/sum.json")})
}

fn with(mut body: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

fn create(api: &Api, body: &Value) -> Value {
    api.scalar(MODELS, "CreateModelAndDatashapesFromFile", body)
}

fn execute(api: &Api, provider: &str, model: &str, rows: &Value) -> Value {
    let body = json!({"providerName": provider, "modelName": model, "inputParams": {"rows": rows}});
    json!(api.rows(JOBS, "ExecuteJob", &body))
}

fn states(api: &Api) -> Vec<(String, String)> {
    let rows = api.rows(MODELS, "QueryModels", &json!({}));
    let text = |row: &Value, name: &str| row[name].as_str().expect("text").to_owned();
    rows.iter().map(|row| (text(row, "key"), text(row, "state"))).collect()
}

#[test]
fn a_file_becomes_a_model() {
    let server = Server::with_plugins(&["filed"]);
    let api = Api::of(&server);
    api.upload("/filed", "sum.json", FILE);
    let custom = json!({"dataShape": {"fieldDefinitions": {"owner": {"name": "owner", "baseType": "STRING"}}}, "rows": [{"owner": "me"}]});
    let body =
        with(creation(), &json!({"description": "Mine.", "inputsToResultsCardinality": "NxN", "customData": custom}));
    assert_eq!(create(&api, &body), "filed/sum");
    assert_eq!(
        execute(&api, "filed", "sum", &json!([{"a": 1, "b": 2}, {"a": 1.5, "b": null}])),
        json!([{"sum": 0.5}, {}])
    );

    let rows = api.rows(MODELS, "GetModel", &json!({"modelId": "filed/sum"}));
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    let expected = json!({
        "key": "filed/sum", "name": "sum", "description": "Mine.", "providerName": "filed", "state": "Enabled",
        "fileURL": address("filed/sum.json"), "inputsToResultsCardinality": "NxN", "isPublished": true, "version": "7",
    });
    for (name, value) in expected.as_object().into_iter().flatten() {
        assert_eq!(row[name], *value, "{name} of {row}");
    }
    assert_eq!(row["customData"]["rows"], custom["rows"]);
    assert!(row["digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:")), "{row}");
    assert!(row.get("inputDataShape").is_none() && row["createdOn"].is_i64(), "{row}");

    let fields = api.rows(MODELS, "GetModelDataShapes", &json!({"providerName": "filed", "modelName": "sum"}));
    let fields: Vec<_> =
        fields.iter().map(|row| format!("{} {} {}", row["shape"], row["name"], row["baseType"])).collect();
    assert_eq!(fields, [r#""inputs" "a" "NUMBER""#, r#""inputs" "b" "NUMBER""#, r#""results" "sum" "NUMBER""#]);

    // The native surface shows the same model, and what happens to the file later changes nothing.
    let native = server.http.get("/v1/providers/filed/models/sum").expect(200).json();
    assert_eq!(
        (&native["kind"], &native["file"]["digest"], &native["cardinality"]),
        (&json!("file"), &row["digest"], &json!("NxN"))
    );
    api.call("Things/TW.AnalysisServices.ModelRepository", "DeleteFile", &json!({"path": "filed/sum.json"}))
        .expect(200);
    assert_eq!(execute(&api, "filed", "sum", &json!([{"a": 1, "b": 1}])), json!([{"sum": 1.5}]));
}

#[test]
fn the_cardinality_that_was_given_is_enforced() {
    let server = Server::with_plugins(&["filed"]);
    let api = Api::of(&server);
    api.upload("filed", "twice.json", br#"{"inputs": ["a"], "weights": [1], "results": "double"}"#);
    let body = json!({"modelName": "twice", "providerName": "filed", "fileURL": address("filed/twice.json")});
    let run = json!({"providerName": "filed", "modelName": "twice", "inputParams": {"rows": [{"a": 1}]}});
    let two = json!({"providerName": "filed", "modelName": "twice", "inputParams": {"rows": [{"a": 1}, {"a": 2}]}});
    // As the provider says of the file, as many out as in: it does not keep to that.
    create(&api, &body);
    let said = api.refusal(JOBS, "ExecuteJob", &run);
    assert!(said.contains("cardinality is NxN: 1 input rows must give 1 result rows, and it gave 2"), "{said}");
    // Created again, otherwise.
    create(&api, &with(body.clone(), &json!({"inputsToResultsCardinality": "1xN"})));
    assert_eq!(json!(api.rows(JOBS, "ExecuteJob", &run)), json!([{"sum": 1.0}, {"sum": 1.0}]));
    let said = api.refusal(JOBS, "SubmitJob", &two);
    assert!(said.contains("cardinality is 1xN: it takes exactly 1 row, and 2 were given"), "{said}");
}

#[test]
fn what_cannot_become_a_model_is_refused_with_its_reason() {
    let server = Server::with_plugins(&["filed"]);
    let api = Api::of(&server);
    api.upload("filed", "sum.json", FILE);
    api.upload("filed", "count.json", FILE);
    api.upload("filed", "broken.json", b"PK\x03\x04");
    api.upload("filed", "lonely.json", br#"{"inputs": ["a"], "weights": []}"#);
    api.upload("other", "sum.json", FILE);
    let taken = "fileURL must be /Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/filed/ and the name of a \
                 file; nothing else is fetched";
    let file = |name: &str| json!({"modelName": name, "fileURL": address(&format!("filed/{name}.json"))});
    for (more, said) in [
        (json!({"modelName": null}), "the parameter modelName is missing"),
        (json!({"providerName": null}), "the parameter providerName is missing"),
        (json!({"fileURL": null}), "the parameter fileURL is missing"),
        (json!({"providerName": "nobody"}), "there is no"),
        (json!({"providerName": "../filed"}), "there is no provider `../filed`"),
        (json!({"modelName": "a b"}), "`a b` is not a valid model name"),
        (json!({"modelName": "other"}), "the model's name must be that of its file without its ending, `sum`"),
        (json!({"modelName": "sum.json"}), "the model's name must be that of its file without its ending, `sum`"),
        (
            json!({"inputsToResultsCardinality": "2x2"}),
            "inputsToResultsCardinality is Any, NxN, Nx1, 1xN or 1x1, not `2x2`",
        ),
        (json!({"customData": 7}), "the parameter customData"),
        (json!({"fileURL": address("other/sum.json")}), taken),
        (json!({"fileURL": address("filed/../other/sum.json")}), taken),
        (json!({"fileURL": "sum.json"}), taken),
        (json!({"fileURL": "file:///etc/passwd"}), taken),
        (json!({"fileURL": "http://169.254.169.254/latest/meta-data/sum.json"}), taken),
        (file("missing"), "there is no file `filed/missing.json` in `TW.AnalysisServices.ModelRepository`"),
        (file("broken"), "The file is not a weighted sum: expected value at line 1 column 1."),
        (file("lonely"), "There are 1 inputs and 0 weights; each input needs one."),
        (file("count"), "provider `filed` has a built-in model `count`; publish under another name"),
    ] {
        let given = api.refusal(MODELS, "CreateModelAndDatashapesFromFile", &with(creation(), &more));
        assert!(given.contains(said), "{more}: {given}");
    }
    assert_eq!(states(&api), [("filed/count".to_owned(), "Enabled".to_owned())]);
}

#[test]
fn nothing_is_fetched_from_anywhere() {
    let server = Server::with_plugins(&["filed"]);
    let api = Api::of(&server);
    api.upload("filed", "sum.json", FILE);
    let elsewhere = TcpListener::bind("127.0.0.1:0").expect("a listener");
    elsewhere.set_nonblocking(true).expect("a listener that does not wait");
    let host = elsewhere.local_addr().expect("its address");
    for url in [format!("http://{host}/sum.json"), format!("http://{host}/x/..{}", address("filed/sum.json"))] {
        api.refusal(MODELS, "CreateModelAndDatashapesFromFile", &with(creation(), &json!({"fileURL": url})));
    }
    // An address of this form names this server's own file, whatever host it gives.
    let own = format!("http://{host}{}", address("filed/sum.json"));
    assert_eq!(create(&api, &with(creation(), &json!({"fileURL": own}))), "filed/sum");
    assert_eq!(elsewhere.accept().expect_err("nobody came").kind(), ErrorKind::WouldBlock);
}

#[test]
fn shapes_given_by_hand_must_be_those_of_the_file() {
    const SERVICE: &str = "CreateModelWithManualDatashapes";
    let server = Server::with_plugins(&["filed"]);
    let api = Api::of(&server);
    api.upload("filed", "sum.json", FILE);
    let inputs = json!([
        {"name": "b", "baseType": "number", "ordinal": 2},
        {"name": "a", "baseType": "NUMBER", "ordinal": 1, "description": "What goes in."},
    ]);
    let results = json!([{"name": "sum", "baseType": "NUMBER"}]);
    let body = with(creation(), &json!({"inputDatashapeJson": inputs, "outputDatashapeJson": {"array": results}}));
    for (more, said) in [
        (json!({"inputDatashapeJson": null}), "the parameter inputDatashapeJson is missing"),
        (json!({"outputDatashapeJson": null}), "the parameter outputDatashapeJson is missing"),
        (json!({"fileURL": null}), "the parameter fileURL is missing: a model needs a file that computes it"),
        (
            json!({"inputDatashapeJson": {"rows": []}}),
            "the parameter inputDatashapeJson must be an array of fields: missing field `array`",
        ),
        (
            json!({"inputDatashapeJson": [{"name": "a", "baseType": "NUMBER"}]}),
            "the input shape given does not fit the model: given [a NUMBER], the model has [a NUMBER, b NUMBER]",
        ),
        (
            json!({"outputDatashapeJson": [{"name": "sum", "baseType": "STRING"}]}),
            "the result shape given does not fit the model: given [sum STRING], the model has [sum NUMBER]",
        ),
    ] {
        assert_eq!(api.refusal(MODELS, SERVICE, &with(body.clone(), &more)), said, "{more}");
    }
    assert_eq!(api.scalar(MODELS, SERVICE, &body), "filed/sum");
    let described = api.column(MODELS, "GetModelDataShapes", &json!({"modelId": "filed/sum"}), "description");
    assert_eq!(described[0], "What goes in.");
    assert_eq!(execute(&api, "filed", "sum", &json!([{"a": 1, "b": 1}])), json!([{"sum": 1.5}]));
}

#[test]
fn models_are_found_switched_and_deleted() {
    let config = "[limits]\nfree_disk_bytes = 0\nconcurrent_tasks = 1\n";
    let server = Server::with(&Setup { config, plugins: &["filed", "hostile"], ..Setup::default() });
    let api = Api::of(&server);
    for name in ["sum", "total"] {
        api.upload("filed", &format!("{name}.json"), FILE);
        create(
            &api,
            &json!({"modelName": name, "providerName": "filed", "fileURL": address(&format!("filed/{name}.json"))}),
        );
    }
    let found = |body: &Value| api.column(MODELS, "QueryModels", body, "name");
    let of = |filter: Value| json!({"query": {"filters": {"type": "AND", "filters": [{"type": "EQ", "fieldName": "providerName", "value": "filed"}, filter]}}});
    assert_eq!(found(&json!({"values": {"rows": [{"providerName": "FILED"}]}})), ["count", "sum", "total"]);
    assert_eq!(found(&of(json!({"type": "LIKE", "fieldName": "name", "value": "*t*"}))), ["count", "total"]);
    assert_eq!(found(&of(json!({"type": "MISSINGVALUE", "fieldName": "fileURL"}))), ["count"]);
    let sorted = with(of(json!({"type": "EQ", "fieldName": "isPublished", "value": true})), &json!({}));
    let sorted = json!({"query": {"filters": sorted["query"]["filters"], "sorts": [{"fieldName": "key", "isAscending": false}]}});
    assert_eq!(found(&sorted), ["total", "sum"]);
    assert!(api.refusal(MODELS, "QueryModels", &json!({"query": {"filters": {"type": "ODD"}}})).contains("ODD"));

    let named = json!({"modelId": "filed/sum"});
    assert_eq!(api.scalar(MODELS, "DisableModel", &named), "Model `sum` of provider `filed` is disabled.");
    assert_eq!(found(&of(json!({"type": "EQ", "fieldName": "state", "value": "disabled"}))), ["sum"]);
    let job = json!({"providerName": "filed", "modelName": "sum", "inputParams": {"rows": [{"a": 1, "b": 1}]}});
    for service in ["SubmitJob", "ExecuteJob"] {
        assert_eq!(api.refusal(JOBS, service, &job), "model `sum` of provider `filed` is switched off");
    }
    assert_eq!(api.scalar(MODELS, "EnableModel", &named), "Model `sum` of provider `filed` is enabled.");

    // While the one place is taken, its job waits.
    let spin = json!({"providerName": "hostile", "modelName": "spin", "inputParams": {"rows": [{"value": 1}]}});
    let spinning = api.scalar(JOBS, "SubmitJob", &spin);
    let running = json!({"providerName": "hostile", "jobId": spinning});
    eventually("the job to run", || (api.scalar(JOBS, "GetJobStatus", &running) == "INPROCESS").then_some(()));
    let waiting = json!({"providerName": "filed", "jobId": api.scalar(JOBS, "SubmitJob", &job)});
    let refused = api.refusal(MODELS, "DeleteModel", &named);
    assert!(refused.contains("unfinished job"), "{refused}");
    // Created again meanwhile: the job keeps to the file that it was submitted for.
    api.upload("filed", "sum.json", br#"{"inputs": ["a", "b"], "weights": [100, 100]}"#);
    create(&api, &creation());
    api.scalar(JOBS, "CancelJob", &running);
    eventually("the job to end", || (api.scalar(JOBS, "GetJobStatus", &waiting) == "COMPLETED").then_some(()));
    assert_eq!(json!(api.rows(JOBS, "GetJobResults", &waiting)), json!([{"sum": 1.5}]));
    assert_eq!(json!(api.rows(JOBS, "ExecuteJob", &job)), json!([{"sum": 200.0}]));

    assert_eq!(api.scalar(MODELS, "DeleteModel", &named), "Model `sum` of provider `filed` is deleted.");
    for service in ["DeleteModel", "GetModel", "GetModelDataShapes", "EnableModel", "DisableModel"] {
        assert_eq!(api.refusal(MODELS, service, &named), "there is no model `sum` of provider `filed`", "{service}");
    }
    assert_eq!(json!(api.rows(JOBS, "GetJobResults", &waiting)), json!([{"sum": 1.5}]));
    let built_in = api.refusal(MODELS, "DeleteModel", &json!({"providerName": "filed", "modelName": "count"}));
    assert_eq!(built_in, "model `count` is built in to provider `filed` and cannot be removed on its own");
    assert_eq!(api.refusal(MODELS, "GetModel", &json!({"modelId": "nonsense"})), "there is no model `nonsense`");
}

#[test]
fn a_provider_of_ones_own_shares_a_component() {
    let server = Server::with_plugins(&["filed"]);
    let all = &["jobs:read", "jobs:write", "providers:write"];
    let acme = Api::with_rights(&server, "acme", all);
    let other = Api::with_rights(&server, "other", all);
    let new = json!({"providerName": "mine", "description": "Mine.", "connectorName": "filed", "purgeJobsAge": 24,
        "writeIOToFile": true, "compressIOFiles": "true", "minCPU": 1.5, "minMem": 64, "minDisk": "1"});
    assert_eq!(acme.scalar(PROVIDERS, "CreateProvider", &new), "mine");
    let rows = acme.rows(PROVIDERS, "GetProvider", &json!({"providerName": "mine"}));
    let row = &rows[0];
    assert_eq!(
        (&row["key"], &row["description"], &row["isShared"], &row["models"], &row["purgeJobsAge"]),
        (&json!("mine"), &json!("Mine."), &json!(false), &json!(1), &json!(24))
    );
    let digests = |name: &str| acme.column(PROVIDERS, "GetProvider", &json!({"providerName": name}), "digest");
    assert_eq!(digests("mine"), digests("filed"));
    assert_eq!(
        acme.column(PROVIDERS, "QueryProviders", &json!({"values": {"rows": [{"isShared": false}]}}), "name"),
        ["mine"]
    );

    acme.upload("mine", "sum.json", FILE);
    let body = json!({"modelName": "sum", "providerName": "mine", "fileURL": address("mine/sum.json")});
    assert_eq!(create(&acme, &body), "mine/sum");
    assert_eq!(execute(&acme, "mine", "sum", &json!([{"a": 1, "b": 1}])), json!([{"sum": 1.5}]));

    // No other organisation sees any of it.
    assert_eq!(
        other.refusal(PROVIDERS, "GetProvider", &json!({"providerName": "mine"})),
        "there is no provider `mine`"
    );
    assert_eq!(other.column(PROVIDERS, "QueryProviders", &json!({}), "name"), ["filed"]);
    assert_eq!(other.refusal(MODELS, "DeleteModel", &json!({"modelId": "mine/sum"})), "there is no provider `mine`");

    let named = json!({"providerName": "mine"});
    assert_eq!(
        acme.refusal(PROVIDERS, "DeleteProvider", &named),
        "provider `mine` has 1 published models; delete them before"
    );
    acme.scalar(MODELS, "DeleteModel", &json!({"modelId": "mine/sum"}));
    assert_eq!(acme.scalar(PROVIDERS, "DeleteProvider", &named), "Provider `mine` is deleted.");
    assert_eq!(acme.refusal(PROVIDERS, "DeleteProvider", &named), "there is no provider `mine`");
    // The one whose component it was is as it was.
    assert_eq!(execute(&acme, "filed", "count", &json!([{"a": 1}, {"a": 2}])), json!([{"count": 2}]));
}

#[test]
fn providers_that_make_no_sense_are_refused() {
    let server = Server::with_plugins(&["filed"]);
    let api = Api::of(&server);
    let new = json!({"providerName": "p", "connectorName": "filed"});
    for (more, said) in [
        (json!({"providerName": null}), "the parameter providerName is missing"),
        (json!({"providerName": "../p"}), "`../p` is not a valid provider name"),
        (json!({"providerName": "filed"}), "there is a provider `filed` already"),
        (json!({"connectorName": "nobody"}), "there is no provider `nobody`"),
        (
            json!({"isIdentityAutoGenerated": true}),
            "isIdentityAutoGenerated must be false: the framework makes the ids of jobs",
        ),
        (json!({"compressIOFiles": true}), "compressIOFiles is for providers with writeIOToFile only"),
        (json!({"purgeJobsAge": -1}), "purgeJobsAge is a number of hours from 0 to 4294967295, not -1"),
        (json!({"purgeJobsAge": "soon"}), "the parameter purgeJobsAge"),
        (json!({"minCPU": "much"}), "the parameter minCPU"),
    ] {
        let given = api.refusal(PROVIDERS, "CreateProvider", &with(new.clone(), &more));
        assert!(given.contains(said), "{more}: {given}");
    }
    assert_eq!(api.column(PROVIDERS, "QueryProviders", &json!({}), "name"), ["filed"]);
}

#[test]
fn a_provider_without_a_component_takes_model_components() {
    let server = Server::start();
    let api = Api::of(&server);
    assert_eq!(api.scalar(PROVIDERS, "CreateProvider", &json!({"providerName": "own", "connectorName": ""})), "own");
    let component = fs::read(plugin("scale")).expect("the component");
    api.upload("own", "double.wasm", &component);
    api.upload("own", "sum.json", FILE);
    let from = |name: &str, file: &str| json!({"modelName": name, "providerName": "own", "fileURL": address(&format!("own/{file}"))});
    assert_eq!(create(&api, &from("double", "double.wasm")), "own/double");
    assert_eq!(execute(&api, "own", "double", &json!([{"value": 1.5}])), json!([{"value": 3.0}]));
    assert_eq!(
        api.refusal(MODELS, "CreateModelAndDatashapesFromFile", &from("sum", "sum.json")),
        "provider `own` has no component of its own that could look at a model file"
    );
}

#[test]
fn each_service_asks_for_its_right() {
    let server = Server::with_plugins(&["filed"]);
    let reader = Api::with_rights(&server, "acme", &["jobs:read", "jobs:write"]);
    let writer = Api::with_rights(&server, "acme", &["providers:write"]);
    let body = with(creation(), &json!({"modelId": "filed/count"}));
    for (entity, services) in [
        (
            MODELS,
            &[
                "CreateModelAndDatashapesFromFile",
                "CreateModelWithManualDatashapes",
                "EnableModel",
                "DisableModel",
                "DeleteModel",
            ][..],
        ),
        (PROVIDERS, &["CreateProvider", "DeleteProvider"][..]),
    ] {
        for service in services {
            let denied = reader.call(entity, service, &body).expect(403).text();
            let name = entity.split('/').next_back().expect("a name");
            assert_eq!(denied, format!("Not authorized for ServiceInvoke on {service} in {name}"));
        }
    }
    for (entity, service) in [
        (MODELS, "QueryModels"),
        (MODELS, "GetModel"),
        (MODELS, "GetModelDataShapes"),
        (PROVIDERS, "QueryProviders"),
        (PROVIDERS, "GetProvider"),
    ] {
        assert_eq!(writer.call(entity, service, &body).status, 403, "{service}");
        reader.call(entity, service, &body).expect(200);
    }
    // A provider of all organisations is changed by administrators only.
    writer.upload("filed", "sum.json", FILE);
    for (entity, service) in [
        (MODELS, "CreateModelAndDatashapesFromFile"),
        (MODELS, "DisableModel"),
        (MODELS, "DeleteModel"),
        (PROVIDERS, "DeleteProvider"),
        (PROVIDERS, "CreateProvider"),
    ] {
        assert_eq!(writer.call(entity, service, &body).status, 403, "{service}");
    }
    assert_eq!(states(&reader), [("filed/count".to_owned(), "Enabled".to_owned())]);
}
