//! Keeps tokens, and when they were used last.

use std::sync::Arc;

use analyte_core::timestamp::Timestamp;

use crate::sled::format::{envelope, keys};
use crate::sled::state::State;
use crate::{Result, TokenRecord};

/// Keeps a token, or replaces the one with the same id.
pub(crate) fn put_token(state: &mut State, record: TokenRecord) -> Result<()> {
    state.records.put(keys::token(&record.id), &envelope::json(&record)?)?;
    state.registry.tokens.insert(record.id.clone(), Arc::new(record));
    state.registry_changed = true;
    Ok(())
}

/// Moves the times of last use on, never back. A token that is gone stays so.
pub(crate) fn tokens_used(state: &mut State, used: Vec<(String, Timestamp)>) -> Result<()> {
    for (id, at) in used {
        let Some(token) = state.registry.tokens.get(&id) else { continue };
        if token.last_used_at < Some(at) {
            let record = TokenRecord { last_used_at: Some(at), ..TokenRecord::clone(token) };
            put_token(state, record)?;
        }
    }
    Ok(())
}
