//! Calls to a server, one at a time.
//!
//! A refusal becomes a [`Report`] with the server's own words and what to do next. Answers may be large and slow (a
//! compilation, a long run), so nothing but the connection itself has a time limit.

pub(crate) mod address;
mod connection;
mod events;
pub(crate) mod follow;
pub(crate) mod graph;
pub(crate) mod interface;
mod problem;
pub(crate) mod query;
pub(crate) mod submission;
mod trust;
pub(crate) mod upload;
pub(crate) mod work;

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use ureq::http::{Response, Uri};
use ureq::{Agent, Body, RequestBuilder, SendBody};

use crate::output::report::{self, Report};

pub(crate) use connection::Connection;

/// What a job's `errors` tell of one failure.
pub(crate) fn problem_of_job(error: &Value) -> Report {
    problem::failure(error, "/message")
}

/// The longest wait for a connection; beyond it the server counts as unreachable.
const CONNECT: Duration = Duration::from_secs(10);

/// What a call does.
pub(crate) enum Method<'a> {
    /// Reads.
    Get,
    /// Removes.
    Delete,
    /// Puts a body of this media type in its place.
    Put(&'a str, SendBody<'static>),
    /// Asks with a body of this media type.
    Post(&'a str, SendBody<'static>),
}

/// Why a call gave nothing.
pub(crate) enum CallError {
    /// The server could not be asked.
    Unreachable(Report),
    /// It said no.
    Refused {
        /// The status.
        status: u16,
        /// What it said.
        report: Report,
    },
}

impl From<CallError> for Report {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unreachable(report) | CallError::Refused { report, .. } => report,
        }
    }
}

/// A server, and the right to call it.
pub(crate) struct Client {
    agent: Agent,
    /// Without a slash at its end.
    server: String,
    token: String,
}

impl Client {
    /// For a server at this address; these authorities may vouch for it where it speaks TLS, else those of the system.
    pub(crate) fn new(server: &str, token: String, authorities: Option<&Path>) -> Result<Self> {
        let server = server.trim_end_matches('/').to_owned();
        let wrong = |why: &str| {
            Report::new(format!("`{server}` is not the address of a server: {why}"))
                .hint("an address looks like http://127.0.0.1:8080")
        };
        let uri: Uri = server.parse().map_err(|_| wrong("it cannot be read"))?;
        let encrypted = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong("it begins neither with https:// nor with http://").into()),
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .user_agent(concat!("analyte/", env!("CARGO_PKG_VERSION")));
        let config = if encrypted { config.tls_config(trust::of(authorities)?) } else { config };
        // What runs on this machine is not behind a proxy.
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let near = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        let config = if near { config.proxy(None) } else { config };
        Ok(Self { agent: config.build().into(), server, token })
    }

    /// Makes a call; a refusal is an error.
    pub(crate) fn call(
        &self,
        method: Method<'_>,
        path: &str,
        query: &[(String, String)],
        headers: &[(&str, &str)],
    ) -> Result<Response<Body>> {
        Ok(self.try_call(method, path, query, headers).map_err(Report::from)?)
    }

    /// Reads; tells a server that refuses from one that is not there.
    pub(crate) fn read(&self, path: &str, headers: &[(&str, &str)]) -> Result<Response<Body>, CallError> {
        self.try_call(Method::Get, path, &[], headers)
    }

    fn try_call(
        &self,
        method: Method<'_>,
        path: &str,
        query: &[(String, String)],
        headers: &[(&str, &str)],
    ) -> Result<Response<Body>, CallError> {
        let url = format!("{}{path}", self.server);
        let answer = match method {
            Method::Get => self.prepared(self.agent.get(url), query, headers).call(),
            Method::Delete => self.prepared(self.agent.delete(url), query, headers).call(),
            Method::Put(kind, body) => self.prepared(self.agent.put(url), query, headers).content_type(kind).send(body),
            Method::Post(kind, body) => {
                self.prepared(self.agent.post(url), query, headers).content_type(kind).send(body)
            }
        };
        let answer = answer.map_err(|error| CallError::Unreachable(problem::unreachable(&self.server, &error)))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(CallError::Refused { status: answer.status().as_u16(), report: problem::refused(answer) })
    }

    fn prepared<B>(
        &self,
        mut request: RequestBuilder<B>,
        query: &[(String, String)],
        headers: &[(&str, &str)],
    ) -> RequestBuilder<B> {
        request = request.header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.query_pairs(query.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Reads a document.
    pub(crate) fn get(&self, path: &str, query: &[(String, String)]) -> Result<Value> {
        json(self.call(Method::Get, path, query, &[])?)
    }
}

/// Shows what the server warns of beside its answer.
pub(crate) fn show_warnings(answer: &Response<Body>) {
    for warning in answer.headers().get_all("analyte-warning") {
        report::warning(&String::from_utf8_lossy(warning.as_bytes()));
    }
}

/// The whole body.
pub(crate) fn bytes(answer: Response<Body>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    answer.into_body().into_reader().read_to_end(&mut bytes).context("the server's answer broke off")?;
    Ok(bytes)
}

/// The body as JSON.
pub(crate) fn json(answer: Response<Body>) -> Result<Value> {
    serde_json::from_slice(&bytes(answer)?).context("the server's answer is not JSON: is it Analyte?")
}
