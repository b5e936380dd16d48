//! `POST /Thingworx/{collection}/{entity}/Services/{service}`: calls a service.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_jobs::Session;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::header::SET_COOKIE;

use super::answer::answer;
use super::call::Call;
use super::call::arguments::Arguments;
use super::call::parameter::Parameter;
use super::content_filter::is_not_json;
use super::entities::{find, format};
use super::error::{Refusal, ServiceError};
use crate::entry::auth::Caller;
use crate::native::table::{compute, put_warnings};
use crate::problem::Problem;
use crate::request::body::{self, Received};
use crate::request::negotiate::refuse_compressed;
use crate::shared::Shared;

/// Up to this size a body is looked through at once.
const AT_ONCE: usize = 64 * 1024;

/// Calls a service.
pub(super) async fn invoke(
    State(shared): State<Arc<Shared>>,
    Path((collection, entity, service)): Path<(String, String, String)>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let entity = find(&collection, &entity)?;
    let Some(service) = entity.service(&service) else {
        let name: String = service.chars().take(200).collect();
        let detail = format!("Service Not Found : [{name}] on [{}]", entity.name);
        return Err(Problem::new(Code::NotFound, detail).into());
    };
    let format = format(&shared, &request)?;
    let refused = |error: ServiceError| error.refusal(service.name, entity.name);
    if !caller.principal().may(service.right) {
        return Err(refused(ServiceError::NotAuthorized));
    }
    let session = request.extensions().get::<Session>().cloned();
    let organisation = caller.organisation().clone();
    let arguments = arguments(&shared, &caller, service.parameters, request).await?;
    let call = Call::new(shared.clone(), caller, session, service.parameters, arguments);
    let answered = (service.handler)(&call).await;
    let (cookie, warnings) = (call.take_cookie(), call.take_warnings());
    // What the body took is needed no more, and the client may take its time with the answer.
    drop(call);
    let title = format!("{} {}", entity.name, service.name);
    let mut response = match answered {
        Ok(answered) => answer(&shared, &organisation, format, &title, service.result, answered).await,
        Err(error) => Err(error),
    }
    .unwrap_or_else(|error| axum::response::IntoResponse::into_response(refused(error)));
    put_warnings(response.headers_mut(), &warnings);
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn arguments(
    shared: &Shared,
    caller: &Caller,
    declared: &'static [Parameter],
    request: Request,
) -> Result<Arguments, Refusal> {
    let (parts, content) = request.into_parts();
    refuse_compressed(&parts.headers)?;
    let received = body::receive(shared, caller.organisation(), content, shared.limits.body_bytes).await?;
    if is_not_json(&parts.uri, &parts.headers) && !received.bytes.is_empty() {
        let detail = "parameters are read as JSON; send them with Content-Type: application/json";
        return Err(Problem::new(Code::UnsupportedMediaType, detail).into());
    }
    Ok(read(shared, caller, received, declared).await?)
}

async fn read(
    shared: &Shared,
    caller: &Caller,
    received: Received,
    declared: &'static [Parameter],
) -> Result<Arguments, Problem> {
    let json_depth = shared.limits.json_depth;
    if received.bytes.len() <= AT_ONCE {
        return Arguments::read(received, declared, json_depth);
    }
    compute(shared, caller.organisation(), move || Arguments::read(received, declared, json_depth)).await?
}
