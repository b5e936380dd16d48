//! The surface for clients of ThingWorx Analytics Manager, under `/Thingworx`: the job services, the services of models
//! and providers next to them, and files.
//!
//! What a client may rely on is written down in `docs/thingworx.md`. Every call passes the same way: [`admit`] finds out
//! who calls, the content-type filter keeps foreign web pages out, the service is looked up among [`services`] and its right
//! checked, its parameters are read, its handler is called, and what that answers is written in the format that the client
//! accepts. A handler itself sees a [`call::Call`] and nothing of HTTP.
//!
//! From below to above: [`error`] and what is read of a request; [`call`], what a handler gets; [`service`], what a service
//! is; [`services`], all of them; then what looks among them: [`admit`], [`entities`], [`invoke`].
//!
//! How it fails: as `error` says, with a status and one sentence. Nothing here decides what a job may do or what is kept;
//! the job manager does.

use std::sync::Arc;

use analyte_core::codes::Code;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode, Uri};

mod accept;
mod admit;
mod answer;
mod call;
mod content_filter;
mod cookie;
mod entities;
mod error;
mod files;
mod invoke;
mod metadata;
mod options;
mod query_string;
mod service;
mod services;
mod session;

pub(crate) use admit::admit;
pub use options::{DefaultAccept, ThingworxOptions};

use self::accept::Accept;
use self::admit::SetCookie;
use self::content_filter::AmbientCredentials;
use self::error::{Refusal, in_format, no_such_address};
use crate::problem::Problem;
use crate::shared::Shared;

/// All calls.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    if !shared.thingworx.enabled {
        return Router::new().fallback(async || Problem::no_such_address());
    }
    Router::new()
        .route("/Thingworx/{collection}", get(entities::list))
        .route("/Thingworx/{collection}/", get(entities::list))
        .route("/Thingworx/{collection}/{entity}", get(entities::metadata))
        .route("/Thingworx/{collection}/{entity}/Metadata", get(entities::metadata))
        .route("/Thingworx/{collection}/{entity}/Services/{service}", post(invoke::invoke))
        .merge(files::router())
        .fallback(nothing)
        .method_not_allowed_fallback(async || {
            Refusal::new(Problem::new(
                Code::MethodNotAllowed,
                "this address does not know this method; services are called with POST, everything else is read with GET",
            ))
        })
        .layer(from_fn_with_state(shared.clone(), middleware))
        .with_state(shared)
}

/// What every call passes on its way in and out.
async fn middleware(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let accept = Accept::of(request.uri(), request.headers(), shared.thingworx.default_accept);
    let ambient = request.extensions_mut().remove::<AmbientCredentials>().is_some();
    let cookie = request.extensions_mut().remove::<SetCookie>();
    let filtered = if shared.thingworx.content_type_filter {
        content_filter::check(request.method(), request.uri(), request.headers(), ambient)
    } else {
        Ok(())
    };
    let response = match filtered {
        Ok(()) => next.run(request).await,
        Err(sentence) => refuse(Code::UnsupportedMediaType, StatusCode::FORBIDDEN, sentence),
    };
    let mut response = in_format(response, accept.refusal_format());
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(answer::html::POLICY));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Some(SetCookie(cookie)) = cookie {
        headers.append(SET_COOKIE, cookie);
    }
    response
}

fn refuse(code: Code, status: StatusCode, sentence: String) -> Response {
    axum::response::IntoResponse::into_response(Refusal::new(Problem::new(code, sentence).status(status)))
}

/// Nothing is offered here: of an entity that is not there either, or else.
async fn nothing(uri: Uri) -> Refusal {
    let mut segments = uri.path().split('/').filter(|segment| !segment.is_empty()).skip(1);
    let refused = match (segments.next(), segments.next()) {
        (Some(collection), Some(entity)) => entities::find(collection, entity).err(),
        _ => None,
    };
    refused.unwrap_or_else(no_such_address)
}
