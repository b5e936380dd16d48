//! Tokens: who may do what.
//!
//! A secret is 256 random bits. Only its SHA-256 is kept, so a reader of the store learns no secret; a slow hash would
//! add nothing, since there is nothing to guess. A token is looked up by that hash in a table with a random seed, and
//! hashes are compared in constant time. A revoked token is refused from the moment of its revocation, and the sessions
//! that were opened with it end.

mod principal;
mod secret;
mod table;
pub(crate) mod uses;

use std::io;
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_store::{Right, TokenRecord};

pub use principal::Principal;
pub use secret::Secret;
pub(crate) use secret::{Hashed, random_bytes};
pub(crate) use table::Tokens;

use crate::error::JobsError;
use crate::manager::Manager;

/// Every secret begins with this, so that leaked ones can be searched for.
const PREFIX: &str = "analyte_";
/// Longest label in bytes.
const LABEL_BYTES: usize = 256;

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Whose.
    pub organisation: Organisation,
    /// What it is for. It is also the user's name of HTTP Basic authentication, so it holds no colon.
    pub label: String,
    /// What it allows.
    pub rights: Vec<Right>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Most requests a second; `None`: as configured.
    pub requests_per_second: Option<u32>,
}

impl Manager {
    /// Who this secret belongs to; `unauthorized` where it is unknown, expired or revoked, `busy` where its token makes
    /// more calls than it may.
    pub fn authenticate(&self, secret: &str) -> Result<Principal, JobsError> {
        self.authenticated(secret, |_| true)
    }

    /// The same for a secret that comes with the label of its token.
    pub fn authenticate_as(&self, label: &str, secret: &str) -> Result<Principal, JobsError> {
        self.authenticated(secret, |record| record.label == label)
    }

    fn authenticated(&self, secret: &str, fits: impl Fn(&TokenRecord) -> bool) -> Result<Principal, JobsError> {
        let now = self.now();
        let known = self.inner.tokens.find(Hashed::of(secret));
        let Some(entry) = known.filter(|entry| valid(&entry.record, now) && fits(&entry.record)) else {
            return Err(JobsError::new(Code::Unauthorized, "the token is not valid"));
        };
        entry.admit()?;
        entry.used(now);
        Ok(entry.principal.clone())
    }

    /// Counts a call against this token, by id, for a caller that did not show its secret but a session of it; `None`
    /// where the token is no longer valid.
    pub(crate) fn admitted(&self, token: &str) -> Option<Result<(), JobsError>> {
        let now = self.now();
        let entry = self.inner.tokens.by_id(token).filter(|entry| valid(&entry.record, now))?;
        entry.used(now);
        Some(entry.admit())
    }

    /// Whether this token, by id, is neither expired nor revoked: for what goes on after its caller was let in.
    pub fn token_valid(&self, token: &str) -> bool {
        let now = self.now();
        self.inner.tokens.by_id(token).is_some_and(|entry| valid(&entry.record, now))
    }

    /// Whether this is the secret of this token, by id. No call is counted.
    pub fn is_secret_of(&self, token: &str, secret: &str) -> bool {
        self.inner.tokens.find(Hashed::of(secret)).is_some_and(|entry| entry.record.id == token)
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
        if !self.inner.tokens.is_empty() {
            return Ok(false);
        }
        let new = NewToken {
            organisation: Organisation::default_one(),
            label: "administrator, made at the first start".to_owned(),
            rights: vec![Right::Admin],
            expires_at: None,
            requests_per_second: None,
        };
        let (record, secret) = self.mint(new)?;
        keep(&secret).map_err(|error| {
            JobsError::new(Code::HostError, "the administrator's token cannot be written").because(error)
        })?;
        self.inner.store.put_token(record.clone()).await?;
        self.take_up(Arc::new(record));
        Ok(true)
    }

