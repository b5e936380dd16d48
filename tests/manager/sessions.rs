//! Stateful sessions: one warm instance for each provider, and what ends it.

use analyte_store::memory::MemoryStore;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::job::Status;
use analyte_core::limits::Limits;
use analyte_core::names::{JobId, Organisation, ProviderKey, ProviderName};
use analyte_core::table::format::{self, Format};
use analyte_jobs::{
    InstallProvider, Manager, NewProvider, NewToken, Parameters, Principal, Right, Session, Submission, TaskAsked,
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Ahead, code, ended, limits, model, organisation, reaches, started};
use support::plugins::plugin;

fn keeper() -> ProviderName {
    ProviderName::new("keeper").expect("a name")
}

struct Kept {
    manager: Manager,
    principal: Principal,
    clock: Ahead,
    _store: MemoryStore,
}

async fn with_keeper(limits: Limits) -> Kept {
    let store = MemoryStore::new();
    let clock = Ahead::default();
    let manager = started(&store, limits, |options| options.clock = Arc::new(clock.clone())).await;
    let component = Bytes::from(fs::read(plugin("keeper")).expect("the component"));
    let install = InstallProvider { key: ProviderKey::shared(keeper()), component: component.into() };
    manager.install_provider(install).await.expect("installed");
    let principal = token(&manager, "a test").await;
    Kept { manager, principal, clock, _store: store }
}

async fn token(manager: &Manager, label: &str) -> Principal {
    let new = NewToken {
        organisation: organisation(),
        label: label.to_owned(),
        rights: vec![Right::JobsRead, Right::JobsWrite],
        expires_at: None,
        requests_per_second: None,
    };
    let (_, secret) = manager.create_token(new).await.expect("a token");
    manager.authenticate(secret.reveal()).expect("known")
}

impl Kept {
    fn session(&self) -> Session {
        let (session, _) = self.manager.open_session(&self.principal).expect("a session");
        self.manager.start_stateful(&session);
        session
    }

    async fn submit(&self, provider: &str, session: Option<&Session>, parameters: Value) -> JobId {
        let name = ProviderName::new(provider).expect("a name");
        let found = self.manager.model(&organisation(), &name, &model("keeper")).expect("the model");
        let body = Bytes::from_static(b"[{\"value\":1}]");
        let input = format::read(Format::Json, body, &found.info.input, self.manager.limits()).expect("a table").table;
        let parameters = Parameters::Object(parameters.as_object().cloned().unwrap_or_default());
        let session = session.map(|session| session.id().clone());
        let task = TaskAsked { parameters, ..TaskAsked::new(name, model("keeper"), input) };
        let submission = Submission { session, ..Submission::of(vec![task]) };
        self.manager.submit(&organisation(), submission).await.expect("submitted").job.job.id
    }

    /// What a job ended with: its count and what it saw, or its code.
    async fn outcome(&self, id: JobId) -> Result<(i64, String), Code> {
        let job = ended(&self.manager, id).await;
        if let Some(failure) = job.error() {
            return Err(failure.code);
        }
        let result = self.manager.result_table(&organisation(), id, None).await.expect("a table");
        let csv = format::write(Format::Csv, &result.table).expect("csv");
        let mut reader = csv::Reader::from_reader(csv.as_slice());
        Ok(reader.deserialize().next().expect("a row").expect("its cells"))
    }

    async fn run(&self, session: Option<&Session>, deed: &str) -> Result<(i64, String), Code> {
        let id = self.submit("keeper", session, json!({ "deed": deed })).await;
        self.outcome(id).await
    }

