//! `GET /v1/jobs/{job}/events`
//!
//! A stream pulls from the store when its job has something new, and holds nothing while it waits but its place. It ends
//! with the job, when the server stops, and when the token that opened it is revoked or expires: it checks this
//! before every event, and whenever it sent nothing for `event_silence_ms`. A client that comes back names the last
//! event that it saw and misses none.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::job::Status;
use analyte_core::job::event::{EventId, Happened, JobEvent, Reported};
use analyte_core::names::{JobId, TaskName};
use analyte_jobs::{Following, JobsError, Right};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::entry::auth::Caller;
use crate::native::json::Time;
use crate::native::path_and_query::{Segments, known_pairs};
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Asks proxies not to collect the answer.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// How long a browser waits before it comes back, in milliseconds.
const RETRY: &str = "retry: 1000\n\n";
/// A line that means nothing.
const COMMENT: &str = ": \n\n";

/// What happens to a job, as server-sent events; those that have happened first.
///
/// `status` is sent when the job or one of its tasks changes, `progress` and `log` as a run reports them. Ids rise. The
/// stream ends when the job has ended and all its events were sent; a client that then comes back with the last id gets
/// 204, on which a browser stops. Lines that begin with a colon keep the connection open and mean nothing. Of what the
/// runs of a job report, the server keeps the last 1 MiB.
#[utoipa::path(get, path = "/v1/jobs/{job}/events", operation_id = "follow_job", tag = "jobs",
    params(
        ("job" = String, Path, description = "Its id."),
        ("Last-Event-ID" = Option<String>, Header, description = "Only events after this one."),
        ("last_event_id" = Option<String>, Query, description = "The same, for clients that cannot send the header; the header goes first."),
    ),
    responses(
        (status = 200, description = "Events: `status` with `{\"status\",\"task\",\"task_status\",\"attempt\",\"time\",\"code\"}`, \
            `progress` with `{\"fraction\",\"message\",\"task\",\"attempt\",\"time\"}`, `log` with \
            `{\"level\",\"message\",\"task\",\"attempt\",\"time\"}`.", body = String, content_type = "text/event-stream"),
        (status = 204, description = "The job has ended, and you have seen all."),
        (status = 400, description = "The last event's id cannot be read.", body = ProblemBody),
        (status = 404, description = "There is no such job.", body = ProblemBody),
    )
)]
pub(crate) async fn follow(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<JobId>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let after = last_seen(&uri, &headers)?;
    if let Some(after) = after {
        let job = shared.manager.get(caller.organisation(), id).await?.job;
        if after >= EventId::of_revision(job.revision.saturating_add(1)) {
            let detail = format!(
                "the job has no event `{after}` yet; without Last-Event-ID the stream begins with its first one"
            );
            return Err(Problem::new(Code::Malformed, detail));
        }
        if job.status.ended() && after >= EventId::of_revision(job.revision) {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
    let following = shared.manager.follow_job(caller.organisation(), id, after.unwrap_or_default()).await?;
    let mut response = Response::new(stream_of(&shared, id, following, caller.principal().token.clone()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

/// The last event that the client saw, if it says so. Browsers send an empty id where there was none.
fn last_seen(uri: &Uri, headers: &HeaderMap) -> Result<Option<EventId>, Problem> {
    let [parameter] = known_pairs(uri, ["last_event_id"])?;
    let mut given = headers.get_all(LAST_EVENT_ID).iter();
    let header = given.next();
    if given.next().is_some() {
        return Err(Problem::new(Code::Malformed, "there are several Last-Event-ID headers"));
    }
    let (name, text) = match (header, parameter) {
        (Some(header), _) => ("the header Last-Event-ID", String::from_utf8_lossy(header.as_bytes()).into_owned()),
        (None, Some(parameter)) => ("the query parameter `last_event_id`", parameter),
        (None, None) => return Ok(None),
    };
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    number.map(|number| Some(EventId(number))).ok_or_else(|| {
        let detail = format!("{name} must be the id of an event: a whole number, not negative");
        Problem::new(Code::Malformed, detail)
    })
}

type Waiting = Pin<Box<dyn Future<Output = (Following, Result<Option<Vec<JobEvent>>, JobsError>)> + Send>>;

/// Events as they come, until there can be no more. Where they cannot be read the connection is cut, so that the client
/// comes back rather than taking this for the end. A token that is no longer valid gets no events: the gate refuses a
/// client that comes back with it.
fn stream_of(shared: &Shared, id: JobId, following: Following, token: String) -> Body {
    let silence = Duration::from_millis(shared.limits.event_silence_ms);
    let (manager, closing) = (shared.manager.clone(), shared.closing.clone());
    let first = waiting(following, closing.clone());
    let events = stream::try_unfold((first, manager, token), move |(mut wait, manager, token)| {
        let closing = closing.clone();
        async move {
            let waited = tokio::time::timeout(silence, &mut wait).await;
            if !manager.token_valid(&token) {
                return Ok(None);
            }
            let Ok((following, next)) = waited else {
                return Ok(Some((Bytes::from_static(COMMENT.as_bytes()), (wait, manager, token))));
            };
            match next {
                Ok(Some(events)) => {
                    let wait = waiting(following, closing);
                    Ok(Some((Bytes::from(written(&events)), (wait, manager, token))))
                }
                Ok(None) => Ok(None),
                Err(error) => {
                    tracing::warn!(job = %id, %error, "a job's events cannot be read");
                    Err(error)
                }
            }
        }
    });
    let first = stream::once(async { Ok(Bytes::from_static(RETRY.as_bytes())) });
    Body::from_stream(stream::StreamExt::chain(first, events))
}

/// Waits for what comes next; nothing more comes when the server begins to stop.
fn waiting(mut following: Following, closing: CancellationToken) -> Waiting {
    Box::pin(async move {
        let next = closing.run_until_cancelled(following.next()).await.unwrap_or(Ok(None));
        (following, next)
    })
}

/// Events as server-sent events are written.
fn written(events: &[JobEvent]) -> String {
    let mut text = String::new();
    for event in events {
        let (name, data) = shown(event);
        // JSON has no line ends, so one line of data is all of it.
        text.push_str(&format!("id: {}\nevent: {name}\ndata: {data}\n\n", event.id));
    }
    text
}

/// What is said of an event.
#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Status {
        status: &'static str,
        task: Option<&'a str>,
        task_status: Option<&'static str>,
        attempt: u32,
        time: Time,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'static str>,
    },
    Progress {
        fraction: f64,
        message: &'a str,
        task: &'a str,
        attempt: u32,
        time: Time,
    },
    Log {
        level: &'a str,
        message: &'a str,
        task: &'a str,
        attempt: u32,
        time: Time,
    },
}

fn shown(event: &JobEvent) -> (&'static str, String) {
    let time = Time(event.at);
    let (name, data) = match &event.what {
        Happened::Changed { status, task, task_status, attempt, code } => (
            "status",
            Data::Status {
                status: status.as_str(),
                task: task.as_ref().map(TaskName::as_str),
                task_status: task_status.map(Status::as_str),
                attempt: attempt.0,
                time,
                code: code.map(Code::as_str),
            },
        ),
        Happened::Reported { task, attempt, what: Reported::Progress(progress) } => (
            "progress",
            Data::Progress {
                fraction: progress.fraction,
                message: &progress.message,
                task: task.as_str(),
                attempt: attempt.0,
                time,
            },
        ),
        Happened::Reported { task, attempt, what: Reported::Log { level, message } } => {
            ("log", Data::Log { level, message, task: task.as_str(), attempt: attempt.0, time })
        }
    };
    // Strings and numbers: writing them cannot fail.
    (name, serde_json::to_string(&data).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use analyte_core::job::Progress;
    use analyte_core::names::Attempt;
    use analyte_core::timestamp::Timestamp;

    use super::*;

    #[test]
    fn events_are_written_as_browsers_read_them() {
        let reported = |what| Happened::Reported { task: TaskName::only(), attempt: Attempt(1), what };
        let changed = |status, task_status, code| Happened::Changed {
            status,
            task: Some(TaskName::only()),
            task_status: Some(task_status),
            attempt: Attempt(1),
            code,
        };
        let whole = Happened::Changed {
            status: Status::Queued,
            task: None,
            task_status: None,
            attempt: Attempt(0),
            code: None,
        };
        let events = [
            (1_000_000, whole),
            (2_000_000, changed(Status::Running, Status::Running, None)),
            (2_000_001, reported(Reported::Progress(Progress { fraction: 0.5, message: "half\nway".into() }))),
            (2_000_002, reported(Reported::Log { level: "warn".into(), message: "a \"b\"\r\n".into() })),
            (3_000_000, changed(Status::Failed, Status::Failed, Some(Code::Trap))),
        ];
        let events = events.map(|(id, what)| JobEvent { id: EventId(id), at: Timestamp(1), what });
        assert_eq!(
            written(&events),
            r#"id: 1000000
event: status
data: {"status":"queued","task":null,"task_status":null,"attempt":0,"time":"1970-01-01T00:00:00.001Z"}

id: 2000000
event: status
data: {"status":"running","task":"main","task_status":"running","attempt":1,"time":"1970-01-01T00:00:00.001Z"}

id: 2000001
event: progress
data: {"fraction":0.5,"message":"half\nway","task":"main","attempt":1,"time":"1970-01-01T00:00:00.001Z"}

id: 2000002
event: log
data: {"level":"warn","message":"a \"b\"\r\n","task":"main","attempt":1,"time":"1970-01-01T00:00:00.001Z"}

id: 3000000
event: status
data: {"status":"failed","task":"main","task_status":"failed","attempt":1,"time":"1970-01-01T00:00:00.001Z","code":"trap"}

"#
        );
    }

    #[test]
    fn the_last_event_is_named_by_a_number() {
        let seen = |uri: &'static str, header: Option<&'static str>| {
            let headers: HeaderMap =
                header.into_iter().map(|text| (LAST_EVENT_ID, HeaderValue::from_static(text))).collect();
            last_seen(&Uri::from_static(uri), &headers).map_err(|problem| problem.detail().to_owned())
        };
        assert_eq!(seen("/x", None), Ok(None));
        assert_eq!(seen("/x", Some("")), Ok(None));
        assert_eq!(seen("/x", Some("12")), Ok(Some(EventId(12))));
        assert_eq!(seen("/x?last_event_id=7", None), Ok(Some(EventId(7))));
        assert_eq!(seen("/x?last_event_id=7", Some("12")), Ok(Some(EventId(12))));
        for bad in ["-1", "+1", "1.5", "x", "1 ", "18446744073709551616"] {
            let expected = "the header Last-Event-ID must be the id of an event: a whole number, not negative";
            assert_eq!(seen("/x", Some(bad)), Err(expected.to_owned()), "{bad}");
        }
        assert!(seen("/x?last_event_id=x", None).is_err_and(|detail| detail.contains("`last_event_id`")));
    }
}
