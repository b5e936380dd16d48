//! A submission as clients write it, turned into what the job manager takes. The table among its members goes straight
//! into columns; the others are compared with their limits before anything walks through them.

use std::collections::BTreeMap;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::document::Document;
use analyte_core::limits::Limits;
use analyte_core::names::{ModelName, ProviderName};
use analyte_core::table::format::{Format, Read};
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{Idempotency, InputAsked, LimitsAsked, Parameters, RetryAsked, Submission, TaskAsked};
use bytes::Bytes;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::entry::auth::Caller;
use crate::native::json::Time;
use crate::native::models::body::TableBody;
use crate::native::table;
use crate::problem::Problem;
use crate::request::json_body::{self, Member};
use crate::request::strict_json::{self, Strings};
use crate::shared::Shared;

/// A job to be.
#[derive(Deserialize, ToSchema)]
#[schema(as = Submission)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmissionBody<'a> {
    /// Whose model.
    #[serde(borrow)]
    #[schema(value_type = String, example = "statistics")]
    provider: Member<'a, ProviderName>,
    /// Which model.
    #[schema(value_type = String, example = "linear-regression")]
    model: Member<'a, ModelName>,
    /// For the model's input shape.
    #[schema(value_type = TableInput)]
    input: Member<'a>,
    /// For the model's parameter schema.
    #[schema(value_type = Option<serde_json::Map<String, serde_json::Value>>)]
    parameters: Option<Member<'a>>,
    /// Your own data, kept as it is.
    #[schema(value_type = Option<serde_json::Value>)]
    custom_data: Option<Member<'a>>,
    /// Lower runs first; usually 0.
    #[schema(value_type = Option<i32>)]
    priority: Option<Member<'a, i32>>,
    /// Not to be started before.
    #[schema(value_type = Option<String>, format = DateTime)]
    run_at: Option<Member<'a, Time>>,
    /// What each run may use; what is not said is as configured.
    #[schema(value_type = Option<LimitsBody>)]
    limits: Option<Member<'a, LimitsBody>>,
    /// How often it is tried again by itself.
    #[schema(value_type = Option<RetryBody>)]
    retry: Option<Member<'a, RetryBody>>,
    /// Your own labels.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    tags: Option<Member<'a, Strings>>,
}

/// Limits that are asked for.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = Limits)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsBody {
    /// Fuel units.
    fuel: Option<u64>,
    /// Bytes.
    memory_bytes: Option<u64>,
    /// Milliseconds of wall time.
    timeout_ms: Option<u64>,
}

/// How often a job is tried again by itself, and when.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = Retry)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryBody {
    /// Tries in all; usually 3.
    max_attempts: Option<u32>,
    /// Wait before the second, in milliseconds; doubles with each further one.
    backoff_ms: Option<u64>,
}

/// A table in any of the four forms.
#[derive(ToSchema)]
#[schema(as = TableInput)]
#[serde(untagged)]
#[expect(dead_code, reason = "documents what analyte_core::table reads")]
pub(crate) enum TableInput {
    /// With or without a data shape.
    Rows(TableBody),
    /// Row objects.
    Bare(Vec<serde_json::Map<String, serde_json::Value>>),
    /// Whole columns.
    Columns(ColumnsBody),
}

/// A table as columns.
#[derive(ToSchema)]
#[schema(as = Columns)]
#[expect(dead_code, reason = "documents what analyte_core::table reads")]
pub(crate) struct ColumnsBody {
    /// Arrays of one length by column name.
    columns: BTreeMap<String, Vec<serde_json::Value>>,
}

/// What one tag may take as JSON: key and value of 128 bytes each, every byte of them escaped, and some room around.
const TAG_JSON_BYTES: u64 = 2_048;

/// What makes a repetition of these bytes harmless. The same request is the same bytes: clients that repeat themselves do
/// just that.
pub(crate) fn idempotency(key: String, bytes: &[u8]) -> Idempotency {
    Idempotency { key, request: Digest::of(bytes) }
}

/// Reads a submission.
pub(crate) async fn read(
    shared: &Shared,
    caller: &Caller,
    body: &Bytes,
    idempotency: Option<Idempotency>,
) -> Result<Submission, Problem> {
    let (body, limits) = (body.clone(), shared.limits.clone());
    let (size, asked) = (body.len(), move || Asked::of(&body, idempotency, &limits));
    let asked = table::compute_sized(shared, caller.organisation(), size, asked).await??;
    let info: Arc<_> = shared.manager.model(caller.organisation(), &asked.provider, &asked.model)?.info.clone();
    let input = table::read_for((shared, caller), &info, Format::Json, asked.input.clone(), "/input").await?;
    Ok(asked.with_table(input, caller))
}

