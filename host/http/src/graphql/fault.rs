//! How a field fails: an entry of `errors` with a stable `name`, a message, when it happened, and facts in `data`.
//!
//! `name`, `time_thrown` and `data` are members of the error itself, as clients of aiWARE read them. They travel through the
//! library as its error extensions and are put in their place when the answer is written.

use analyte_core::timestamp::Timestamp;
use analyte_jobs::JobsError;
use async_graphql::{ErrorExtensionValues, ServerError, Value};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::json;
use uuid::Uuid;

use crate::aiware::error::{ErrorId, Refusal};
use crate::problem::Problem;

/// What a program can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    NotFound,
    NotAllowed,
    InvalidInput,
    AuthenticationError,
    RateLimited,
    CapacityExceeded,
    NotImplemented,
    ServiceUnavailable,
    InternalError,
}

impl Name {
    /// The word itself.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NotAllowed => "not_allowed",
            Self::InvalidInput => "invalid_input",
            Self::AuthenticationError => "authentication_error",
            Self::RateLimited => "rate_limited",
            Self::CapacityExceeded => "capacity_exceeded",
            Self::NotImplemented => "not_implemented",
            Self::ServiceUnavailable => "service_unavailable",
            Self::InternalError => "internal_error",
        }
    }
}

/// A field that failed, or a request that was refused.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) name: Name,
    pub(super) message: String,
    /// What it is about: the id and the type of an object.
    object: Option<(String, &'static str)>,
}

/// Longest part of an id, in characters, that an answer repeats.
const SHOWN: usize = 80;

impl Fault {
    /// Failed for this reason.
    pub(super) fn new(name: Name, message: impl Into<String>) -> Self {
        Self { name, message: message.into(), object: None }
    }

    /// What was asked for does not fit.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Name::InvalidInput, message)
    }

    /// This member of the input is wrong.
    pub(super) fn at(pointer: &str, message: impl std::fmt::Display) -> Self {
        Self::invalid(format!("`{pointer}` {message}"))
    }

    /// A part of the product that has no meaning here.
    pub(super) fn no_meaning(what: &str) -> Self {
        Self::new(Name::NotImplemented, format!("{what} has no meaning here; docs/aiware.md lists what is offered"))
    }

    /// There is no such object, or it belongs to another organisation.
    pub(super) fn not_found(kind: &'static str, id: &str) -> Self {
        let shown: String = id.chars().take(SHOWN).collect();
        let mut fault = Self::new(Name::NotFound, "The requested object was not found");
        fault.object = Some((shown, kind));
        fault
    }

    /// Says which object it is about, where it is one that was not found.
    pub(super) fn of(self, kind: &'static str, id: &str) -> Self {
        if self.name == Name::NotFound { Self::not_found(kind, id) } else { self }
    }

    fn data(&self) -> serde_json::Value {
        let mut data = json!({"errorId": Uuid::now_v7().to_string()});
        if let (Some((id, kind)), Some(members)) = (&self.object, data.as_object_mut()) {
            members.insert("objectId".to_owned(), id.as_str().into());
            members.insert("objectType".to_owned(), (*kind).into());
        }
        data
    }

    /// As the library carries it.
    fn extensions(&self) -> ErrorExtensionValues {
        let mut values = ErrorExtensionValues::default();
        values.set("name", self.name.as_str());
        // A map of texts is a value of the library's in any case.
        values.set("data", Value::from_json(self.data()).unwrap_or_default());
        values
    }

    /// As an error of the whole request.
    pub(super) fn into_server_error(self) -> ServerError {
        let mut error = ServerError::new(self.message.clone(), None);
        error.extensions = Some(self.extensions());
        error
    }
}

impl From<Fault> for async_graphql::Error {
    fn from(fault: Fault) -> Self {
        let extensions = Some(fault.extensions());
        Self { message: fault.message, source: None, extensions }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.detail();
        let name = match refusal.id() {
            ErrorId::Malformed | ErrorId::InvalidInput | ErrorId::TooLarge | ErrorId::WrongState => Name::InvalidInput,
            ErrorId::AuthenticationError => Name::AuthenticationError,
            ErrorId::NotAllowed => {
                let published = "The authenticated user or token is not authorized to perform the requested action.";
                return Self::new(Name::NotAllowed, published);
            }
            ErrorId::NotFound => {
                return Self::new(Name::NotFound, format!("The requested object was not found: {detail}"));
            }
            ErrorId::RateLimited => Name::RateLimited,
            ErrorId::NotImplemented | ErrorId::MethodNotAllowed => Name::NotImplemented,
            ErrorId::ServiceUnavailable => Name::ServiceUnavailable,
            ErrorId::InternalError => Name::InternalError,
        };
        Self::new(name, detail)
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Refusal::from(problem).into()
    }
}

impl From<JobsError> for Fault {
    fn from(error: JobsError) -> Self {
        Refusal::from(error).into()
    }
}

/// An error as it stands in an answer. One that the library made has no name: it says that the request does not fit.
pub(super) struct Written<'a> {
    pub(super) error: &'a ServerError,
    pub(super) at: Timestamp,
    /// Names the call in logs.
    pub(super) request: &'a str,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of = |name: &str| self.error.extensions.as_ref().and_then(|values| values.get(name));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("message", &self.error.message)?;
        match of("name") {
            Some(name) => map.serialize_entry("name", name)?,
            None => map.serialize_entry("name", Name::InvalidInput.as_str())?,
        }
        map.serialize_entry("time_thrown", &self.at.to_string())?;
        if !self.error.path.is_empty() {
            map.serialize_entry("path", &self.error.path)?;
        }
        if !self.error.locations.is_empty() {
            map.serialize_entry("locations", &self.error.locations)?;
        }
        let mut data = of("data").and_then(|data| data.clone().into_json().ok()).unwrap_or_else(|| json!({}));
        if let Some(members) = data.as_object_mut() {
            members.insert("requestId".to_owned(), self.request.into());
        }
        map.serialize_entry("data", &data)?;
        map.end()
    }
}
