//! Tokens, and when they were used.

use std::sync::Arc;

use analyte_core::timestamp::Timestamp;

use super::work::Work;
use super::{envelope, keys};
use crate::{Result, TokenRecord};

/// Keeps a token, or replaces the one with the same id.
pub(super) fn put_token(work: &mut Work, record: TokenRecord) -> Result<()> {
    work.records.put(keys::token(&record.id), &envelope::json(&record)?)?;
    work.catalogue.tokens.insert(record.id.clone(), Arc::new(record));
    work.catalogue_changed = true;
    Ok(())
}

/// Moves the times of last use on, never back. A token that is gone stays so.
pub(super) fn tokens_used(work: &mut Work, used: Vec<(String, Timestamp)>) -> Result<()> {
    for (id, at) in used {
        let Some(token) = work.catalogue.tokens.get(&id) else { continue };
        if token.last_used_at < Some(at) {
            let record = TokenRecord { last_used_at: Some(at), ..TokenRecord::clone(token) };
            put_token(work, record)?;
        }
    }
    Ok(())
}
