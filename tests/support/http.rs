//! A small HTTP client: one call, all of its answer.

use std::io::Read as _;
use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderMap, Request};
use ureq::{Agent, SendBody};

use super::ok;

/// All of an answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        ok(serde_json::from_slice(&self.body), &format!("JSON in {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
    }

    /// This answer, if it has this status.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// Calls with one token.
#[derive(Debug, Clone)]
pub struct Http {
    agent: Agent,
    /// Without a slash at its end.
    pub url: String,
    /// Sent with every call unless it is empty.
    pub token: String,
}

impl Http {
    /// For the server at this address.
    pub fn new(url: &str, token: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_mins(5)));
        Self { agent: config.build().into(), url: url.to_owned(), token: token.to_owned() }
    }

    /// One call; a header `host` replaces the usual one.
    pub fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        ok(self.try_call(method, path, headers, body), &format!("{method} {path}"))
    }

    /// One call that may come to nothing: the connection cannot be made, or breaks before all of the answer is there.
    pub fn try_call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(bytes) => SendBody::from_owned_reader(std::io::Cursor::new(bytes.to_vec())),
            None => SendBody::none(),
        };
        let answer = self.agent.run(ok(request.body(body), "the request")).map_err(|error| error.to_string())?;
        let (parts, body) = answer.into_parts();
        let mut bytes = Vec::new();
        body.into_reader().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body: bytes })
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], None)
    }

    /// Reads in this format.
    pub fn get_as(&self, path: &str, accept: &str) -> Answer {
        self.call("GET", path, &[("accept", accept)], None)
    }

    /// Asks with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &[("content-type", "application/json")], Some(body.to_string().as_bytes()))
    }

    /// Puts bytes of this media type.
    pub fn put(&self, path: &str, media_type: &str, bytes: &[u8]) -> Answer {
        self.call("PUT", path, &[("content-type", media_type)], Some(bytes))
    }

    /// Removes.
    pub fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, &[], None)
    }
}
