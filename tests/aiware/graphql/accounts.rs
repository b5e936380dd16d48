//! Tokens and logins.

use serde_json::json;
use support::http::Http;

use super::{ask, data, fault};
use crate::one_at_a_time;

#[test]
fn a_call_without_a_valid_token_is_answered_field_by_field() {
    let server = one_at_a_time();
    for token in ["", "nonsense", "null"] {
        let nobody = Http::new(&server.http.url, token);
        for call in ["{ me { id } }", "{ jobs { count } }", "mutation { cancelJob(id: 1) { id } }"] {
            assert_eq!(fault(&nobody, call, &json!({})).0, "authentication_error", "{call}");
        }
        assert_eq!(fault(&nobody, "{ __schema { types { name } } }", &json!({})).0, "authentication_error");
        assert_eq!(data(&nobody, "{ __typename }", &json!({})), json!({"__typename": "Query"}));
    }
    // In any case, and in the header of generated clients.
    let nobody = Http::new(&server.http.url, "");
    let token = &server.http.token;
    let bearer = format!("bearer {token}");
    for (name, value) in [("authorization", &bearer), ("api_key", token)] {
        let headers = [("content-type", "application/json"), (name, value.as_str())];
        let answer =
            nobody.call("POST", "/v3/graphql", &headers, Some(b"{\"query\": \"{ me { id } }\"}")).expect(200).json();
        assert!(answer["data"]["me"]["id"].is_string(), "{answer}");
    }
}

#[test]
fn a_token_that_may_not_write_may_read() {
    let server = one_at_a_time();
    let reader = crate::token(&server.http, "default", &["jobs:read"]);
    assert_eq!(data(&reader, "{ jobs { count } }", &json!({})), json!({"jobs": {"count": 0}}));
    let (name, message) = fault(&reader, "mutation { cancelJob(id: 1) { id } }", &json!({}));
    let published = "The authenticated user or token is not authorized to perform the requested action.";
    assert_eq!((name.as_str(), message.as_str()), ("not_allowed", published));
    let writer = crate::token(&server.http, "default", &["jobs:write"]);
    assert_eq!(fault(&writer, "{ jobs { count } }", &json!({})).0, "not_allowed");
    let rights = data(&reader, "{ myRights { operations } }", &json!({}));
    let operations = rights["myRights"]["operations"].as_array().expect("a list");
    assert!(operations.contains(&json!("job.read")) && !operations.contains(&json!("job.create")), "{rights}");
}

#[test]
fn a_login_is_used_like_a_token_until_it_is_ended() {
    let server = one_at_a_time();
    let reader = crate::token(&server.http, "default", &["jobs:read"]);
    let me = data(&reader, "{ me { name } }", &json!({}));
    let nobody = Http::new(&server.http.url, "");
    let login =
        "mutation ($user: String!, $password: String!) { userLogin(input: {userName: $user, password: $password})
        { token apiToken tokenExpiration user { id name } organization { name } groups applications hasPassword } }";
    let variables = json!({"user": me["me"]["name"], "password": reader.token});
    let info = data(&nobody, login, &variables)["userLogin"].take();
    assert_eq!(info["organization"]["name"], "default");
    let logged_in = Http::new(&server.http.url, info["token"].as_str().expect("a token"));
    assert_eq!(data(&logged_in, "{ me { name } }", &json!({})), me);
    let valid = "mutation ($token: String!) { validateToken(token: $token) { user { name } } }";
    assert_eq!(data(&logged_in, valid, &json!({"token": info["token"]}))["validateToken"]["user"], me["me"]);
    let refresh = "mutation ($token: String!) { refreshToken(token: $token) { token } }";
    let fresh = data(&logged_in, refresh, &json!({"token": info["token"]}))["refreshToken"]["token"].clone();
    assert_eq!(fault(&logged_in, "{ me { name } }", &json!({})).0, "authentication_error");
    let logged_in = Http::new(&server.http.url, fresh.as_str().expect("a token"));
    let logout = "mutation ($token: String!) { userLogout(token: $token) }";
    assert_eq!(data(&logged_in, logout, &json!({"token": fresh})), json!({"userLogout": true}));
    assert_eq!(fault(&logged_in, "{ me { name } }", &json!({})).0, "authentication_error");
    let wrong = json!({"user": "nobody", "password": "nothing"});
    let said = "The requested object or entity could not be found".to_owned();
    assert_eq!(fault(&nobody, login, &wrong), ("not_found".to_owned(), said));
    // A token of another organisation is not there.
    let other = crate::stranger(&server);
    assert_eq!(fault(&reader, valid, &json!({"token": other.token})).0, "not_found");
    assert_eq!(ask(&other, valid, &json!({"token": other.token})).expect(200).json().get("errors"), None);
}
