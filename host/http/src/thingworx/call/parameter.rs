//! What a service says of each thing that it takes. Metadata is written from it, and calls are read by it.

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

impl Parameter {
    /// One without a default and without a data shape.
    pub(crate) const fn new(name: &'static str, base_type: &'static str, description: &'static str) -> Self {
        Self { name, base_type, description, default: None, data_shape: None }
    }

    /// The same with a default, as text.
    pub(crate) const fn with_default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// The same INFOTABLE, always of this data shape.
    pub(crate) const fn of_shape(self, data_shape: &'static str) -> Self {
        Self { data_shape: Some(data_shape), ..self }
    }
}
