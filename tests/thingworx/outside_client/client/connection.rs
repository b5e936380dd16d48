//! Calls over HTTP as a ThingWorx platform expects them: the credential, the session's cookie, the content type, files.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ureq::http::{HeaderMap, Request};
use ureq::{Agent, SendBody};

/// What stands between the parts of an upload.
const BOUNDARY: &str = "----part-of-an-upload-7d1f0c";

/// Who calls.
#[derive(Debug, Clone)]
pub enum Credential {
    /// The header `appKey`.
    Key(String),
    /// A user and a password.
    Basic { user: String, password: String },
    /// Nothing but the cookies of a session.
    Cookies(BTreeMap<String, String>),
}

/// A call that came to nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The server answered with another status than 200.
    Refused { status: u16, text: String },
    /// No answer, or one that is not what the services promise.
    Broken(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status, text } => write!(formatter, "{status}: {text}"),
            Self::Broken(text) => formatter.write_str(text),
        }
    }
}

/// A platform at an address, for one caller.
#[derive(Debug)]
pub struct Connection {
    agent: Agent,
    address: String,
    credential: Credential,
    /// Asks for an HTTP session with every call, as clients with an app key have to.
    keeps_session: bool,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Connection {
    /// `address` is scheme, host and port.
    pub fn new(address: &str, credential: Credential, keeps_session: bool) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_mins(5)));
        let cookies = if let Credential::Cookies(cookies) = &credential { cookies.clone() } else { BTreeMap::new() };
        Self {
            agent: config.build().into(),
            address: address.trim_end_matches('/').to_owned(),
            credential,
            keeps_session,
            cookies: Mutex::new(cookies),
        }
    }

    /// The cookies that the server has set so far.
    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads JSON.
    pub fn get(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.call("GET", path, &[("Accept", "application/json")], None)
    }

    /// Reads a file.
    pub fn download(&self, link: &str) -> Result<Vec<u8>, Error> {
        // A link is a path of this server, or the whole address.
        let path = link.strip_prefix(&self.address).unwrap_or(link);
        self.call("GET", path, &[("Accept", "*/*")], None)
    }

    /// Calls a service.
    pub fn post(&self, path: &str, json: &[u8]) -> Result<Vec<u8>, Error> {
        self.call("POST", path, &[("Accept", "application/json"), ("Content-Type", "application/json")], Some(json))
    }

    /// Puts a file into a repository.
    pub fn upload(&self, repository: &str, folder: &str, name: &str, content: &[u8]) -> Result<Vec<u8>, Error> {
        let field = |name: &str, value: &str| {
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let mut body = field("upload-repository", repository) + &field("upload-path", folder);
        body +=
            &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"upload-files\"; filename=\"{name}\"\r\n");
        body += "Content-Type: application/octet-stream\r\n\r\n";
        let mut body = body.into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(field("upload-submit", "Upload").as_bytes());
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let headers = [
            ("Accept", "application/json"),
            ("Content-Type", content_type.as_str()),
            // A fixed literal, not a secret.
            ("X-XSRF-TOKEN", "TWX-XSRF-TOKEN-VALUE"),
        ];
        self.call("POST", "/Thingworx/FileRepositoryUploader", &headers, Some(&body))
    }

    /// One call, and the body of its answer.
    fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.address));
        match &self.credential {
            Credential::Key(key) => request = request.header("appKey", key),
            Credential::Basic { user, password } => {
                request = request
                    .header("Authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))));
            }
            Credential::Cookies(_) => {}
        }
        if self.keeps_session {
            request = request.header("x-thingworx-session", "true");
        }
        let cookies: Vec<String> = self.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("Cookie", cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body =
            body.map_or_else(SendBody::none, |bytes| SendBody::from_owned_reader(std::io::Cursor::new(bytes.to_vec())));
        let request = request.body(body).map_err(|error| Error::Broken(error.to_string()))?;
        let answer = self.agent.run(request).map_err(|error| Error::Broken(error.to_string()))?;
        let (parts, body) = answer.into_parts();
        self.keep_cookies(&parts.headers);
        let mut bytes = Vec::new();
        body.into_reader().read_to_end(&mut bytes).map_err(|error| Error::Broken(error.to_string()))?;
        match parts.status.as_u16() {
            200 => Ok(bytes),
            status => Err(Error::Refused { status, text: String::from_utf8_lossy(&bytes).into_owned() }),
        }
    }

    /// Name and value only: all calls go to one server, and under one path.
    fn keep_cookies(&self, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for header in headers.get_all("set-cookie") {
            let text = String::from_utf8_lossy(header.as_bytes()).into_owned();
            let mut parts = text.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            if parts.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0")) {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
