//! Webhooks that a submission asks for: how many, and of which states they are notified.

use std::collections::BTreeSet;

use analyte_core::webhook::{Delivery, Secret, Stands};
use analyte_jobs::{WEBHOOKS_SECTION, WebhookAsked};
use analyte_outgoing::{Allowed, Client, Options as ClientOptions, SystemLookup, Trust};
use support::receiver::Receiver;

use super::*;

/// A manager that may notify this receiver.
async fn notifying(store: &MemoryStore, receiver: &Receiver, limits: Limits) -> Manager {
    let client = Client::new(ClientOptions {
        allowed: Allowed {
            section: WEBHOOKS_SECTION,
            entries: vec![receiver.destination().parse().expect("an entry")],
        },
        lookup: Arc::new(SystemLookup),
        trust: Trust::new(None).expect("trust"),
        timeout: Duration::from_secs(10),
        answer_bytes: 100,
    });
    let manager = started(store, limits, |options| options.outgoing = Some(client)).await;
    install(&manager, component()).await.expect("installed");
    manager
}

fn webhook(receiver: &Receiver, path: &str) -> WebhookAsked {
    let secret = Secret::parse("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz").expect("a secret");
    WebhookAsked { url: receiver.url(path), events: None, secret: Some(secret) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_as_many_webhooks_as_it_may_and_each_is_notified() {
    let (store, receiver) = (MemoryStore::new(), Receiver::taking());
    let manager = notifying(&store, &receiver, Limits { webhooks: 2, ..limits() }).await;
    let unsigned = WebhookAsked { secret: None, events: Some([Status::Queued].into()), ..webhook(&receiver, "/two") };
    let two = vec![webhook(&receiver, "/one"), unsigned];
    let with = |webhooks| Submission { webhooks, ..submission(&manager, "noop") };
    let id = submitted(&manager, with(two.clone())).await;
    let three = [two, vec![webhook(&receiver, "/three")]].concat();
    let refused = manager.submit(&organisation(), with(three)).await.expect_err("too many");
    assert_eq!(refused.message(), "`/webhook`: a job takes at most 2 webhooks, and these are 3 (limit webhooks)");
    let none = WebhookAsked { events: Some(BTreeSet::new()), ..webhook(&receiver, "/one") };
    let refused = manager.submit(&organisation(), with(vec![webhook(&receiver, "/one"), none])).await;
    assert_eq!(refused.expect_err("no state").message(), "`/webhook/events of number 2`: names no state");
    let (ended, queued) = (receiver.wait_for("/one", 1).remove(0), receiver.wait_for("/two", 1).remove(0));
    assert_eq!(ended.json().get("type"), Some(&json!("job.completed")));
    assert_eq!(queued.json().get("type"), Some(&json!("job.queued")));
    assert!(!ended.header("webhook-signature").is_empty() && queued.header("webhook-signature").is_empty());
    let deadline = Instant::now() + PATIENCE;
    loop {
        let shown = manager.notifications(&organisation(), id).await.expect("the notifications");
        let delivered = |one: &&Delivery| matches!(one.stands, Stands::Delivered { .. });
        if shown.outbox.deliveries().iter().filter(delivered).count() == 2 {
            break;
        }
        assert!(Instant::now() < deadline, "{shown:?}");
        tokio::task::yield_now().await;
    }
}
