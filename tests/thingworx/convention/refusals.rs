//! What goes wrong before a service is asked, or instead of it.

use serde_json::json;

use super::{JOBS, JSON, bare, call, json_call, service, token};
use support::server::{Server, Setup};

const ACCEPT: (&str, &str) = ("accept", "application/json");

#[test]
fn only_who_shows_one_valid_key_comes_in() {
    let server = Server::start();
    let key = server.http.token.as_str();
    let (id, secret) = token(&server, "Pump Station", &["jobs:read"]);
    let ask = |headers: &[(&str, &str)]| {
        let headers: Vec<_> = [JSON, ACCEPT].into_iter().chain(headers.iter().copied()).collect();
        bare(&server).call("POST", &service("IsStatefulSession"), &headers, None)
    };
    let bearer = format!("Bearer {secret}");
    let basic = |name: &str, secret: &str| format!("Basic {}", base64(format!("{name}:{secret}").as_bytes()));
    let (named, misnamed) = (basic("Pump Station", &secret), basic("Pump", &secret));
    ask(&[("appKey", key)]).expect(200);
    ask(&[("AppKey", &secret)]).expect(200);
    ask(&[("authorization", &bearer)]).expect(200);
    ask(&[("authorization", &named)]).expect(200);
    ask(&[("authorization", &named), ("appKey", &secret)]).expect(200);

    let refused = |headers: &[(&str, &str)], sentence: &str| {
        let answer = ask(headers).expect(401);
        assert_eq!(answer.text(), sentence, "{headers:?}");
        assert_eq!(answer.header("analyte-error-code"), "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"Analyte\", charset=\"UTF-8\"");
        assert_eq!(answer.header("set-cookie"), "");
    };
    let nothing =
        "this call needs a key: the header appKey, or Authorization: Basic with a token's label and the token";
    refused(&[], nothing);
    refused(&[("appKey", "wrong")], "the key is not valid");
    refused(&[("authorization", &misnamed)], "the key is not valid");
    refused(&[("authorization", &bearer), ("appKey", key)], "the keys and names sent with this call disagree");
    refused(&[("cookie", "JSESSIONID=forged")], "the session is over, or never was; send a key");
    server.http.delete(&format!("/v1/tokens/{id}"));
    refused(&[("appKey", &secret)], "the key is not valid");
    // A browser is not asked to make its user type a name that it would send along for ever after.
    let page = bare(&server).call("GET", JOBS, &[("accept", "text/html")], None).expect(401);
    assert_eq!(page.header("www-authenticate"), "Bearer");
    assert!(page.text().contains("HTTP Status 401"), "{}", page.text());
}

#[test]
fn what_is_not_there_is_404() {
    let server = Server::start();
    let ask = |method: &str, path: &str| {
        let headers = [("appKey", server.http.token.as_str()), JSON, ACCEPT];
        let answer = bare(&server).call(method, path, &headers, None).expect(404);
        assert_eq!(answer.header("analyte-error-code"), "not-found");
        answer.text()
    };
    let address = "there is nothing at this address; GET /Thingworx/Resources lists what is";
    assert_eq!(ask("POST", "/Thingworx/Resources/No.Such/Services/SubmitJob"), "Entity Not Found : [No.Such]");
    assert_eq!(ask("GET", "/Thingworx/Resources/No%20Such/Metadata"), "Entity Not Found : [No Such]");
    assert_eq!(ask("GET", "/Thingworx/Things/Pump"), "Entity Not Found : [Pump]");
    assert_eq!(ask("PUT", "/Thingworx/Things/Pump/Properties/speed"), "Entity Not Found : [Pump]");
    assert_eq!(ask("GET", "/Thingworx/Users/Administrator"), "Entity Not Found : [Administrator]");
    assert_eq!(
        ask("POST", &service("submitJob")),
        "Service Not Found : [submitJob] on [TW.AnalysisServices.JobManagementServicesAPI]"
    );
    for path in
        ["/Thingworx", "/Thingworx/", "/Thingworx/Nothing", "/Thingworx/No/Such", &format!("{JOBS}/Properties/x")]
    {
        assert_eq!(ask("GET", path), address, "{path}");
    }
}

