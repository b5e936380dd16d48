//! The form of an upload, taken as it comes: files go straight to the store, in pieces, and never lie in memory whole.
//!
//! Nothing is kept before all of the form was read, so that a form that breaks off, or turns out to be wrong at its end,
//! leaves nothing behind. What may come between the pieces of files is bounded: names and values of fields, what stands
//! before the first boundary, how many parts there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_jobs::{JobsError, Staged};
use axum::body::Body;
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt as _};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use multer::{Field, Multipart};

use super::media_type;
use crate::problem::Problem;
use crate::request::pieces::Pieces;
use crate::shared::Shared;

/// Most bytes that the parser gets at once. It takes in one such piece with each question, whether or not it has to.
const PIECE: usize = 32 * 1024;
/// Most bytes that may come before the parser has the head of a part, or a piece of its content.
const HEAD: usize = 64 * 1024;
/// Longest value of a field that is no file.
const VALUE: usize = 4 * 1024;

/// What an upload holds.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// In which repository the files shall be.
    pub(super) repository: Option<String>,
    /// In which folder of it.
    pub(super) folder: Option<String>,
    /// In the order of the form.
    pub(super) files: Vec<Sent>,
}

/// One file of it.
#[derive(Debug)]
pub(super) struct Sent {
    /// As its sender calls it.
    pub(super) name: String,
    /// As its sender said, or by its name.
    pub(super) media_type: String,
    /// Its bytes.
    pub(super) staged: Staged,
}

/// Reads a form. Refuses with `malformed` what cannot be read and `too-large` what is longer than the limits
/// `model_file_bytes`, `repository_bytes` and `upload_parts` allow.
pub(super) async fn read(
    shared: &Shared,
    organisation: &Organisation,
    headers: &HeaderMap,
    body: Body,
) -> Result<Form, Problem> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| malformed("an upload is of type multipart/form-data with a boundary"))?;
    let unparsed = Arc::new(AtomicUsize::new(0));
    let mut multipart =
        Multipart::new(bounded(pieces(Pieces::of(shared, organisation, body)), unparsed.clone()), boundary);
    let (mut form, mut remaining, mut parts) = (Form::default(), shared.limits.repository_bytes, 0);
    loop {
        unparsed.store(0, Ordering::Relaxed);
        let Some(field) = multipart.next_field().await.map_err(broken)? else { return Ok(form) };
        parts += 1;
        if parts > shared.limits.upload_parts {
            let message = format!("the form has more than {} parts (limit upload_parts)", shared.limits.upload_parts);
            return Err(Problem::new(Code::TooLarge, message));
        }
        if let Some(name) = field.file_name().map(str::to_owned) {
            let media_type = media_type::of(&name, field.content_type().map(AsRef::as_ref));
            let staged = stage(shared, field, &name, &unparsed, &mut remaining).await?;
            // A browser sends this where nothing was chosen.
            if !name.is_empty() || staged.content.bytes > 0 {
                form.files.push(Sent { name, media_type, staged });
            }
        } else {
            let name = field.name().unwrap_or_default().to_owned();
            let value = value(field, &name, &unparsed).await?;
            // Some clients end each name in a number of their own, and some repeat one with something else in it.
            match name.strip_prefix("upload-").and_then(|rest| rest.split('-').next()) {
                Some("repository") => _ = form.repository.get_or_insert(value),
                Some("path") => _ = form.folder.get_or_insert(value),
                _ => {}
            }
        }
    }
}

async fn stage(
    shared: &Shared,
    mut field: Field<'_>,
    name: &str,
    unparsed: &AtomicUsize,
    remaining: &mut u64,
) -> Result<Staged, Problem> {
    let limits = &shared.limits;
    let mut writer = shared.manager.content_writer().await?;
    let mut left = limits.model_file_bytes;
    while let Some(piece) = chunk(&mut field, unparsed).await? {
        let length = piece.len() as u64;
        let shown = || name.chars().take(80).collect::<String>();
        left = left.checked_sub(length).ok_or_else(|| {
            let most = limits.model_file_bytes;
            Problem::new(Code::TooLarge, format!("`{}` has more than {most} bytes (limit model_file_bytes)", shown()))
        })?;
        *remaining = remaining.checked_sub(length).ok_or_else(|| {
            let most = limits.repository_bytes;
            Problem::new(Code::TooLarge, format!("the files have more than {most} bytes (limit repository_bytes)"))
        })?;
        writer.write(piece).await.map_err(JobsError::from)?;
    }
    Ok(writer.finish().await.map_err(JobsError::from)?)
}

async fn value(mut field: Field<'_>, name: &str, unparsed: &AtomicUsize) -> Result<String, Problem> {
    let mut value = Vec::new();
    while let Some(piece) = chunk(&mut field, unparsed).await? {
        value.extend_from_slice(&piece);
        if value.len() > VALUE {
            let name: String = name.chars().take(80).collect();
            return Err(malformed(format!("the field `{name}` has more than {VALUE} bytes and is no file")));
        }
    }
    String::from_utf8(value).map_err(|_| malformed("a field of the form is not UTF-8"))
}

async fn chunk(field: &mut Field<'_>, unparsed: &AtomicUsize) -> Result<Option<Bytes>, Problem> {
    unparsed.store(0, Ordering::Relaxed);
    field.chunk().await.map_err(broken)
}

/// The body in pieces that are not large.
fn pieces(body: Pieces<'_>) -> impl Stream<Item = Result<Bytes, Refused>> + Send + Unpin {
    let pieces = stream::try_unfold((body, Bytes::new()), async move |(mut body, mut left)| {
        while left.is_empty() {
            match body.next().await.map_err(Refused)? {
                Some(piece) => left = piece,
                None => return Ok(None),
            }
        }
        let piece = left.split_to(left.len().min(PIECE));
        Ok(Some((piece, (body, left))))
    });
    Box::pin(pieces)
}

/// Gives one piece for each question, and fails where too much came since the parser got on. By itself it would take in
/// whatever there is before it looks at any of it.
fn bounded(
    mut pieces: impl Stream<Item = Result<Bytes, Refused>> + Send + Unpin,
    unparsed: Arc<AtomicUsize>,
) -> impl Stream<Item = Result<Bytes, Refused>> + Send {
    let mut given = false;
    stream::poll_fn(move |context| {
        if std::mem::take(&mut given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if unparsed.load(Ordering::Relaxed) >= HEAD {
            return Poll::Ready(Some(Err(Refused(malformed(format!(
                "the form has more than {HEAD} bytes where a boundary or the head of a part should be"
            ))))));
        }
        let next = pieces.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(piece))) = &next {
            unparsed.fetch_add(piece.len(), Ordering::Relaxed);
            given = true;
        }
        next
    })
}

/// A refusal on its way through the parser.
#[derive(Debug)]
struct Refused(Problem);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the upload is refused")
    }
}

impl std::error::Error for Refused {}

fn broken(error: multer::Error) -> Problem {
    if let multer::Error::StreamReadFailed(cause) = error {
        return match cause.downcast::<Refused>() {
            Ok(refused) => refused.0,
            Err(_) => malformed("the body broke off"),
        };
    }
    tracing::debug!(%error, "a form cannot be read");
    malformed("the form cannot be read: it breaks off, or a part has no head")
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(Code::Malformed, detail)
}
