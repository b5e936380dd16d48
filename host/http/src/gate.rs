//! What every request passes first, whether or not there is anything at its address: the host check, then the token.
//!
//! A handler that panics is answered as a fault of the platform; the connection and the server go on.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use analyte_core::codes::Code;
use analyte_core::limits::Limits;
use analyte_jobs::Manager;
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use http::Request;
use hyper::body::Incoming;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use crate::auth;
use crate::host_check::AllowedHosts;
use crate::metrics::{Metrics, kind};
use crate::native;
use crate::problem::Problem;
use crate::server::Options;
use crate::trace;

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) manager: Manager,
    pub(crate) limits: Arc<Limits>,
    /// Everything that is counted all along.
    pub(crate) registry: Arc<Registry>,
    /// Cancelled when the server begins to stop: answers without an end of their own end then.
    pub(crate) closing: CancellationToken,
}

/// The way in.
pub(crate) struct Gate {
    hosts: AllowedHosts,
    shared: Arc<Shared>,
    router: Router,
    metrics: Metrics,
}

impl Gate {
    pub(crate) fn new(options: Options, closing: CancellationToken) -> Self {
        let Options { manager, allowed_hosts, limits, registry, metrics } = options;
        let shared = Arc::new(Shared { manager, limits, registry, closing });
        let router = native::router(shared.clone());
        Self { hosts: AllowedHosts::new(&allowed_hosts), shared, router, metrics }
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, mut request: Request<Incoming>) -> Response<Body> {
        let line = trace::Line::of(&request);
        let call = kind(request.method(), request.uri().path());
        let start = Instant::now();
        let response = match self.admit(&mut request) {
            Ok(()) => self.route(request).await,
            Err(problem) => problem.into_response(),
        };
        let took = start.elapsed();
        self.metrics.answered(call, response.status(), took);
        line.log(response.status(), took);
        response
    }

    /// Refuses, or leaves in the request who calls.
    fn admit(&self, request: &mut Request<Incoming>) -> Result<(), Problem> {
        self.hosts.check(request.uri(), request.headers())?;
        if native::is_open(request.uri().path()) {
            return Ok(());
        }
        let caller = auth::authenticate(&self.shared.manager, request.headers())?;
        request.extensions_mut().insert(caller);
        Ok(())
    }

    async fn route(&self, request: Request<Incoming>) -> Response<Body> {
        let mut router = self.router.clone();
        match AssertUnwindSafe(router.call(request)).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(panic) => {
                let said = panic.downcast_ref::<&str>().copied();
                let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("nothing");
                tracing::error!(said, "a call handler panicked");
                Problem::new(Code::HostError, "the server failed to answer this call; its log says more")
                    .into_response()
            }
        }
    }
}
