//! Limits for what Analyte itself has kept.

use super::Limits;

impl Limits {
    /// Tables in Analyte's own records were within the limits when they were taken in, and are read again whatever the
    /// limits are now.
    pub(crate) fn of_own_records() -> Self {
        Self {
            rows: u64::MAX,
            columns: u64::MAX,
            field_name_bytes: u64::MAX,
            field_aspects: u64::MAX,
            table_bytes: u64::MAX,
            json_depth: u64::MAX,
            ..Self::default()
        }
    }
}