    async fn count(&self, session: Option<&Session>) -> i64 {
        self.run(session, "count").await.expect("completed").0
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn within_a_session_memory_lasts_and_jobs_run_in_order() {
    let kept = with_keeper(Limits { concurrent_tasks: 4, ..limits() }).await;
    let (one, other) = (kept.session(), kept.session());
    // Twenty at once, on four slots: one after the other, in the order of their submission.
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(kept.submit("keeper", Some(&one), json!({})).await);
    }
    let mut counts = Vec::new();
    for id in ids {
        counts.push(kept.outcome(id).await.expect("completed").0);
    }
    assert_eq!(counts, (1..=20).collect::<Vec<_>>());
    // Neither outside nor in another session anything of it is seen.
    assert_eq!((kept.count(None).await, kept.count(Some(&other)).await), (1, 1));
    assert_eq!((kept.count(None).await, kept.count(Some(&other)).await), (1, 2));
    // The host says to the component which session it is in; outside, that it is in none.
    let (_, saw) = kept.run(Some(&one), "who").await.expect("completed");
    assert!(saw.contains(&format!(" in {},", one.id())), "{saw}");
    let (_, saw) = kept.run(None, "who").await.expect("completed");
    assert!(saw.contains(" in none,"), "{saw}");
    // Another provider has an instance of its own, also where it runs the same component.
    let twin = ProviderKey::shared(ProviderName::new("twin").expect("a name"));
    let new =
        NewProvider { key: twin, description: String::new(), keep_jobs_hours: None, component_of: Some(keeper()) };
    kept.manager.create_provider(&organisation(), new).await.expect("created");
    let id = kept.submit("twin", Some(&one), json!({})).await;
    assert_eq!(kept.outcome(id).await.expect("completed").0, 1);
    kept.manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_breaks_off_ends_the_instance_and_a_reported_error_does_not() {
    let kept = with_keeper(limits()).await;
    let session = kept.session();
    assert_eq!(kept.count(Some(&session)).await, 1);
    assert_eq!(kept.run(Some(&session), "error").await, Err(Code::AnalysisError));
    assert_eq!(kept.count(Some(&session)).await, 3);
    assert_eq!(kept.run(Some(&session), "panic").await, Err(Code::Trap));
    assert!(session.is_stateful());
    assert_eq!(kept.count(Some(&session)).await, 1);
    // A cancel stops the run, and what waits behind it goes on in a new instance.
    let spinning = kept.submit("keeper", Some(&session), json!({ "deed": "spin" })).await;
    reaches(&kept.manager, spinning, Status::Running).await;
    let behind = kept.submit("keeper", Some(&session), json!({})).await;
    kept.manager.cancel(&organisation(), spinning).await.expect("cancelled");
    assert_eq!(kept.outcome(behind).await.expect("completed").0, 1);
    kept.manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_request_by_time_and_with_its_token() {
    let kept = with_keeper(Limits { session_idle_ms: 60_000, session_ms: 3_600_000, ..limits() }).await;
    let manager = &kept.manager;
    let (session, secret) = manager.open_session(&kept.principal).expect("a session");
    assert!(!session.is_stateful());
    assert_eq!((kept.count(Some(&session)).await, kept.count(Some(&session)).await), (1, 1));
    manager.start_stateful(&session);
    assert_eq!((kept.count(Some(&session)).await, kept.count(Some(&session)).await), (1, 2));
    // What is queued at the end of the state stays, and runs like any other.
    let spinning = kept.submit("keeper", Some(&session), json!({ "deed": "spin" })).await;
    reaches(manager, spinning, Status::Running).await;
    let queued = kept.submit("keeper", Some(&session), json!({})).await;
    manager.end_stateful(&session);
    manager.cancel(&organisation(), spinning).await.expect("cancelled");
    assert_eq!(kept.outcome(queued).await.expect("completed").0, 1);
    manager.start_stateful(&session);
    assert_eq!(kept.count(Some(&session)).await, 1);

    let found = |secret: &str| manager.find_session(secret).map(|session| session.id().clone());
    assert_eq!(found(secret.reveal()), Some(session.id().clone()));
    assert_eq!((found("forged"), found(session.id().as_str())), (None, None));
    // Each use prolongs it, up to its longest life.
    for _ in 0..59 {
        kept.clock.by(Duration::from_secs(59));
        assert!(found(secret.reveal()).is_some());
    }
    kept.clock.by(Duration::from_mins(2));
    assert_eq!(found(secret.reveal()), None);
    assert!(!manager.is_stateful(&session));
    assert_eq!(kept.count(Some(&session)).await, 1);
    assert_eq!(kept.count(Some(&session)).await, 1);

    let principal = token(manager, "revoked soon").await;
    let (_, secret) = manager.open_session(&principal).expect("a session");
    assert!(found(secret.reveal()).is_some());
    manager.revoke_token(&principal.token).await.expect("revoked");
    assert_eq!(found(secret.reveal()), None);
    let (session, secret) = manager.open_session(&kept.principal).expect("a session");
    manager.close_session(&session);
    assert_eq!(found(secret.reveal()), None);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_has_sessions_up_to_its_limit() {
    let kept = with_keeper(Limits { sessions: 2, ..limits() }).await;
    let manager = &kept.manager;
    let (first, secret) = manager.open_session(&kept.principal).expect("a session");
    let (_, second) = manager.open_session(&kept.principal).expect("another");
    let colleague = token(manager, "another").await;
    let refused = manager.open_session(&colleague).expect_err("one too many");
    assert_eq!((refused.code(), refused.over_quota()), (Code::Busy, true));
    assert_eq!(refused.message(), "the organisation has 2 sessions, and 2 are allowed (limit sessions)");
    // Who has sessions of its own gives up the one that it used longest ago.
    kept.clock.by(Duration::from_secs(1));
    manager.find_session(secret.reveal()).expect("it is open");
    manager.open_session(&kept.principal).expect("in the place of the second");
    assert!(manager.find_session(secret.reveal()).is_some() && manager.find_session(second.reveal()).is_none());
    let elsewhere = Principal { organisation: Organisation::new("lab").expect("a name"), ..kept.principal.clone() };
    assert!(manager.open_session(&elsewhere).is_ok());
    manager.close_session(&first);
    manager.close_session(&first);
    assert!(manager.open_session(&colleague).is_ok());
    let third = token(manager, "a third").await;
    assert_eq!(code(manager.open_session(&third).map(|_| ())), Some(Code::Busy));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_instances_make_room_for_runs() {
    // Room for two runs: an instance of each session may be kept only until the next run needs its memory.
    let one = 64 * 1024 * 1024;
    let tight = Limits { memory_bytes: one / 2, output_bytes: one / 2, memory_budget_bytes: 2 * one, ..limits() };
    let kept = with_keeper(tight).await;
    let sessions: Vec<Session> = (0..4).map(|_| kept.session()).collect();
    for session in &sessions {
        assert_eq!(kept.count(Some(session)).await, 1);
    }
    assert_eq!(kept.count(None).await, 1);
    // The last one was kept, the others went.
    assert_eq!(kept.count(sessions.last()).await, 2);
    assert_eq!(kept.count(sessions.first()).await, 1);
    kept.manager.stop(Duration::ZERO).await.expect("stopped");
}
