//! Who may call: tokens, made once and ended in time.

use analyte_store::memory::MemoryStore;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{Clock as _, NewToken, Right};

use super::{Ahead, code, limits, organisation, started};

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_made_once_and_end_when_they_should() {
    let store = MemoryStore::new();
    let clock = Ahead::default();
    let manager = started(&store, limits(), |options| options.clock = Arc::new(clock.clone())).await;
    let failed = manager.ensure_administrator(|_| Err(io::Error::other("no room"))).await;
    assert_eq!(code(failed), Some(Code::HostError));
    let mut kept = None;
    let keep = |secret: &analyte_jobs::Secret| {
        kept = Some(secret.clone());
        Ok(())
    };
    assert!(manager.ensure_administrator(keep).await.expect("made"));
    assert!(!manager.ensure_administrator(|_| Err(io::Error::other("not called"))).await.expect("there is one"));
    let secret = kept.expect("a secret");
    assert!(secret.reveal().strip_prefix("analyte_").is_some_and(|hex| hex.len() == 64));
    assert_eq!(format!("{secret:?}"), "Secret(…)");
    let administrator = manager.authenticate(secret.reveal()).expect("known");
    assert!(administrator.may(Right::JobsWrite) && administrator.organisation == organisation());
    assert_eq!(code(manager.authenticate("analyte_0")), Some(Code::Unauthorized));
    assert_eq!(code(manager.revoke_token(&administrator.token).await), Some(Code::Conflict));

    let new = |rights: Vec<Right>, expires_at| NewToken {
        organisation: organisation(),
        label: "a test".to_owned(),
        rights,
        expires_at,
        requests_per_second: None,
    };
    assert_eq!(code(manager.create_token(new(Vec::new(), None)).await), Some(Code::InvalidInput));
    let past = new(vec![Right::JobsRead], Some(Timestamp(1)));
    assert_eq!(code(manager.create_token(past).await), Some(Code::InvalidInput));
    let colon = NewToken { label: "a:b".to_owned(), ..new(vec![Right::JobsRead], None) };
    assert_eq!(code(manager.create_token(colon).await), Some(Code::InvalidInput));
    let stranger =
        NewToken { organisation: Organisation::new("stranger").expect("a name"), ..new(vec![Right::JobsRead], None) };
    assert_eq!(code(manager.create_token(stranger).await), Some(Code::NotFound));
    let until = Timestamp(clock.now().0 + 60_000);
    let (_, brief) = manager.create_token(new(vec![Right::Admin], Some(until))).await.expect("made");
    assert!(manager.authenticate(brief.reveal()).is_ok());
    // That one ends by itself, so the first one is still the last.
    assert_eq!(code(manager.revoke_token(&administrator.token).await), Some(Code::Conflict));
    clock.by(Duration::from_mins(1));
    assert_eq!(code(manager.authenticate(brief.reveal())), Some(Code::Unauthorized));
    let (record, reader) = manager.create_token(new(vec![Right::JobsRead], None)).await.expect("made");
    let principal = manager.authenticate(reader.reveal()).expect("known");
    assert_eq!(code(principal.require(Right::JobsWrite)), Some(Code::Forbidden));
    assert!(manager.revoke_token(&record.id).await.expect("revoked").revoked_at.is_some());
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    let manager = started(&store, limits(), |_| ()).await;
    assert_eq!(code(manager.authenticate(reader.reveal())), Some(Code::Unauthorized));
    assert_eq!(manager.authenticate(secret.reveal()).expect("known"), administrator);
    assert_eq!(manager.tokens(&organisation()).len(), 3);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_calls_too_often_learns_when_to_come_back_and_its_last_use_is_remembered() {
    let store = MemoryStore::new();
    let clock = Ahead::default();
    let manager = started(&store, limits(), |options| options.clock = Arc::new(clock.clone())).await;
    let new = |label: &str, rate| NewToken {
        organisation: organisation(),
        label: label.to_owned(),
        rights: vec![Right::JobsRead],
        expires_at: None,
        requests_per_second: rate,
    };
    let (slow, secret) = manager.create_token(new("slow", Some(2))).await.expect("made");
    let (usual, other) = manager.create_token(new("usual", None)).await.expect("made");
    assert_eq!((slow.last_used_at, usual.last_used_at), (None, None));
    assert!(manager.authenticate(secret.reveal()).is_ok());
    assert!(manager.authenticate_as("slow", secret.reveal()).is_ok());
    let refused = manager.authenticate(secret.reveal()).expect_err("the third in a second");
    assert_eq!((refused.code(), refused.over_quota()), (Code::Busy, true));
    assert!(refused.retry_after().is_some_and(|pause| !pause.is_zero()));
    // The label must be the token's own; others' calls go on.
    assert_eq!(code(manager.authenticate_as("slow", other.reveal())), Some(Code::Unauthorized));
    clock.by(Duration::from_hours(1));
    for _ in 0..100 {
        assert!(manager.authenticate(other.reveal()).is_ok());
    }
    let used = |manager: &analyte_jobs::Manager| {
        let tokens = manager.tokens(&organisation());
        tokens.into_iter().map(|token| (token.label.clone(), token.last_used_at)).collect::<Vec<_>>()
    };
    let before = used(&manager);
    let times: Vec<i64> = before.iter().filter_map(|(_, used)| Some((*used)?.0)).collect();
    assert!(times.len() == 2 && times.is_sorted_by(|first, second| second - first >= 3_600_000), "{before:?}");
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    let manager = started(&store, limits(), |_| ()).await;
    assert_eq!(used(&manager), before);
    manager.stop(Duration::ZERO).await.expect("stopped");
}
