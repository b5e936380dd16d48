//! `POST /Thingworx/FileRepositoryUploader`: a form with `upload-repository`, `upload-path` and files, in any order.
//!
//! All of the form is read before any file is kept; then they are kept one by one, so that a full repository leaves those
//! before it. The answer is their paths, one a line (our reading: public clients look at the status, and at most show the
//! text).

use std::fmt::Write as _;
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;

use super::form::{self, Form};
use super::location::{MODELS, trim_slashes};
use crate::entry::auth::Caller;
use crate::problem::Problem;
use crate::shared::Shared;
use crate::thingworx::error::Refusal;

/// Takes an upload.
pub(super) async fn upload(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    caller.require(Right::ProvidersWrite)?;
    let (parts, body) = request.into_parts();
    let form = form::read(&shared, caller.organisation(), &parts.headers, body).await?;
    let paths = store(&shared, &caller, form).await?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], paths).into_response())
}

async fn store(shared: &Shared, caller: &Caller, form: Form) -> Result<String, Problem> {
    let Some(repository) = form.repository else {
        return Err(malformed("the form has no field `upload-repository`"));
    };
    if repository != MODELS {
        let shown: String = repository.chars().take(80).collect();
        let message = format!("there is no file repository `{shown}` that takes uploads; `{MODELS}` does");
        return Err(Problem::new(Code::NotFound, message));
    }
    if form.files.is_empty() {
        return Err(malformed("the form holds no file"));
    }
    let folder = form.folder.unwrap_or_default();
    let mut paths = String::new();
    for sent in form.files {
        let path = path_of(&folder, &sent.name);
        let stored = shared.manager.put_file(caller.organisation(), MODELS, &path, sent.media_type, sent.staged).await;
        stored.map_err(|error| match error.code() {
            Code::InvalidInput => malformed(error.message()),
            _ => Problem::from(error),
        })?;
        // Writing to a text cannot fail.
        _ = writeln!(paths, "/{path}");
    }
    Ok(paths)
}

/// The path of a file of this name in a folder.
fn path_of(folder: &str, name: &str) -> String {
    match trim_slashes(folder) {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(Code::Malformed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_may_begin_and_end_with_a_slash() {
        for folder in ["p/q", "/p/q", "p/q/", "/p/q/"] {
            assert_eq!(path_of(folder, "m.onnx"), "p/q/m.onnx");
        }
        for root in ["", "/"] {
            assert_eq!(path_of(root, "m.onnx"), "m.onnx");
        }
        // Not made into something that it is not: the job manager refuses these.
        for (folder, path) in [("//p", "/p/m"), ("p//", "p//m"), ("..", "../m"), ("p\\q", "p\\q/m")] {
            assert_eq!(path_of(folder, "m"), path);
        }
    }
}
