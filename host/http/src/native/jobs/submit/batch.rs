//! `POST /v1/jobs/batch`
//!
//! Items are independent: one that cannot be read or accepted is answered as a problem in its place, and the others go
//! on. Those that are accepted become durable together, so that a batch costs one write.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::limits::Limits;
use analyte_core::model::ModelInfo;
use analyte_core::names::{ModelName, Organisation, ProviderName};
use analyte_core::table::format::{Format, read};
use analyte_jobs::{Begun, Idempotency, JobView, Manager, Submission};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures::future::join_all;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::arrived::{Arrived, arrived};
use super::body::SubmissionBody;
use super::submission::{self, Asked, Room};
use crate::entry::auth::Caller;
use crate::native::jobs::body::JobBody;
use crate::native::listing::{Listing, Part};
use crate::native::table;
use crate::problem::{Problem, ProblemBody};
use crate::request::body::Received;
use crate::request::items;
use crate::request::json_body::{self, Member};
use crate::shared::Shared;

/// Several submissions.
#[derive(Deserialize, ToSchema)]
#[schema(as = Batch)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchBody<'a> {
    /// At most `batch_jobs` (usually 1,000).
    #[serde(borrow)]
    #[schema(value_type = Vec<SubmissionBody>)]
    jobs: Member<'a, Vec<SubmissionBody<'a>>>,
}

/// What became of them.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = BatchAnswer)]
pub(crate) struct BatchAnswerBody<'a> {
    /// One for each, in order.
    items: Vec<ItemBody<'a>>,
}

/// What became of one submission.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchItem)]
#[serde(rename_all = "lowercase")]
enum ItemBody<'a> {
    /// Kept and queued; or, of a repeated one, the job as it is now.
    Job(Box<JobBody<'a>>),
    /// Refused. Its pointers begin at the item.
    Error(Box<ProblemBody<'a>>),
}

/// Submits several jobs. Once they are answered, those that were accepted are kept.
///
/// With an `Idempotency-Key` each item is idempotent under a key of its own: the item at place 0 under `KEY#0`, and so on. A
/// batch may so be sent again as a whole after a lost answer; an item that was changed meanwhile is refused with
/// `idempotency-mismatch`.
#[utoipa::path(post, path = "/v1/jobs/batch", operation_id = "submit_jobs", tag = "jobs",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless; 1 to 250 characters.")),
    request_body(content = BatchBody, content_type = "application/json"),
    responses(
        (status = 200, description = "What became of each.", body = BatchAnswerBody),
        (status = 400, description = "The body is no batch.", body = ProblemBody),
        (status = 413, description = "The body is too large.", body = ProblemBody),
        (status = 422, description = "There are too many items.", body = ProblemBody),
        (status = 503, description = "There is no room now; see `Retry-After`.", body = ProblemBody),
    )
)]
pub(crate) async fn submit(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let Arrived { key, body: received } = arrived(&shared, &caller, request, shared.limits.body_bytes).await?;
    let (size, bytes, limits) = (received.bytes.len(), received.bytes.clone(), shared.limits.clone());
    let items = move || split(&bytes, key.as_deref(), &limits);
    let items = table::compute_sized(&shared, caller.organisation(), size, items).await??;

    let (turns, items): (Vec<_>, Vec<_>) = begin(&shared, caller.organisation(), items).await.into_iter().unzip();
    let (manager, by, limits) = (shared.manager.clone(), caller.clone(), shared.limits.clone());
    let items = move || read_all(&manager, &by, items, &limits);
    let items = table::compute_sized(&shared, caller.organisation(), size, items).await?;
    // The tables hold what is needed of the bytes; the room for them goes over to the answer.
    let Received { bytes, reserved } = received;
    drop(bytes);
    let answers = submit_all(&shared, caller.organisation(), items).await;
    drop(turns);
    Listing::within(&BatchAnswerBody::default(), answers, written).answer_holding(
        shared.manager.computing(caller.organisation()),
        StatusCode::OK,
        reserved,
    )
}

/// Writes what became of one item.
fn written(answer: &Result<JobView, Problem>, part: &mut Part<'_>) -> serde_json::Result<()> {
    let item = match answer {
        Ok(view) => JobBody::of(view).map(|job| ItemBody::Job(Box::new(job))),
        Err(problem) => Some(ItemBody::Error(Box::new(problem.body()))),
    };
    // The store keeps no job without a task, so every view has a body.
    serde_json::to_writer(part, &item)
}

