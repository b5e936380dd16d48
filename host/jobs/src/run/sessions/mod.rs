//! Sessions: what a client comes back to by a secret of its own, and the warm instances of stateful ones.
//!
//! A session belongs to the token that it was opened with and allows what that allows, as long as that is valid. It ends
//! when it is closed, when it was not used for `session_idle_ms`, when it is `session_ms` old, when its token is revoked,
//! and with the server. Nothing of it is kept: a job that belongs to a session that is gone runs like any other.
//!
//! While a session is *stateful*, its jobs on one provider run one at a time, in order, in one instance whose memory
//! lasts. The instance ends with a run that does not come to its end, with the session, and when its memory is needed: the
//! longest unused ones go first, and the next job gets a new one. So what an instance remembers saves work, and must be
//! nothing that cannot be made again.

mod pool;
mod session;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::job::{Job, Task};
use analyte_core::names::SessionId;
use analyte_core::timestamp::Timestamp;
use analyte_engine::run::session::WarmInstance;

use pool::Size;
pub(crate) use pool::{Key, Needed, Pool};
pub use session::Session;
pub(crate) use table::Sessions;

use self::session::State;
use crate::access::tokens::{Hashed, Principal, Secret, random_bytes};
use crate::error::JobsError;
use crate::manager::Manager;

/// What waits for memory waits so long before an idle instance has to go: memory that is being freed at this moment is
/// there by then.
pub(crate) const BEFORE_ENDING_IDLE: Duration = Duration::from_millis(20);
/// How often sessions that are over are looked for.
const EVERY: Duration = Duration::from_secs(5);

/// A run of a stateful session, in progress.
pub(crate) struct InSession {
    session: Session,
    manager: Manager,
    key: Key,
}

impl InSession {
    pub(crate) fn id(&self) -> &SessionId {
        self.session.id()
    }

    /// The session's instance of what this run is for, if it has one.
    pub(crate) fn take(&self) -> Option<WarmInstance> {
        self.manager.inner.pool.take(&self.key)
    }

    /// Keeps an instance for the next run, if there can be one.
    pub(crate) fn keep(&self, instance: WarmInstance) {
        let (limits, engine) = (&self.manager.inner.limits, &self.manager.inner.engine);
        let bytes = instance.memory_bytes().saturating_add(limits.output_bytes);
        let size = Size { bytes, places: instance.component().places().into() };
        // Half of the places is for runs of components with one memory (`running_tasks`), the rest for those with several.
        let most = Size { bytes: engine.budget().capacity() / 2, places: u64::from(engine.memories() / 4) };
        let gone = self.manager.inner.pool.keep(&self.key, instance, size, most, || self.session.is_stateful());
        if !gone.is_empty() {
            tracing::debug!(instances = gone.len(), "warm instances ended to make room for others");
        }
    }
}

