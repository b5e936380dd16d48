//! `GET /metrics`
//!
//! What is counted all along comes from the registry; what is true at this moment is measured when it is asked for.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use analyte_core::codes::Code;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{Measured, Right};
use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::entry::auth::Caller;
use crate::native::table::compute;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Whole = Gauge<u64, AtomicU64>;
type Seconds = Gauge<f64, AtomicU64>;

/// Whose queue.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Queue {
    organisation: String,
    provider: String,
}

/// Figures of the whole server for dashboards and alarms, as OpenMetrics text; `docs/operators.md` explains them.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "server", responses(
    (status = 200, description = "OpenMetrics text.", body = String, content_type = "application/openmetrics-text"),
    (status = 403, description = "They tell of every organisation, so the token must be an administrator's.", body = ProblemBody),
))]
pub(crate) async fn metrics(State(shared): State<Arc<Shared>>, caller: Caller) -> Result<Response, Problem> {
    caller.require(Right::Admin)?;
    let measured = shared.manager.measure().await;
    let registry = shared.registry.clone();
    // There are queues of every organisation and provider in it.
    let text = compute(&shared, caller.organisation(), move || {
        let mut text = String::new();
        encode_registry(&mut text, &registry)
            .and_then(|()| encode_registry(&mut text, &momentary(&measured)))
            .and_then(|()| encode_eof(&mut text))
            .map(|()| text)
    });
    let text = text.await?.map_err(|_| Problem::new(Code::HostError, "the metrics cannot be written"))?;
    let mut response = Response::new(text.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(OPEN_METRICS));
    Ok(response)
}

/// What is true at this moment.
fn momentary(measured: &Measured) -> Registry {
    let mut registry = Registry::default();
    queues(&mut registry, measured);
    let mut whole = |name: &str, help: &str, unit: Option<Unit>, value: u64| {
        let gauge = Whole::default();
        gauge.set(value);
        match unit {
            Some(unit) => registry.register_with_unit(name, help, unit, gauge),
            None => registry.register(name, help, gauge),
        }
    };
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    whole("analyte_tasks_running", "Tasks that run, of jobs or at once", None, count(measured.running));
    whole("analyte_task_slots", "How many tasks may run at once", None, count(measured.slots));
    let bytes = || Some(Unit::Bytes);
    whole("analyte_memory_admitted", "Memory that runs and bodies have reserved", bytes(), measured.memory_reserved);
    whole("analyte_memory_capacity", "Memory that they may reserve", bytes(), measured.memory_capacity);
    let health = measured.health.as_ref();
    let failing = health.is_none_or(|health| health.failing.is_some());
    whole("analyte_store_failing", "1 where the store cannot be written, else 0", None, failing.into());
    if let Some(health) = health {
        whole("analyte_store_size", "What the store takes on disk", bytes(), health.disk_bytes);
        whole("analyte_disk_free", "Free space on the store's disk", bytes(), health.free_bytes);
        let full = u64::from(health.disk_full);
        whole("analyte_disk_full", "1 where new jobs are refused for want of space, else 0", None, full);
    }
    registry
}

fn queues(registry: &mut Registry, measured: &Measured) {
    let (queued, running, age) =
        (Family::<Queue, Whole>::default(), Family::<Queue, Whole>::default(), Family::<Queue, Seconds>::default());
    for depth in &measured.depths {
        let queue = Queue { organisation: depth.organisation.to_string(), provider: depth.provider.to_string() };
        queued.get_or_create(&queue).set(depth.queued);
        running.get_or_create(&queue).set(depth.running);
        age.get_or_create(&queue).set(depth.oldest.map_or(0.0, |oldest| seconds_between(oldest, measured.now)));
    }
    registry.register("analyte_jobs_queued", "Jobs that are queued, by organisation and provider", queued);
    registry.register("analyte_jobs_running", "Jobs that are running, by organisation and provider", running);
    registry.register_with_unit(
        "analyte_jobs_oldest_queued_age",
        "How long the first of the queued jobs could have started by now, by organisation and provider",
        Unit::Seconds,
        age,
    );
}

fn seconds_between(earlier: Timestamp, later: Timestamp) -> f64 {
    later.ms_since(earlier) as f64 / 1_000.0
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use analyte_core::names::{Organisation, ProviderName};
    use analyte_jobs::{Depth, Health};

    use super::*;

    #[test]
    fn the_state_of_this_moment_is_in_gauges() {
        let depth = Depth {
            organisation: Organisation::default_one(),
            provider: ProviderName::new("statistics").unwrap(),
            queued: 3,
            running: 1,
            oldest: Some(Timestamp(10_000)),
        };
        let health = Health { quarantined: 2, disk_bytes: 7, free_bytes: 8, disk_full: true, failing: None };
        let measured = Measured {
            depths: vec![depth],
            running: 1,
            slots: 4,
            memory_reserved: 5,
            memory_capacity: 6,
            health: Some(health),
            now: Timestamp(12_500),
        };
        let mut text = String::new();
        encode_registry(&mut text, &momentary(&measured)).unwrap();
        let values: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            values,
            [
                "analyte_jobs_queued{organisation=\"default\",provider=\"statistics\"} 3",
                "analyte_jobs_running{organisation=\"default\",provider=\"statistics\"} 1",
                "analyte_jobs_oldest_queued_age_seconds{organisation=\"default\",provider=\"statistics\"} 2.5",
                "analyte_tasks_running 1",
                "analyte_task_slots 4",
                "analyte_memory_admitted_bytes 5",
                "analyte_memory_capacity_bytes 6",
                "analyte_store_failing 0",
                "analyte_store_size_bytes 7",
                "analyte_disk_free_bytes 8",
                "analyte_disk_full 1",
            ]
        );
        let silent = Measured { depths: Vec::new(), health: None, ..measured };
        let mut text = String::new();
        encode_registry(&mut text, &momentary(&silent)).unwrap();
        assert!(text.lines().any(|line| line == "analyte_store_failing 1"), "{text}");
        assert!(!text.contains("analyte_disk_full"), "{text}");
    }
}
