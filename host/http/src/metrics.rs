//! What this surface counts of itself. Labels hold classes of calls and of answers only, of which there are few: never
//! an address, an id or anything else that a client chooses.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds in seconds, from a look into memory to the longest `Prefer: wait`.
const SECONDS: [f64; 14] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];

/// Upper bounds in seconds of steps that hold a thread: none should take more than 5 ms.
const STALLS: [f64; 11] = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0];

/// Calls of one kind, answered in one way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    call: &'static str,
    status: &'static str,
}

/// Calls of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    call: &'static str,
}

/// Makes histograms with these bounds.
#[derive(Debug, Clone)]
struct Bounds;

impl MetricConstructor<Histogram> for Bounds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(SECONDS)
    }
}

/// Counters of calls and connections; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    requests: Family<Answered, Counter>,
    seconds: Family<Call, Histogram, Bounds>,
    connections: Gauge<i64, AtomicI64>,
    stalls: Histogram,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(Bounds),
            connections: Gauge::default(),
            stalls: Histogram::new(STALLS),
        }
    }
}

impl Metrics {
    /// Adds them to what is answered to `GET /metrics`.
    pub fn register(&self, registry: &mut Registry) {
        let Inner { requests, seconds, connections, stalls } = &*self.inner;
        registry.register(
            "analyte_http_requests",
            "Calls that were answered, by kind of call and class of status",
            requests.clone(),
        );
        registry.register_with_unit(
            "analyte_http_request",
            "From the head of a call to the head of its answer, by kind of call",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("analyte_http_connections", "Open connections", connections.clone());
        registry.register_with_unit(
            "analyte_http_stall",
            "Processor time of steps that held a thread which answers calls for a millisecond or longer",
            Unit::Seconds,
            stalls.clone(),
        );
    }

    /// A call was answered.
    pub(crate) fn answered(&self, call: &'static str, status: StatusCode, took: Duration) {
        self.inner.requests.get_or_create(&Answered { call, status: class(status) }).inc();
        self.inner.seconds.get_or_create(&Call { call }).observe(took.as_secs_f64());
    }

    /// A step of a connection held its thread for so long.
    pub(crate) fn stalled(&self, took: Duration) {
        self.inner.stalls.observe(took.as_secs_f64());
    }

    /// A connection was taken; it ends when the answer is dropped.
    pub(crate) fn connected(&self) -> Connected {
        self.inner.connections.inc();
        Connected(self.clone())
    }
}

/// An open connection.
pub(crate) struct Connected(Metrics);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.inner.connections.dec();
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

/// What kind of call this is.
pub(crate) fn kind(method: &Method, path: &str) -> &'static str {
    if path.starts_with("/Thingworx/") {
        return "thingworx";
    }
    if path.starts_with("/edge/v1/") || path == "/v3/graphql" {
        return "aiware";
    }
    let Some(path) = path.strip_prefix("/v1/") else {
        return match path {
            "/healthz" | "/readyz" => "health",
            "/metrics" => "metrics",
            "/openapi.json" => "openapi",
            _ => "other",
        };
    };
    let mut segments = path.split('/');
    let writes = *method != Method::GET && *method != Method::HEAD;
    let (things, second, third) = (segments.next(), segments.next(), segments.next());
    match (things, second, third) {
        (Some("providers"), ..) if path.ends_with("/execute") => "execute",
        (Some("providers"), ..) if writes => "install",
        (Some("providers"), ..) => "catalogue",
        (Some("token" | "tokens" | "organisations"), ..) => "access",
        (Some("schedules"), ..) => "schedules",
        (Some("jobs"), None, _) if writes => "submit",
        (Some("jobs"), Some("batch"), None) => "batch",
        (Some("jobs"), None, _) | (Some("jobs"), Some("query"), None) => "list",
        (Some("jobs"), Some(_), Some("events")) => "events",
        (Some("jobs"), Some(_), _) if writes => "change",
        (Some("jobs"), Some(_), None) => "job",
        (Some("jobs"), Some(_), Some(_)) => "results",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_of_one_of_few_kinds() {
        for (method, path, expected) in [
            (Method::GET, "/readyz", "health"),
            (Method::GET, "/metrics", "metrics"),
            (Method::GET, "/v1/providers", "catalogue"),
            (Method::GET, "/v1/providers/statistics/models/describe", "catalogue"),
            (Method::PUT, "/v1/providers/statistics", "install"),
            (Method::POST, "/v1/providers/statistics/models/describe/execute", "execute"),
            (Method::POST, "/v1/jobs", "submit"),
            (Method::POST, "/v1/jobs/batch", "batch"),
            (Method::GET, "/v1/jobs", "list"),
            (Method::POST, "/v1/jobs/query", "list"),
            (Method::POST, "/v1/jobs/cancel", "change"),
            (Method::POST, "/v1/jobs/1/retry", "change"),
            (Method::DELETE, "/v1/jobs/1", "change"),
            (Method::GET, "/v1/jobs/1", "job"),
            (Method::GET, "/v1/jobs/1/events", "events"),
            (Method::GET, "/v1/jobs/1/results", "results"),
            (Method::GET, "/v1/jobs/1/tasks/main/logs", "results"),
            (Method::POST, "/v1/tokens", "access"),
            (Method::GET, "/v1/organisations/lab", "access"),
            (Method::POST, "/v1/schedules/1/launch", "schedules"),
            (Method::GET, "/v1/nothing", "other"),
            (Method::POST, "/Thingworx/Resources/X/Services/Y", "thingworx"),
            (Method::POST, "/edge/v1/proc/job/create", "aiware"),
            (Method::POST, "/v3/graphql", "aiware"),
            (Method::GET, "/wp-login.php", "other"),
        ] {
            assert_eq!(kind(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn calls_and_connections_are_counted() {
        let (metrics, mut registry) = (Metrics::default(), Registry::default());
        metrics.register(&mut registry);
        let open = metrics.connected();
        drop(metrics.connected());
        metrics.answered("submit", StatusCode::CREATED, Duration::from_millis(2));
        metrics.answered("submit", StatusCode::BAD_REQUEST, Duration::from_millis(2));
        metrics.answered("submit", StatusCode::OK, Duration::from_millis(2));
        metrics.stalled(Duration::from_millis(7));
        let mut text = String::new();
        assert_eq!(prometheus_client::encoding::text::encode_registry(&mut text, &registry), Ok(()));
        for line in [
            "analyte_http_requests_total{call=\"submit\",status=\"2xx\"} 2",
            "analyte_http_requests_total{call=\"submit\",status=\"4xx\"} 1",
            "analyte_http_request_seconds_bucket{le=\"0.0025\",call=\"submit\"} 3",
            "analyte_http_request_seconds_count{call=\"submit\"} 3",
            "analyte_http_connections 1",
            "analyte_http_stall_seconds_bucket{le=\"0.005\"} 0",
            "analyte_http_stall_seconds_bucket{le=\"0.01\"} 1",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
        drop(open);
    }
}
