//! One call of a service: who calls, with what, in which session. What several services make of a call stands in the files
//! beside this one; none of them knows any service.
//!
//! Parameters are kept as the text they came in until they are asked for. A large one is never copied: [`Call::bytes`]
//! shares the body, and [`Call::release_body`] gives the body and its memory back before something is waited for.

use std::sync::Arc;

use analyte_core::base_type::BaseType;
use analyte_core::infotable::{self, Cell};
use analyte_core::names::Organisation;
use analyte_core::shape::Shape;
use analyte_core::table::format::Read;
use analyte_jobs::{Manager, Session};
use bytes::Bytes;
use http::HeaderValue;
use parking_lot::Mutex;

use crate::entry::auth::Caller;
use crate::native::table::compute;
use crate::problem::Problem;
use crate::shared::Shared;
use crate::thingworx::error::ServiceError;
use crate::thingworx::session;

pub(crate) mod arguments;
pub(crate) mod custom_data;
pub(crate) mod detached;
pub(crate) mod names;
pub(crate) mod parameter;
pub(crate) mod query;
pub(crate) mod raw_json;
pub(crate) mod table;

use self::arguments::Arguments;
use self::parameter::Parameter;

/// Up to this size a parameter is read at once.
const AT_ONCE: usize = 64 * 1024;

/// One call of a service.
pub(crate) struct Call {
    /// What all calls share.
    pub(crate) shared: Arc<Shared>,
    /// Who calls.
    pub(crate) caller: Caller,
    /// What the service declares.
    parameters: &'static [Parameter],
    /// What the client gave for them.
    arguments: Mutex<Arguments>,
    session: Mutex<Option<Session>>,
    /// What the client has to keep, where the call opened a session.
    set_cookie: Mutex<Option<HeaderValue>>,
    warnings: Mutex<Vec<String>>,
}

impl Call {
    /// A call of a service that declares these parameters.
    pub(crate) fn new(
        shared: Arc<Shared>,
        caller: Caller,
        session: Option<Session>,
        parameters: &'static [Parameter],
        arguments: Arguments,
    ) -> Self {
        Self {
            shared,
            caller,
            parameters,
            arguments: Mutex::new(arguments),
            session: Mutex::new(session),
            set_cookie: Mutex::new(None),
            warnings: Mutex::new(Vec::new()),
        }
    }

    /// The job manager.
    pub(crate) fn manager(&self) -> &Manager {
        &self.shared.manager
    }

    /// Whose data the caller may see.
    pub(crate) fn organisation(&self) -> &Organisation {
        self.caller.organisation()
    }

    /// The HTTP session of the call, where it has one.
    pub(crate) fn session(&self) -> Option<Session> {
        self.session.lock().clone()
    }

    /// The HTTP session of the call; where it has none one is opened, and the answer will hand out its cookie.
    pub(crate) fn ensure_session(&self) -> Result<Session, ServiceError> {
        let mut session = self.session.lock();
        if let Some(session) = session.as_ref() {
            return Ok(session.clone());
        }
        let (opened, cookie) = session::open(&self.shared, self.caller.principal())?;
        *self.set_cookie.lock() = Some(cookie);
        *session = Some(opened.clone());
        Ok(opened)
    }

    /// What the client has to keep, where this call opened a session.
    pub(crate) fn take_cookie(&self) -> Option<HeaderValue> {
        self.set_cookie.lock().take()
    }

    /// Tells the client, beside the answer, what it should know.
    pub(crate) fn warn(&self, warnings: impl IntoIterator<Item = String>) {
        self.warnings.lock().extend(warnings);
    }

    /// What the client should know.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock())
    }

    /// The text of a parameter's JSON, shared with the body; `None` where it is absent or `null`.
    pub(crate) fn bytes(&self, name: &str) -> Option<Bytes> {
        self.arguments.lock().get(name)
    }

    /// A parameter as text; its declared default where it is absent. Numbers and booleans are taken as they are written.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, ServiceError> {
        match self.cell(name, BaseType::String)? {
            Some(Cell::Text(text)) => Ok(Some(text)),
            _ => Ok(None),
        }
    }

    /// Like [`text`](Self::text), for one that has to be there. An empty text counts as none.
    pub(crate) fn required_text(&self, name: &str) -> Result<String, ServiceError> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| ServiceError::missing(name))
    }

    /// A parameter as a truth; its declared default where it is absent.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, ServiceError> {
        match self.cell(name, BaseType::Boolean)? {
            Some(Cell::Bool(value)) => Ok(Some(value)),
            _ => Ok(None),
        }
    }

    /// A parameter as a whole number; its declared default where it is absent.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, ServiceError> {
        match self.cell(name, BaseType::Long)? {
            Some(Cell::Int(value)) => Ok(Some(value)),
            _ => Ok(None),
        }
    }

    /// A parameter as a number; its declared default where it is absent.
    pub(crate) fn number(&self, name: &str) -> Result<Option<f64>, ServiceError> {
        match self.cell(name, BaseType::Number)? {
            Some(Cell::Number(value)) => Ok(Some(value)),
            _ => Ok(None),
        }
    }

    /// A parameter that is an InfoTable, read for this shape; warnings say what was dropped from it. `None` where it is
    /// absent. A large one is read on a thread of its own.
    pub(crate) async fn table(&self, name: &str, shape: &Shape) -> Result<Option<Read>, ServiceError> {
        let Some(json) = self.bytes(name) else { return Ok(None) };
        let read = if json.len() <= AT_ONCE {
            infotable::read(&json, shape, &self.shared.limits)
        } else {
            let (shape, limits) = (shape.clone(), self.shared.limits.clone());
            self.compute(move || infotable::read(&json, &shape, &limits)).await?
        };
        let read = read.map_err(|error| ServiceError::Failed(format!("the parameter {name}: {error}")))?;
        self.warn(read.warnings.iter().map(|warning| format!("{name}: {warning}")));
        Ok(Some(read))
    }

    /// Does something long with what the caller asks for, on a thread where no other call waits behind it.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        compute(&self.shared, self.organisation(), work).await
    }

    /// Gives back the body and the memory set aside for it: before a run is waited for, which may need all the memory
    /// there is. Every parameter is absent from then on.
    pub(crate) fn release_body(&self) {
        drop(self.arguments.lock().take());
    }

    fn cell(&self, name: &str, base_type: BaseType) -> Result<Option<Cell>, ServiceError> {
        let wrong = |message: String| ServiceError::Failed(format!("the parameter {name}: {message}"));
        if let Some(json) = self.bytes(name) {
            // The body was read as UTF-8 before.
            let text = std::str::from_utf8(&json).unwrap_or_default();
            return infotable::read_value(base_type, text, &self.shared.limits).map_err(wrong);
        }
        let declared = self.parameters.iter().find(|parameter| parameter.name == name);
        let default = declared.and_then(|parameter| parameter.default);
        let Some(default) = default else { return Ok(None) };
        infotable::value(base_type, &serde_json::Value::from(default)).map_err(wrong)
    }
}
