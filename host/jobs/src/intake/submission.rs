//! What clients ask for, and the checks that need neither store nor engine.

use std::collections::BTreeMap;

use analyte_core::codes::Code;
use analyte_core::document::written_bytes;
use analyte_core::job::{RetryPolicy, RunLimits};
use analyte_core::limits::Limits;
use analyte_core::names::{JobId, ModelName, ProviderName, SessionId};
use analyte_core::table::Table;
use analyte_core::timestamp::Timestamp;
use analyte_store::Idempotency;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::{JobsError, Wrong};

/// Longest tag key or value in bytes.
const TAG_BYTES: usize = 128;
/// Longest idempotency key in bytes.
const IDEMPOTENCY_KEY_BYTES: usize = 255;
/// Most tries that a job may ask for.
const MOST_ATTEMPTS: u32 = 100;

/// Parameters as a client gives them.
#[derive(Debug, Clone, Default)]
pub enum Parameters {
    /// None: the model's defaults.
    #[default]
    None,
    /// A JSON object.
    Object(Map<String, Value>),
    /// JSON text that should be an object.
    Json(Box<RawValue>),
    /// Names and texts, as in a query string or on a command line; each text is read as the model's schema says. A name
    /// that comes several times makes an array.
    Pairs(Vec<(String, String)>),
}

impl Parameters {
    /// About how many bytes they take as JSON.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::None => 2,
            Self::Object(object) => written_bytes(object, u64::MAX).ok().flatten().unwrap_or(u64::MAX),
            Self::Json(text) => text.get().len() as u64,
            Self::Pairs(pairs) => pairs.iter().map(|(name, text)| (name.len() + text.len()) as u64).sum(),
        }
    }
}

/// Limits that a job asks for; what it does not ask for is as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LimitsAsked {
    /// Fuel units, up to `fuel_max`.
    pub fuel: Option<u64>,
    /// Bytes, up to `memory_bytes_max`.
    pub memory_bytes: Option<u64>,
    /// Milliseconds, up to `timeout_ms_max`.
    pub timeout_ms: Option<u64>,
}

/// How a job asks to be tried again; what it does not ask for is as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetryAsked {
    /// Tries in all.
    pub max_attempts: Option<u32>,
    /// Wait before the second.
    pub backoff_ms: Option<u64>,
}

/// A job to be.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Whose model.
    pub provider: ProviderName,
    /// Which model.
    pub model: ModelName,
    /// Read for the model's input shape (see [`crate::Model::info`]); fitted to it here.
    pub input: Table,
    /// What the client should know about the input; becomes part of the job's warnings.
    pub input_warnings: Vec<String>,
    /// Checked against the model's schema here.
    pub parameters: Parameters,
    /// The client's own data, kept as it is.
    pub custom_data: Option<Box<RawValue>>,
    /// Lower runs first.
    pub priority: i32,
    /// Not to be started before.
    pub run_at: Option<Timestamp>,
    /// What each run may use.
    pub limits: LimitsAsked,
    /// How often it is tried again by itself.
    pub retry: RetryAsked,
    /// The client's own labels.
    pub tags: BTreeMap<String, String>,
    /// Makes a repetition harmless.
    pub idempotency: Option<Idempotency>,
    /// The job that this one repeats.
    pub retry_of: Option<JobId>,
    /// Label of the token that submits it.
    pub created_by: Option<String>,
    /// The stateful session that it belongs to.
    pub session: Option<SessionId>,
}

impl Submission {
    /// A submission with nothing but what it must have.
    pub fn new(provider: ProviderName, model: ModelName, input: Table) -> Self {
        Self {
            provider,
            model,
            input,
            input_warnings: Vec::new(),
            parameters: Parameters::None,
            custom_data: None,
            priority: 0,
            run_at: None,
            limits: LimitsAsked::default(),
            retry: RetryAsked::default(),
            tags: BTreeMap::new(),
            idempotency: None,
            retry_of: None,
            created_by: None,
            session: None,
        }
    }
}

/// A run that is not kept.
#[derive(Debug, Clone)]
pub struct Execution {
    /// Whose model.
    pub provider: ProviderName,
    /// Which model.
    pub model: ModelName,
    /// Read for the model's input shape; fitted to it here.
    pub input: Table,
    /// What the client should know about the input; becomes part of the outcome's warnings.
    pub input_warnings: Vec<String>,
    /// Checked against the model's schema here.
    pub parameters: Parameters,
    /// What the run may use.
    pub limits: LimitsAsked,
}

