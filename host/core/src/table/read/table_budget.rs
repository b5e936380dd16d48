//! How much memory a table may take, for what was sent.
//!
//! A few bytes can stand for a large table: `{}` is a row of as many missing values as there are columns. So beside
//! `table_bytes` there is a bound that grows with what was sent; no table that holds mostly values comes near it.

use crate::limits::Limits;

/// The memory that a table may take however short the document is, in bytes.
const ALWAYS: u64 = 64 * 1024 * 1024;
/// The memory that a table may take for each byte that the client sent, in bytes.
const EACH: u64 = 64;

/// How much memory a table may take, and why not more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableBudget {
    pub(crate) most: u64,
    limit: u64,
    sent: u64,
}

impl TableBudget {
    /// For a document of `sent` bytes, or for a table that already takes `sent` bytes of memory.
    pub(crate) fn for_sent(sent: usize, limits: &Limits) -> Self {
        let sent = sent as u64;
        let most = limits.table_bytes.min(sent.saturating_mul(EACH).max(ALWAYS));
        Self { most, limit: limits.table_bytes, sent }
    }

    /// For a table in Analyte's own records: only `table_bytes` bounds it, not the length of its text.
    pub(crate) fn of_limits(limits: &Limits) -> Self {
        Self { most: limits.table_bytes, limit: limits.table_bytes, sent: 0 }
    }

    /// Says that a table takes more.
    pub(crate) fn exceeded(&self) -> String {
        let Self { most, limit, sent } = self;
        if most == limit {
            return format!("the table takes more memory than the limit table_bytes, {limit}");
        }
        format!(
            "{sent} bytes stand for a table that takes more than {most} bytes of memory, nearly all of it missing \
             values; leave out the columns and rows that hold none"
        )
    }
}
