//! `POST /Thingworx/{collection}/{entity}/Services/{service}`: calls a service.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_jobs::Session;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::header::SET_COOKIE;

use super::answer::answer;
use super::call::Call;
use super::content_filter::is_foreign;
use super::entities::{find, form};
use super::error::{Refusal, ServiceError};
use super::inputs::Inputs;
use super::resources;
use super::service::{Parameter, Service};
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
    let resource = find(&collection, &entity)?;
    let Some(service) = resource.service(&service) else {
        let name: String = service.chars().take(200).collect();
        let detail = format!("Service Not Found : [{name}] on [{}]", resource.name);
        return Err(Problem::new(Code::NotFound, detail).into());
    };
    let form = form(&shared, &request)?;
    let refused = |error: ServiceError| error.refusal(service.name, resource.name);
    if !caller.principal().may(service.right) {
        return Err(refused(ServiceError::NotAuthorized));
    }
    let session = request.extensions().get::<Session>().cloned();
    let organisation = caller.organisation().clone();
    let inputs = inputs(&shared, &caller, service, request).await?;
    let call = Call::new(shared.clone(), caller, session, service, inputs);
    let answered = resources::invoke(resource, service.name, &call).await.unwrap_or_else(|| {
        tracing::error!(service = service.name, entity = resource.name, "a service is offered and not there");
        let message = format!("No service handler defined for service {} on {}", service.name, resource.name);
        Err(ServiceError::coded(Code::HostError, message))
    });
    let (cookie, warnings) = (call.take_cookie(), call.take_warnings());
    // What the body took is needed no more, and the client may take its time with the answer.
    drop(call);
    let title = format!("{} {}", resource.name, service.name);
    let mut response = match answered {
        Ok(answered) => answer(&shared, &organisation, form, &title, service.result, answered).await,
        Err(error) => Err(error),
    }
    .unwrap_or_else(|error| axum::response::IntoResponse::into_response(refused(error)));
    put_warnings(response.headers_mut(), &warnings);
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn inputs(
    shared: &Shared,
    caller: &Caller,
    service: &'static Service,
    request: Request,
) -> Result<Inputs, Refusal> {
    let (parts, content) = request.into_parts();
    refuse_compressed(&parts.headers)?;
    let received = body::receive(shared, caller.organisation(), content, shared.limits.body_bytes).await?;
    if is_foreign(&parts.uri, &parts.headers) && !received.bytes.is_empty() {
        let detail = "parameters are read as JSON; send them with Content-Type: application/json";
        return Err(Problem::new(Code::UnsupportedMediaType, detail).into());
    }
    Ok(read(shared, caller, received, service.inputs).await?)
}

async fn read(
    shared: &Shared,
    caller: &Caller,
    received: Received,
    declared: &'static [Parameter],
) -> Result<Inputs, Problem> {
    let json_depth = shared.limits.json_depth;
    if received.bytes.len() <= AT_ONCE {
        return Inputs::read(received, declared, json_depth);
    }
    compute(shared, caller.organisation(), move || Inputs::read(received, declared, json_depth)).await?
}
