//! What a service is: its name, what it takes, what it answers, and the handler that answers it. `GET …/Metadata` is written
//! from this and nothing else, and so is the check of what a caller may do, so that neither can differ from what is served.

use analyte_core::infotable::Cell;
use analyte_core::table::Table;
use analyte_jobs::Right;
use futures::future::BoxFuture;

use crate::thingworx::call::Call;
use crate::thingworx::call::parameter::Parameter;
use crate::thingworx::error::ServiceError;

/// A named set of services: a resource or a Thing.
#[derive(Debug)]
pub(crate) struct Entity {
    /// As it stands in addresses.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) description: &'static str,
    /// In the order of the documentation.
    pub(crate) services: &'static [&'static Service],
}

impl Entity {
    /// The service of exactly this name.
    pub(crate) fn service(&self, name: &str) -> Option<&'static Service> {
        self.services.iter().find(|service| service.name == name).copied()
    }
}

/// One thing that can be asked for.
#[derive(Debug)]
pub(crate) struct Service {
    /// As it stands in addresses.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) description: &'static str,
    /// What the caller's token must allow.
    pub(crate) right: Right,
    /// What it takes.
    pub(crate) parameters: &'static [Parameter],
    /// What it answers.
    pub(crate) result: ResultType,
    /// Whether it is an extension of ours rather than one of the public pages.
    pub(crate) extension: bool,
    /// What answers it.
    pub(crate) handler: Handler,
}

/// Answers a call of a service, whose parameters are those that the service declares; the caller's right was checked before.
pub(crate) type Handler = for<'a> fn(&'a Call) -> BoxFuture<'a, Result<Answer, ServiceError>>;

/// The kind of thing that a service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultType {
    /// 200 with an empty body.
    Nothing,
    /// A table of one row and one field `result`, of this base type.
    Scalar(&'static str),
    /// A table as it is; its shape's name, where it is always the same.
    Table(Option<&'static str>),
    /// A JSON value as it is.
    Json,
}

impl ResultType {
    /// As ThingWorx spells it.
    pub(crate) fn base_type(self) -> &'static str {
        match self {
            Self::Nothing => "NOTHING",
            Self::Scalar(base_type) => base_type,
            Self::Table(_) => "INFOTABLE",
            Self::Json => "JSON",
        }
    }
}

/// What a service answered; of the kind that its [`ResultType`] says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// Nothing to say.
    Nothing,
    /// One value; the base type is the declared one. [`Cell::Unset`] makes a table without rows.
    Scalar(Cell),
    /// A table.
    Table(Table),
    /// Any JSON.
    Json(serde_json::Value),
}