impl LimitsAsked {
    /// The limits of the runs, or what is wrong with them: also where a run would need more memory than the whole
    /// `budget` that runs share.
    pub(crate) fn resolve(self, limits: &Limits, budget: u64) -> Result<RunLimits, JobsError> {
        let mut problems = Vec::new();
        let mut one = |key: &str, asked: Option<u64>, usual: u64, most: u64| {
            let value = asked.unwrap_or(usual);
            if asked.is_some() && (value == 0 || value > most) {
                problems.push(wrong(&format!("/limits/{key}"), format!("must be from 1 to {most}, and is {value}")));
            }
            value
        };
        let resolved = RunLimits {
            fuel: one("fuel", self.fuel, limits.fuel, limits.fuel_max),
            memory_bytes: one("memory_bytes", self.memory_bytes, limits.memory_bytes, limits.memory_bytes_max),
            timeout_ms: one("timeout_ms", self.timeout_ms, limits.timeout_ms, limits.timeout_ms_max),
        };
        let memory = resolved.memory_bytes;
        if problems.is_empty() && memory.saturating_add(limits.output_bytes) > budget {
            let message = format!(
                "a run with {memory} bytes of memory and {} more for its result (limit output_bytes) does not fit into the \
                 {budget} bytes that all runs share (limit memory_budget_bytes)",
                limits.output_bytes
            );
            problems.push(wrong("/limits/memory_bytes", message));
        }
        refuse(problems)?;
        Ok(resolved)
    }
}

impl RetryAsked {
    /// The policy, or what is wrong with it.
    pub(crate) fn resolve(self) -> Result<RetryPolicy, JobsError> {
        let usual = RetryPolicy::default();
        let policy = RetryPolicy {
            max_attempts: self.max_attempts.unwrap_or(usual.max_attempts),
            backoff_ms: self.backoff_ms.unwrap_or(usual.backoff_ms),
        };
        let mut problems = Vec::new();
        if policy.max_attempts == 0 || policy.max_attempts > MOST_ATTEMPTS {
            let message = format!("must be from 1 to {MOST_ATTEMPTS}, and is {}", policy.max_attempts);
            problems.push(wrong("/retry/max_attempts", message));
        }
        let longest = analyte_core::job::transition::LONGEST_BACKOFF_MS;
        if policy.backoff_ms > longest {
            let message = format!("must be at most {longest}, and is {}", policy.backoff_ms);
            problems.push(wrong("/retry/backoff_ms", message));
        }
        refuse(problems)?;
        Ok(policy)
    }
}

/// Checks the client's own labels and data, and the idempotency key.
pub(crate) fn check_labels(submission: &Submission, limits: &Limits) -> Result<(), JobsError> {
    let mut problems = Vec::new();
    if submission.tags.len() as u64 > limits.tags {
        problems.push(wrong(
            "/tags",
            format!("a job takes at most {} tags, and these are {}", limits.tags, submission.tags.len()),
        ));
    }
    for (key, value) in &submission.tags {
        if key.is_empty() || key.len() > TAG_BYTES || value.len() > TAG_BYTES {
            let shown: String = key.chars().take(40).collect();
            problems.push(wrong(
                "/tags",
                format!("tag `{shown}`: a key takes 1 to {TAG_BYTES} bytes and a value at most {TAG_BYTES}"),
            ));
            break;
        }
    }
    refuse(problems)?;
    if let Some(data) = &submission.custom_data {
        let bytes = data.get().len() as u64;
        if bytes > limits.custom_data_bytes {
            return Err(JobsError::new(
                Code::TooLarge,
                format!(
                    "custom_data takes {bytes} bytes, and at most {} are kept (custom_data_bytes)",
                    limits.custom_data_bytes
                ),
            ));
        }
    }
    submission.idempotency.as_ref().map_or(Ok(()), |idempotency| check_key(&idempotency.key))
}

/// Checks an idempotency key.
pub(crate) fn check_key(key: &str) -> Result<(), JobsError> {
    if (1..=IDEMPOTENCY_KEY_BYTES).contains(&key.len()) {
        return Ok(());
    }
    Err(JobsError::new(Code::Malformed, format!("an idempotency key takes 1 to {IDEMPOTENCY_KEY_BYTES} bytes")))
}

fn wrong(pointer: &str, message: String) -> Wrong {
    Wrong { pointer: pointer.to_owned(), message }
}

