//! The forms of answers: JSON, XML, CSV and pages, asked for by header or in the address.

use serde_json::json;

use super::{JOBS, JSON, NO_ACCEPT, bare, service};
use support::http::Answer;
use support::server::Server;

fn ask(server: &Server, query: &str, accept: Option<&str>) -> Answer {
    let accept = accept.map_or(NO_ACCEPT, |accept| ("accept", accept));
    let headers = [("appKey", server.http.token.as_str()), JSON, accept];
    bare(server).call("POST", &format!("{}{query}", service("IsStatefulSession")), &headers, None).expect(200)
}

#[test]
fn one_answer_in_every_form() {
    let server = Server::start();
    let json = ("application/json", "{\"dataShape\":{\"fieldDefinitions\":{\"result\":{");
    let xml = ("text/xml; charset=utf-8", "<?xml ");
    let csv = ("text/csv; charset=utf-8", "result\r\nfalse\r\n");
    let html = ("text/html; charset=utf-8", "<!doctype html>");
    for (query, accept, (media_type, begin)) in [
        ("", Some("application/json"), json),
        ("", Some("application/json-compressed"), json),
        ("", Some("*/*"), json),
        ("", Some("text/xml"), xml),
        ("", Some("application/xml"), xml),
        ("", Some("text/csv"), csv),
        ("", Some("text/html"), html),
        ("", Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), html),
        ("", Some("text/csv;q=0.5, application/json;q=0.4"), csv),
        ("?Accept=text%2Fcsv", None, csv),
        ("?accept=text/xml", None, xml),
        ("?Accept=text%2Fcsv", Some("application/json"), json),
    ] {
        let answer = ask(&server, query, accept);
        assert_eq!(answer.header("content-type"), media_type, "{query} {accept:?}");
        assert!(answer.text().starts_with(begin), "{query} {accept:?}: {}", answer.text());
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[test]
fn the_vendors_client_repeats_headers_in_the_address() {
    let server = Server::start();
    let address = format!("{}?Accept=application%2Fjson&Content-Type=application%2Fjson", service("IsStatefulSession"));
    let key = server.http.token.as_str();
    let answer = bare(&server).call("POST", &address, &[("appKey", key), NO_ACCEPT], None).expect(200);
    assert_eq!(answer.json()["rows"], json!([{"result": false}]));
    // The header goes before the address, so that a foreign page cannot pass a text off as JSON by its address.
    bare(&server).call("POST", &address, &[("appKey", key), ("content-type", "text/plain")], None).expect(403);
}

#[test]
fn what_there_is_can_be_read_by_people_and_programs() {
    let server = Server::start();
    let read = |path: &str, accept: &str| {
        bare(&server).call("GET", path, &[("appKey", server.http.token.as_str()), ("accept", accept)], None).expect(200)
    };
    let page = read("/Thingworx/Resources", "text/html").text();
    assert!(page.contains("<td>TW.AnalysisServices.JobManagementServicesAPI</td>"), "{page}");
    let csv = read("/Thingworx/Resources/", "text/csv").text();
    assert!(csv.starts_with("name,description\r\nTW.AnalysisServices.JobManagementServicesAPI,"), "{csv}");
    let page = read(JOBS, "text/html").text();
    assert!(page.contains("<pre>{") && page.contains("&quot;SubmitJob&quot;"), "{page}");
}