#[test]
fn bodies_that_are_no_parameters_are_refused() {
    let server = Server::with(&Setup { config: "[limits]\nbody_bytes = 1000000", ..Setup::default() });
    let ask = |body: &[u8], more: &[(&str, &str)]| {
        let usual = [("appKey", server.http.token.as_str()), JSON, ACCEPT];
        let headers: Vec<_> = usual.into_iter().chain(more.iter().copied()).collect();
        let answer = bare(&server).call("POST", &service("IsStatefulSession"), &headers, Some(body));
        (answer.status, answer.header("analyte-error-code"), answer.text())
    };
    let object = "the body must be a JSON object of the service's parameters";
    for (body, sentence) in [("[]", object), ("\"{}\"", object), ("17", object)] {
        assert_eq!(ask(body.as_bytes(), &[]), (400, "malformed".to_owned(), sentence.to_owned()), "{body}");
    }
    for body in [&b"{"[..], b"{\"a\":}", b"nonsense", b"{\"a\": \xff}"] {
        let (status, code, text) = ask(body, &[]);
        assert_eq!((status, code.as_str()), (400, "malformed"), "{text}");
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let (status, _, text) = ask(deep.as_bytes(), &[]);
    assert_eq!((status, text.as_str()), (400, "the body nests deeper than 64 levels (json_depth)"));
    let (status, code, _) = ask(&vec![b' '; 1_000_001], &[]);
    assert_eq!((status, code.as_str()), (413, "too-large"));
    let (status, _, _) = ask(b"{}", &[("content-encoding", "gzip")]);
    assert_eq!(status, 415);
    for body in [&b""[..], b" \r\n", b"{}"] {
        assert_eq!(ask(body, &[]).0, 200);
    }
}

#[test]
fn a_body_of_fifty_megabytes_is_read_and_its_extra_keys_are_passed_over() {
    let server = Server::start();
    let body = format!("{{\"extra\": \"{}\"}}", "x".repeat(50 << 20));
    let headers = [("appKey", server.http.token.as_str()), JSON, ACCEPT];
    let answer = bare(&server).call("POST", &service("IsStatefulSession"), &headers, Some(body.as_bytes())).expect(200);
    assert_eq!(answer.json()["rows"], json!([{"result": false}]));
}

#[test]
fn a_service_that_the_token_does_not_allow_is_403() {
    let server = Server::start();
    let (_, reader) = token(&server, "reader", &["jobs:read"]);
    let ask =
        |name: &str| bare(&server).call("POST", &service(name), &[("appKey", &reader), JSON, ACCEPT], Some(b"{}"));
    let answer = ask("SubmitJob").expect(403);
    assert_eq!(
        (answer.text().as_str(), answer.header("analyte-error-code").as_str()),
        ("Not authorized for ServiceInvoke on SubmitJob in TW.AnalysisServices.JobManagementServicesAPI", "forbidden")
    );
    ask("QueryJobs").expect(200);
}

#[test]
fn a_refusal_takes_the_form_that_is_asked_for() {
    let server = Server::start();
    let ask = |accept: &str| {
        let headers = [("appKey", server.http.token.as_str()), JSON, ("accept", accept)];
        let answer = bare(&server).call("POST", &service("GetJobStatus"), &headers, Some(b"{}")).expect(500);
        (answer.header("content-type"), answer)
    };
    let sentence = "Unable to Invoke Service GetJobStatus on TW.AnalysisServices.JobManagementServicesAPI : ";
    for accept in ["application/json", "text/csv", "text/xml", "*/*"] {
        let (media_type, answer) = ask(accept);
        assert_eq!(media_type, "text/plain; charset=utf-8");
        assert!(answer.text().starts_with(sentence), "{}", answer.text());
    }
    let (media_type, answer) = ask("text/html");
    assert_eq!(media_type, "text/html; charset=utf-8");
    assert!(answer.text().contains(sentence), "{}", answer.text());
    let (media_type, answer) = ask("application/json, application/problem+json");
    assert_eq!(media_type, "application/problem+json");
    let problem = answer.json();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(500), &json!(answer.header("analyte-error-code"))));
    call(&server, "IsStatefulSession", &[JSON, ("accept", "image/png")]).expect(406);
}

#[test]
fn the_surface_can_be_switched_off() {
    let server = Server::with(&Setup { config: "[thingworx]\nenabled = false", ..Setup::default() });
    let answer = server.http.get("/Thingworx/Resources").expect(404);
    assert_eq!(answer.json()["code"], "not-found");
    json_call(&server, "IsStatefulSession", &json!({})).expect(401);
}

/// Base64 as RFC 4648 has it.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for piece in bytes.chunks(3) {
        let bits = piece.iter().enumerate().fold(0_u32, |bits, (at, byte)| bits | (u32::from(*byte) << (16 - 8 * at)));
        for at in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= piece.len() { char::from(letter) } else { '=' });
        }
    }
    text
}
