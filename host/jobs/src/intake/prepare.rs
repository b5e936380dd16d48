//! From what a client asks for to what is run or kept: everything is checked here, nothing is changed.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::document::Document;
use analyte_core::job::{Content, Input, Job, RunLimits, Task};
use analyte_core::limits::Limits;
use analyte_core::names::{JobId, Organisation};
use analyte_core::parameters::{ParameterProblem, ParametersSchema};
use analyte_core::table::Table;
use analyte_core::table::fit::fit;
use analyte_core::table::format::{Format, Read, write};
use analyte_engine::machine::background_drop::BackgroundDrop;
use analyte_store::{NewContent, NewJob};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::catalogue::installed::Model;
use crate::error::{JobsError, Wrong};
use crate::intake::coerce::coerce;
use crate::intake::graph::{Flow, check_flows};
use crate::intake::run_limits::LimitsAsked;
use crate::intake::submission::{Submission, check_labels};
use crate::intake::task::{InputAsked, Parameters, TaskAsked};
use crate::manager::Manager;

/// Checked input and parameters of one run.
pub(crate) struct Fitted {
    pub(crate) input: Table,
    pub(crate) warnings: Vec<String>,
    /// A JSON object with the defaults filled in.
    pub(crate) parameters: String,
    pub(crate) limits: RunLimits,
}

/// Fits a table to a model and checks its parameters by the model's schema.
pub(crate) fn fitted(
    (model, schema): (&Model, &ParametersSchema),
    input: &Table,
    mut warnings: Vec<String>,
    parameters: Parameters,
    asked: LimitsAsked,
    limits: &Limits,
    budget: u64,
) -> Result<Fitted, JobsError> {
    let run_limits = asked.resolve(limits, budget)?;
    let Read { table, warnings: more } = fit(input, &model.info.input, model.info.cardinality, limits)?;
    warnings.extend(more);
    let parameters = checked_parameters((model, schema), parameters, Some(&table), limits)?;
    Ok(Fitted { input: table, warnings, parameters, limits: run_limits })
}

/// The parameters as a JSON object with the defaults filled in, checked by the model's schema; those that name columns of
/// the input only where its table is known.
pub(crate) fn checked_parameters(
    (model, schema): (&Model, &ParametersSchema),
    parameters: Parameters,
    table: Option<&Table>,
    limits: &Limits,
) -> Result<String, JobsError> {
    let given = object(parameters, model.info.parameters_schema.as_ref(), limits)?;
    let checked = schema.check(given, table).map_err(|problems| wrong_parameters(&problems))?;
    let parameters = Value::Object(checked).to_string();
    refuse_long(parameters.len(), limits)?;
    Ok(parameters)
}

/// The component that a model runs in.
pub(crate) fn component_of(model: &Model) -> Result<Digest, JobsError> {
    model.digest.ok_or_else(|| {
        let message =
            format!("provider `{}` has no component that could run model `{}`", model.provider, model.info.name);
        JobsError::new(Code::ProviderUnavailable, message)
    })
}

/// How much work [`fitted`] is, in bytes of a table that could be read meanwhile.
pub(crate) fn work(input: usize, parameters: &Parameters, schema: &ParametersSchema) -> usize {
    input.saturating_add(usize::try_from(schema.work(parameters.bytes())).unwrap_or(usize::MAX))
}

fn object(parameters: Parameters, schema: Option<&Document>, limits: &Limits) -> Result<Map<String, Value>, JobsError> {
    match parameters {
        Parameters::None => Ok(Map::new()),
        Parameters::Object(object) => Ok(object),
        Parameters::Pairs(pairs) => {
            refuse_long(pairs.iter().map(|(name, text)| name.len() + text.len()).sum(), limits)?;
            // Only what is given as text is read by the schema.
            let schema = schema.and_then(|schema| schema.value().ok());
            Ok(coerce(&pairs, schema.as_ref()))
        }
        Parameters::Json(text) => {
            refuse_long(text.get().len(), limits)?;
            match serde_json::from_str(text.get()) {
                Ok(Value::Object(object)) => Ok(object),
                Ok(Value::Null) => Ok(Map::new()),
                Ok(_) => Err(JobsError::invalid("the parameters must be a JSON object").with_wrong(vec![Wrong {
                    pointer: "/parameters".to_owned(),
                    message: "must be a JSON object".to_owned(),
                }])),
                Err(error) => {
                    Err(JobsError::new(Code::Malformed, format!("the parameters cannot be read as JSON: {error}")))
                }
            }
        }
    }
}

