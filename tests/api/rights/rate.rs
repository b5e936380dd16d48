//! The server refuses a token that makes more calls than it may, with a time to wait, and no other token.

use serde_json::json;

use super::token;
use support::eventually;
use support::server::Server;

#[test]
fn a_token_that_makes_too_many_calls_waits() {
    let server = Server::start();
    let admin = &server.http;
    let busy = token(admin, "default", &["jobs:read"], &[("requests_per_second", json!(2))]).http;
    let other = token(admin, "default", &["jobs:read"], &[]).http;
    let refused =
        eventually("the token to be refused", || Some(busy.get("/v1/jobs")).filter(|answer| answer.status != 200));
    let refused = refused.expect(429);
    assert_eq!(refused.json()["code"], "busy");
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=2).contains(&wait), "{wait}");
    other.get("/v1/jobs").expect(200);
    eventually("the token to be let in again", || (busy.get("/v1/jobs").status == 200).then_some(()));
}
