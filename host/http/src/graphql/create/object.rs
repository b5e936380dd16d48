//! What jobs point at, made of what is asked for.

use analyte_core::document::Document;
use analyte_core::limits::Limits;
use analyte_core::timestamp::Timestamp;
use serde_json::value::RawValue;

use crate::graphql::fault::Fault;
use crate::graphql::input::job::CreateTdoInJob;
use crate::graphql::input::object::{CreateTdo, UpdateTdo};
use crate::graphql::node::object::ObjectBody;
use crate::graphql::scalar::json_data::JsonData;
use crate::request::strict_json;

/// JSON that is kept to the letter; `None`: there is none.
pub(crate) fn document(data: Option<&JsonData>, at: &str, limits: &Limits) -> Result<Option<Document>, Fault> {
    let Some(text) = data.map(JsonData::text).transpose()?.flatten() else { return Ok(None) };
    let raw = RawValue::from_string(text).map_err(|error| Fault::at(at, format!("is no JSON: {error}")))?;
    strict_json::check_depth(&raw, at, limits.json_depth)?;
    Ok(Some(Document::from(raw)))
}

fn ordered(body: ObjectBody) -> Result<ObjectBody, Fault> {
    if body.stop < body.start {
        return Err(Fault::at("/input/stopDateTime", "is before `startDateTime`"));
    }
    Ok(body)
}

/// Refuses what would need folders or assets.
fn refuse(asked: bool, at: &str) -> Result<(), Fault> {
    if asked { Err(Fault::no_meaning(&format!("`{at}`"))) } else { Ok(()) }
}

/// A new object.
pub(crate) fn of_input(input: CreateTdo, by: String, limits: &Limits) -> Result<ObjectBody, Fault> {
    refuse(input.parent_folder_id.is_some(), "/input/parentFolderId")?;
    ordered(ObjectBody {
        start: input.start_date_time.0,
        stop: input.stop_date_time.0,
        name: input.name,
        description: input.description,
        status: input.status,
        details: document(input.details.as_ref(), "/input/details", limits)?,
        source_data: document(input.source_data.as_ref(), "/input/sourceData", limits)?,
        is_public: input.is_public.unwrap_or_default(),
        thumbnail_url: input.thumbnail_url,
        preview_url: input.preview_url,
        source_image_url: input.source_image_url,
        by: Some(by),
    })
}

/// A new object that a job brings along; where it says no times, it is of the moment of its making.
pub(crate) fn of_job(input: CreateTdoInJob, by: String, now: Timestamp, limits: &Limits) -> Result<ObjectBody, Fault> {
    refuse(input.parent_folder_id.is_some(), "/input/target/parentFolderId")?;
    refuse(input.assets.is_some_and(|assets| !assets.is_empty()), "/input/target/assets")?;
    refuse(input.content_templates.is_some_and(|all| !all.is_empty()), "/input/target/contentTemplates")?;
    let start = input.start_date_time.map_or(now, |time| time.0);
    ordered(ObjectBody {
        start,
        stop: input.stop_date_time.map_or(start.max(now), |time| time.0),
        name: input.name,
        description: input.description,
        status: input.status,
        details: document(input.details.as_ref(), "/input/target/details", limits)?,
        source_data: document(input.source_data.as_ref(), "/input/target/sourceData", limits)?,
        is_public: input.is_public.unwrap_or_default(),
        thumbnail_url: input.thumbnail_url,
        preview_url: input.preview_url,
        source_image_url: input.source_image_url,
        by: Some(by),
    })
}

/// An object with changes.
pub(crate) fn changed(old: &ObjectBody, input: UpdateTdo, limits: &Limits) -> Result<ObjectBody, Fault> {
    let details = document(input.details.as_ref(), "/input/details", limits)?;
    let source_data = document(input.source_data.as_ref(), "/input/sourceData", limits)?;
    let old = old.clone();
    ordered(ObjectBody {
        start: input.start_date_time.map_or(old.start, |time| time.0),
        stop: input.stop_date_time.map_or(old.stop, |time| time.0),
        name: input.name.or(old.name),
        description: input.description.or(old.description),
        status: input.status.or(old.status),
        details: details.or(old.details),
        source_data: source_data.or(old.source_data),
        is_public: input.is_public.unwrap_or(old.is_public),
        thumbnail_url: input.thumbnail_url.or(old.thumbnail_url),
        preview_url: input.preview_url.or(old.preview_url),
        source_image_url: input.source_image_url.or(old.source_image_url),
        by: old.by,
    })
}
