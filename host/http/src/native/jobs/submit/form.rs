//! A submission as a form: a part `job` that is a submission without its table, and a part `input` that is the table.

use analyte_core::codes::Code;
use analyte_core::table::format::Format;
use http::HeaderMap;

use super::submission::SentBeside;
use crate::entry::auth::Caller;
use crate::problem::Problem;
use crate::request::body::{Growing, Received};
use crate::request::multipart::{Part, Parts};
use crate::request::negotiate::format_of;
use crate::request::pieces::Pieces;
use crate::shared::Shared;

/// Reads a form of a caller. Both parts together have at most `body_bytes`.
pub(crate) async fn read(
    shared: &Shared,
    caller: &Caller,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<(SentBeside, Received, Format), Problem> {
    let mut parts = Parts::of(headers, Pieces::of(shared, caller.organisation(), body))?;
    let (mut job, mut input, mut left) = (None, None, shared.limits.body_bytes);
    while let Some(part) = parts.next().await? {
        match part.name() {
            "job" if job.is_none() => job = Some(content(shared, caller, part, &mut left).await?),
            "input" if input.is_none() => {
                let format = format_of(part.media_type())?;
                input = Some((content(shared, caller, part, &mut left).await?, format));
            }
            name @ ("job" | "input") => return Err(malformed(format!("the form has two parts `{name}`"))),
            name => {
                let name: String = name.chars().take(80).collect();
                return Err(malformed(format!("the form has a part `{name}`; known: job, input")));
            }
        }
    }
    let Some(Received { bytes: members, reserved: held }) = job else {
        return Err(malformed("the form has no part `job`, which is a submission without `input`, as JSON".to_owned()));
    };
    let Some((mut table, format)) = input else {
        return Err(malformed("the form has no part `input`, which is the table".to_owned()));
    };
    table.reserved.extend(held);
    Ok((SentBeside { members, parameters: Vec::new() }, table, format))
}

async fn content(shared: &Shared, caller: &Caller, mut part: Part<'_>, left: &mut u64) -> Result<Received, Problem> {
    let mut growing = Growing::of(shared, caller.organisation(), *left);
    while let Some(piece) = part.piece().await? {
        growing.take(&piece)?;
    }
    let content = growing.whole().await?;
    *left = left.saturating_sub(content.bytes.len() as u64);
    Ok(content)
}

fn malformed(detail: String) -> Problem {
    Problem::new(Code::Malformed, detail)
}
