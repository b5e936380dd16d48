//! Fields of a data shape.

use crate::cell::WriteCell;
use crate::raw::tables::Field;
use crate::value::Value;

impl Field {
    /// A field that holds cells of this type.
    pub fn of<C: WriteCell>(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            base_type: C::Value::BASE_TYPE,
            kind: C::Value::KIND,
            nullable: C::NULLABLE,
            description: String::new(),
            extra: Vec::new(),
        }
    }

    /// For people: what it is.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// What it is measured in: appended to the description, and kept as the aspect `unit`.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        let unit = unit.into();
        if self.description.is_empty() {
            self.description = format!("Unit: {unit}");
        } else {
            self.description = format!("{} Unit: {unit}", self.description);
        }
        self.extra.push(("unit".to_owned(), unit));
        self
    }
}