fn refuse_long(bytes: usize, limits: &Limits) -> Result<(), JobsError> {
    let most = limits.parameters_bytes;
    if bytes as u64 <= most {
        return Ok(());
    }
    let message = format!("the parameters have {bytes} bytes; {most} are allowed (limit parameters_bytes)");
    Err(JobsError::new(Code::TooLarge, message))
}

fn wrong_parameters(problems: &[ParameterProblem]) -> JobsError {
    let message = match problems {
        [] => "the parameters do not fit the model".to_owned(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    };
    let wrong = |problem: &ParameterProblem| Wrong {
        pointer: format!("/parameters{}", problem.pointer),
        message: problem.message.clone(),
    };
    JobsError::invalid(message).with_wrong(problems.iter().map(wrong).collect())
}

impl Manager {
    /// A job ready to be kept, which pins these models, one for each of its tasks.
    pub(crate) async fn prepare(
        &self,
        organisation: &Organisation,
        models: &[Arc<Model>],
        submission: Submission,
    ) -> Result<NewJob, JobsError> {
        models.iter().try_for_each(|model| model.refuse_disabled())?;
        check_labels(&submission, &self.inner.limits)?;
        // Whole, so that the compiler asks what becomes of a new member.
        let Submission {
            tasks: asked,
            custom_data,
            priority,
            run_at,
            limits: limits_asked,
            retry,
            tags,
            idempotency,
            retry_of,
            created_by,
            session,
            webhooks,
        } = submission;
        let webhooks = self.webhooks(&webhooks)?;
        self.room_to_notify(organisation, &webhooks).await?;
        let retry = retry.resolve()?;
        models.iter().try_for_each(|model| component_of(model).map(drop))?;
        let limits = limits_asked.resolve(&self.inner.limits, self.inner.engine.budget().largest_run())?;
        let flows = asked.iter().zip(models).enumerate().map(|(place, (task, model))| Flow {
            place,
            name: &task.name,
            results_of: task.results_of(),
            at: task.names_results_at(),
            model: &model.info,
        });
        check_flows(&flows.collect::<Vec<_>>())?;
        let several = asked.len() > 1;
        let (mut tasks, mut contents) = (Vec::with_capacity(models.len()), Vec::with_capacity(2 * models.len()));
        for (place, (asked, model)) in asked.into_iter().zip(models).enumerate() {
            let name = asked.name.clone();
            let prepared = self.prepare_task(organisation, model, asked, limits_asked).await;
            let (task, given) = prepared.map_err(|error| if several { error.of_task(place, &name) } else { error })?;
            tasks.push(task);
            contents.extend(given.into_iter().map(NewContent::Bytes));
        }
        let job = Job {
            priority,
            run_at,
            retry,
            retry_of,
            created_by,
            session,
            tags,
            custom_data,
            webhooks,
            ..Job::queued(JobId(self.new_id()), organisation.clone(), tasks, limits, self.now())
        };
        let queue_cap = self.queue_cap(organisation);
        Ok(NewJob { job, contents, idempotency, queue_cap })
    }

    /// A task ready to be kept, and the bytes that come with it.
    pub(super) async fn prepare_task(
        &self,
        organisation: &Organisation,
        model: &Arc<Model>,
        asked: TaskAsked,
        of_job: LimitsAsked,
    ) -> Result<(Task, Vec<Bytes>), JobsError> {
        let digest = component_of(model)?;
        let (parents, results_of) = (asked.parents(), asked.results_of().to_vec());
        let TaskAsked { name, provider, model: model_name, input, parameters, limits: own, after: _ } = asked;
        let schema = self.schema(model).await?;
        let (limits, budget) = (self.inner.limits.clone(), self.inner.engine.budget().largest_run());
        let (pinned, asked) = (model.clone(), own.or(of_job));
        let (input, warnings, parameters, run_limits, mut contents) = match input {
            InputAsked::Given { table, warnings } => {
                let size = work(table.memory_bytes(), &parameters, &schema);
                let fit = move || {
                    let fitted = fitted((&pinned, &schema), &table, warnings, parameters, asked, &limits, budget)?;
                    let bytes = Bytes::from(
                        write(Format::Arrow, &fitted.input).map_err(|error| JobsError::invalid(error.to_string()))?,
                    );
                    let content = content(&bytes);
                    let bytes = match BackgroundDrop::if_large(bytes.len(), || bytes.clone()) {
                        Some(large) => Bytes::from_owner(large),
                        None => bytes,
                    };
                    // The table is dropped here, and not where calls are answered.
                    let Fitted { input: _, warnings, parameters, limits } = fitted;
                    Ok::<_, JobsError>((Input::Given(content), warnings, parameters, limits, vec![bytes]))
                };
                self.off_thread(organisation, size, fit).await?
            }
            InputAsked::Results { .. } | InputAsked::ResultsOfAll => {
                let size = work(0, &parameters, &schema);
                let check = move || {
                    let run_limits = asked.resolve(&limits, budget)?;
                    let parameters = checked_parameters((&pinned, &schema), parameters, None, &limits)?;
                    Ok::<_, JobsError>((
                        Input::Results { of: results_of },
                        Vec::new(),
                        parameters,
                        run_limits,
                        Vec::new(),
                    ))
                };
                self.off_thread(organisation, size, check).await?
            }
        };
        let parameters = Bytes::from(parameters);
        let task = Task {
            parents,
            model_file: model.file,
            grants: model.grants.clone(),
            limits: (own != LimitsAsked::default()).then_some(run_limits),
            warnings,
            ..Task::queued(name, (provider, model_name), digest, input, content(&parameters))
        };
        contents.push(parameters);
        Ok((task, contents))
    }
}

fn content(bytes: &Bytes) -> Content {
    Content { digest: Digest::of(bytes), bytes: bytes.len() as u64 }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn parameters_are_an_object_however_they_come() {
        let limits = Limits { parameters_bytes: 40, ..Limits::default() };
        let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
        let schema = Document::of(&schema).unwrap();
        let json = |text: &str| Parameters::Json(RawValue::from_string(text.to_owned()).unwrap());
        let read = |parameters| object(parameters, Some(&schema), &limits).map(Value::Object);
        assert_eq!(read(Parameters::None).unwrap(), json!({}));
        assert_eq!(read(json("null")).unwrap(), json!({}));
        assert_eq!(read(json("{\"n\": 1}")).unwrap(), json!({ "n": 1 }));
        assert_eq!(read(Parameters::Pairs(vec![("n".into(), "1".into())])).unwrap(), json!({ "n": 1 }));
        let code = |parameters| read(parameters).map_err(|error| error.code());
        assert_eq!(code(json("[1]")), Err(Code::InvalidInput));
        let long = format!("{{\"text\": \"{}\"}}", "x".repeat(40));
        assert_eq!(code(json(&long)), Err(Code::TooLarge));
        assert_eq!(code(Parameters::Pairs(vec![("n".into(), "1".repeat(40))])), Err(Code::TooLarge));
    }

    #[test]
    fn each_wrong_parameter_is_named() {
        let problem =
            |pointer: &str, message: &str| ParameterProblem { pointer: pointer.into(), message: message.into() };
        let error = wrong_parameters(&[problem("/method", "is unknown"), problem("/n", "is too small")]);
        assert_eq!(error.code(), Code::InvalidInput);
        assert_eq!(error.message(), "parameters/method: is unknown (and 1 more)");
        let places: Vec<_> = error.wrong().iter().map(|wrong| wrong.pointer.clone()).collect();
        assert_eq!(places, ["/parameters/method", "/parameters/n"]);
    }
}
