//! `analyte token` and `analyte organisation`, and what other commands say of organisations.

use support::binary::{Said, finish};
use support::plugins::plugin;
use support::server::Server;

#[test]
fn tokens_and_organisations_have_commands() {
    let server = Server::start();
    let call = |arguments: &[&str]| finish(server.command().args(arguments), b"");
    let text = |said: Said| String::from_utf8(said.succeeded()).expect("text");
    assert_eq!(text(call(&["organisation", "create", "lab", "--description", "Where it began"])), "created lab\n");
    assert_eq!(text(call(&["organisation", "create", "lab", "--queued-jobs", "7"])), "changed lab\n");
    let list = text(call(&["organisation", "list", "-f", "csv"]));
    assert!(list.starts_with("name,queued jobs,created,description\ndefault,,,\nlab,7,"), "{list}");
    let shown = text(call(&["organisation", "show", "lab", "-f", "text"]));
    assert!(shown.starts_with("organisation  lab\nqueued jobs   7\ncreated       "), "{shown}");

    let create = ["token", "create", "reports", "--organisation", "lab", "-r", "jobs:read", "-r", "jobs:write"];
    let made = call(&[create.as_slice(), &["--expires-in", "90d"]].concat());
    assert!(made.stderr.contains("label         reports\norganisation  lab\n"), "{}", made.stderr);
    let secret = made.text();
    assert!(!made.stderr.contains(secret.trim()), "{}", made.stderr);
    let secret = secret.trim();
    assert!(secret.starts_with("analyte_") && !secret.contains('\n'), "{secret}");
    let own = |arguments: &[&str]| finish(server.command().args(arguments).env("ANALYTE_TOKEN", secret), b"");
    let shown = text(own(&["token", "show", "-f", "text"]));
    assert!(shown.contains("rights        jobs:read jobs:write\n") && shown.contains("\nexpires       "), "{shown}");
    let refused = own(&["token", "list"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.starts_with("error: forbidden: "), "{}", refused.stderr);

    let list = text(call(&["token", "list", "--organisation", "lab", "-f", "csv"]));
    let id = list.lines().nth(1).and_then(|line| line.split(',').next()).expect("a token").to_owned();
    assert_eq!(text(call(&["token", "revoke", &id])), format!("revoked {id}: reports\n"));
    let over = own(&["token", "show"]);
    assert_eq!(over.code, 1);
    assert!(over.stderr.starts_with("error: unauthorized: "), "{}", over.stderr);
    let shown = text(call(&["token", "show", &id, "-f", "text"]));
    assert!(shown.contains("\nrevoked       "), "{shown}");
    assert!(text(call(&["token", "create", "x", "-r", "admin", "--json"])).contains("\"secret\": \"analyte_"));
    for wrong in [
        &["token", "create", "x"][..],
        &["token", "create", "x", "-r", "everything"],
        &["token", "create", "x", "-r", "admin", "--expires-in", "soon"],
        &["organisation", "create", "a b"],
    ] {
        assert_eq!(call(wrong).code, 2, "{wrong:?}");
    }

    let (component, model) = (plugin("hostile").display().to_string(), plugin("scale").display().to_string());
    call(&["provider", "install", "private", &component, "--organisation", "lab"]).succeeded();
    assert!(!text(call(&["provider", "list", "-f", "csv"])).contains("private"));
    assert!(text(call(&["provider", "list", "-f", "csv", "--organisation", "lab"])).contains("\nprivate,"));
    call(&["model", "publish", "private", "scale", &model, "--organisation", "lab"]).succeeded();
    let off = text(call(&["model", "disable", "private", "scale", "--organisation", "lab"]));
    assert_eq!(off, "disabled scale of private\n");
    let list = text(call(&["model", "list", "private", "--organisation", "lab", "-f", "csv"]));
    assert!(list.lines().any(|line| line.starts_with("scale,component,") && line.contains(",off,")), "{list}");
    let on = text(call(&["model", "enable", "private", "scale", "--organisation", "lab"]));
    assert_eq!(on, "enabled scale of private\n");
    call(&["provider", "remove", "private", "--organisation", "lab"]).succeeded();
}
