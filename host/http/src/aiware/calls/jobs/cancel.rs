//! `POST /edge/v1/proc/jobs/cancel`: one job, a scheduled job with the jobs that it has made, or all jobs of an organisation that
//! were made in a window of time.
//!
//! Only a job all of whose tasks wait is cancelled, also where it has begun and they wait for their next run. Whether it
//! is one is asked in the very step that cancels it. A job that runs is not stopped by this call.

use std::sync::Arc;

use analyte_core::timestamp::Timestamp;
use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::aiware::body::{SMALL, received};
use crate::aiware::envelope::{Operation, operation};
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::{lookup, names};
use crate::aiware::schedules::{change, find};
use crate::entry::auth::Caller;
use crate::request::json_body::{self, Member};
use crate::shared::Shared;

/// What is to be cancelled: exactly one of a job, a schedule, and a window of an organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CancelBody<'a> {
    #[serde(rename = "jobID", alias = "jobId")]
    job: Option<String>,
    /// A text or a number.
    #[serde(borrow, rename = "scheduledJobID", alias = "scheduledJobId")]
    #[schema(value_type = Option<String>)]
    schedule: Option<Member<'a>>,
    #[serde(rename = "organizationID", alias = "organizationId")]
    organisation: Option<String>,
    #[serde(rename = "createdBeforeDateTime")]
    before: Option<String>,
    #[serde(rename = "createdAfterDateTime")]
    after: Option<String>,
}

/// What is to be cancelled.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Job(String),
    Schedule(String),
    Window { organisation: String, after: Timestamp, before: Timestamp },
}

/// Cancels, and says how many jobs.
#[utoipa::path(post, path = "/edge/v1/proc/jobs/cancel", operation_id = "cancel_jobs", tag = "jobs",
    request_body(content = CancelBody, content_type = "application/json"),
    responses(
        (status = 200, description = "How many jobs were cancelled.", body = Operation),
    ),
)]
pub(crate) async fn cancel(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let received = received(&shared, &caller, Some(Right::JobsWrite), request, SMALL).await?;
    let (manager, organisation) = (&shared.manager, caller.organisation());
    match asked(&received.bytes)? {
        Asked::Job(id) => {
            let job = lookup::job(manager, organisation, &id).await?;
            manager.cancel_waiting(organisation, job.id).await?;
            Ok(operation(1))
        }
        Asked::Schedule(id) => {
            // First, so that it makes no further job that would be missed.
            let job = change::deactivate(manager, organisation, &id).await?;
            Ok(operation(manager.cancel_waiting_of_schedule(organisation, job.schedule.id).await?))
        }
        Asked::Window { organisation: named, .. } if !names::is_organisation(&named, organisation) => {
            Err(Refusal::at(ErrorId::NotFound, "/organizationID", "is no organisation that there is"))
        }
        Asked::Window { after, before, .. } => {
            // Neither end is part of the window.
            let cancelled = manager.cancel_waiting_of(organisation, after.plus_ms(1), before).await?;
            Ok(operation(cancelled))
        }
    }
}

fn asked(body: &[u8]) -> Result<Asked, Refusal> {
    let CancelBody { job, schedule, organisation, before, after } = json_body::read(body)?;
    let window = organisation.is_some() || before.is_some() || after.is_some();
    let forms = u8::from(job.is_some()) + u8::from(schedule.is_some()) + u8::from(window);
    if forms != 1 {
        let detail = "say exactly one of these: `jobID`; `scheduledJobID`; `organizationID` with \
                      `createdBeforeDateTime` and `createdAfterDateTime`";
        return Err(Refusal::new(ErrorId::InvalidInput, detail));
    }
    if let Some(job) = job {
        return Ok(Asked::Job(job));
    }
    if let Some(schedule) = schedule {
        return Ok(Asked::Schedule(find::id_in(&schedule, "/scheduledJobID")?));
    }
    let needed = |text: Option<String>, at: &str| {
        text.filter(|text| !text.is_empty()).ok_or_else(|| Refusal::at(ErrorId::Malformed, at, "is missing"))
    };
    let organisation = needed(organisation, "/organizationID")?;
    let time = |text: Option<String>, at: &str| {
        let wrong = |error| Refusal::at(ErrorId::InvalidInput, at, format!("cannot be read: {error}"));
        needed(text, at)?.parse::<Timestamp>().map_err(wrong)
    };
    let before = time(before, "/createdBeforeDateTime")?;
    let after = time(after, "/createdAfterDateTime")?;
    if after >= before {
        let message = "is not before `createdBeforeDateTime`, so no job is in between";
        return Err(Refusal::at(ErrorId::InvalidInput, "/createdAfterDateTime", message));
    }
    Ok(Asked::Window { organisation, after, before })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Asked, String> {
        asked(body.as_bytes()).map_err(|refusal| serde_json::to_string(&refusal.body()).unwrap_or_default())
    }

    #[test]
    fn exactly_one_form_is_taken() {
        let window = r#"{"organizationID":"o","createdBeforeDateTime":"1970-01-01T01:00:02+01:00","createdAfterDateTime":"1970-01-01T00:00:01Z"}"#;
        let expected =
            Asked::Window { organisation: "o".to_owned(), after: Timestamp(1_000), before: Timestamp(2_000) };
        assert_eq!(read(window), Ok(expected));
        assert_eq!(read(r#"{"jobID":"j","organizationID":null}"#), Ok(Asked::Job("j".to_owned())));
        for schedule in [r#"{"scheduledJobID":7}"#, r#"{"scheduledJobID":"7"}"#] {
            assert_eq!(read(schedule), Ok(Asked::Schedule("7".to_owned())));
        }
        for (wrong, why) in [
            ("{}", "exactly one"),
            (r#"{"jobID":"j","scheduledJobID":7}"#, "exactly one"),
            (r#"{"jobID":"j","createdBeforeDateTime":"x"}"#, "exactly one"),
            (r#"{"organizationID":"o"}"#, "`/createdBeforeDateTime` is missing"),
            (r#"{"createdBeforeDateTime":"1970-01-01T00:00:00Z"}"#, "`/organizationID` is missing"),
            (&window.replace("+01:00", ""), "`/createdBeforeDateTime` cannot be read"),
            (&window.replace("00:00:01Z", "00:00:02Z"), "is not before"),
            (r#"{"scheduledJobID":7.5}"#, "`/scheduledJobID` must be"),
            (r#"{"scheduledJobID":{}}"#, "`/scheduledJobID` must be"),
            (r#"{"jobid":"j"}"#, "`/jobid` is not known"),
            (r#"{"jobID":7}"#, "`/jobID`"),
        ] {
            assert!(read(wrong).is_err_and(|said| said.contains(why)), "{wrong}");
        }
    }
}
