//! Organisations and tokens, read from what the committer has published.

use std::sync::Arc;

use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;

use crate::sled::operations::{organisations, tokens};
use crate::sled::store::SledStore;
use crate::{Access, OrganisationRecord, Result, TokenRecord};

#[async_trait]
impl Access for SledStore {
    async fn put_organisation(&self, record: OrganisationRecord) -> Result<bool> {
        self.committer.commit(move |state| organisations::put_organisation(state, record)).await
    }

    async fn organisations(&self) -> Result<Vec<Arc<OrganisationRecord>>> {
        self.committer.open()?;
        Ok(self.reader.shared.registry.read().organisations.values().cloned().collect())
    }

    async fn put_token(&self, record: TokenRecord) -> Result<()> {
        self.committer.commit(move |state| tokens::put_token(state, record)).await
    }

    async fn tokens_used(&self, used: Vec<(String, Timestamp)>) -> Result<()> {
        self.committer.commit(move |state| tokens::tokens_used(state, used)).await
    }

    async fn tokens(&self) -> Result<Vec<Arc<TokenRecord>>> {
        self.committer.open()?;
        Ok(self.reader.shared.registry.read().tokens.values().cloned().collect())
    }
}
