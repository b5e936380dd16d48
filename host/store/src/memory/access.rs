//! Organisations and tokens, by name and id.

use std::sync::Arc;

use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;

use crate::memory::MemoryStore;
use crate::{Access, OrganisationRecord, Result, TokenRecord};

#[async_trait]
impl Access for MemoryStore {
    async fn put_organisation(&self, record: OrganisationRecord) -> Result<bool> {
        Ok(self.lock()?.organisations.insert(record.name.clone(), Arc::new(record)).is_some())
    }

    async fn organisations(&self) -> Result<Vec<Arc<OrganisationRecord>>> {
        Ok(self.lock()?.organisations.values().cloned().collect())
    }

    async fn put_token(&self, record: TokenRecord) -> Result<()> {
        self.lock()?.tokens.insert(record.id.clone(), Arc::new(record));
        Ok(())
    }

    async fn tokens_used(&self, used: Vec<(String, Timestamp)>) -> Result<()> {
        let mut data = self.lock()?;
        for (id, at) in used {
            if let Some(token) = data.tokens.get_mut(&id).map(Arc::make_mut) {
                token.last_used_at = token.last_used_at.max(Some(at));
            }
        }
        Ok(())
    }

    async fn tokens(&self) -> Result<Vec<Arc<TokenRecord>>> {
        Ok(self.lock()?.tokens.values().cloned().collect())
    }
}