/// One item on its way.
enum Item {
    /// Not looked into yet.
    Text(Bytes, Option<Idempotency>),
    /// Submitted before.
    Replayed(Box<JobView>),
    /// Ready to be submitted.
    Submission(Box<Submission>),
    /// Refused.
    Refused(Problem),
}

/// The items of a batch, each as text.
fn split(body: &Bytes, key: Option<&str>, limits: &Limits) -> Result<Vec<Item>, Problem> {
    let BatchBody { jobs } = json_body::read(body)?;
    let jobs = items::read(&jobs, "/jobs", "batch_jobs", limits.batch_jobs)?;
    let item = |(place, text): (usize, &serde_json::value::RawValue)| {
        let text = body.slice_ref(text.get().as_bytes());
        let idempotency = key.map(|key| submission::idempotency(format!("{key}#{place}"), &text));
        Item::Text(text, idempotency)
    };
    Ok(jobs.into_iter().enumerate().map(item).collect())
}

/// Takes the turn of each key, and finds what was submitted before.
async fn begin(shared: &Shared, organisation: &Organisation, items: Vec<Item>) -> Vec<(Option<Begun>, Item)> {
    let begun = items.into_iter().map(|item| async move {
        let Item::Text(text, Some(idempotency)) = item else { return (None, item) };
        match shared.manager.begin(organisation, &idempotency).await {
            Ok(Begun::Replay(view)) => (None, Item::Replayed(Box::new(view))),
            Ok(turn @ Begun::New(_)) => (Some(turn), Item::Text(text, Some(idempotency))),
            Err(error) => (None, Item::Refused(error.into())),
        }
    });
    join_all(begun).await
}

/// Reads what is still text. The tables of a batch together take no more memory than a single one may.
fn read_all(manager: &Manager, by: &Caller, items: Vec<Item>, limits: &Limits) -> Vec<Item> {
    let mut models = Models { manager, by, known: HashMap::new() };
    let mut room = Room::of(limits);
    let read = |item| {
        let Item::Text(text, idempotency) = item else { return item };
        match read_one(&mut models, &text, idempotency, &mut room) {
            Ok(submission) => Item::Submission(Box::new(submission)),
            Err(problem) => Item::Refused(problem),
        }
    };
    items.into_iter().map(read).collect()
}

fn read_one(
    models: &mut Models<'_>,
    text: &Bytes,
    idempotency: Option<Idempotency>,
    room: &mut Room<'_>,
) -> Result<Submission, Problem> {
    let mut asked = Asked::of(text, idempotency, room.limits())?;
    for asked in &mut asked.tasks {
        let found = models.find(&asked.task.provider, &asked.task.model);
        let model = found.map_err(|problem| asked.without_model(problem))?;
        let Some(text) = asked.table.take() else { continue };
        let read = read(Format::Json, text, &model.input, room.limits());
        let read = read.map_err(|error| asked.fault(Problem::table(error, &asked.at("/input"))))?;
        asked.give(read, room);
    }
    Ok(asked.submission(models.by))
}

/// Models that were looked up for this batch: most batches are about one.
struct Models<'a> {
    manager: &'a Manager,
    by: &'a Caller,
    known: HashMap<(ProviderName, ModelName), Arc<ModelInfo>>,
}

impl Models<'_> {
    fn find(&mut self, provider: &ProviderName, model: &ModelName) -> Result<Arc<ModelInfo>, Problem> {
        let name = (provider.clone(), model.clone());
        if let Some(known) = self.known.get(&name) {
            return Ok(known.clone());
        }
        let info = self.manager.model(self.by.organisation(), provider, model)?.info.clone();
        self.known.insert(name, info.clone());
        Ok(info)
    }
}

/// Submits those that are ready, all together; one answer for each item, in order.
async fn submit_all(shared: &Shared, organisation: &Organisation, items: Vec<Item>) -> Vec<Result<JobView, Problem>> {
    let mut submissions = Vec::new();
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        answers.push(match item {
            Item::Submission(submission) => {
                submissions.push(*submission);
                None
            }
            Item::Replayed(view) => Some(Ok(*view)),
            Item::Refused(problem) => Some(Err(problem)),
            Item::Text(..) => Some(Err(unanswered())),
        });
    }
    let mut submitted = shared.manager.submit_all(organisation, submissions).await.into_iter();
    let mut next = || submitted.next().map_or_else(|| Err(unanswered()), |one| Ok(one?.job));
    answers.into_iter().map(|answer| answer.unwrap_or_else(&mut next)).collect()
}

fn unanswered() -> Problem {
    Problem::new(analyte_core::codes::Code::HostError, "the submission was not answered")
}
