//! Data shapes: ordered fields with base types, closed or open.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base_type::{BaseType, Kind};

pub(crate) mod json;

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Unique within its shape, case-sensitive.
    pub name: Arc<str>,
    /// What its values mean.
    pub base_type: BaseType,
    /// How its column lies in memory; suits the base type.
    pub kind: Kind,
    /// Whether values may be missing.
    pub nullable: bool,
    /// For people: what it is, and its unit.
    pub description: Arc<str>,
    /// Further aspects by name.
    pub extra: Vec<(String, String)>,
}

impl Field {
    /// A nullable field of the usual kind, without a description.
    pub fn new(name: &str, base_type: BaseType) -> Self {
        Self {
            name: name.into(),
            base_type,
            kind: base_type.kind(),
            nullable: true,
            description: "".into(),
            extra: Vec::new(),
        }
    }

    /// The aspect that keeps how a data shape spelled the base type, where [`BaseType`] says less: `THINGNAME` and its
    /// like are all [`BaseType::EntityName`].
    pub const BASE_TYPE: &str = "baseType";

    /// Its further aspects, each once: what was said of it first holds.
    pub(crate) fn further_aspects(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut said = HashSet::with_capacity(self.extra.len());
        let aspects = self.extra.iter().map(|(aspect, value)| (aspect.as_str(), value.as_str()));
        aspects.filter(move |(aspect, _)| said.insert(*aspect))
    }

    /// The base type as the field's data shape spelled it.
    pub fn base_type_name(&self) -> &str {
        let spelled = self.extra.iter().find(|(aspect, _)| aspect == Self::BASE_TYPE).map(|(_, name)| name.as_str());
        match spelled {
            Some(name) if self.base_type == BaseType::EntityName && BaseType::parse_lenient(name) == self.base_type => {
                name
            }
            _ => self.base_type.as_str(),
        }
    }
}

/// Which columns beyond the declared ones a shape admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rest {
    /// None: the shape is closed.
    #[default]
    None,
    /// NUMBER, INTEGER and LONG columns.
    Numeric,
    /// Columns of any type.
    Any,
}

impl Rest {
    /// Whether an undeclared column of this type is admitted.
    pub fn admits(self, base_type: BaseType) -> bool {
        match self {
            Self::None => false,
            Self::Numeric => base_type.is_numeric(),
            Self::Any => true,
        }
    }
}

/// Ordered fields, and whether others may come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shape {
    /// In order.
    pub fields: Arc<[Field]>,
    /// What else is admitted.
    pub rest: Rest,
}

impl Shape {
    /// A closed shape.
    pub fn closed(fields: Vec<Field>) -> Self {
        Self { fields: fields.into(), rest: Rest::None }
    }

    /// Declares nothing and admits everything: for a table that stands for itself.
    pub fn any() -> Self {
        Self { fields: Arc::default(), rest: Rest::Any }
    }

    /// The declared field of this name and its place.
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name.as_ref() == name)
    }
}