    /// Makes a token. The secret is answered this once.
    pub async fn create_token(&self, new: NewToken) -> Result<(Arc<TokenRecord>, Secret), JobsError> {
        self.refuse_while_stopping()?;
        if new.rights.is_empty() {
            return Err(JobsError::invalid("a token must allow something"));
        }
        if new.label.is_empty() || new.label.len() > LABEL_BYTES {
            return Err(JobsError::invalid(format!("a label takes 1 to {LABEL_BYTES} bytes")));
        }
        if new.label.chars().any(|c| c == ':' || c.is_control()) {
            return Err(JobsError::invalid("a label holds neither colons nor control characters"));
        }
        if new.requests_per_second == Some(0) {
            return Err(JobsError::invalid("a token that may make no request is of no use"));
        }
        if new.expires_at.is_some_and(|at| at <= self.now()) {
            return Err(JobsError::invalid("the token would expire at once"));
        }
        self.organisation(&new.organisation)?;
        let _turn = self.inner.making_tokens.lock().await;
        let (now, most) = (self.now(), self.inner.limits.tokens);
        let alive = self.tokens(&new.organisation).iter().filter(|record| valid(record, now)).count() as u64;
        if alive >= most {
            let message = format!("the organisation has {alive} tokens, and {most} are allowed (limit tokens)");
            return Err(JobsError::conflict(message));
        }
        let (record, secret) = self.mint(new)?;
        self.inner.store.put_token(record.clone()).await?;
        let record = Arc::new(record);
        self.take_up(record.clone());
        Ok((record, secret))
    }

    /// The tokens of one organisation, oldest first.
    pub fn tokens(&self, organisation: &Organisation) -> Vec<Arc<TokenRecord>> {
        let mut all = self.all_tokens();
        all.retain(|record| record.organisation == *organisation);
        all
    }

    /// The tokens of all organisations, oldest first.
    pub fn all_tokens(&self) -> Vec<Arc<TokenRecord>> {
        self.inner.tokens.all()
    }

    /// Ends a token at once, and the sessions that were opened with it; twice is harmless. The last token with all rights
    /// cannot be revoked.
    pub async fn revoke_token(&self, id: &str) -> Result<Arc<TokenRecord>, JobsError> {
        self.refuse_while_stopping()?;
        let _turn = self.inner.making_tokens.lock().await;
        let all = self.all_tokens();
        let Some(found) = all.iter().find(|record| record.id == id) else {
            return Err(JobsError::not_found("such token"));
        };
        if found.revoked_at.is_some() {
            return Ok(found.clone());
        }
        let now = self.now();
        let rules = |record: &TokenRecord| record.rights.contains(&Right::Admin) && valid(record, now);
        // One that expires does not count: it would leave nobody.
        let lasts = |record: &&Arc<TokenRecord>| rules(record) && record.expires_at.is_none();
        if rules(found) && !all.iter().filter(lasts).any(|record| record.id != id) {
            return Err(JobsError::conflict(
                "this is the last token of an administrator that does not expire; make another one first",
            ));
        }
        let mut record = found.as_ref().clone();
        record.revoked_at = Some(now);
        self.inner.store.put_token(record.clone()).await?;
        let record = Arc::new(record);
        self.take_up(record.clone());
        self.close_sessions_of(id);
        Ok(record)
    }

    /// From now on this is what is known of the token.
    pub(crate) fn take_up(&self, record: Arc<TokenRecord>) {
        let usual = u32::try_from(self.inner.limits.requests_per_second).unwrap_or(u32::MAX);
        self.inner.tokens.put(record, usual);
    }

    fn mint(&self, new: NewToken) -> Result<(TokenRecord, Secret), JobsError> {
        let secret = Secret::random(PREFIX)?;
        let id = self.new_id().simple().to_string();
        let record = TokenRecord {
            id,
            organisation: new.organisation,
            label: new.label,
            hash: secret.hash().0,
            rights: new.rights,
            created_at: self.now(),
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
            requests_per_second: new.requests_per_second,
        };
        Ok((record, secret))
    }
}

/// Neither expired nor revoked. A revocation lasts, whatever becomes of the clock.
fn valid(record: &TokenRecord, now: Timestamp) -> bool {
    record.revoked_at.is_none() && record.expires_at.is_none_or(|at| at > now)
}
