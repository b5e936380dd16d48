//! What clients ask for, and the checks that need neither store nor engine.

use std::collections::BTreeMap;

use analyte_core::codes::Code;
use analyte_core::document::Document;
use analyte_core::limits::Limits;
use analyte_core::names::{JobId, ModelName, ProviderName, SessionId};
use analyte_core::table::Table;
use analyte_core::timestamp::Timestamp;
use analyte_store::Idempotency;

use crate::error::JobsError;
use crate::intake::run_limits::{LimitsAsked, RetryAsked, refuse, wrong};
use crate::intake::task::{Parameters, TaskAsked};
use crate::notify::asked::WebhookAsked;

/// Longest tag key or value in bytes.
const TAG_BYTES: usize = 128;
/// Longest idempotency key in bytes.
const IDEMPOTENCY_KEY_BYTES: usize = 255;

/// A job to be.
#[derive(Debug, Clone)]
pub struct Submission {
    /// At least one, parents before their children.
    pub tasks: Vec<TaskAsked>,
    /// The client's own data, kept as it is.
    pub custom_data: Option<Document>,
    /// Lower runs first.
    pub priority: i32,
    /// Not to be started before.
    pub run_at: Option<Timestamp>,
    /// What each run may use, where its task asks for nothing else.
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
    /// Whom it notifies of what becomes of it.
    pub webhooks: Vec<WebhookAsked>,
}

impl Submission {
    /// A job of one task, with nothing but what it must have.
    pub fn new(provider: ProviderName, model: ModelName, input: Table) -> Self {
        Self::of(vec![TaskAsked::new(provider, model, input)])
    }

    /// A job of these tasks, with nothing asked for beside them.
    pub fn of(tasks: Vec<TaskAsked>) -> Self {
        Self {
            tasks,
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
            webhooks: Vec::new(),
        }
    }

    /// Bytes that the tables take in memory that come with it.
    pub fn memory_bytes(&self) -> usize {
        self.tasks.iter().filter_map(|task| task.input.given()).map(Table::memory_bytes).sum()
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

/// Checks the client's own labels and data, and the idempotency key.
pub(crate) fn check_labels(submission: &Submission, limits: &Limits) -> Result<(), JobsError> {
    // Whole, so that the compiler asks whether a new member is bounded here.
    let Submission {
        tasks: _,
        custom_data,
        priority: _,
        run_at: _,
        limits: _,
        retry: _,
        tags,
        idempotency,
        retry_of: _,
        created_by: _,
        session: _,
        // Checked where it is known what the operator allows.
        webhooks: _,
    } = submission;
    let mut problems = Vec::new();
    if tags.len() as u64 > limits.tags {
        problems.push(wrong(
            "/tags",
            format!("a job takes at most {} tags, and these are {} (limit tags)", limits.tags, tags.len()),
        ));
    }
    for (key, value) in tags {
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
    if let Some(data) = custom_data {
        let bytes = data.text().len() as u64;
        if bytes > limits.custom_data_bytes {
            return Err(JobsError::new(
                Code::TooLarge,
                format!(
                    "`/custom_data` has {bytes} bytes; {} are allowed (limit custom_data_bytes)",
                    limits.custom_data_bytes
                ),
            ));
        }
    }
    idempotency.as_ref().map_or(Ok(()), |idempotency| check_key(&idempotency.key))
}

/// Checks an idempotency key.
pub(crate) fn check_key(key: &str) -> Result<(), JobsError> {
    if (1..=IDEMPOTENCY_KEY_BYTES).contains(&key.len()) {
        return Ok(());
    }
    Err(JobsError::new(Code::Malformed, format!("an idempotency key takes 1 to {IDEMPOTENCY_KEY_BYTES} bytes")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

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
        let message = |submission: &Submission| check_labels(submission, &limits).unwrap_err().message().to_owned();
        assert_eq!(
            message(&Submission { tags: tags(&[("a", ""), ("b", "")]), ..plain.clone() }),
            "`/tags`: a job takes at most 1 tags, and these are 2 (limit tags)"
        );
        let data = |text: &str| Some(Document::new(text.to_owned()).unwrap());
        assert_eq!(code(&Submission { custom_data: data("1234"), ..plain.clone() }), None);
        let long = Submission { custom_data: data("12345"), ..plain.clone() };
        assert_eq!(code(&long), Some(Code::TooLarge));
        assert_eq!(message(&long), "`/custom_data` has 5 bytes; 4 are allowed (limit custom_data_bytes)");
        let key = |key: &str| {
            let request = analyte_core::digest::Digest::of(b"");
            Some(Idempotency { key: key.to_owned(), request })
        };
        assert_eq!(code(&Submission { idempotency: key(""), ..plain.clone() }), Some(Code::Malformed));
        assert_eq!(code(&Submission { idempotency: key("k"), ..plain }), None);
    }
}