/// A submission whose table has not been read yet.
pub(crate) struct Asked {
    /// Whose model.
    pub(crate) provider: ProviderName,
    /// Which model.
    pub(crate) model: ModelName,
    /// The table's text, a part of the body.
    pub(crate) input: Bytes,
    parameters: Parameters,
    custom_data: Option<Document>,
    priority: i32,
    run_at: Option<Timestamp>,
    limits: LimitsAsked,
    retry: RetryAsked,
    tags: BTreeMap<String, String>,
    idempotency: Option<Idempotency>,
}

impl Asked {
    /// With its table, and who submits it.
    pub(crate) fn with_table(self, input: Read, by: &Caller) -> Submission {
        let input = InputAsked::Given { table: input.table, warnings: input.warnings };
        let task = TaskAsked { parameters: self.parameters, ..TaskAsked::new(self.provider, self.model, input) };
        Submission {
            tasks: vec![task],
            custom_data: self.custom_data,
            priority: self.priority,
            run_at: self.run_at,
            limits: self.limits,
            retry: self.retry,
            tags: self.tags,
            idempotency: self.idempotency,
            retry_of: None,
            created_by: Some(by.principal().label.to_string()),
            session: None,
        }
    }

    /// Reads all members but the table. Each is compared with its limit before anything walks through it.
    pub(crate) fn of(body: &Bytes, idempotency: Option<Idempotency>, host_limits: &Limits) -> Result<Self, Problem> {
        let SubmissionBody { provider, model, input, parameters, custom_data, priority, run_at, limits, retry, tags } =
            json_body::read(body)?;
        Ok(Self {
            provider: provider.value("/provider")?,
            model: model.value("/model")?,
            input: body.slice_ref(input.text().as_bytes()),
            parameters: parameters_of(parameters, host_limits)?,
            custom_data: custom_data_of(custom_data, host_limits)?,
            priority: priority.map_or(Ok(0), |member| member.value("/priority"))?,
            run_at: run_at.map(|member| member.value("/run_at")).transpose()?.map(|Time(at)| at),
            limits: limits_of(limits)?,
            retry: retry_of(retry)?,
            tags: tags
                .map(|member| member.items("/tags", ("tags", host_limits.tags), TAG_JSON_BYTES))
                .transpose()?
                .unwrap_or_default()
                .0,
            idempotency,
        })
    }
}

/// Parameters, as text for the manager to check against the model's schema.
pub(crate) fn parameters_of(member: Option<Member<'_>>, limits: &Limits) -> Result<Parameters, Problem> {
    let Some(member) = member else { return Ok(Parameters::None) };
    let raw = member.within("/parameters", "parameters_bytes", limits.parameters_bytes)?;
    strict_json::check_depth(raw, "/parameters", limits.json_depth)?;
    if !raw.get().starts_with('{') {
        return Err(strict_json::malformed("/parameters".to_owned(), "must be an object"));
    }
    strict_json::check_members(raw, "/parameters")?;
    Ok(Parameters::Json(raw.to_owned()))
}

/// Limits that are asked for.
pub(crate) fn limits_of(member: Option<Member<'_, LimitsBody>>) -> Result<LimitsAsked, Problem> {
    let read = member.map(|member| member.object("/limits")).transpose()?;
    let LimitsBody { fuel, memory_bytes, timeout_ms } = read.unwrap_or_default();
    Ok(LimitsAsked { fuel, memory_bytes, timeout_ms })
}

fn retry_of(member: Option<Member<'_, RetryBody>>) -> Result<RetryAsked, Problem> {
    let read = member.map(|member| member.object("/retry")).transpose()?;
    let RetryBody { max_attempts, backoff_ms } = read.unwrap_or_default();
    Ok(RetryAsked { max_attempts, backoff_ms })
}

fn custom_data_of(member: Option<Member<'_>>, limits: &Limits) -> Result<Option<Document>, Problem> {
    let Some(member) = member else { return Ok(None) };
    let raw = member.within("/custom_data", "custom_data_bytes", limits.custom_data_bytes)?;
    // Written into answers as it is, so it must not be deeper than what readers of answers take.
    strict_json::check_depth(raw, "/custom_data", limits.json_depth)?;
    Ok(Some(Document::from(raw.to_owned())))
}
