//! The fields of a job.

use std::collections::{BTreeMap, BTreeSet};

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::document::Document;
use analyte_core::failure::Failure;
use analyte_core::job::fields::{NAMES, is_field};
use analyte_core::job::{Content, Job, Progress, RetryPolicy, RunLimits, Status, Task, Usage};
use analyte_core::names::{Attempt, JobId, ModelName, Organisation, ProviderName, ScheduleId, TaskName};
use analyte_core::query::{Field, Fields as _};
use analyte_core::schedule::FiredBy;
use analyte_core::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::query;

const ID: &str = "018f2b6c-0000-7000-8000-000000000001";

fn task(name: &str, provider: &str, status: Status, attempt: u32) -> Task {
    let content = Content { digest: Digest::of(b"table"), bytes: 5 };
    let named = (ProviderName::new(provider).expect("a name"), ModelName::new("Deflection").expect("a name"));
    let digest = Digest::of(provider.as_bytes());
    Task {
        status,
        attempt: Attempt(attempt),
        usage: Usage { fuel: 10 * u64::from(attempt), peak_memory_bytes: u64::MAX },
        ..Task::queued(TaskName::new(name).expect("a name"), named, digest, content.clone(), content)
    }
}

fn job(tasks: Vec<Task>, status: Status) -> Job {
    let id = ID.parse().map(JobId).expect("an id");
    let limits = RunLimits { fuel: 7, memory_bytes: 8, timeout_ms: 9 };
    Job {
        status,
        priority: -3,
        started_at: Some(Timestamp(2_000)),
        retry: RetryPolicy { max_attempts: 4, backoff_ms: 10 },
        tags: BTreeMap::from([("line".to_owned(), "A 7".to_owned()), ("a.b".to_owned(), "dotted".to_owned())]),
        ..Job::queued(id, Organisation::default_one(), tasks, limits, Timestamp(1_000))
    }
}

#[test]
fn fields_are_those_of_the_json_form() {
    let mut running = task("b", "beam", Status::Running, 2);
    running.progress = Some(Progress { fraction: 0.5, message: "half".to_owned() });
    let mut first = job(vec![task("a", "Prepare", Status::Completed, 1), running], Status::Running);
    first.run_at = Some(Timestamp(1_500));
    first.retry_of = Some(first.id);
    first.created_by = Some("line 7".to_owned());
    first.schedule = Some(FiredBy { id: ScheduleId(first.id.0), number: Some(1), fire_time: Timestamp(900) });
    first.custom_data = Document::of(&json!({"a": 1})).ok();
    let expected = [
        ("id", Field::text(ID)),
        ("status", Field::text("running")),
        ("status.rank", Field::Integer(2)),
        ("provider", Field::text("Prepare")),
        ("model", Field::text("Deflection")),
        ("digest", Field::text(Digest::of(b"Prepare").to_string())),
        ("attempt", Field::Integer(2)),
        ("max_attempts", Field::Integer(4)),
        ("priority", Field::Integer(-3)),
        ("fuel_used", Field::Integer(20)),
        ("peak_memory_bytes", Field::Integer(i64::MAX)),
        ("created_at", Field::Datetime(Timestamp(1_000))),
        ("run_at", Field::Datetime(Timestamp(1_500))),
        ("started_at", Field::Datetime(Timestamp(2_000))),
        ("finished_at", Field::Missing),
        ("retry_of", Field::text(ID)),
        ("created_by", Field::text("line 7")),
        ("schedule", Field::Other),
        ("schedule.id", Field::text(ID)),
        ("schedule.fire_time", Field::Datetime(Timestamp(900))),
        ("tags", Field::Tags(vec![("a.b", "dotted"), ("line", "A 7")])),
        ("tags.line", Field::text("A 7")),
        ("tags.a.b", Field::text("dotted")),
        ("tags.other", Field::Missing),
        ("custom_data", Field::Other),
        ("error", Field::Missing),
        ("error.code", Field::Missing),
        ("error.message", Field::Missing),
        ("limits.fuel", Field::Integer(7)),
        ("limits.memory_bytes", Field::Integer(8)),
        ("limits.timeout_ms", Field::Integer(9)),
        ("progress", Field::Other),
        ("limits", Field::Other),
        ("progress.fraction", Field::Number(0.5)),
        ("progress.message", Field::text("half")),
        ("Status", Field::Missing),
        ("organisation", Field::Missing),
        ("", Field::Missing),
    ];
    for (name, field) in &expected {
        assert_eq!(first.field(name), *field, "{name}");
    }
    // The list of names is that of this table; whatever is there is on it.
    let known: BTreeSet<&str> = expected.iter().map(|(name, _)| *name).filter(|name| is_field(name)).collect();
    let listed = NAMES.iter().copied().chain(["tags.line", "tags.a.b", "tags.other"]).collect::<BTreeSet<_>>();
    assert_eq!(known, listed);
    assert!(expected.iter().all(|(name, field)| *field == Field::Missing || is_field(name)));
}

#[test]
fn a_job_that_ended_shows_its_last_task_and_its_error() {
    let mut failed = task("b", "beam", Status::Failed, 3);
    failed.error = Some(Failure::new(Code::OutOfFuel, "the run used up its fuel"));
    let job = job(vec![task("a", "prepare", Status::Completed, 1), failed], Status::Failed);
    for (name, field) in [
        ("attempt", Field::Integer(3)),
        ("provider", Field::text("prepare")),
        ("error", Field::Other),
        ("error.code", Field::text("out-of-fuel")),
        ("error.message", Field::text("the run used up its fuel")),
        ("progress.fraction", Field::Missing),
        ("custom_data", Field::Missing),
        ("retry_of", Field::Missing),
    ] {
        assert_eq!(job.field(name), field, "{name}");
    }
}

#[test]
fn jobs_are_found_by_what_they_are() {
    let job = job(vec![task("a", "beam", Status::Queued, 0)], Status::Queued);
    let asked: [(Value, bool); 9] = [
        (json!({"type": "EQ", "fieldName": "status", "value": "QUEUED"}), true),
        (json!({"type": "IN", "fieldName": "status", "values": ["failed", "cancelled"]}), false),
        (json!({"type": "GE", "fieldName": "created_at", "value": "1970-01-01T00:00:01Z"}), true),
        (json!({"type": "LT", "fieldName": "created_at", "value": 1_000}), false),
        (
            json!({"type": "TAGGED", "fieldName": "tags", "tags": [{"vocabulary": "line", "vocabularyTerm": "A 7"}]}),
            true,
        ),
        (json!({"type": "LIKE", "fieldName": "tags.line", "value": "a*"}), true),
        (json!({"type": "MISSINGVALUE", "fieldName": "custom_data"}), true),
        (json!({"type": "LT", "fieldName": "priority", "value": 0}), true),
        (json!({"type": "LIKE", "fieldName": "id", "value": "018F2B6C-*"}), true),
    ];
    for (filter, expected) in asked {
        let found = query(&json!({"filters": filter})).filter.is_some_and(|filter| filter.matches(&job));
        assert_eq!(found, expected, "{filter}");
    }
}
