//! `[retention]`: how long ended jobs are kept.
//!
//! ```toml
//! [limits]
//! retention_hours = 168       # whatever is not said below
//! [retention]
//! failed = 720
//! [retention.organisations.lab]
//! completed = 24
//! ```

use std::collections::BTreeMap;

use analyte_core::names::Organisation;
use analyte_jobs::{Hours, Retention};
use serde::Deserialize;

use crate::output::report::Report;

/// The section; hours after the end of a job.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    completed: Option<u64>,
    failed: Option<u64>,
    cancelled: Option<u64>,
    organisations: BTreeMap<String, Own>,
}

/// Of one organisation.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Own {
    completed: Option<u64>,
    failed: Option<u64>,
    cancelled: Option<u64>,
}

impl Section {
    pub(super) fn read(self) -> Result<Retention, Report> {
        let Self { completed, failed, cancelled, organisations } = self;
        let own = |(name, Own { completed, failed, cancelled }): (String, Own)| {
            let name = Organisation::new(&name);
            let name = name.map_err(|error| Report::new(format!("[retention.organisations]: {error}")))?;
            Ok((name, Hours { completed, failed, cancelled }))
        };
        Ok(Retention {
            usual: Hours { completed, failed, cancelled },
            organisations: organisations.into_iter().map(own).collect::<Result<_, Report>>()?,
        })
    }
}
