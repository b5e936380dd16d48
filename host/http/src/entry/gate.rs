//! What every request passes first, whether or not there is anything at its address: the host check, the question of
//! browsers whether a page may call at all (where that is configured), then the token. The surfaces for clients of ThingWorx and
//! of aiWARE have further ways to say who calls, and their own ways to refuse, so they admit their callers themselves.
//!
//! A handler that panics is answered as a fault of the platform; the connection and the server go on.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use analyte_core::codes::Code;
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use http::header::CONNECTION;
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, Service as _, service_fn};

use crate::aiware;
use crate::entry::auth;
use crate::entry::cors;
use crate::entry::host_check::AllowedHosts;
use crate::entry::server::Options;
use crate::entry::trace;
use crate::graphql;
use crate::metrics::{Metrics, kind};
use crate::native;
use crate::problem::Problem;
use crate::request::drain_body::lend;
use crate::request::pieces;
use crate::shared::Shared;
use crate::thingworx;

/// The way in.
pub(crate) struct Gate {
    hosts: AllowedHosts,
    metrics: Metrics,
    /// What lies behind the host check.
    calls: BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>,
}

impl Gate {
    pub(crate) fn new(options: Options, closing: CancellationToken) -> Self {
        let Options { manager, allowed_hosts, tls, origins, thingworx, limits, registry, metrics } = options;
        native::health::prepare();
        let shared = Arc::new(Shared {
            manager,
            limits,
            reading: pieces::turns(),
            tls: tls.is_some(),
            thingworx,
            registry,
            closing,
        });
        let (native, thingworx) = (native::router(shared.clone()), thingworx::router(shared.clone()));
        let (aiware, graphql) = (aiware::router(shared.clone()), graphql::router(shared.clone()));
        let door = Arc::new(Door { shared, native, thingworx, aiware, graphql });
        let calls = service_fn(move |request| {
            let door = door.clone();
            async move { Ok(door.pass(request).await) }
        });
        let calls = if origins.is_empty() {
            BoxCloneSyncService::new(calls)
        } else {
            BoxCloneSyncService::new(cors::layer(&origins).layer(calls))
        };
        Self { hosts: AllowedHosts::new(&allowed_hosts), metrics, calls }
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let line = trace::Line::of(&request);
        let call = kind(request.method(), request.uri().path());
        let start = Instant::now();
        let (request, leftover) = lend(request);
        let mut response = match self.hosts.check(request.uri(), request.headers()) {
            Ok(()) => match self.calls.clone().call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
            Err(problem) => {
                drop(request);
                problem.into_response()
            }
        };
        if !leftover.pass_over().await {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let took = start.elapsed();
        self.metrics.answered(call, response.status(), took);
        line.log(response.status(), took);
        response
    }
}

/// Who may come in, and where to.
struct Door {
    shared: Arc<Shared>,
    native: Router,
    thingworx: Router,
    aiware: Router,
    graphql: Router,
}

impl Door {
    async fn pass(&self, mut request: Request<Body>) -> Response<Body> {
        let surface = match request.uri().path() {
            path if is_thingworx(path) => &self.thingworx,
            path if aiware::is_here(path) => &self.aiware,
            path if graphql::is_here(path) => &self.graphql,
            _ => &self.native,
        };
        match self.admit(&mut request) {
            Ok(()) => answer_by(surface.clone(), request).await,
            Err(refusal) => refusal,
        }
    }

    /// Refuses, or leaves in the request who calls.
    #[expect(clippy::result_large_err, reason = "a refusal is the answer itself, and is not passed on far")]
    fn admit(&self, request: &mut Request<Body>) -> Result<(), Response<Body>> {
        let path = request.uri().path();
        if native::is_open(path) || aiware::is_here(path) || graphql::is_here(path) {
            return Ok(());
        }
        if is_thingworx(path) {
            return thingworx::admit(&self.shared, request);
        }
        match auth::authenticate(&self.shared.manager, request.headers()) {
            Ok(caller) => {
                request.extensions_mut().insert(caller);
                Ok(())
            }
            Err(problem) => Err(problem.into_response()),
        }
    }
}

/// Which of the surfaces an address belongs to.
fn is_thingworx(path: &str) -> bool {
    path.strip_prefix("/Thingworx").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

async fn answer_by(mut router: Router, request: Request<Body>) -> Response<Body> {
    match AssertUnwindSafe(router.call(request)).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().copied();
            let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("nothing");
            tracing::error!(said, "a call handler panicked");
            Problem::new(Code::HostError, "the server failed to answer this call; its log says more").into_response()
        }
    }
}
