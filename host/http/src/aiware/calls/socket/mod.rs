//! `GET /edge/v1/client/ws`: a WebSocket over which a client follows jobs and tasks.
//!
//! The token may stand in the address, as the product's clients send it, or in the headers of all calls. Neither the log nor any
//! metric has the query of an address.
//!
//! Against slow and silent clients: nothing is collected for a client, each subscription reads the job when its client has taken
//! what came before; a client that takes nothing for `write_idle_ms` is cut; it is pinged, and a client of which nothing was
//! heard for `socket_idle_ms` is let go of. Each message counts as a call of its token.

use std::sync::Arc;

use analyte_jobs::Right;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use futures::FutureExt as _;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, Version};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

mod followed;
mod message;
mod session;

use crate::aiware::admit;
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::query::Asked;
use crate::entry::takeover::Takeover;
use crate::shared::Shared;

/// Opens a socket.
#[utoipa::path(get, path = "/edge/v1/client/ws", operation_id = "follow", tag = "server",
    params(
        ("token" = Option<String>, Query, description = "A token; or in the headers."),
    ),
    responses(
        (status = 101, description = "A WebSocket."),
    ),
)]
pub(crate) async fn open(
    State(shared): State<Arc<Shared>>,
    version: Version,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let asked = Asked::of(&uri, &["token"])?;
    let (caller, secret) = admit::caller_of_socket(&shared.manager, &headers, asked.text("token"))?;
    caller.require(Right::JobsRead)?;
    let accept = accepted(version, &headers)?;
    let takeover = Takeover::by(move |io, read| session::run(shared, (caller, secret), io, read).boxed());
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response.extensions_mut().insert(takeover);
    Ok(response)
}

/// What the client's key is answered with, if it asks for a WebSocket.
fn accepted(version: Version, headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    let wrong = |detail: &str| Refusal::new(ErrorId::Malformed, detail);
    let says = |name: &HeaderName, word: &str| {
        let words =
            headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
        words.into_iter().any(|own| own.trim().eq_ignore_ascii_case(word))
    };
    if version < Version::HTTP_11 || !says(&CONNECTION, "upgrade") || !says(&UPGRADE, "websocket") {
        return Err(wrong(
            "this address is a WebSocket: ask for one with `Connection: Upgrade` and `Upgrade: websocket`",
        ));
    }
    if !says(&SEC_WEBSOCKET_VERSION, "13") {
        return Err(wrong("the header `Sec-WebSocket-Version` must be `13`"));
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).ok_or_else(|| wrong("the header `Sec-WebSocket-Key` is missing"))?;
    let accept = derive_accept_key(key.as_bytes());
    HeaderValue::from_str(&accept).map_err(|_| wrong("the header `Sec-WebSocket-Key` cannot be answered"))
}
