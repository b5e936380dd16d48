//! Traps 1 to 7 and those of 8 to 10 that concern single values; the tables of jobs are in `jobs`.

use serde_json::{Value, json};

use super::{JSON, NO_ACCEPT, bare, call, json_call, service};
use support::server::{Server, Setup};

#[test]
fn trap_01_a_post_without_content_type_is_403() {
    let server = Server::start();
    let answer = call(&server, "IsStatefulSession", &[("accept", "application/json")]).expect(403);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("analyte-error-code"), "unsupported-media-type");
    assert!(
        answer.text().starts_with("there is no Content-Type: Content-Type must be application/json"),
        "{}",
        answer.text()
    );
    call(&server, "IsStatefulSession", &[JSON, ("accept", "application/json")]).expect(200);
    let open = Server::with(&Setup { config: "[thingworx]\ncontent_type_filter = false", ..Setup::default() });
    call(&open, "IsStatefulSession", &[("accept", "application/json")]).expect(200);
}

#[test]
fn trap_02_a_post_of_plain_text_is_403() {
    let server = Server::start();
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "text/plain; x=application/json"] {
        let answer = call(&server, "IsStatefulSession", &[("content-type", media_type), NO_ACCEPT]).expect(403);
        assert!(answer.header("content-type").starts_with("text/html"), "a page, as no Accept asks for anything else");
    }
    for media_type in ["application/xml", "text/xml", "application/json; charset=utf-8"] {
        call(&server, "IsStatefulSession", &[("content-type", media_type)]).expect(200);
    }
    // XML passes the filter, and is not what parameters are read from.
    let headers =
        [("appKey", server.http.token.as_str()), ("content-type", "text/xml"), ("accept", "application/json")];
    let answer = bare(&server).call("POST", &service("IsStatefulSession"), &headers, Some(b"<a/>")).expect(415);
    assert_eq!(answer.text(), "parameters are read as JSON; send them with Content-Type: application/json");
}

#[test]
fn trap_03_multipart_without_the_literal_is_403() {
    let server = Server::start();
    let upload = |xsrf: Option<&str>| {
        let body =
            "--b\r\ncontent-disposition: form-data; name=\"upload-repository\"\r\n\r\nNoSuchRepository\r\n--b--\r\n";
        let mut headers =
            vec![("appKey", server.http.token.as_str()), ("content-type", "multipart/form-data; boundary=b")];
        headers.extend(xsrf.map(|token| ("X-XSRF-TOKEN", token)));
        bare(&server).call("POST", "/Thingworx/FileRepositoryUploader", &headers, Some(body.as_bytes()))
    };
    upload(None).expect(403);
    upload(Some("")).expect(403);
    upload(Some("twx-xsrf-token-value")).expect(403);
    let passed = upload(Some("TWX-XSRF-TOKEN-VALUE"));
    assert_ne!(passed.status, 403, "{}", passed.text());
}

#[test]
fn trap_04_a_key_in_the_address_is_401() {
    let server = Server::start();
    let ask = |server: &Server, name: &str, more: &[(&str, &str)]| {
        let address = format!("{}?{name}={}", service("IsStatefulSession"), server.http.token);
        let headers: Vec<_> = [JSON, ("accept", "application/json")].into_iter().chain(more.iter().copied()).collect();
        bare(server).call("POST", &address, &headers, None)
    };
    for name in ["appKey", "appkey", "APPKEY"] {
        assert_eq!(ask(&server, name, &[]).expect(401).text(), "ApplicationKey Is Not Allowed As A URL Parameter");
    }
    // Not beside a valid one either: it would stay in logs all the same.
    ask(&server, "appKey", &[("appKey", server.http.token.as_str())]).expect(401);

    let open = Server::with(&Setup {
        config: "[thingworx]\nkey_in_url = true",
        variables: &[("ANALYTE_LOG", "debug"), ("RUST_LOG", "debug")],
        ..Setup::default()
    });
    ask(&open, "appKey", &[]).expect(200);
    ask(&open, "appKey", &[("appKey", "another")]).expect(401);
    let stderr = open.stderr();
    assert!(!stderr.contains(&open.http.token), "{stderr}");
}

#[test]
fn trap_05_without_accept_the_answer_is_a_page() {
    let server = Server::start();
    let page = call(&server, "IsStatefulSession", &[JSON, NO_ACCEPT]).expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{:?}", page.headers);
    let text = page.text();
    assert!(text.contains("<th>result<small>BOOLEAN</small></th>") && text.contains("<td>false</td>"), "{text}");
    assert!(!text.contains("<script"), "{text}");
    let json = Server::with(&Setup { config: "[thingworx]\ndefault_accept = 'json'", ..Setup::default() });
    let answer = call(&json, "IsStatefulSession", &[JSON, NO_ACCEPT]).expect(200);
    assert_eq!(
        (answer.header("content-type").as_str(), &answer.json()["rows"][0]["result"]),
        ("application/json", &json!(false))
    );
}