impl Drop for InSession {
    fn drop(&mut self) {
        self.session.touch(self.manager.now());
        self.session.state.running.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Manager {
    /// Opens a session; the secret is answered this once. Where the organisation has as many as it may have, it takes the
    /// place of an idle one of the same token; `busy` where there is none.
    pub fn open_session(&self, by: &Principal) -> Result<(Session, Secret), JobsError> {
        self.refuse_while_stopping()?;
        let secret = Secret::random("")?;
        let id: [u8; 16] = random_bytes()?;
        let id = SessionId::new(&uuid::Uuid::from_bytes(id).simple().to_string())
            .map_err(|error| JobsError::new(Code::HostError, "the session got no id").because(error))?;
        let now = self.now();
        let state = State {
            id,
            hash: secret.hash(),
            principal: by.clone(),
            opened_at: now,
            used: AtomicI64::new(now.0),
            stateful: AtomicBool::new(false),
            running: AtomicUsize::new(0),
        };
        let session = Session { state: Arc::new(state) };
        self.end_old_sessions(now);
        let most = self.inner.limits.sessions;
        if self.inner.sessions.count(&by.organisation) >= most {
            // A token gives up the idle session that it used longest ago, rather than that other tokens get none.
            let own = self.inner.sessions.all().into_iter().filter(|session| session.principal().token == by.token);
            let idle = own.filter(|session| session.state.running.load(Ordering::Acquire) == 0);
            if let Some(oldest) = idle.min_by_key(|session| session.state.used.load(Ordering::Relaxed)) {
                self.close_session(&oldest);
            }
        }
        if let Err(open) = self.inner.sessions.put(session.clone(), most) {
            let message = format!("the organisation has {open} sessions, and {most} are allowed (limit sessions)");
            return Err(JobsError::quota(message, Duration::from_secs(10)));
        }
        Ok((session, secret))
    }

    /// The session that this secret opens, which counts as a use; `None` where it is unknown, over or closed, or its token
    /// is no longer valid.
    pub fn find_session(&self, secret: &str) -> Option<Session> {
        let session = self.inner.sessions.find(Hashed::of(secret))?;
        let now = self.now();
        let limits = &self.inner.limits;
        if session.over(now, limits.session_idle_ms, limits.session_ms) || !self.token_valid(&session.principal().token)
        {
            self.close_session(&session);
            return None;
        }
        session.touch(now);
        Some(session)
    }

    /// Counts a call of a client that shows only this session; `busy` where its token makes more calls than it may.
    pub fn admit_session(&self, session: &Session) -> Result<(), JobsError> {
        let refused = || Err(JobsError::new(Code::Unauthorized, "the session is over"));
        self.admitted(&session.principal().token).unwrap_or_else(refused)
    }

    /// From here on its jobs run in warm instances; twice is harmless.
    pub fn start_stateful(&self, session: &Session) {
        session.state.stateful.store(true, Ordering::Release);
    }

    /// Whether its jobs run in warm instances.
    pub fn is_stateful(&self, session: &Session) -> bool {
        session.is_stateful() && self.inner.sessions.by_id(session.id()).is_some()
    }

    /// Ends its warm instances: at once, or with the run that is in progress. Queued jobs stay, and run like any others.
    pub fn end_stateful(&self, session: &Session) {
        session.state.stateful.store(false, Ordering::Release);
        drop(self.inner.pool.take_all(session.id()));
    }

    /// Ends a session with its warm instances; twice is harmless.
    pub fn close_session(&self, session: &Session) {
        self.inner.sessions.remove(session);
        self.end_stateful(session);
    }

    /// Where the job belongs to a stateful session that is still there: a run in it.
    pub(crate) fn in_session(&self, job: &Job, task: &Task) -> Option<InSession> {
        let session = self.inner.sessions.by_id(job.session.as_ref()?)?;
        if !session.is_stateful() || session.principal().organisation != job.organisation {
            return None;
        }
        session.touch(self.now());
        session.state.running.fetch_add(1, Ordering::AcqRel);
        let organisation = job.organisation.clone();
        let key = Key {
            organisation,
            session: session.id().clone(),
            provider: task.provider.clone(),
            component: task.digest,
        };
        Some(InSession { session, manager: self.clone(), key })
    }

    /// Ends the warm instance that can be missed most easily, so that what it holds can be used; `false`: there is none.
    pub(crate) fn end_idle_instance(&self, needed: Needed) -> bool {
        self.inner.pool.spare(needed).is_some()
    }

    pub(crate) fn close_sessions_of(&self, token: &str) {
        for session in self.inner.sessions.all() {
            if session.principal().token == token {
                self.close_session(&session);
            }
        }
    }

    fn end_old_sessions(&self, now: Timestamp) {
        let limits = &self.inner.limits;
        for session in self.inner.sessions.all() {
            if session.over(now, limits.session_idle_ms, limits.session_ms) {
                self.close_session(&session);
            }
        }
    }
}

/// Ends warm instances whose places in the pool others wait for, until the manager is gone.
pub(crate) async fn make_places(manager: Manager) {
    loop {
        manager.inner.engine.places_wanted().await;
        manager.end_idle_instance(Needed::Places);
    }
}

/// Ends sessions that are over until the manager is gone.
pub(crate) async fn sweep(manager: Manager) {
    loop {
        tokio::time::sleep(EVERY).await;
        manager.end_old_sessions(manager.now());
    }
}
