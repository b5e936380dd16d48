//! The form of an upload, taken as it comes: files go straight to the store, in pieces, and never lie in memory whole.
//!
//! Nothing is kept before all of the form was read, so that a form that breaks off, or turns out to be wrong at its end,
//! leaves nothing behind. What may come between the pieces of files is bounded: names and values of fields, what stands
//! before the first boundary, how many parts there are.

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_jobs::{JobsError, Staged};
use axum::body::Body;
use http::HeaderMap;

use super::media_type;
use crate::problem::Problem;
use crate::request::multipart::{Part, Parts};
use crate::request::pieces::Pieces;
use crate::shared::Shared;

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
    let mut all = Parts::of(headers, Pieces::of(shared, organisation, body))?;
    let (mut form, mut remaining, mut parts) = (Form::default(), shared.limits.repository_bytes, 0);
    loop {
        let Some(part) = all.next().await? else { return Ok(form) };
        parts += 1;
        if parts > shared.limits.upload_parts {
            let message = format!("the form has more than {} parts (limit upload_parts)", shared.limits.upload_parts);
            return Err(Problem::new(Code::TooLarge, message));
        }
        if let Some(name) = part.file_name().map(str::to_owned) {
            let media_type = media_type::of(&name, part.media_type());
            let staged = stage(shared, part, &name, &mut remaining).await?;
            // A browser sends this where nothing was chosen.
            if !name.is_empty() || staged.content.bytes > 0 {
                form.files.push(Sent { name, media_type, staged });
            }
        } else {
            let name = part.name().to_owned();
            let value = value(part, &name).await?;
            // Some clients end each name in a number of their own, and some repeat one with something else in it.
            match name.strip_prefix("upload-").and_then(|rest| rest.split('-').next()) {
                Some("repository") => _ = form.repository.get_or_insert(value),
                Some("path") => _ = form.folder.get_or_insert(value),
                _ => {}
            }
        }
    }
}

async fn stage(shared: &Shared, mut part: Part<'_>, name: &str, remaining: &mut u64) -> Result<Staged, Problem> {
    let limits = &shared.limits;
    let mut writer = shared.manager.content_writer().await?;
    let mut left = limits.model_file_bytes;
    while let Some(piece) = part.piece().await? {
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

async fn value(mut part: Part<'_>, name: &str) -> Result<String, Problem> {
    let mut value = Vec::new();
    while let Some(piece) = part.piece().await? {
        value.extend_from_slice(&piece);
        if value.len() > VALUE {
            let name: String = name.chars().take(80).collect();
            return Err(malformed(format!("the field `{name}` has more than {VALUE} bytes and is no file")));
        }
    }
    String::from_utf8(value).map_err(|_| malformed("a field of the form is not UTF-8"))
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(Code::Malformed, detail)
}
