//! Messages of a socket: JSON objects, each a text.

use analyte_core::job::{Job, Task};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::aiware::calls::outputs::names::OutputBody;
use crate::aiware::error::Refusal;
use crate::aiware::ids::task_id;
use crate::aiware::status;
use crate::native::json::Time;
use crate::request::json_body::{self, Member};

/// What a client sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// `subscribe` or `unsubscribe`, or whatever the client says.
    pub(super) kind: String,
    pub(super) task: Option<String>,
    pub(super) job: Option<String>,
    /// A token of the same organisation; the one that the socket was opened with is good enough.
    pub(super) token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestBody<'a> {
    #[serde(rename = "msgType")]
    kind: String,
    #[serde(rename = "taskID", alias = "taskId")]
    task: Option<String>,
    #[serde(rename = "jobID", alias = "jobId")]
    job: Option<String>,
    token: Option<String>,
    // When the client sent it says nothing here.
    #[serde(borrow, rename = "timestamp")]
    _timestamp: Option<Member<'a>>,
}

impl Request {
    /// Reads a message.
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let RequestBody { kind, task, job, token, .. } = json_body::read_text(text)?;
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Self { kind, task: given(task), job: given(job), token: given(token) })
    }
}

/// What the server sends.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    #[serde(rename = "msgType")]
    kind: &'static str,
    timestamp: Time,
    #[serde(rename = "ackMsgType", skip_serializing_if = "Option::is_none")]
    of: Option<&'a str>,
    #[serde(rename = "taskID", skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    #[serde(rename = "jobID", skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(rename = "failureCode", skip_serializing_if = "Option::is_none")]
    failure_code: Option<&'static str>,
    #[serde(rename = "failureReason", skip_serializing_if = "Option::is_none")]
    failure_reason: Option<&'static str>,
    /// Which of the outputs of the task it is.
    #[serde(rename = "chunkID", skip_serializing_if = "Option::is_none")]
    chunk: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    /// Of an output: `false` where its text is too long for a message, and is to be downloaded.
    #[serde(rename = "contentsValid", skip_serializing_if = "Option::is_none")]
    contents_valid: Option<bool>,
}

impl<'a> Message<'a> {
    fn new(kind: &'static str, at: Time) -> Self {
        Self {
            kind,
            timestamp: at,
            of: None,
            task: None,
            job: None,
            status: None,
            failure_code: None,
            failure_reason: None,
            chunk: None,
            text: None,
            contents_valid: None,
        }
    }

    /// Answers a request: `OK`, or what is wrong with it.
    pub(super) fn ack(at: Time, request: &'a Request, status: &'a str) -> Self {
        let (task, job) = (request.task.clone(), request.job.clone());
        Self { of: Some(&request.kind), task, job, status: Some(status), ..Self::new("ack", at) }
    }

    /// A task has reached its final state.
    pub(super) fn status(at: Time, job: &Job, place: usize, task: &Task) -> Self {
        Self {
            status: Some(status::of_task(task)),
            failure_code: task.error.as_ref().map(|failure| failure.code.as_str()),
            failure_reason: task.error.as_ref().map(|_| status::reason(task)),
            ..Self::of_task("taskStatus", at, job, place)
        }
    }

    /// A task has given this table.
    pub(super) fn output(at: Time, job: &Job, place: usize, output: &'a OutputBody) -> Self {
        Self {
            chunk: Some(&output.name),
            text: output.contents.as_deref(),
            contents_valid: Some(output.contents.is_some()),
            ..Self::of_task("taskOutput", at, job, place)
        }
    }

    fn of_task(kind: &'static str, at: Time, job: &Job, place: usize) -> Self {
        let id: Uuid = task_id::internal(job.id, place);
        Self { task: Some(id.to_string()), job: Some(job.id.to_string()), ..Self::new(kind, at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_request_is_refused() {
        let read = |text: &str| {
            Request::read(text).map_err(|refusal| serde_json::to_string(&refusal.body()).unwrap_or_default())
        };
        let request = read(r#"{"msgType":"subscribe","jobID":"j","taskID":"","token":"t","timestamp":"x"}"#);
        let expected = Request { kind: "subscribe".into(), task: None, job: Some("j".into()), token: Some("t".into()) };
        assert_eq!(request, Ok(expected));
        for (wrong, why) in [
            ("", "is not JSON"),
            ("[]", "expected"),
            ("{}", "`/msgType` is missing"),
            (r#"{"msgType":"subscribe","task":"x"}"#, "`/task` is not known here"),
            (r#"{"msgType":"subscribe","jobID":7}"#, "`/jobID`"),
        ] {
            assert!(read(wrong).is_err_and(|said| said.contains(why)), "{wrong}");
        }
    }
}
