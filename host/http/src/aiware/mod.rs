//! The surface for clients of aiWARE's AI Processing REST interface, under `/edge/v1`: jobs, tasks, engines.
//!
//! What a client may rely on is written down in `docs/aiware.md`. Every call passes the same way: its correlation id is read,
//! [`admit`] finds out who calls, and its handler, one file each in [`calls`], reads what is asked, asks the job manager, and
//! answers.
//!
//! From below to above: [`error`], how calls fail; [`query`], [`path`] and [`body`], what is read of a request; [`ids`] and
//! [`status`], what things are called here; [`detail`] and [`envelope`], how they are answered; [`walk`], how many jobs are gone
//! through; [`calls`], all of them.
//!
//! How it fails: as `error` says. Nothing here decides what a job may do or what is kept; the job manager does.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, HeaderName, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue};
use uuid::Uuid;

pub(crate) mod admit;
pub(crate) mod body;
pub(crate) mod calls;
mod description;
pub(crate) mod detail;
pub(crate) mod envelope;
pub(crate) mod error;
pub(crate) mod ids;
mod path;
mod query;
pub(crate) mod schedules;
pub(crate) mod status;
pub(crate) mod templates;
pub(crate) mod walk;

use self::error::{ErrorId, Refusal};
use crate::shared::Shared;

/// Which edition of the product's description this surface follows.
const EDITION: &str = "3.15.2";
/// Names a call in the logs of its client and of what it calls.
const CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");
/// Says which edition of the product answers.
const VERSION: HeaderName = HeaderName::from_static("x-aiware-version");
/// Longest correlation id, in bytes, that is taken from a client.
const CORRELATION_BYTES: usize = 128;

/// Whether an address belongs to this surface.
pub(crate) fn is_here(path: &str) -> bool {
    path.strip_prefix("/edge/v1").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// All calls.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    calls::all()
        .fallback(async || Refusal::new(ErrorId::NotFound, "there is nothing at this address"))
        .method_not_allowed_fallback(async || {
            Refusal::new(ErrorId::MethodNotAllowed, "this address does not know this method")
        })
        .layer(from_fn_with_state(shared.clone(), middleware))
        .with_state(shared)
}

/// What every call passes on its way in and out.
async fn middleware(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let correlation = correlation(request.headers());
    let admitted = if admit::is_open(request.uri().path()) {
        Ok(None)
    } else {
        admit::caller(&shared.manager, request.headers()).map(Some)
    };
    let mut response = match admitted {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(CORRELATION, correlation);
    headers.insert(VERSION, HeaderValue::from_static(EDITION));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The client's correlation id; a new one where it gives none, or none that is one line of printable ASCII.
fn correlation(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(CORRELATION).filter(|value| {
        (1..=CORRELATION_BYTES).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic)
    });
    let made = || HeaderValue::from_str(&Uuid::now_v7().to_string());
    given.cloned().or_else(|| made().ok()).unwrap_or(HeaderValue::from_static("none"))
}
