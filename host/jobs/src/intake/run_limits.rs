//! What clients ask for the runs of a job: what each may use, and how often it is tried.

use analyte_core::job::transition::LONGEST_BACKOFF_MS;
use analyte_core::job::{RetryPolicy, RunLimits};
use analyte_core::limits::Limits;

use crate::error::{JobsError, Wrong};

/// Most tries that a job may ask for.
const MOST_ATTEMPTS: u32 = 100;

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

impl LimitsAsked {
    /// These, and what they do not ask for as the `others` do.
    pub(crate) fn or(self, others: Self) -> Self {
        Self {
            fuel: self.fuel.or(others.fuel),
            memory_bytes: self.memory_bytes.or(others.memory_bytes),
            timeout_ms: self.timeout_ms.or(others.timeout_ms),
        }
    }

    /// Those that were resolved once, asked for again.
    pub(crate) fn of(limits: RunLimits) -> Self {
        let RunLimits { fuel, memory_bytes, timeout_ms } = limits;
        Self { fuel: Some(fuel), memory_bytes: Some(memory_bytes), timeout_ms: Some(timeout_ms) }
    }

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
        if policy.backoff_ms > LONGEST_BACKOFF_MS {
            let message = format!("must be at most {LONGEST_BACKOFF_MS}, and is {}", policy.backoff_ms);
            problems.push(wrong("/retry/backoff_ms", message));
        }
        refuse(problems)?;
        Ok(policy)
    }
}

/// One thing that is wrong with a submission.
pub(crate) fn wrong(pointer: &str, message: String) -> Wrong {
    Wrong { pointer: pointer.to_owned(), message }
}

/// Refuses what has problems, with the first of them as its message.
pub(super) fn refuse(problems: Vec<Wrong>) -> Result<(), JobsError> {
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
}