fn refuse(problems: Vec<Wrong>) -> Result<(), JobsError> {
    match problems.first() {
        None => Ok(()),
        Some(first) => Err(JobsError::invalid(first.to_string()).with_wrong(problems)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn problems<T>(answer: Result<T, JobsError>) -> Vec<String> {
        answer.err().map(|error| error.wrong().iter().map(ToString::to_string).collect()).unwrap_or_default()
    }

    #[test]
    fn limits_are_as_configured_unless_asked_for_and_never_above_the_most() {
        let limits = Limits::default();
        let usual = RunLimits { fuel: limits.fuel, memory_bytes: limits.memory_bytes, timeout_ms: limits.timeout_ms };
        assert_eq!(LimitsAsked::default().resolve(&limits, u64::MAX).unwrap(), usual);
        let asked = LimitsAsked { fuel: Some(5), memory_bytes: None, timeout_ms: Some(limits.timeout_ms_max) };
        assert_eq!(
            asked.resolve(&limits, u64::MAX).unwrap(),
            RunLimits { fuel: 5, timeout_ms: limits.timeout_ms_max, ..usual }
        );
        let greedy = LimitsAsked { fuel: Some(0), memory_bytes: Some(u64::MAX), timeout_ms: Some(1) };
        assert_eq!(
            problems(greedy.resolve(&limits, u64::MAX)),
            [
                "`/limits/fuel`: must be from 1 to 1000000000000, and is 0",
                "`/limits/memory_bytes`: must be from 1 to 4294967296, and is 18446744073709551615",
            ]
        );
    }

    #[test]
    fn a_run_that_never_fits_into_the_budget_is_refused() {
        let limits = Limits { output_bytes: 10, ..Limits::default() };
        let asked = LimitsAsked { memory_bytes: Some(90), ..LimitsAsked::default() };
        assert!(asked.resolve(&limits, 100).is_ok());
        assert_eq!(
            problems(asked.resolve(&limits, 99)),
            ["`/limits/memory_bytes`: a run with 90 bytes of memory and 10 more for its result (limit output_bytes) \
              does not fit into the 99 bytes that all runs share (limit memory_budget_bytes)"]
        );
    }

    #[test]
    fn a_policy_of_no_tries_or_endless_waits_is_refused() {
        assert_eq!(RetryAsked::default().resolve().unwrap(), RetryPolicy::default());
        let asked = RetryAsked { max_attempts: Some(0), backoff_ms: Some(u64::MAX) };
        assert_eq!(
            problems(asked.resolve()),
            [
                "`/retry/max_attempts`: must be from 1 to 100, and is 0",
                "`/retry/backoff_ms`: must be at most 3600000, and is 18446744073709551615",
            ]
        );
    }

    #[test]
    fn labels_and_custom_data_are_bounded() {
        let limits = Limits { tags: 1, custom_data_bytes: 4, ..Limits::default() };
        let input = Table::new(std::iter::empty().collect(), Vec::new(), 0).unwrap();
        let plain = Submission::new(ProviderName::new("p").unwrap(), ModelName::new("m").unwrap(), input);
        let code = |submission: &Submission| check_labels(submission, &limits).err().map(|error| error.code());
        assert_eq!(code(&plain), None);
        let tags = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>()
        };
        let long = "x".repeat(129);
        for wrong in [tags(&[("a", ""), ("b", "")]), tags(&[("", "x")]), tags(&[("k", &long)]), tags(&[(&long, "")])] {
            assert_eq!(code(&Submission { tags: wrong, ..plain.clone() }), Some(Code::InvalidInput));
        }
        assert_eq!(code(&Submission { tags: tags(&[("k", "v")]), ..plain.clone() }), None);
        let data = |text: &str| Some(RawValue::from_string(text.to_owned()).unwrap());
        assert_eq!(code(&Submission { custom_data: data("1234"), ..plain.clone() }), None);
        assert_eq!(code(&Submission { custom_data: data("12345"), ..plain.clone() }), Some(Code::TooLarge));
        let key = |key: &str| {
            let request = analyte_core::digest::Digest::of(b"");
            Some(Idempotency { key: key.to_owned(), request })
        };
        assert_eq!(code(&Submission { idempotency: key(""), ..plain.clone() }), Some(Code::Malformed));
        assert_eq!(code(&Submission { idempotency: key("k"), ..plain }), None);
    }
}
