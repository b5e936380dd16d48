//! What a service is: its name, what it takes, what it answers. `GET …/Metadata` is written from this and nothing else,
//! and so is the check of what a caller may do, so that neither can differ from what is served.

use analyte_core::infotable::Cell;
use analyte_core::table::Table;
use analyte_jobs::Right;

/// A named set of services.
#[derive(Debug)]
pub(crate) struct Resource {
    /// As it stands in addresses.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) description: &'static str,
    /// In the order of the documentation.
    pub(crate) services: &'static [Service],
}

impl Resource {
    /// The service of exactly this name.
    pub(crate) fn service(&self, name: &str) -> Option<&'static Service> {
        self.services.iter().find(|service| service.name == name)
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
    pub(crate) inputs: &'static [Parameter],
    /// What it answers.
    pub(crate) result: ResultType,
    /// Whether it is an addition of ours rather than one of the public pages.
    pub(crate) ours: bool,
}

impl Service {
    /// The parameter of exactly this name.
    pub(crate) fn input(&self, name: &str) -> Option<&'static Parameter> {
        self.inputs.iter().find(|parameter| parameter.name == name)
    }
}

/// One thing that a service takes.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// The member of the body; its case matters.
    pub(crate) name: &'static str,
    /// As ThingWorx spells it: `STRING`, `THINGNAME`, …
    pub(crate) base_type: &'static str,
    /// What it means.
    pub(crate) description: &'static str,
    /// Shown to clients, and taken where the member is absent. A scalar's as text. `None`: there is none.
    pub(crate) default: Option<&'static str>,
    /// Name of the shape of an INFOTABLE, where it is always the same.
    pub(crate) data_shape: Option<&'static str>,
}

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
