//! Messages as a receiver checks them that uses the library of Standard Webhooks.

use std::process::Command;

use serde_json::json;

use super::{SECRET, job, server, submitted};
use support::ok;
use support::receiver::{Received, Receiver};
use support::server::{Server, Setup};

/// Reads a message and its headers as JSON, and checks it as its users do.
const CHECK: &str = "
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
given = json.load(sys.stdin)
try:
    read = Webhook(given['secret']).verify(given['body'], given['headers'])
    print(read['type'])
except WebhookVerificationError as error:
    print('refused:', error)
";

/// What the library says of a message.
fn verified(python: &str, secret: &str, body: &str, message: &Received) -> String {
    let given = json!({"secret": secret, "body": body, "headers": message.headers});
    let mut command = Command::new(python);
    command.args(["-c", CHECK]);
    let said = support::binary::finish(&mut command, given.to_string().as_bytes());
    assert!(said.stderr.is_empty(), "{said:?}");
    said.text().trim().to_owned()
}

#[test]
fn the_library_of_the_standard_takes_what_is_sent_and_nothing_else() {
    // `.ci/run` makes it.
    let python = support::target().join("venv/bin/python").display().to_string();
    let there = Command::new(&python).args(["-c", "import standardwebhooks"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "{python} has no `standardwebhooks`");
        eprintln!("skipped: {python} has no `standardwebhooks`");
        return;
    }
    let receiver = Receiver::taking();
    let server = server(&[&receiver], "");
    submitted(&server.http, &job("noop", &receiver.url("/in")));
    let sent = receiver.wait_for("/in", 1).remove(0);
    let body = ok(String::from_utf8(sent.body.clone()), "text");
    assert_eq!(verified(&python, SECRET, &body, &sent), "job.completed");
    let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    assert_eq!(verified(&python, other, &body, &sent), "refused: No matching signature found");
    let forged = body.replace("completed", "failed");
    assert_eq!(verified(&python, SECRET, &forged, &sent), "refused: No matching signature found");
}

#[test]
fn neither_secret_nor_signature_nor_query_gets_into_the_log() {
    let receiver = Receiver::start(|_, before| support::receiver::Reply::status(if before == 0 { 500 } else { 200 }));
    let config = format!(
        "[webhooks]\nallow = ['{}']\n[limits]\nfree_disk_bytes = 0\nwebhook_pause_ms = 50\n",
        receiver.destination()
    );
    let variables = [("ANALYTE_LOG", "trace")];
    let server =
        Server::with(&Setup { config: &config, plugins: &["hostile"], variables: &variables, ..Setup::default() });
    submitted(&server.http, &job("noop", &receiver.url("/in?key=q1u2e3r4y")));
    let seen = receiver.wait_for("/in?key=q1u2e3r4y", 2);
    let (status, log, _) = server.terminate();
    assert!(status.success(), "{log}");
    assert!(log.contains("a notification was tried"), "{log}");
    let signature = seen[0].header("webhook-signature").trim_start_matches("v1,").to_owned();
    for secret in [SECRET.trim_start_matches("whsec_"), "q1u2e3r4y", &signature] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
