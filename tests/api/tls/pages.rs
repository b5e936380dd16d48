//! Web pages of other origins: none may call, unless its origin is listed.

use support::server::{Server, Setup};

const PAGE: &str = "https://app.example.org";
const CONFIG: &str = "[cors]\norigins = ['https://app.example.org', 'http://localhost:3000']\n";

fn preflight(server: &Server, origin: &str, path: &str) -> (u16, String, String) {
    let mut nobody = server.http.clone();
    nobody.token.clear();
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "appkey,content-type"),
    ];
    let answer = nobody.call("OPTIONS", path, &headers, None);
    let [allowed, headers] = ["origin", "headers"].map(|what| answer.header(&format!("access-control-allow-{what}")));
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    (answer.status, allowed, headers)
}

#[test]
fn pages_of_listed_origins_may_call() {
    let server = Server::with(&Setup { config: CONFIG, ..Setup::default() });
    let service = "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI/Services/QueryJobs";
    for path in ["/v1/jobs", service] {
        for origin in [PAGE, "http://localhost:3000"] {
            let (status, allowed, headers) = preflight(&server, origin, path);
            assert_eq!((status, allowed.as_str()), (200, origin), "{path}");
            for header in
                ["authorization", "appkey", "x-thingworx-session", "content-type", "idempotency-key", "prefer"]
            {
                assert!(headers.split(',').any(|one| one.trim().eq_ignore_ascii_case(header)), "{header}: {headers}");
            }
        }
        for stranger in ["https://evil.example", "null", "https://app.example.org:8443", "http://app.example.org"] {
            assert_eq!(preflight(&server, stranger, path).1, "", "{stranger}");
        }
    }
    let read = |origin: &str| server.http.call("GET", "/v1/jobs", &[("origin", origin)], None).expect(200);
    let answer = read(PAGE);
    assert_eq!(answer.header("access-control-allow-origin"), PAGE);
    assert!(answer.header("vary").contains("origin"), "{}", answer.header("vary"));
    let exposed = answer.header("access-control-expose-headers").to_lowercase();
    assert!(
        ["location", "etag", "retry-after", "analyte-fuel-used"].iter().all(|name| exposed.contains(name)),
        "{exposed}"
    );
    assert_eq!(read("https://evil.example").header("access-control-allow-origin"), "");
    // A refusal can be read, too; and the host check stands before everything.
    let mut nobody = server.http.clone();
    nobody.token.clear();
    let refused = nobody.call("GET", "/v1/jobs", &[("origin", PAGE)], None).expect(401);
    assert_eq!(refused.header("access-control-allow-origin"), PAGE);
    nobody.call("OPTIONS", "/v1/jobs", &[("origin", PAGE), ("host", "evil.example")], None).expect(403);
}

#[test]
fn without_a_list_no_page_may_call() {
    let server = Server::start();
    let (status, allowed, _) = preflight(&server, PAGE, "/v1/jobs");
    assert_eq!((status, allowed.as_str()), (401, ""));
    let answer = server.http.call("GET", "/v1/jobs", &[("origin", PAGE)], None).expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), "");
}
