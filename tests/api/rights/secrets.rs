//! What is secret does not get into the log, however much is logged, whichever way it comes.

use serde_json::json;

use super::token;
use support::http::Http;
use support::server::{Server, Setup};

const JOBS: &str = "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI/Services/QueryJobs";

#[test]
fn the_log_holds_no_secret() {
    let server = Server::with(&Setup { variables: &[("ANALYTE_LOG", "trace")], ..Setup::default() });
    let admin = &server.http;
    let secret = token(admin, "default", &["jobs:read"], &[]).http.token;
    let nobody = Http::new(&admin.url, "");
    let call = |method: &str, path: &str, headers: &[(&str, &str)]| {
        let json = [("content-type", "application/json"), ("accept", "application/json")];
        let headers: Vec<_> = json.iter().chain(headers).copied().collect();
        nobody.call(method, path, &headers, (method == "POST").then_some(b"{}".as_slice()))
    };
    let bearer = format!("Bearer {secret}");
    let basic = format!("Basic {}", base64(&format!("a test:{secret}")));
    call("GET", "/v1/jobs", &[("authorization", &bearer)]).expect(200);
    call("POST", JOBS, &[("appKey", &secret)]).expect(200);
    call("POST", JOBS, &[("authorization", &basic)]).expect(200);
    let session = call("POST", JOBS, &[("appKey", &secret), ("x-thingworx-session", "true")]).expect(200);
    let cookie = session.header("set-cookie");
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    let session = cookie.split_once('=').expect("a cookie").1.to_owned();
    assert!(session.len() > 20, "{cookie}");
    call("POST", JOBS, &[("cookie", &cookie)]).expect(200);
    call("POST", &format!("{JOBS}?appKey={secret}"), &[]).expect(401);
    call("GET", &format!("/v1/jobs?appKey={secret}"), &[]).expect(401);
    // Where something goes wrong more is logged, and where a body cannot be read.
    call("GET", &format!("/v1/jobs?token={secret}"), &[("authorization", &bearer)]).expect(400);
    admin.post("/v1/tokens", &json!({"label": secret, "rights": ["nonsense"]})).expect(400);

    let administrator = admin.token.clone();
    let (status, log, _) = server.terminate();
    assert!(status.success(), "{log}");
    // It is as much as was asked for.
    assert!(log.contains("DEBUG") && log.contains("path=\"/v1/jobs\""), "{log}");
    let basic = basic.trim_start_matches("Basic ").to_owned();
    for (what, secret) in
        [("token's", secret), ("administrator's", administrator), ("session's", session), ("Basic", basic)]
    {
        assert!(!log.contains(&secret), "the {what} secret is in the log");
    }
}

/// RFC 4648, with padding.
fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut coded = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            coded.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    coded
}
