//! The one list of error codes: why a job failed, and why a call was refused.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($( $variant:ident $wire:literal $http:literal $retried:literal $meaning:literal; )*) => {
        /// A stable word that a program can act on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $( #[doc = $meaning] #[serde(rename = $wire)] $variant, )*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Code] = &[ $( Code::$variant, )* ];

            /// The word itself.
            pub fn as_str(self) -> &'static str {
                match self { $( Code::$variant => $wire, )* }
            }
            /// The HTTP status of a call that is refused with this code.
            pub fn http_status(self) -> u16 {
                match self { $( Code::$variant => $http, )* }
            }
            /// Whether a job that failed with this code is tried again by itself.
            pub fn retried(self) -> bool {
                match self { $( Code::$variant => $retried, )* }
            }
            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $( Code::$variant => $meaning, )* }
            }
        }
    };
}

codes! {
    // Why a job failed; docs/architecture/jobs.md says which of these are tried again.
    InvalidInput "invalid-input" 422 false "What was sent can be read, and does not fit: the table, the parameters or another part of it.";
    AnalysisError "analysis-error" 422 false "The provider returned an error.";
    Trap "trap" 502 false "The component crashed: a panic, unreachable code or a bad memory access.";
    OutOfFuel "out-of-fuel" 422 false "The run used up its fuel.";
    OutOfMemory "out-of-memory" 422 false "The run needed more memory than its limit.";
    Timeout "timeout" 422 false "The run took longer than its time limit.";
    StackOverflow "stack-overflow" 422 false "The component called itself too deeply.";
    OutputTooLarge "output-too-large" 422 false "The result, a result file or a message crossed its size limit.";
    InvalidResult "invalid-result" 502 false "The result breaks its shape, its cardinality or the contract.";
    CapabilityDenied "capability-denied" 403 false "The component used something that was not granted to it, and failed.";
    ProviderUnavailable "provider-unavailable" 503 true "The provider was removed or cannot be loaded.";
    HostError "host-error" 500 true "The platform's own fault: store, disk or a lost node.";
    NotStopped "not-stopped" 500 false "The run did not come to a point where it could be stopped, and was left behind; its component runs no more until an operator has acted.";
    ParentFailed "parent-failed" 409 false "A task that this one depends on failed.";
    Cancelled "cancelled" 409 false "The job was cancelled.";
    // Why a call was refused; docs/architecture/http.md has the statuses that say more than the code.
    NotFound "not-found" 404 false "There is no such thing, or it belongs to another organisation.";
    AlreadyFinished "already-finished" 409 false "The job has ended.";
    NotFinished "not-finished" 409 false "The job has not ended yet.";
    NoResult "no-result" 409 false "The job failed or was cancelled, so it has no result.";
    SeveralResults "several-results" 409 false "The job has several result tables; ask for one task's.";
    IdempotencyMismatch "idempotency-mismatch" 422 false "The idempotency key was used before with another body.";
    TooLarge "too-large" 413 false "The body is larger than its limit.";
    UnsupportedMediaType "unsupported-media-type" 415 false "The body's type, or every type asked for, is not offered here.";
    Unauthorized "unauthorized" 401 false "There is no token, or it is not valid.";
    Forbidden "forbidden" 403 false "The token does not allow this, or the Host header is not one of this server's names.";
    DestinationDenied "destination-denied" 403 false "The operator does not allow connections to this destination.";
    Busy "busy" 503 false "There is no room now, or (429) the organisation's queue is full; try again after the time in Retry-After.";
    DiskFull "disk-full" 507 false "There is too little free disk to accept anything new.";
    Malformed "malformed" 400 false "The request cannot be read.";
    Conflict "conflict" 409 false "It clashes with what is there.";
    InvalidComponent "invalid-component" 422 false "The component does not keep the contract.";
    MethodNotAllowed "method-not-allowed" 405 false "The address exists, but not with this method.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_codes_of_the_platform_are_retried() {
        let retried: Vec<_> = Code::ALL.iter().filter(|code| code.retried()).map(|code| code.as_str()).collect();
        assert_eq!(retried, ["provider-unavailable", "host-error"]);
    }

    #[test]
    fn words_are_unique_and_survive_serialisation() {
        for code in Code::ALL {
            assert_eq!(Code::ALL.iter().filter(|other| other.as_str() == code.as_str()).count(), 1, "{code}");
            assert_eq!(serde_json::to_string(code).ok(), Some(format!("\"{code}\"")));
        }
    }
}
