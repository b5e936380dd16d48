//! Tokens: who may do what.
//!
//! A secret is 256 random bits. Only its SHA-256 is kept, so whoever reads the store learns no secret; a slow hash would
//! add nothing, since there is nothing to guess. A token is looked up by that hash: how long the lookup takes may tell
//! something about hashes, but nobody can choose a secret by the hash it will have, so nothing about a secret leaks.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_store::{Right, TokenRecord};
use parking_lot::RwLock;

use crate::error::JobsError;
use crate::manager::Manager;

/// Every secret begins with this, so that leaked ones can be searched for.
const PREFIX: &str = "analyte_";
/// Longest label in bytes.
const LABEL_BYTES: usize = 256;

/// The secret of a token. Shown once, never kept, never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    fn random() -> Result<Self, JobsError> {
        Ok(Self(format!("{PREFIX}{}", Digest::from_bytes(random_bytes()?).hex())))
    }

    /// The text that goes into `Authorization: Bearer …`.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn random_bytes<const N: usize>() -> Result<[u8; N], JobsError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| JobsError::new(Code::HostError, "the system gives no random numbers").because(error))?;
    Ok(bytes)
}

/// Who makes a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whose token it is.
    pub organisation: Organisation,
    /// Id of the token; not secret.
    pub token: String,
    /// What it allows.
    pub rights: Vec<Right>,
}

impl Principal {
    /// Whether it allows this; `admin` allows everything.
    pub fn may(&self, right: Right) -> bool {
        self.rights.iter().any(|own| *own == right || *own == Right::Admin)
    }

    /// Refuses with `forbidden` what it does not allow.
    pub fn require(&self, right: Right) -> Result<(), JobsError> {
        if self.may(right) {
            return Ok(());
        }
        Err(JobsError::new(Code::Forbidden, "the token does not allow this"))
    }
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Whose.
    pub organisation: Organisation,
    /// What it is for.
    pub label: String,
    /// What it allows.
    pub rights: Vec<Right>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// All tokens by the hash of their secret.
#[derive(Default)]
pub(crate) struct Tokens {
    by_hash: RwLock<HashMap<Digest, Arc<TokenRecord>>>,
}

impl Tokens {
    pub(crate) fn put(&self, record: Arc<TokenRecord>) {
        self.by_hash.write().insert(record.hash, record);
    }

    fn all(&self) -> Vec<Arc<TokenRecord>> {
        let mut all: Vec<_> = self.by_hash.read().values().cloned().collect();
        all.sort_by(|left, right| (left.created_at, &left.id).cmp(&(right.created_at, &right.id)));
        all
    }
}

impl Manager {
    /// Who this secret belongs to; `unauthorized` where it is unknown, expired or revoked.
    pub fn authenticate(&self, secret: &str) -> Result<Principal, JobsError> {
        let unauthorized = || JobsError::new(Code::Unauthorized, "the token is not valid");
        let hash = Digest::of(secret.as_bytes());
        let record = self.inner.tokens.by_hash.read().get(&hash).cloned().ok_or_else(unauthorized)?;
        let now = self.now();
        let over = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if over(record.expires_at) || over(record.revoked_at) {
            return Err(unauthorized());
        }
        Ok(Principal {
            organisation: record.organisation.clone(),
            token: record.id.clone(),
            rights: record.rights.clone(),
        })
    }

    /// Makes the administrator's token if there is no token at all, and says whether it did.
    ///
    /// `keep` gets the secret before the token is valid, to write it where the operator finds it; if that fails there is
    /// no token, and the next start tries again. Nobody is locked out by a crash in between.
    pub async fn ensure_administrator(
        &self,
        keep: impl FnOnce(&Secret) -> io::Result<()> + Send,
    ) -> Result<bool, JobsError> {
        let _turn = self.inner.making_tokens.lock().await;
        if !self.inner.tokens.by_hash.read().is_empty() {
            return Ok(false);
        }
        let new = NewToken {
            organisation: Organisation::default_one(),
            label: "administrator, made at the first start".to_owned(),
            rights: vec![Right::Admin],
            expires_at: None,
        };
        let (record, secret) = self.mint(new)?;
        keep(&secret).map_err(|error| {
            JobsError::new(Code::HostError, "the administrator's token cannot be written").because(error)
        })?;
        self.inner.store.put_token(record.clone()).await?;
        self.inner.tokens.put(Arc::new(record));
        Ok(true)
    }

    /// Makes a token. The secret is answered this once.
    pub async fn create_token(&self, new: NewToken) -> Result<(Arc<TokenRecord>, Secret), JobsError> {
        if new.rights.is_empty() {
            return Err(JobsError::invalid("a token must allow something"));
        }
        if new.label.len() > LABEL_BYTES {
            return Err(JobsError::invalid(format!("a label takes at most {LABEL_BYTES} bytes")));
        }
        let (record, secret) = self.mint(new)?;
        self.inner.store.put_token(record.clone()).await?;
        let record = Arc::new(record);
        self.inner.tokens.put(record.clone());
        Ok((record, secret))
    }

    /// The tokens of one organisation, oldest first.
    pub fn tokens(&self, organisation: &Organisation) -> Vec<Arc<TokenRecord>> {
        let mut all = self.inner.tokens.all();
        all.retain(|record| record.organisation == *organisation);
        all
    }

    /// Ends a token; twice is harmless. The last token with all rights cannot be revoked.
    pub async fn revoke_token(&self, organisation: &Organisation, id: &str) -> Result<Arc<TokenRecord>, JobsError> {
        let _turn = self.inner.making_tokens.lock().await;
        let all = self.inner.tokens.all();
        let found = all.iter().find(|record| record.id == id && record.organisation == *organisation);
        let Some(found) = found else {
            return Err(JobsError::not_found("such token"));
        };
        if found.revoked_at.is_some() {
            return Ok(found.clone());
        }
        let now = self.now();
        let rules = |record: &TokenRecord| {
            record.rights.contains(&Right::Admin)
                && record.revoked_at.is_none()
                && record.expires_at.is_none_or(|at| at > now)
        };
        if rules(found) && all.iter().filter(|record| rules(record)).count() == 1 {
            return Err(JobsError::conflict("this is the last token of an administrator; make another one first"));
        }
        let mut record = found.as_ref().clone();
        record.revoked_at = Some(now);
        self.inner.store.put_token(record.clone()).await?;
        let record = Arc::new(record);
        self.inner.tokens.put(record.clone());
        Ok(record)
    }

    fn mint(&self, new: NewToken) -> Result<(TokenRecord, Secret), JobsError> {
        let secret = Secret::random()?;
        let id = self.new_id().simple().to_string();
        let record = TokenRecord {
            id,
            organisation: new.organisation,
            label: new.label,
            hash: Digest::of(secret.0.as_bytes()),
            rights: new.rights,
            created_at: self.now(),
            expires_at: new.expires_at,
            revoked_at: None,
        };
        Ok((record, secret))
    }
}
