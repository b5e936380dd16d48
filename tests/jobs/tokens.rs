//! Who may call: tokens, made once and ended in time.

use std::io;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{NewToken, Right};

use super::{code, limits, organisation, started};

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_made_once_and_end_when_they_should() {
    let folder = tempfile::tempdir().expect("a folder");
    let manager = started(folder.path(), limits(), |_| ()).await;
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
    assert_eq!(code(manager.revoke_token(&organisation(), &administrator.token).await), Some(Code::Conflict));

    let new = |rights: Vec<Right>, expires_at| NewToken {
        organisation: organisation(),
        label: String::new(),
        rights,
        expires_at,
    };
    assert_eq!(code(manager.create_token(new(Vec::new(), None)).await), Some(Code::InvalidInput));
    let (_, old) = manager.create_token(new(vec![Right::JobsRead], Some(Timestamp(1)))).await.expect("made");
    assert_eq!(code(manager.authenticate(old.reveal())), Some(Code::Unauthorized));
    let (record, reader) = manager.create_token(new(vec![Right::JobsRead], None)).await.expect("made");
    let principal = manager.authenticate(reader.reveal()).expect("known");
    assert_eq!(code(principal.require(Right::JobsWrite)), Some(Code::Forbidden));
    assert!(manager.revoke_token(&organisation(), &record.id).await.expect("revoked").revoked_at.is_some());
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    let manager = started(folder.path(), limits(), |_| ()).await;
    assert_eq!(code(manager.authenticate(reader.reveal())), Some(Code::Unauthorized));
    assert_eq!(manager.authenticate(secret.reveal()).expect("known"), administrator);
    assert_eq!(manager.tokens(&organisation()).len(), 3);
    manager.stop(Duration::ZERO).await.expect("stopped");
}
