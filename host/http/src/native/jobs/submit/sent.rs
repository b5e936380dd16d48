//! What a client sends to submit a job: a document, a table with the rest in the query, or a form of both.

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::table::format::Format;
use analyte_jobs::{Idempotency, Right, Submission};
use axum::extract::Request;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

use super::arrived::idempotency_key;
use super::submission::{self, SentBeside};
use super::{form, query};
use crate::entry::auth::Caller;
use crate::native::path_and_query::{known_pairs, pairs};
use crate::native::table;
use crate::problem::Problem;
use crate::request::body::{self, Received};
use crate::request::negotiate::{content_format, refuse_compressed};
use crate::shared::Shared;

/// A submission that has been received, and not been read yet.
pub(crate) struct Sent {
    pub(crate) headers: HeaderMap,
    /// The idempotency key that the client gave; `None`: it gave none.
    key: Option<String>,
    what: What,
}

enum What {
    /// A submission as JSON, with its table in it.
    Document(Received),
    /// A table in this format, and what goes with it.
    Table(SentBeside, Received, Format),
}

/// Receives what a caller sends who may make jobs.
pub(crate) async fn receive(shared: &Shared, caller: &Caller, request: Request) -> Result<Sent, Problem> {
    caller.require(Right::JobsWrite)?;
    let (parts, content) = request.into_parts();
    let key = idempotency_key(&parts.headers)?;
    if is_form(&parts.headers) {
        refuse_compressed(&parts.headers)?;
        let [] = known_pairs(&parts.uri, [])?;
        let (beside, table, format) = form::read(shared, caller, &parts.headers, content).await?;
        return Ok(Sent { headers: parts.headers, key, what: What::Table(beside, table, format) });
    }
    let format = content_format(&parts.headers).map_err(|problem| match problem.code() {
        Code::UnsupportedMediaType => {
            let detail = format!("{}; a form of type multipart/form-data is taken as well", problem.detail());
            Problem::new(Code::UnsupportedMediaType, detail)
        }
        _ => problem,
    })?;
    let pairs = pairs(&parts.uri)?;
    let is_json = matches!(format, Format::Json | Format::JsonColumns);
    if is_json && !pairs.iter().any(|(name, _)| matches!(name.as_str(), "provider" | "model")) {
        if let Some((name, _)) = pairs.first() {
            let name: String = name.chars().take(80).collect();
            let detail = format!(
                "the query parameter `{name}` is not known here: a body of JSON holds all of a submission; only where the query \
                 has `provider` and `model` is the body the table"
            );
            return Err(Problem::new(Code::Malformed, detail));
        }
        let body = body::receive(shared, caller.organisation(), content, shared.limits.body_bytes).await?;
        return Ok(Sent { headers: parts.headers, key, what: What::Document(body) });
    }
    for member in ["provider", "model"] {
        if !pairs.iter().any(|(name, _)| name == member) {
            let detail =
                format!("the query has no `{member}`; where the body is the table, `provider` and `model` stand there");
            return Err(Problem::new(Code::Malformed, detail));
        }
    }
    let beside = query::read(pairs)?;
    let table = body::receive(shared, caller.organisation(), content, shared.limits.body_bytes).await?;
    Ok(Sent { headers: parts.headers, key, what: What::Table(beside, table, format) })
}

fn is_form(headers: &HeaderMap) -> bool {
    let essence =
        |value: &HeaderValue| value.to_str().ok()?.split(';').next().map(|text| text.trim().to_ascii_lowercase());
    headers.get(CONTENT_TYPE).and_then(essence).is_some_and(|essence| essence == "multipart/form-data")
}

impl Sent {
    /// What makes a repetition harmless; `None`: the client gave no key.
    pub(crate) async fn idempotency(
        &mut self,
        shared: &Shared,
        caller: &Caller,
    ) -> Result<Option<Idempotency>, Problem> {
        let Some(key) = self.key.take() else { return Ok(None) };
        let (size, digest): (usize, Box<dyn FnOnce() -> Digest + Send>) = match &self.what {
            What::Document(body) => {
                let bytes = body.bytes.clone();
                (bytes.len(), Box::new(move || Digest::of(&bytes)))
            }
            // Not of the bytes of the form: clients choose another boundary each time.
            What::Table(beside, table, format) => {
                let (table, format) = (table.bytes.clone(), *format);
                let beside = (beside.members.clone(), format!("{:?}", beside.parameters));
                let whole = move || {
                    let (members, parameters) = (Digest::of(&beside.0), beside.1);
                    let table = Digest::of(&table);
                    Digest::of(format!("{}\n{members}\n{parameters}\n{table}", format.media_type()).as_bytes())
                };
                (size_of(&self.what), Box::new(whole))
            }
        };
        let request = table::compute_sized(shared, caller.organisation(), size, digest).await?;
        Ok(Some(Idempotency { key, request }))
    }

    /// Reads it. The job holds what it needs; the body has gone then.
    pub(crate) async fn submission(
        self,
        shared: &Shared,
        caller: &Caller,
        idempotency: Option<Idempotency>,
    ) -> Result<Submission, Problem> {
        match self.what {
            What::Document(body) => submission::read(shared, caller, &body.bytes, idempotency).await,
            What::Table(beside, table, format) => {
                submission::read_beside(shared, caller, (beside, table.bytes.clone(), format), idempotency).await
            }
        }
    }
}

fn size_of(what: &What) -> usize {
    match what {
        What::Document(body) => body.bytes.len(),
        What::Table(beside, table, _) => beside.members.len().saturating_add(table.bytes.len()),
    }
}