#[test]
fn trap_06_get_on_a_service_is_405() {
    let server = Server::start();
    for method in ["GET", "PUT", "DELETE"] {
        let headers = [("appKey", server.http.token.as_str()), JSON, ("accept", "application/json")];
        let answer = bare(&server).call(method, &service("IsStatefulSession"), &headers, None).expect(405);
        assert_eq!(
            (answer.header("allow"), answer.header("analyte-error-code")),
            ("POST".to_owned(), "method-not-allowed".to_owned())
        );
    }
    // Nor does a GET become a POST by saying so.
    let headers = [("appKey", server.http.token.as_str()), ("accept", "application/json")];
    bare(&server).call("GET", &format!("{}?method=post", service("IsStatefulSession")), &headers, None).expect(405);
}

#[test]
fn trap_07_each_kind_of_result_has_its_own_wrapping() {
    let server = Server::with_plugins(&["hostile"]);
    // One value: a table of one row and one field.
    let scalar = json_call(&server, "IsStatefulSession", &json!({})).expect(200);
    let field = json!({"name": "result", "baseType": "BOOLEAN", "description": "", "ordinal": 0, "aspects": {}});
    let expected = json!({"dataShape": {"fieldDefinitions": {"result": field}}, "rows": [{"result": false}]});
    assert_eq!((scalar.header("content-type"), scalar.json()), ("application/json".to_owned(), expected));
    // A table: bare.
    let table = json_call(&server, "QueryJobs", &json!({})).expect(200).json();
    assert!(table["dataShape"]["fieldDefinitions"]["key"].is_object() && table["rows"] == json!([]), "{table}");
    // JSON: bare.
    let headers = [("appKey", server.http.token.as_str()), ("accept", "application/json")];
    let metadata = bare(&server).call("GET", &format!("{}/Metadata", super::JOBS), &headers, None).expect(200).json();
    assert!(metadata["serviceDefinitions"]["SubmitJob"].is_object() && metadata.get("rows").is_none(), "{metadata}");
    // Nothing: nothing.
    let nothing = json_call(&server, "EndStatefulSession", &json!({})).expect(200);
    assert_eq!((nothing.body.as_slice(), nothing.header("content-length")), (&b""[..], "0".to_owned()));
}

/// Sends values under one base type through a job, and says how they come back.
fn through_a_job(server: &Server, base_type: &str, values: &[Value]) -> Vec<Value> {
    let rows: Vec<_> = values.iter().map(|value| json!({"v": value})).collect();
    let shape = json!({"fieldDefinitions": {"v": {"name": "v", "baseType": base_type}}});
    let body = json!({
        "providerName": "hostile", "modelName": "echo", "inputParams": {"dataShape": shape, "rows": rows},
    });
    let table = json_call(server, "ExecuteJob", &body).expect(200).json();
    table["rows"].as_array().expect("rows").iter().map(|row| row["v"].clone()).collect()
}

#[test]
fn trap_08_a_time_goes_out_as_an_integer_and_comes_in_in_three_forms() {
    let server = Server::with_plugins(&["hostile"]);
    let given = [json!(1_634_630_768_641_i64), json!("1634630768641"), json!("2021-10-19T08:06:08.641Z")];
    assert_eq!(through_a_job(&server, "DATETIME", &given), vec![json!(1_634_630_768_641_i64); 3]);
}

#[test]
fn trap_09_words_for_booleans() {
    let server = Server::with_plugins(&["hostile"]);
    let given = [json!("x"), json!("2"), json!("TRUE"), json!("false"), json!(true), json!(0), json!("0")];
    let expected = [false, true, true, false, true, false, false].map(Value::from);
    assert_eq!(through_a_job(&server, "BOOLEAN", &given), expected);
}

#[test]
fn trap_10_extra_body_keys_are_ignored_and_names_have_a_case() {
    let server = Server::start();
    let answer = json_call(&server, "IsStatefulSession", &json!({"no": ["such"], "": {"parameter": 1}})).expect(200);
    assert_eq!(answer.json()["rows"], json!([{"result": false}]));
    // A name in another case is an extra key, and what it stood for is missing.
    let answer = json_call(&server, "GetJobStatus", &json!({"providername": "p", "JobId": "1"})).expect(500);
    let begin = "Unable to Invoke Service GetJobStatus on TW.AnalysisServices.JobManagementServicesAPI : ";
    assert!(answer.text().starts_with(begin), "{}", answer.text());
}
