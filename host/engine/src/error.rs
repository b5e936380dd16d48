//! Why a component is refused, why a call into it fails by a fault of the host, and why the engine itself may not start.

use analyte_core::codes::Code;

/// A component that is not accepted: what is wrong with it, and what its author or operator can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// [`Code::InvalidComponent`], [`Code::TooLarge`], [`Code::ProviderUnavailable`] and [`Code::NotStopped`] where a guest
    /// of the component was given up, or [`Code::HostError`] where the fault is the platform's otherwise.
    pub code: Code,
    /// One sentence.
    pub message: String,
    /// What lies behind it, outermost first.
    pub causes: Vec<String>,
}

impl Refused {
    /// The component breaks the contract.
    pub fn component(message: impl Into<String>) -> Self {
        Self { code: Code::InvalidComponent, message: message.into(), causes: Vec::new() }
    }

    /// The platform failed.
    pub fn host(message: impl Into<String>) -> Self {
        Self { code: Code::HostError, message: message.into(), causes: Vec::new() }
    }

    /// With what lies behind it.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }
}

/// The engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime refuses its configuration on this machine.
    #[error("the WebAssembly engine cannot start")]
    Wasmtime(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A thread or folder could not be made.
    #[error("the WebAssembly engine cannot start: {doing}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// On this machine, as the server is put there, no component can run.
    #[error("{message}")]
    Machine {
        /// What does not go there.
        message: String,
        /// What the operator can change.
        advice: &'static str,
        /// What the system said, if anything.
        #[source]
        cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// The platform's own fault inside a host call: it ends the run, and the component hears nothing of it.
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
pub(crate) struct HostFault {
    message: &'static str,
    said: String,
}

impl HostFault {
    /// What could not be done, for the client, and what lies behind it.
    pub(crate) fn new(message: &'static str, said: impl Into<String>) -> Self {
        Self { message, said: said.into() }
    }

    /// What could not be done.
    pub(crate) fn message(&self) -> &'static str {
        self.message
    }
}
